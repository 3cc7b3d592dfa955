//! From TOML to a [`Policy`]. The document is walked by hand, over toml's own spanned values, so that a number is read from the digits
//! that were written and every fault is found in one go.

mod values;

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::tz::TimeZoneDatabase;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Budget, GroupBy, Level, Only, Pattern, Policy, PolicyFault, PolicyFaults, Unwatched};
use crate::domain::charge::Scope;
use crate::domain::money::Currency;
use crate::domain::period::PeriodKind;
use crate::domain::text::did_you_mean;

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
}
