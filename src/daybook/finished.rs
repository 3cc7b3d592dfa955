//! Which closed periods are done with: up to which day each kind was judged for the last time.
//!
//! That is known for those who judge, by the policy's place and the topic of `default`: what runs for one of them have judged says nothing of
//! another's. It is known for all reports together, and whatever the time zone, since it is no matter of what was read. A judge of which
//! nothing is known takes over what others of the account are not done with.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::store::seconds;
use super::{Store, StoreError};
use crate::clients::table::{key, text};
use crate::domain::period::{Period, PeriodKind};

const PREFIX: &str = "finished#";
/// How long a judge who does not come back is remembered, and a kind of period that its policy has no more: longer than a silence, and the
/// month before it.
const KEPT_DAYS: i64 = 130;

/// Up to which day closed periods were judged for the last time, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished(BTreeMap<PeriodKind, Date>);

impl Finished {
    /// Up to which day; `None` if nothing is known.
    #[must_use]
    pub fn of(&self, kind: PeriodKind) -> Option<Date> {
        self.0.get(&kind).copied()
    }

    /// The same after a run that judged these periods, of which it is done with some.
    #[must_use]
    pub fn after(&self, periods: &[Period], today: Date, is_done: impl Fn(&Period) -> bool) -> Finished {
        let forgotten = today.saturating_sub(KEPT_DAYS.days());
        let mut finished: BTreeMap<_, _> =
            self.0.iter().filter(|(_, day)| **day >= forgotten).map(|(kind, day)| (*kind, *day)).collect();
        let mut periods: Vec<_> = periods.iter().collect();
        periods.sort_unstable();
        for of_kind in periods.chunk_by(|one, other| one.kind() == other.kind()) {
            let Some(first) = of_kind.first() else { continue };
            let done = of_kind.iter().take_while(|period| is_done(period)).last();
            finished.insert(first.kind(), done.map_or(first.first_day(), |done| done.end_day()));
        }
        Finished(finished)
    }

    /// What only both are done with.
    fn earlier(mut self, other: Finished) -> Finished {
        for (kind, day) in other.0 {
            self.0.entry(kind).and_modify(|known| *known = day.min(*known)).or_insert(day);
        }
        self
    }
}

impl Store {
    /// What a judge of an account is done with.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn finished(&self, account: &str, judge: &str) -> Result<Finished, StoreError> {
        let items = self.query(account, PREFIX).await?;
        let by_judge = items.iter().filter_map(|item| {
            let finished = serde_json::from_str(text(item, "finished")?).ok()?;
            Some((text(item, "sk")?.strip_prefix(PREFIX)?, Finished(finished)))
        });
        let all: BTreeMap<_, _> = by_judge.collect();
        let own = all.get(judge).cloned();
        Ok(own.unwrap_or_else(|| all.into_values().reduce(Finished::earlier).unwrap_or_default()))
    }

    /// Keeps what a judge is done with.
    ///
    /// # Errors
    /// The table cannot be written.
    pub async fn keep_finished(
        &self,
        account: &str,
        judge: &str,
        Finished(finished): &Finished,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = key(account, &format!("{PREFIX}{judge}"));
        item.insert("finished".to_owned(), AttributeValue::S(serde_json::to_string(finished).unwrap_or_default()));
        item.insert("expires_at".to_owned(), seconds(now + SignedDuration::from_hours(24 * KEPT_DAYS)));
        self.put(vec![item]).await
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;

    fn periods(kind: PeriodKind, days: &[Date]) -> Vec<Period> {
        days.iter().map(|day| Period::of_day(kind, *day, &TimeZone::UTC).unwrap()).collect()
    }

    #[test]
    fn a_kind_is_finished_up_to_the_first_period_that_is_not_done_with() {
        let days = [date(2026, 11, 5), date(2026, 11, 4), date(2026, 11, 3)];
        let mut all = periods(PeriodKind::Day, &days);
        all.extend(periods(PeriodKind::Month, &days[..1]));
        let after = |done: &[Date]| {
            let is_done = |period: &Period| period.kind() == PeriodKind::Day && done.contains(&period.first_day());
            let finished = Finished::default().after(&all, days[0], is_done);
            [PeriodKind::Day, PeriodKind::Month].map(|kind| finished.of(kind).unwrap().to_string())
        };
        assert_eq!(after(&[]), ["2026-11-03", "2026-11-01"]);
        assert_eq!(after(&days[1..]), ["2026-11-05", "2026-11-01"]);
        // The 4th is done with, but not the 3rd before it.
        assert_eq!(after(&days[1..2]), ["2026-11-03", "2026-11-01"]);
    }

    #[test]
    fn a_kind_that_a_policy_has_no_more_is_remembered_for_longer_than_a_silence() {
        let month = Finished(BTreeMap::from([(PeriodKind::Month, date(2026, 10, 1))]));
        let later =
            |today: Date| month.after(&periods(PeriodKind::Day, &[today]), today, |_| true).of(PeriodKind::Month);
        assert_eq!(later(date(2027, 2, 1)), Some(date(2026, 10, 1)));
        assert_eq!(later(date(2027, 3, 1)), None);
    }

    #[tokio::test]
    async fn a_new_judge_takes_over_what_others_are_not_done_with() {
        let store = Store::memory();
        let finished = |day| Finished(BTreeMap::from([(PeriodKind::Month, day)]));
        assert_eq!(store.finished("acc", "one").await.unwrap(), Finished::default());
        let now = "2026-11-22T13:00:00Z".parse().unwrap();
        for (judge, day) in [("one", date(2026, 11, 1)), ("other", date(2026, 10, 1))] {
            store.keep_finished("acc", judge, &finished(day), now).await.unwrap();
        }
        let of =
            async |judge: &str| store.finished("acc", judge).await.unwrap().of(PeriodKind::Month).unwrap().to_string();
        assert_eq!([of("one").await, of("other").await, of("new").await], ["2026-11-01", "2026-10-01", "2026-10-01"]);
    }
}
