//! The kinds of alert, and when one is due.
//!
//! A kind is one file: what it found, how it is found, its thread, and its wording. [`Finding`] is the one place that names them all, so a
//! further kind is one file and one line in each `match` below. Renderers (see [`super::message`]) read a [`Wording`] and know no kind.

mod budget;
mod correction;
mod counted;
mod decision;
mod digest;
mod due;
mod forecast;
mod key;
mod people;
mod routing;
mod spent;
mod spike;
mod stale;
mod test;
mod thread;
mod unwatched;
mod wording;
mod words;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use correction::Correction;
pub use counted::{charged, number_of_units, on_one, units};
pub use decision::{Alert, Decision, decide, decide_by, decide_one, decide_these};
pub use digest::{Digest, DigestRecord, Lately, due_digest};
pub use forecast::{Forecast, ForecastRecord, ahead};
pub(crate) use key::hash;
pub use key::{AlertId, ThreadKey};
pub use people::who;
pub use spent::Spent;
pub use spike::{SpikeDay, SpikeRecord, Spiking};
pub use stale::Stale;
pub use test::Test;
pub(crate) use thread::KEPT;
pub use thread::{Claim, Peak, Record, Reported, Thread, Threads};
pub use unwatched::Unwatched;
pub use wording::{AlertRecord, Details, Facts, Outcome, Row, Severity, Wording};
pub use words::{a_day, about, count, days_between, in_thousands, limit, moment, money, rounded_up};
pub(in crate::domain) use words::{cause, days_left, gaps, period_name};

use self::decision::{Verdict, by_news};
use super::background::first_day;
use super::case::Case;
use super::contributors::Whose;
use super::money::Amount;
use super::period::Period;

/// The kinds of alert, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A level of a budget was reached.
    Budget,
    /// A subject sends far more than it ever does.
    Spike,
    /// A level is likely to be reached.
    Forecast,
    /// There are charges in a currency that no budget covers.
    Unwatched,
    /// A figure that was reported is lower now.
    Correction,
    /// Zoom's report has no new row.
    Stale,
    /// A summary of a period.
    Digest,
    /// A test of the way to the readers.
    Test,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 8] = [
        Kind::Budget,
        Kind::Spike,
        Kind::Forecast,
        Kind::Unwatched,
        Kind::Correction,
        Kind::Stale,
        Kind::Digest,
        Kind::Test,
    ];

    /// The name in answers and keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Budget => "budget",
            Kind::Spike => "spike",
            Kind::Forecast => "forecast",
            Kind::Unwatched => "unwatched",
            Kind::Correction => "correction",
            Kind::Stale => "stale",
            Kind::Digest => "digest",
            Kind::Test => "test",
        }
    }
}

