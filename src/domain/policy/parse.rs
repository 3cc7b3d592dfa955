//! From TOML to a [`Policy`]. The document is walked by hand, over toml's own spanned values, so that a number is read from the digits
//! that were written and every fault is found in one go.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::tz::TimeZoneDatabase;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Budget, GroupBy, Level, Only, Pattern, Policy, PolicyFault, PolicyFaults, Unwatched};
use crate::domain::charge::{NONE, Scope};
use crate::domain::money::{Amount, Currency, MoneyFault};
use crate::domain::number::Number;
use crate::domain::period::PeriodKind;
use crate::domain::text::label;

const POLICY_KEYS: [&str; 5] = ["time_zone", "late_charges_days", "unwatched", "group_by", "budget"];
const BUDGET_KEYS: [&str; 7] = ["name", "scope", "only", "currency", "amount", "period", "alert_at"];
/// Keys that are refused by name until the version that brings them.
const LATER_POLICY_KEYS: [&str; 6] = ["senders", "digest", "products", "spike", "owner", "silence"];
const LATER_BUDGET_KEYS: [&str; 3] = ["product", "forecast_at", "owner"];
const SCOPES: [(&str, Scope); 4] = [
    ("billing_number", Scope::BillingNumber),
    ("department", Scope::Department),
    ("cost_center", Scope::CostCenter),
    ("account", Scope::Account),
];
const PERIODS: [(&str, PeriodKind); 3] =
    [("day", PeriodKind::Day), ("week", PeriodKind::Week), ("month", PeriodKind::Month)];
const UNWATCHED: [(&str, Unwatched); 2] = [("notify", Unwatched::Notify), ("ignore", Unwatched::Ignore)];
const GROUP_BY: [(&str, GroupBy); 2] = [("run", GroupBy::Run), ("subject", GroupBy::Subject)];

/// Zoom's report goes back 13 months; a month of patience is ample, and each day costs requests.
const MOST_LATE_DAYS: u32 = 31;
/// Bounds within which amount × level / 100 always has an exact result.
const MOST_AMOUNT: Decimal = Decimal::from_parts(0xD4A5_0FFF, 0xE8, 0, false, 0);
const MOST_AMOUNT_PLACES: u32 = 6;
const MOST_PERCENT: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);
const MOST_PERCENT_PLACES: u32 = 2;

const LIST_FIX: &str =
    "list exact names, or beginnings with a star at the end, such as [\"+14085550000\", \"+1408556*\"]";
const NUMBER_FIX: &str =
    "write the number with its country code, such as \"+14085550000\", or the beginning of some with a star at the end";

type Value<'d> = Spanned<DeValue<'d>>;
/// What only one budget may name: `None` stands for every subject of the scope.
type Claimed = (Scope, Currency, PeriodKind, Option<Pattern>);

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// All its faults, each with line, column and fix.
    pub fn parse(document: &str) -> Result<Policy, PolicyFaults> {
        let mut reader = Reader { document, faults: Vec::new() };
        let (table, syntax) = DeTable::parse_recoverable(document);
        for error in &syntax {
            let span = error.span().unwrap_or(0..0);
            reader.fault(
                span,
                "syntax",
                error.message().replace('\n', ", "),
                "see https://toml.io for how TOML is written",
            );
        }
        if !syntax.is_empty() {
            return Err(reader.into_faults());
        }
        let policy = reader.policy(&table);
        match policy {
            Some(policy) if reader.faults.is_empty() => Ok(policy),
            _ => Err(reader.into_faults()),
        }
    }
}

struct Reader<'d> {
    document: &'d str,
    faults: Vec<PolicyFault>,
}

impl<'d> Reader<'d> {
    fn into_faults(mut self) -> PolicyFaults {
        self.faults.sort_by_key(|fault| fault.span.start);
        PolicyFaults(self.faults)
    }

    fn fault(&mut self, span: Range<usize>, code: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(PolicyFault::at(self.document, span, code, message.into(), fix.into()));
    }

