//! A summary of a day, a week or a month: what was spent, how far budgets are, what grew, and whether the runs were complete.
//!
//! It is due once, at or after seven in the morning of the day after the period. Each receiver gets its own budgets; `default` gets all, and
//! what the whole account spent.

mod figures;
mod record;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::counted::{charged, not_priced, on};
use super::spent::Spent;
use super::words::{count, money};
use super::{Alert, AlertRecord, Details, Facts, Finding, Kind, Row, Severity, ThreadKey, Wording};
use crate::domain::case::Case;
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::{Period, PeriodKind, final_at};
use crate::domain::policy::Receiver;
use crate::domain::product::{Product, Products};
use figures::Figures;
use jiff::Timestamp;
use jiff::civil::Date;
pub use record::DigestRecord;
use table::{MOST_BUDGETS, brief};

/// When a digest is due, in the policy's zone.
const HOUR: i8 = 7;

/// A summary of a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest<'a> {
    /// The period.
    pub period: Period,
    /// What budgets have spent in the periods that are judged.
    pub budgets: Vec<Spent<'a>>,
    /// Currencies that no budget covers, with what was spent.
    pub uncovered: Vec<(Product, Currency, Amount)>,
    /// What happened in the period; `None` if that is not known.
    pub lately: Option<Arc<Lately>>,
    /// The request that asked for it, if it is not the regular one.
    pub request: Option<String>,
}

/// What happened in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// Alerts by the receiver's topic: sent, and held back by a silence now.
    pub alerts: BTreeMap<Arc<str>, (u64, u64)>,
    /// Runs that judged the report.
    pub runs: u64,
    /// Of these, those that read it whole.
    pub complete_runs: u64,
}

/// The period whose digest is due at the moment that is judged: the last one that is over, from seven in the morning after it on.
#[must_use]
pub fn due_digest(case: &Case<'_>) -> Option<Period> {
    let (kind, zone) = (case.policy.digest?, &case.policy.time_zone);
    let period = Period::containing(kind, case.as_of, zone).and_then(|running| running.before(zone)).ok()?;
    let due = zone.to_timestamp(period.end_day().at(HOUR, 0, 0, 0)).ok()?;
    (case.as_of >= due).then_some(period)
}

