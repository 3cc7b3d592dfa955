//! When a level of a budget is due, and when a correction.
//!
//! A level is due if it is above the thread's highest percent **or** its highest money, so that neither a raised nor a lowered budget
//! silences a breach. Of several newly reached levels the highest is sent and names the others. A proven figure below what was reported leads
//! to a correction, never to both. What a run claimed that died may have been published or not: then both must hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Correction, Decision, Finding, Kind, Record, Reported, Spent, Thread, ThreadKey, Verdict};
use crate::domain::case::Case;
use crate::domain::coverage::Certainty;
use crate::domain::money::Amount;
use crate::domain::policy::Level;
use crate::domain::totals::Sum;

/// After a thread's first correction the next waits until complete readings have agreed for so long.
const AGREEMENT: SignedDuration = SignedDuration::from_hours(24);

/// What a subject whose thread was reported has spent, now that no charge of it is left; `None` if nothing judges it any more.
pub(super) fn gone<'a>(key: &ThreadKey, case: &Case<'a>) -> Option<Finding<'a>> {
    let is_ours =
        key.kind == Kind::Budget && key.topic_arn == case.receiver.topic_arn && key.account == *case.totals.account();
    let period = case.periods.iter().find(|period| is_ours && period.label() == key.period)?;
    let (scope, subject, currency) = (key.scope, Arc::clone(&key.subject), key.currency?);
    let budget = case.policy.budget_for(key.products, scope, (&subject, currency), period.kind())?;
    if !case.receiver.is_of(&budget.owners) {
        return None;
    }
    let certainty = case.coverage.certainty(key.products, period, scope, (&subject, currency));
    let (sum, account_amount, days) = (Sum::default(), Amount::ZERO, BTreeMap::new());
    Some(Finding::Spent(Box::new(Spent {
        scope,
        subject,
        period: *period,
        sum,
        not_priced: 0,
        certainty,
        budget,
        account_amount,
        ahead: None,
        days,
    })))
}

/// Whether the level is above what was reported.
pub(super) fn is_above(level: &Level, record: &Record) -> bool {
    record.reported.as_ref().is_none_or(|known| level.percent > known.percent || level.threshold > known.money)
}

/// Whether two readings since the report agree on the days that fell, as the daybook makes sure for figures that it knows. It does not know
/// them if the run that reported died before it kept them. What was reported of a part of the report is not kept either, and needs no second
/// reading.
fn was_read_twice(spent: &Spent<'_>, known: &Reported, key: &ThreadKey, case: &Case<'_>) -> bool {
    let amount = |days: &BTreeMap<Date, Amount>, day| days.get(day).copied().unwrap_or(Amount::ZERO);
    let days = known.days.keys().chain(spent.days.keys());
    let mut fallen = days.filter(|day| amount(&spent.days, day) < amount(&known.days, day));
    let products = || case.policy.products.iter().filter(|product| key.products.include(**product));
    let was_read = |day: &Date| products().all(|product| case.coverage.was_read_twice(known.at, *product, *day));
    known.at_least || products().all(|product| case.coverage.was_kept(known.at, *product)) || fallen.all(was_read)
}

/// When an alert or a correction is due for one subject of a budget (see this file).
pub(super) fn verdict<'a>(spent: Spent<'a>, key: &ThreadKey, thread: Option<&Thread>, case: &Case<'a>) -> Verdict<'a> {
    let (record, possible) = (Record::of(thread), Record::possible(thread));
    let corrections = possible.clone().map(|record| record.corrections).max().unwrap_or_default();
    // A figure as of no later moment than what was reported (a rerun, or the older of two runs at once) says nothing against it.
    let fallen = possible.clone().filter_map(|record| record.reported.as_ref());
    let fallen = fallen.filter(|known| known.at < case.as_of && spent.is_below(known));
    let fallen = fallen.max_by_key(|known| known.money).cloned();
    let highest = spent.highest();
    if let Some(known) = fallen {
        let since = record.lower_since.unwrap_or(case.as_of);
        let waits = record.corrections > 0 && case.as_of.duration_since(since) < AGREEMENT;
        // Whatever is not proven or waits, a level is due that a reader may not have heard of: that of a policy that has changed, or one below
        // what a run claimed that died.
        let is_news = highest.is_some_and(|level| possible.clone().any(|record| is_above(level, record)));
        let is_proven =
            spent.certainty == Certainty::Exact && !case.coverage.is_blind && was_read_twice(&spent, &known, key, case);
        match is_proven {
            true if !waits => return corrected(spent, known, corrections, key, thread, case),
            _ if is_news => {}
            true => {
                let note = record.lower_since.is_none().then(|| Record { lower_since: Some(since), ..record.clone() });
                return spent.without_alert(key, Decision::WaitsToCorrect { since }, note);
            }
            false => return spent.without_alert(key, Decision::FallNotProven, None),
        }
    }
    let Some(level) = highest.filter(|level| possible.clone().any(|record| is_above(level, record))) else {
        let decision = if highest.is_some() { Decision::AlreadySent } else { Decision::BelowLevels };
        let is_older = record.reported.as_ref().is_some_and(|known| case.as_of < known.at);
        let note = if is_older { None } else { spent.settled(record) };
        return spent.without_alert(key, decision, note);
    };
    let reported = Reported { percent: level.percent, money: level.threshold, ..spent.reported(case) };
    let id = key.alert_id(&format!("{level} {}", level.threshold), corrections);
    let is_news = |record: &Record| is_above(level, record);
    super::by_news(Finding::Spent(Box::new(spent)), id, reported, thread, is_news)
}

fn corrected<'a>(
    spent: Spent<'a>,
    known: Reported,
    corrections: u32,
    key: &ThreadKey,
    thread: Option<&Thread>,
    case: &Case<'a>,
) -> Verdict<'a> {
    let record = Record::of(thread);
    let id = |corrections| key.alert_id("correction", corrections);
    // The claim of a run that died may be for this very correction.
    let may_repeat =
        thread.and_then(|thread| thread.claim.as_ref()).is_some_and(|claim| claim.alert == id(record.corrections));
    let corrections = if may_repeat { record.corrections } else { corrections };
    let (percent, money) =
        spent.highest().map_or((Decimal::ZERO, Amount::ZERO), |level| (level.percent, level.threshold));
    let reported = Some(Reported { percent, money, ..spent.reported(case) });
    let next = Some(Record { reported, corrections: corrections + 1, lower_since: None });
    let base = Record { reported: Some(known.clone()), corrections, ..record.clone() };
    let finding = Finding::Correction(Box::new(Correction::of(spent, known, record, case)));
    Verdict { decision: Decision::Due, finding, id: id(corrections), base, next, doubt: None, may_repeat }
}