    fn policy(&mut self, table: &Spanned<DeTable<'d>>) -> Option<Policy> {
        let keys = table.get_ref();
        self.refuse_unknown(keys, &POLICY_KEYS, &LATER_POLICY_KEYS, "a policy");
        let zone = keys.get("time_zone").and_then(|value| Some((value.span(), self.text(value, "time_zone")?)));
        let time_zone_name = zone.as_ref().map_or("UTC", |(_, name)| name.as_str()).to_owned();
        let time_zone = TimeZoneDatabase::bundled().get(&time_zone_name);
        if time_zone.is_err() {
            let span = zone.map_or(0..0, |(span, _)| span);
            let message = format!("time zone {time_zone_name:?} is not known");
            self.fault(
                span,
                "bad_value",
                message,
                "write an IANA name such as \"America/New_York\", or leave the key out for UTC",
            );
        }
        let late_charges_days = keys.get("late_charges_days").map_or(Some(3), |value| self.late_charges_days(value));
        let unwatched =
            keys.get("unwatched").map_or(Some(Unwatched::Notify), |value| self.one_of(value, "unwatched", &UNWATCHED));
        let group_by =
            keys.get("group_by").map_or(Some(GroupBy::Run), |value| self.one_of(value, "group_by", &GROUP_BY));
        let budgets = self.budgets(keys);
        Some(Policy {
            time_zone: time_zone.ok()?,
            time_zone_name,
            late_charges_days: late_charges_days?,
            unwatched: unwatched?,
            group_by: group_by?,
            budgets: budgets?,
        })
    }

    fn budgets(&mut self, keys: &DeTable<'d>) -> Option<Vec<Budget>> {
        const FIX: &str = "add a [[budget]] with name, scope, currency and amount";
        let Some(value) = keys.get("budget") else {
            self.fault(0..0, "no_budget", "the policy has no budget and would watch nothing", FIX);
            return None;
        };
        let Some(entries) = value.get_ref().as_array() else {
            self.fault(
                value.span(),
                "wrong_type",
                "\"budget\" is not a list of tables",
                "write [[budget]], with two brackets",
            );
            return None;
        };
        if entries.is_empty() {
            self.fault(value.span(), "no_budget", "the policy has no budget and would watch nothing", FIX);
        }
        let mut budgets = Vec::new();
        let mut complete = true;
        let mut names = BTreeMap::new();
        let mut patterns = BTreeMap::new();
        for entry in entries.iter() {
            let Some(table) = entry.get_ref().as_table() else {
                self.fault(
                    entry.span(),
                    "wrong_type",
                    "a budget is not a table",
                    "write [[budget]] and its keys on the lines below it",
                );
                complete = false;
                continue;
            };
            let Some(budget) = self.budget(table, entry.span()) else {
                complete = false;
                continue;
            };
            let place = table.get("name").map_or(entry.span(), Spanned::span);
            if let Some(line) = names.insert(budget.name.clone(), self.line(&place)) {
                let message = format!("budget name {:?} is already that of line {line}", budget.name);
                self.fault(place, "duplicate_name", message, "give each budget a name of its own");
            }
            let place = table.get("only").map_or(entry.span(), Spanned::span);
            self.refuse_ties(&budget, place, &mut patterns);
            budgets.push(budget);
        }
        complete.then_some(budgets)
    }

    /// Two budgets that name a subject equally closely would leave open which of them applies.
    fn refuse_ties(&mut self, budget: &Budget, place: Range<usize>, seen: &mut BTreeMap<Claimed, (String, usize)>) {
        let patterns = match &budget.only {
            Only::Everyone => vec![None],
            Only::These(patterns) => patterns.iter().cloned().map(Some).collect(),
        };
        for pattern in patterns {
            let what = match &pattern {
                None => format!("every {}", budget.scope.name()),
                Some(pattern) => format!("{:?}", pattern.to_string()),
            };
            let key = (budget.scope, budget.currency, budget.period, pattern);
            let line = self.line(&place);
            if let Some((other, line)) = seen.insert(key, (budget.name.clone(), line)) {
                let (currency, period) = (budget.currency, budget.period.name());
                let message = format!(
                    "{what} has a {currency} budget a {period} twice: {other:?} on line {line} and {:?} here",
                    budget.name
                );
                self.fault(
                    place.clone(),
                    "tie",
                    message,
                    "keep one of the two, or name the subject more closely in one of them",
                );
            }
        }
    }