impl<'a> Digest<'a> {
    /// The digest of a period, from what else is true.
    pub(in crate::domain) fn of(
        period: Period,
        findings: &[Finding<'a>],
        case: &Case<'a>,
        lately: Option<Arc<Lately>>,
        request: Option<String>,
    ) -> Digest<'a> {
        // A day of the digest's period is in one week and in one month: each subject is listed once by each of its budgets.
        let day = period.last_day().min(case.policy.time_zone.to_datetime(case.as_of).date());
        let of_day = |finding: &Finding<'a>| match finding {
            Finding::Spent(spent) if (spent.period.first_day()..=spent.period.last_day()).contains(&day) => {
                Some((**spent).clone())
            }
            _ => None,
        };
        let mut budgets: Vec<Spent<'a>> = findings.iter().filter_map(of_day).collect();
        budgets.sort_by(|one, other| {
            let subject = |spent: &Spent<'_>| spent.whose();
            other.ratio().cmp(&one.ratio()).then_with(|| subject(one).cmp(&subject(other)))
        });
        let currencies: BTreeSet<_> = findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Unwatched(found) => Some((found.product, found.currency)),
                _ => None,
            })
            .collect();
        let of_period = |(product, currency): (Product, Currency)| {
            let figures = case.totals.figures(Products::One(product));
            let sums = figures.by_subject(&period, Scope::Account);
            let spent = sums.get(&(Arc::clone(figures.account()), currency))?.amount;
            (spent > Amount::ZERO).then_some((product, currency, spent))
        };
        // A finding is of the policy's longest kind of period: its amount may be that of another one.
        let uncovered = currencies.into_iter().filter_map(of_period).collect();
        Digest { period, budgets, uncovered, lately, request }
    }

    /// Whether a receiver gets it: `default`, and the owners of budgets.
    pub(super) fn is_for(&self, receiver: &Receiver) -> bool {
        receiver.is_default() || self.of_receiver(receiver).next().is_some()
    }

    fn of_receiver<'d>(&'d self, receiver: &'d Receiver) -> impl Iterator<Item = &'d Spent<'a>> {
        self.budgets.iter().filter(|spent| receiver.is_default() || receiver.is_of(&spent.budget.owners))
    }

    pub(super) fn key(&self, case: &Case<'a>) -> ThreadKey {
        ThreadKey {
            account: Arc::clone(case.totals.account()),
            topic_arn: Arc::clone(&case.receiver.topic_arn),
            kind: Kind::Digest,
            scope: Scope::Account,
            subject: Arc::clone(case.totals.account()),
            currency: None,
            // One digest a period, whatever is read.
            products: Products::One(Product::Sms),
            period: self
                .request
                .as_ref()
                .map_or_else(|| self.period.label(), |id| format!("{} {id}", self.period.label())),
        }
    }

    pub(super) fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        let figures = Figures::of(self.period, case);
        let is_default = case.receiver.is_default();
        let over = self.of_receiver(case.receiver).filter(|spent| spent.ratio() >= rust_decimal::Decimal::ONE).count();
        let over = match over {
            // Of budgets that are judged no longer nothing can be said.
            0 if self.of_receiver(case.receiver).next().is_none() => None,
            0 if figures.is_whole => Some("no budget over".to_owned()),
            0 => Some("no budget known to be over".to_owned()),
            over => Some(format!("{} over", count(over as u64, "budget"))),
        };
        let sms = if case.policy.names_products() { "" } else { " SMS" };
        let sums = is_default.then(|| format!("{} on Zoom{sms}", figures.headline()));
        let title = [sums, over].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let runs = self.runs().map_or_else(String::new, |(whole, _)| format!(", {whole}"));
        let facts = if is_default { figures.facts(case) } else { Facts::new() };
        let (table, facts_below) = (self.table(case), self.facts_below(&figures, case));
        Wording {
            kind: Kind::Digest,
            severity: Severity::Info,
            mark: self.mark(),
            headline: format!("{title}{runs}"),
            title,
            detail: days(&self.period),
            row: Row { percent: String::new(), who: days(&self.period), on: String::new(), money: figures.headline() },
            lead: self.lead(&figures, case),
            brief: brief(&facts, &table, &facts_below),
            facts,
            table,
            facts_below,
            steps: Vec::new(),
            todo: "nothing".to_owned(),
            machine: AlertRecord {
                period: Some(self.period.label()),
                at_least: !figures.is_whole,
                digest: Some(self.record(&figures, case)),
                ..AlertRecord::of(alert, Severity::Info, case)
            },
            details: Details::default(),
        }
    }

    /// `WEEK 47`, `21 NOVEMBER`, `OCTOBER`.
    fn mark(&self) -> String {
        let first = self.period.first_day();
        match self.period.kind() {
            PeriodKind::Day => first.strftime("%-d %B").to_string().to_uppercase(),
            PeriodKind::Week => format!("WEEK {}", first.iso_week_date().week()),
            PeriodKind::Month => first.strftime("%B").to_string().to_uppercase(),
        }
    }

    fn lead(&self, figures: &Figures, case: &Case<'_>) -> String {
        let zone = &case.policy.time_zone;
        let settled = final_at(&self.period, zone, case.policy.late_charges_days).unwrap_or(Timestamp::MAX);
        let so_far = if case.as_of < self.period.to() {
            ", so far"
        } else if case.as_of < settled {
            ", so far: Zoom may still list charges late"
        } else {
            ""
        };
        let missing = match figures.missing {
            0 => String::new(),
            1 => " Of 1 of its days nothing is known.".to_owned(),
            days => format!(" Of {days} of its days nothing is known."),
        };
        let least = if figures.is_whole { "" } else { " Every figure is at least what is shown." };
        let days_of = self.period.first_day()..=self.period.last_day();
        let waiting =
            case.coverage.not_priced.iter().filter(|rows| days_of.contains(&rows.day)).map(|rows| rows.rows).sum();
        let waiting = not_priced(waiting).map_or_else(String::new, |faxes| format!(" Not in it: {faxes}."));
        let what =
            if case.policy.names_products() { charged(case.policy.all(), case) } else { "SMS and MMS".to_owned() };
        format!("Zoom {what}, {}{so_far}.{missing}{least}{waiting}", days(&self.period))
    }

    /// All runs were complete, or how many: in words for the subject, and for the list.
    fn runs(&self) -> Option<(String, String)> {
        let Lately { runs, complete_runs, .. } = **self.lately.as_ref()?;
        let list = format!("{complete_runs} of {runs} complete");
        let subject = match (runs, complete_runs) {
            (0, _) => return None,
            (runs, complete) if runs == complete => "all runs complete".to_owned(),
            _ => format!("{} incomplete", count(runs - complete_runs, "run")),
        };
        Some((subject, list))
    }

    fn facts_below(&self, figures: &Figures, case: &Case<'a>) -> Facts {
        let mut facts = Facts::new();
        let mut fact = |label: &str, text: String| facts.push((label.to_owned(), text));
        let left_out = self.of_receiver(case.receiver).count().saturating_sub(MOST_BUDGETS);
        if left_out > 0 {
            fact("", format!("and {left_out} more"));
        }
        if case.receiver.is_default() {
            for (place, mover) in figures.movers.iter().enumerate() {
                fact(if place == 0 { "Rose most" } else { "" }, mover.clone());
            }
        }
        if let Some((sent, silenced)) = self.alerts(case) {
            let silenced = if silenced > 0 { format!(", {silenced} silenced") } else { String::new() };
            let sent = if sent == 0 { "none".to_owned() } else { sent.to_string() };
            fact("Alerts", format!("{sent} sent{silenced}"));
        }
        if case.receiver.is_default() {
            for (place, (product, currency, amount)) in self.uncovered.iter().enumerate() {
                let on = on(Products::One(*product), case);
                let text = format!("{currency} {}{on}", money(*amount, *currency, &[]));
                fact(if place == 0 { "No budget" } else { "" }, text);
            }
        }
        if let Some((_, runs)) = self.runs() {
            fact("Runs", runs);
        }
        facts
    }

    fn alerts(&self, case: &Case<'_>) -> Option<(u64, u64)> {
        Some(self.lately.as_ref()?.alerts.get(&case.receiver.topic_arn).copied().unwrap_or_default())
    }
}

/// `16 to 22 November`, `21 November`, `October 2026`.
fn days(period: &Period) -> String {
    let (first, last) = period.days();
    let day = |day: Date| day.strftime("%-d %B").to_string();
    match period.kind() {
        PeriodKind::Day => first.strftime("%A, %-d %B").to_string(),
        PeriodKind::Week if first.month() == last.month() => format!("{} to {}", first.day(), day(last)),
        PeriodKind::Week => format!("{} to {}", day(first), day(last)),
        PeriodKind::Month => first.strftime("%B %Y").to_string(),
    }
}
