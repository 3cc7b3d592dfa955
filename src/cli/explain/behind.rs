//! What an alert rests on: the table of the policy that watches, and the days of the daybook with who spent on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_config::SdkConfig;
use jiff::ToSpan as _;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;
use toml::de::DeTable;

use super::at;
use crate::cli::fault::Fault;
use crate::cli::source::zone_of;
use crate::daybook::{Head, Store, Whose};
use crate::domain::alert::number_of_units;
use crate::domain::charge::{Line, Scope};
use crate::domain::contributors::Contributors;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind};
use crate::domain::policy::Policy;
use crate::domain::product::{Product, Products};
use crate::domain::text::label;
use crate::domain::totals::{DaySums, Sum, Totals};
use crate::error::{Code, RunError};

/// Days of a table that are in memory as items at once.
const DAYS_AT_ONCE: usize = 16;

/// The table of a policy that an alert comes from.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PolicyLine {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) text: String,
}

impl PolicyLine {
    /// Looks for the table of this name, as the policy is now.
    pub(super) fn of(alert: &Value, document: &str) -> Option<PolicyLine> {
        let (header, name) = match at(alert, "/budget").as_str() {
            Some(name) => ("[[budget]]", name),
            None => ("[[spike]]", at(alert, "/spike/name").as_str()?),
        };
        let lines: Vec<&str> = document.lines().collect();
        let starts = (0..lines.len()).filter(|place| {
            lines.get(*place).is_some_and(|line| line.split('#').next().unwrap_or_default().trim() == header)
        });
        let tables = starts.filter_map(|start| {
            let rest = lines.get(start..)?;
            let length = rest.iter().skip(1).take_while(|line| !line.trim_start().starts_with('[')).count() + 1;
            let table: Vec<&str> = rest.iter().take(length).copied().collect();
            Some((start + 1, table.join("\n").trim_end().to_owned()))
        });
        let is_named = |text: &str| {
            let table = DeTable::parse_recoverable(text).0;
            let tables = table.get_ref().get(header.trim_matches(['[', ']']));
            let first = tables.and_then(|tables| tables.get_ref().as_array()).and_then(|tables| tables.iter().next());
            let found = first.and_then(|table| table.get_ref().as_table()).and_then(|table| table.get("name"));
            found.and_then(|found| found.get_ref().as_str()).is_some_and(|found| label(found) == name)
        };
        let mut tables = tables.filter(|(_, text)| is_named(text));
        tables.next().map(|(line, text)| PolicyLine { line, text })
    }
}

/// The days behind an alert, from today's figures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Behind {
    pub(super) days: Vec<DayBehind>,
    /// Days of the period that the daybook does not know.
    pub(super) unknown_days: u64,
    pub(super) amount: Amount,
    /// Messages, minutes or pages; left out where they would be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<u64>,
    /// What they are.
    #[serde(skip)]
    pub(super) products: Products,
    /// Who spent most, largest first.
    pub(super) contributors: Vec<Part>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct DayBehind {
    pub(super) day: Date,
    pub(super) amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) messages: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Part {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) amount: Amount,
}

/// The history of a deployment.
pub(super) struct Days {
    store: Store,
    account: String,
    zone_name: String,
    pub(super) zone: TimeZone,
    /// Of each product that was read.
    heads: BTreeMap<Product, Head>,
}

impl Days {
    /// The history by the days of the policy's zone, or of the only zone that there is; a sentence if there is none.
    pub(super) async fn of(
        aws: &SdkConfig,
        table: &str,
        account: &str,
        policy: Option<&Policy>,
    ) -> Result<Days, String> {
        let store = Store::table(aws, table);
        let unknown = |problem: String| format!("The days behind it are not known: {problem}.");
        let products = policy.map_or_else(|| Product::ALL.to_vec(), |policy| policy.products.clone());
        let mut zones = Vec::new();
        for product in &products {
            zones.extend(store.zones(account, *product).await.map_err(|error| unknown(error.to_string()))?);
        }
        let wanted = policy.map(|policy| &policy.time_zone_name);
        let zone_name = zones.iter().find(|zone| wanted.is_none_or(|wanted| wanted == *zone));
        let Some(zone_name) = zone_name.cloned() else {
            return Err(unknown(format!("table {table:?} has no history of this account in the policy's time zone")));
        };
        let zone = zone_of(&zone_name).map_err(|_| unknown(format!("time zone {zone_name:?} is not known")))?;
        let mut heads = BTreeMap::new();
        for product in products {
            let whose = Whose { account, products: Products::One(product), zone: &zone_name };
            let head = store.load(whose).await.map_err(|error| unknown(error.to_string()))?.head;
            heads.extend(head.map(|head| (product, head)));
        }
        Ok(Days { store, account: account.to_owned(), zone_name, zone, heads })
    }