    fn budget(&mut self, table: &DeTable<'d>, place: Range<usize>) -> Option<Budget> {
        self.refuse_unknown(table, &BUDGET_KEYS, &LATER_BUDGET_KEYS, "a budget");
        for key in ["name", "scope", "currency", "amount"] {
            if !table.contains_key(key) {
                self.fault(
                    place.clone(),
                    "missing_key",
                    format!("the budget has no {key:?}"),
                    format!("add {key} = …"),
                );
            }
        }
        let name = table.get("name").and_then(|value| self.filled_text(value, "name"));
        let scope = table.get("scope").and_then(|value| self.one_of(value, "scope", &SCOPES));
        let only = table.get("only").map_or(Some(Only::Everyone), |value| self.only(value, scope));
        let currency = table.get("currency").and_then(|value| self.currency(value));
        let amount = table.get("amount").and_then(|value| self.amount(value));
        let period =
            table.get("period").map_or(Some(PeriodKind::Month), |value| self.one_of(value, "period", &PERIODS));
        let percents = table.get("alert_at").map_or(Some(vec![Decimal::ONE_HUNDRED]), |value| self.percents(value));
        let amount = amount?;
        let levels = percents?
            .into_iter()
            .map(|percent| amount.checked_percent(percent).map(|threshold| Level { percent, threshold }))
            .collect::<Option<Vec<_>>>()?;
        Some(Budget { name: name?, scope: scope?, only: only?, currency: currency?, amount, period: period?, levels })
    }