/// Something that is true, and that a receiver may have to hear of.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding<'a> {
    /// What a subject with a budget has spent.
    Spent(Box<Spent<'a>>),
    /// Days on which a subject sent far more than it ever does.
    Spike(Box<Spiking<'a>>),
    /// A level that is likely to be reached.
    Forecast(Box<Forecast<'a>>),
    /// A currency that no budget covers.
    Unwatched(Unwatched),
    /// A figure that was reported is lower now; found by deciding.
    Correction(Box<Correction<'a>>),
    /// A report without new rows.
    Stale(Stale),
    /// A period is over, or somebody asked for a summary.
    Digest(Box<Digest<'a>>),
    /// Somebody asked for a test.
    Test(Test),
}

impl<'a> Finding<'a> {
    /// The kind of alert.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Finding::Spent(_) => Kind::Budget,
            Finding::Spike(_) => Kind::Spike,
            Finding::Forecast(_) => Kind::Forecast,
            Finding::Unwatched(_) => Kind::Unwatched,
            Finding::Correction(_) => Kind::Correction,
            Finding::Stale(_) => Kind::Stale,
            Finding::Digest(_) => Kind::Digest,
            Finding::Test(_) => Kind::Test,
        }
    }

    /// The thread that the finding belongs to.
    #[must_use]
    pub fn key(&self, case: &Case<'a>) -> ThreadKey {
        match self {
            Finding::Spent(spent) => spent.key(case),
            Finding::Spike(spiking) => spiking.key(case),
            Finding::Forecast(forecast) => forecast.key(case),
            Finding::Unwatched(unwatched) => unwatched.key(case),
            Finding::Correction(correction) => correction.spent.key(case),
            Finding::Stale(stale) => stale.key(case),
            Finding::Digest(digest) => digest.key(case),
            Finding::Test(test) => test.key(case),
        }
    }

    fn verdict(self, key: &ThreadKey, thread: Option<&Thread>, case: &Case<'a>) -> Verdict<'a> {
        match self {
            Finding::Spent(spent) => due::verdict(*spent, key, thread, case),
            // A correction that was refused by the ledger is decided anew, from the figure behind it.
            Finding::Correction(correction) => due::verdict(correction.spent, key, thread, case),
            Finding::Spike(spiking) => spiking.verdict(key, thread, case),
            Finding::Forecast(forecast) => forecast.verdict(key, thread, case),
            Finding::Unwatched(_) | Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_) => {
                let amount = if let Finding::Unwatched(found) = &self { found.sum.amount } else { Amount::ZERO };
                let (id, reported) = (key.alert_id("once", 0), Reported { amount, ..Reported::once(case.as_of) });
                by_news(self, id, reported, thread, |record| record.reported.is_none())
            }
        }
    }

    /// What readers get to know.
    #[must_use]
    pub fn wording(&self, alert: &Alert<'a>, case: &Case<'a>) -> Wording {
        match self {
            Finding::Spent(spent) => spent.wording(alert, case),
            Finding::Spike(spiking) => spiking.wording(alert, case),
            Finding::Forecast(forecast) => forecast.wording(alert, case),
            Finding::Unwatched(unwatched) => unwatched.wording(alert, case),
            Finding::Correction(correction) => correction.wording(alert, case),
            Finding::Stale(stale) => stale.wording(alert, case),
            Finding::Digest(digest) => digest.wording(alert, case),
            Finding::Test(test) => test.wording(alert, case),
        }
    }

    /// The period and the subject that it is about; `None` for what concerns no subject.
    #[must_use]
    pub fn whose(&self) -> Option<Whose> {
        match self {
            Finding::Spent(spent) => Some(spent.whose()),
            Finding::Forecast(forecast) => Some(forecast.spent.whose()),
            Finding::Spike(found) => Some(found.whose()),
            Finding::Correction(correction) => Some(correction.spent.whose()),
            Finding::Unwatched(found) => Some(found.whose()),
            Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_) => None,
        }
    }

    /// The periods that it is about.
    pub fn periods(&self) -> impl Iterator<Item = Period> {
        let earlier = match self {
            Finding::Spike(found) => found.earlier.as_slice(),
            _ => &[],
        };
        self.whose().map(|whose| whose.period).into_iter().chain(earlier.iter().map(|day| day.period))
    }

    /// The first day that its message looks back to, before the period that it is about.
    #[must_use]
    pub fn looks_back_to(&self, case: &Case<'a>) -> Option<Date> {
        let period = match self {
            Finding::Digest(digest) => digest.period,
            _ => self.whose()?.period,
        };
        Some(first_day(&period, case))
    }

    /// Until when the thread matters at least.
    #[must_use]
    pub fn ends(&self, case: &Case<'a>) -> Timestamp {
        let end = match self {
            Finding::Spent(spent) => spent.period.to(),
            Finding::Forecast(forecast) => forecast.spent.period.to(),
            Finding::Unwatched(unwatched) => unwatched.period.to(),
            Finding::Correction(correction) => correction.spent.period.to(),
            Finding::Spike(_) | Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_) => case.as_of,
        };
        end.max(case.as_of)
    }
}

#[cfg(test)]
mod tests;