    /// What is behind an alert; `None` if it is about no subject.
    pub(super) async fn behind(&self, alert: &Value) -> Result<Option<Behind>, Fault> {
        let Some(subject) = Subject::of(alert, &self.account) else { return Ok(None) };
        let calendar = |error: jiff::Error| RunError::new(Code::Internal, format!("the alert's period: {error}"));
        let period = Period::of_day(subject.kind, subject.first, &self.zone).map_err(calendar)?;
        let (first, last) = (period.first_day(), period.last_day());
        let (mut known, mut unknown_days) = (Vec::new(), 0);
        let counted: Vec<_> = self.heads.iter().filter(|(product, _)| subject.products.include(**product)).collect();
        let all: Vec<BTreeSet<Date>> =
            counted.iter().map(|(_, head)| head.known_days().map(|(day, _)| day).collect()).collect();
        let newest = all.iter().filter_map(BTreeSet::last).max().copied().unwrap_or(first);
        for day in first.series(1.day()).take_while(|day| *day <= last.min(newest)) {
            if all.iter().all(|days| days.contains(&day)) { known.push(day) } else { unknown_days += 1 }
        }
        let mut totals = Totals::of(self.account.as_str().into(), &[]);
        let (mut of_days, mut all) = (BTreeMap::<Date, Sum>::new(), Sum::default());
        for (product, head) in counted {
            let whose = Whose { account: &self.account, products: Products::One(*product), zone: &self.zone_name };
            for batch in known.chunks(DAYS_AT_ONCE) {
                for (day, sums) in self.store.days(whose, head, batch).await? {
                    let sum = subject.sum(&sums);
                    of_days.entry(day).or_default().add(sum);
                    all.add(sum);
                    totals.set(*product, day, &sums);
                }
            }
        }
        let Subject { products, scope, name, currency, .. } = subject;
        let day = |(day, sum): (Date, Sum)| {
            let messages = number_of_units(products, sum);
            DayBehind { day, amount: sum.amount, messages }
        };
        let days = of_days.into_iter().filter(|(_, sum)| *sum != Sum::default()).map(day).collect();
        let whose = crate::domain::contributors::Whose { period, products, scope, subject: name, currency };
        let top = Contributors::of(&totals).behind(&whose);
        let part = |part: &crate::domain::contributors::Contributor| Part {
            kind: part.kind.name(),
            name: label(&part.name).into_owned(),
            amount: part.amount,
        };
        let contributors = top.iter().map(part).collect();
        let messages = number_of_units(products, all);
        Ok(Some(Behind { days, unknown_days, amount: all.amount, messages, products, contributors }))
    }
}

/// Whose days are meant.
struct Subject {
    products: Products,
    scope: Scope,
    name: Arc<str>,
    currency: Currency,
    kind: PeriodKind,
    first: Date,
}

impl Subject {
    fn of(alert: &Value, account: &str) -> Option<Subject> {
        let text = |name: &str| alert.get(name).unwrap_or(&Value::Null).as_str();
        let currency = Currency::parse(text("currency")?).ok()?;
        let scope = Scope::ALL.into_iter().find(|scope| Some(scope.name()) == text("scope"));
        let scope = scope.unwrap_or(Scope::Account);
        let name = if scope == Scope::Account { account } else { text("subject")? };
        // Alerts name what is counted where more than messages are read.
        let products = text("product").and_then(Products::named).unwrap_or(Products::One(Product::Sms));
        let day = at(alert, "/spike/day").as_str().and_then(|day| day.parse().ok()).map(|day| (PeriodKind::Day, day));
        let (kind, first) = day.or_else(|| period(text("period")?))?;
        Some(Subject { products, scope, name: name.into(), currency, kind, first })
    }

    fn sum(&self, sums: &DaySums) -> Sum {
        let is_its = |line: &Line| {
            line.currency == self.currency
                && self.scope.subject(line).is_none_or(|subject| label(subject) == *self.name)
        };
        let mut sum = Sum::default();
        sums.iter().filter(|(line, _)| is_its(line)).for_each(|(_, of_line)| sum.add(*of_line));
        sum
    }
}

/// The period of this label (see [`Period::label`]).
fn period(label: &str) -> Option<(PeriodKind, Date)> {
    if let Some((year, week)) = label.split_once("-W") {
        let monday = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
        return Some((PeriodKind::Week, monday.date()));
    }
    match label.parse::<Date>() {
        Ok(day) => Some((PeriodKind::Day, day)),
        Err(_) => Some((PeriodKind::Month, format!("{label}-01").parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_label_tells_its_period() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (label, expected) in [
            ("2026-11", (PeriodKind::Month, day("2026-11-01"))),
            ("2026-W47", (PeriodKind::Week, day("2026-11-16"))),
            ("2026-11-22", (PeriodKind::Day, day("2026-11-22"))),
        ] {
            assert_eq!(period(label), Some(expected));
        }
        assert_eq!(period(""), None);
    }

    #[test]
    fn the_table_of_an_alert_is_found_by_its_name_with_the_line_it_stands_on() {
        let document = "time_zone = \"UTC\"\n\n[[budget]] # first\nname = \"a\"\namount = 1\n\n[[budget]]\nname = \"b \\u0022x\\u0022\"\namount = 2\n\n[[spike]]\nname = \"a\"\n";
        let line = |alert: Value| PolicyLine::of(&alert, document).map(|line| (line.line, line.text));
        assert_eq!(
            line(json!({"budget": "a"})).unwrap(),
            (3, "[[budget]] # first\nname = \"a\"\namount = 1".to_owned())
        );
        assert_eq!(line(json!({"budget": "b \"x\""})).unwrap().0, 7);
        assert_eq!(line(json!({"spike": {"name": "a"}})).unwrap(), (11, "[[spike]]\nname = \"a\"".to_owned()));
        assert_eq!(line(json!({"budget": "gone"})), None);
        assert_eq!(line(json!({"kind": "test"})), None);
    }
}