    fn refuse_unknown(&mut self, table: &DeTable<'d>, known: &[&str], later: &[&str], what: &str) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if later.contains(&name) {
                let message = format!("{what}'s key {name:?} comes with a later version");
                self.fault(key.span(), "later_version", message, "remove it, or deploy a version that knows it");
            } else if !known.contains(&name) {
                let message = format!("{what} has no key {name:?}{}", did_you_mean(name, known));
                self.fault(key.span(), "unknown_key", message, format!("allowed are {}", known.join(", ")));
            }
        }
    }

    fn late_charges_days(&mut self, value: &Value<'d>) -> Option<u32> {
        let days =
            value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        let days = days.filter(|days| *days <= MOST_LATE_DAYS);
        if days.is_none() {
            let message = format!("late_charges_days = {} is not a number of days", self.written(value));
            self.fault(value.span(), "bad_value", message, format!("write a whole number from 0 to {MOST_LATE_DAYS}"));
        }
        days
    }

    fn only(&mut self, value: &Value<'d>, scope: Option<Scope>) -> Option<Only> {
        let Some(entries) = value.get_ref().as_array() else {
            self.fault(value.span(), "wrong_type", format!("only = {} is not a list", self.written(value)), LIST_FIX);
            return None;
        };
        if entries.is_empty() {
            let fix = "leave the key out to mean every subject, or list some";
            self.fault(value.span(), "bad_value", "only = [] names no subject, so the budget would watch nothing", fix);
            return None;
        }
        let patterns: Vec<_> = entries.iter().map(|entry| self.pattern(entry, scope)).collect();
        patterns.into_iter().collect::<Option<_>>().map(Only::These)
    }

    fn pattern(&mut self, entry: &Value<'d>, scope: Option<Scope>) -> Option<Pattern> {
        let text = self.filled_text(entry, "only")?;
        let (stem, star) = text.strip_suffix('*').map_or((text.as_str(), false), |stem| (stem, true));
        let is_number = scope == Some(Scope::BillingNumber) && text != NONE;
        let digits: String = stem.chars().filter(char::is_ascii_digit).collect();
        let problem = if stem.is_empty() {
            Some(("\"*\", which names everyone".to_owned(), "leave the key \"only\" out to mean every subject"))
        } else if stem.contains('*') {
            Some((format!("{text:?}, whose star is not at the end of a beginning"), LIST_FIX))
        } else if is_number && star && (digits.is_empty() || digits.len() > 15 || stem.contains(char::is_alphabetic)) {
            Some((format!("{text:?}, which no billing number begins with"), NUMBER_FIX))
        } else if is_number && !star && Number::parse(stem).is_none_or(|number| !number.is_possible()) {
            Some((format!("{text:?}, which is no possible number"), NUMBER_FIX))
        } else {
            None
        };
        if let Some((what, fix)) = problem {
            self.fault(entry.span(), "bad_value", format!("only has {what}"), fix);
            return None;
        }
        Some(match (is_number, star) {
            (true, true) => Pattern::Digits(digits),
            (true, false) => Pattern::Number(Number::parse(stem)?),
            (false, true) => Pattern::Prefix(stem.to_owned()),
            (false, false) => Pattern::Exactly(label(stem).into_owned()),
        })
    }

    fn currency(&mut self, value: &Value<'d>) -> Option<Currency> {
        let text = self.text(value, "currency")?;
        let currency = Currency::parse(&text).ok();
        if currency.is_none() {
            self.fault(
                value.span(),
                "bad_currency",
                format!("currency {text:?} is not a code of ISO 4217"),
                "write three letters such as \"USD\"",
            );
        }
        currency
    }

    fn amount(&mut self, value: &Value<'d>) -> Option<Amount> {
        let amount = self.number(value, "amount", MOST_AMOUNT, MOST_AMOUNT_PLACES, "\"100.00\"")?;
        Amount::parse(&amount.to_string()).ok()
    }

    fn percents(&mut self, value: &Value<'d>) -> Option<Vec<Decimal>> {
        const FIX: &str = "list percents of the amount such as [50, 80, 100], or leave the key out for [100]";
        let written = self.written(value);
        let entries = match value.get_ref().as_array() {
            Some(entries) if !entries.is_empty() => entries,
            Some(_) => {
                self.fault(value.span(), "bad_value", format!("alert_at = {written} lists no level"), FIX);
                return None;
            }
            None => {
                self.fault(value.span(), "wrong_type", format!("alert_at = {written} is not a list"), FIX);
                return None;
            }
        };
        let mut percents = Vec::new();
        for entry in entries.iter() {
            let percent = self.number(entry, "a level of alert_at", MOST_PERCENT, MOST_PERCENT_PLACES, "80")?;
            if percents.contains(&percent) {
                self.fault(
                    entry.span(),
                    "bad_value",
                    format!("alert_at has the level {percent} twice"),
                    "keep one of them",
                );
            }
            percents.push(percent);
        }
        percents.sort_unstable();
        Some(percents)
    }

    /// A positive decimal, from a string or from the digits of a number.
    fn number(&mut self, value: &Value<'d>, key: &str, most: Decimal, places: u32, example: &str) -> Option<Decimal> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            _ => self.written(value),
        };
        let problem = match Amount::parse(&text).map(Amount::decimal) {
            Ok(number) if number <= Decimal::ZERO => "is not greater than 0".to_owned(),
            Ok(number) if number > most => format!("is more than {most}"),
            Ok(number) if number.scale() > places => {
                format!("has more than {places} decimal places")
            }
            Ok(number) => return Some(number),
            Err(MoneyFault::TooLong) => "has too many digits".to_owned(),
            Err(_) => "is not a decimal number".to_owned(),
        };
        let fix = format!(
            "write a number greater than 0 and at most {most}, with at most {places} decimal places, such as {example}"
        );
        self.fault(value.span(), "bad_value", format!("{key} {} {problem}", self.written(value)), fix);
        None
    }

    fn one_of<T: Copy>(&mut self, value: &Value<'d>, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = value.get_ref().as_str();
        let found = choices.iter().find(|(name, _)| Some(*name) == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let known: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let names: Vec<_> = known.iter().map(|name| format!("{name:?}")).collect();
            let guess = did_you_mean(text.unwrap_or_default(), &known);
            let message = format!("{key} = {} is not one of its values{guess}", self.written(value));
            self.fault(value.span(), "bad_value", message, format!("write {}", names.join(" or ")));
        }
        found
    }

    fn filled_text(&mut self, value: &Value<'d>, key: &str) -> Option<String> {
        let text = self.text(value, key)?.trim().to_owned();
        if text.is_empty() {
            self.fault(
                value.span(),
                "bad_value",
                format!("{key} has an empty text"),
                "write a text of at least one character",
            );
            return None;
        }
        Some(text)
    }

    fn text(&mut self, value: &Value<'d>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.fault(
                value.span(),
                "wrong_type",
                format!("{key} = {} is not a text", self.written(value)),
                "put it in quotation marks",
            );
        }
        text
    }

    /// The value as it stands in the document, on one line and not too long.
    fn written(&self, value: &Value<'d>) -> String {
        let text = self.document.get(value.span()).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        match line.char_indices().nth(40) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line.to_owned(),
        }
    }

    fn line(&self, place: &Range<usize>) -> usize {
        self.document.get(..place.start).map_or(1, |before| before.matches('\n').count() + 1)
    }
}

/// `; did you mean "amount"?`, if one of the known words is near.
fn did_you_mean(given: &str, known: &[&str]) -> String {
    let distance = |word: &&&str| strsim::damerau_levenshtein(given, word);
    let nearest = known.iter().min_by_key(distance).filter(|word| distance(word) <= 1 + given.len() / 4);
    nearest.map_or_else(String::new, |word| format!("; did you mean {word:?}?"))
}
