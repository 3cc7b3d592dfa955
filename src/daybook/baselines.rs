//! The baselines of a day in the ledger's table: what the first run of a day made of thirteen months, and the others read.
//!
//! They are a cache: whatever is missing, damaged, of another version or of another state of the daybook is made anew. In binary, with
//! numbers in single precision, ten thousand subjects take less than two megabytes.
#![expect(clippy::disallowed_types, reason = "statistics, kept in single precision")]

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::store::seconds;
use super::{Store, StoreError, Whose};
use crate::clients::table::text;
use crate::domain::baselines::{Baseline, Baselines, Episode, Subject, WatchedDay};
use crate::domain::charge::Scope;
use crate::domain::estimates::Bound;
use crate::domain::foresight::forecast::Outlook;
use crate::domain::money::{Amount, Currency};

/// Bytes in an item, which may have 400 KB.
const MOST_BYTES: usize = 350_000;
/// More items than there ever are.
const MOST_ITEMS: usize = 40;
/// How long they are kept; they are for one day.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 3);

#[derive(Deserialize, Serialize)]
struct Stored {
    days: u32,
    /// The first day that is judged for spikes, in days before today.
    judged: u16,
    subjects: Vec<StoredSubject>,
}

/// Usual and critical count; first and last day of an episode, in days before today.
type StoredDay = (Option<(f32, f32)>, Option<(u16, u16)>);

#[derive(Deserialize, Serialize)]
struct StoredSubject {
    scope: u8,
    subject: String,
    currency: String,
    outlooks: [Option<(u16, [f32; 3])>; 2],
    pace: [String; 2],
    watched: Vec<StoredDay>,
}

/// The baselines of `today` as bytes.
#[must_use]
pub fn encode(baselines: &Baselines, today: Date) -> Vec<u8> {
    let subjects = baselines.subjects.iter().map(|(key, baseline)| stored(key, baseline, today)).collect();
    let stored = Stored { days: baselines.days, judged: back(baselines.judged, today), subjects };
    postcard::to_allocvec(&stored).unwrap_or_default()
}

/// The baselines of `today` from bytes; `None` if they make no sense.
#[must_use]
pub fn decode(bytes: &[u8], today: Date) -> Option<Baselines> {
    let Stored { days, judged, subjects } = postcard::from_bytes(bytes).ok()?;
    let subjects = subjects.into_iter().map(|stored| stored.subject(today)).collect::<Option<_>>()?;
    Some(Baselines { days, judged: today.saturating_sub(i64::from(judged).days()), subjects })
}

fn small(days: u32) -> u16 {
    u16::try_from(days).unwrap_or(u16::MAX)
}

fn back(day: Date, today: Date) -> u16 {
    small(day.until(today).map_or(0, |span| span.get_days().unsigned_abs()))
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to single precision")]
fn stored((scope, subject, currency): &Subject, baseline: &Baseline, today: Date) -> StoredSubject {
    let outlook = |outlook: &Outlook| {
        let Outlook { days, mean, variance, today } = *outlook;
        (small(days), [mean as f32, variance as f32, today as f32])
    };
    let watched = |day: &WatchedDay| {
        let bound = day.bound.map(|Bound { usual, critical }| (usual, critical));
        (bound, day.episode.map(|episode| (back(episode.first, today), back(episode.last, today))))
    };
    StoredSubject {
        scope: Scope::ALL
            .iter()
            .position(|known| known == scope)
            .and_then(|place| place.try_into().ok())
            .unwrap_or(u8::MAX),
        subject: subject.to_string(),
        currency: currency.to_string(),
        outlooks: [&baseline.week, &baseline.month].map(|kind| kind.as_ref().map(outlook)),
        pace: baseline.pace.map(|amount| amount.to_string()),
        watched: baseline.watched.iter().map(watched).collect(),
    }
}

impl StoredSubject {
    fn subject(self, today: Date) -> Option<(Subject, Baseline)> {
        let scope = *Scope::ALL.get(usize::from(self.scope))?;
        let wide = |numbers: [f32; 3]| numbers.map(f64::from);
        let outlook = |(days, numbers): (u16, _)| {
            let [mean, variance, today] = wide(numbers);
            Outlook { days: u32::from(days), mean, variance, today }
        };
        let [week, month] = self.outlooks.map(|stored| stored.map(outlook));
        let [last, before] = self.pace.each_ref().map(|amount| Amount::parse(amount).ok());
        let day = |back: u16| today.saturating_sub(i64::from(back).days());
        let watched = |(bound, episode): StoredDay| WatchedDay {
            bound: bound.map(|(usual, critical)| Bound { usual, critical }),
            episode: episode.map(|(first, last)| Episode { first: day(first), last: day(last) }),
        };
        let baseline =
            Baseline { week, month, pace: [last?, before?], watched: self.watched.into_iter().map(watched).collect() };
        Some(((scope, self.subject.into(), Currency::parse(&self.currency).ok()?), baseline))
    }
}

impl Store {
    /// The baselines of `today`, if they were made of this `state`.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn baselines(&self, whose: Whose<'_>, today: Date, state: &str) -> Result<Option<Baselines>, StoreError> {
        Ok(self.cached(whose, "baselines", state).await?.and_then(|bytes| decode(&bytes, today)))
    }

    /// Keeps the baselines of a day for its other runs.
    ///
    /// # Errors
    /// The table cannot be written.
    pub async fn keep_baselines(
        &self,
        whose: Whose<'_>,
        bytes: &[u8],
        state: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.cache(whose, "baselines", bytes, state, now).await
    }

    /// Bytes that a run of the day left under a name, if they were made of this `state`.
    pub(super) async fn cached(
        &self,
        whose: Whose<'_>,
        name: &str,
        state: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let item = |chunk: usize| whose.key(&format!("{name}#{chunk}"));
        let first = self.items(vec![item(0)]).await?;
        let of_state = |item: &&crate::clients::table::Item| text(item, "state") == Some(state);
        let count = first.iter().find(of_state).and_then(|item| item.get("items")?.as_n().ok()?.parse::<usize>().ok());
        let Some(count) = count.filter(|count| (1..=MOST_ITEMS).contains(count)) else { return Ok(None) };
        let mut items = first;
        items.extend(self.items((1..count).map(item).collect()).await?);
        if items.iter().filter(of_state).count() != count {
            return Ok(None);
        }
        items.sort_by_key(|item| item.get("chunk").and_then(|chunk| chunk.as_n().ok()?.parse::<usize>().ok()));
        let bytes = |item: &crate::clients::table::Item| Some(item.get(name)?.as_b().ok()?.as_ref().to_vec());
        Ok(items.iter().map(bytes).collect::<Option<Vec<_>>>().map(|parts| parts.concat()))
    }

    /// Keeps bytes under a name for the day's other runs.
    pub(super) async fn cache(
        &self,
        whose: Whose<'_>,
        name: &str,
        bytes: &[u8],
        state: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let count = bytes.len().div_ceil(MOST_BYTES);
        if count > MOST_ITEMS {
            return Err(self.error("written", format!("the {name} have {} bytes", bytes.len())));
        }
        let number = |number: usize| AttributeValue::N(number.to_string());
        let item = |(chunk, bytes): (usize, &[u8])| {
            let mut item = whose.key(&format!("{name}#{chunk}"));
            item.insert("state".to_owned(), AttributeValue::S(state.to_owned()));
            item.insert("items".to_owned(), number(count));
            item.insert("chunk".to_owned(), number(chunk));
            item.insert(name.to_owned(), AttributeValue::B(Blob::new(bytes)));
            item.insert("expires_at".to_owned(), seconds(now + LIFE));
            item
        };
        self.put(bytes.chunks(MOST_BYTES).enumerate().map(item).collect()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::table::Item;
    use crate::domain::product::{Product, Products};
    use crate::domain::world::World;

    const WHOSE: Whose<'_> = Whose { account: "acc", products: Products::One(Product::Sms), zone: "UTC" };
    const POLICY: &str = r#"
        [[budget]]
        name = "numbers"
        scope = "billing_number"
        currency = "USD"
        amount = 1
        forecast_at = [100]
        [[spike]]
        name = "all"
        scope = "account"
        currency = "USD"
    "#;

    fn today() -> Date {
        jiff::civil::date(2026, 11, 22)
    }

    fn baselines() -> Baselines {
        let world = World::new(POLICY).sent(19, "+1202", 400, "8.2").usually(60, "+1202", 7, "0.1435");
        world.history.baselines.into_values().next().unwrap()
    }

    #[tokio::test]
    async fn baselines_are_read_as_they_were_made() {
        let (store, made) = (Store::memory(), baselines());
        let account = &made.subjects.values().next().unwrap().watched;
        assert!(made.subjects.len() == 2 && (account.is_empty() || account.iter().any(|day| day.episode.is_some())));
        store.keep_baselines(WHOSE, &encode(&made, today()), "state", Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(store.baselines(WHOSE, today(), "state").await.unwrap(), Some(made));
        // Those of another day, policy or past are none.
        assert_eq!(store.baselines(WHOSE, today(), "other").await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_damaged_or_missing_is_none() {
        let mut made = baselines();
        let one = made.subjects.values().next().unwrap().clone();
        let currency = Currency::parse("USD").unwrap();
        made.subjects.extend((0..20_000).map(|n| ((Scope::Extension, n.to_string().into(), currency), one.clone())));
        let bytes = encode(&made, today());
        assert!(bytes.len() > MOST_BYTES, "{} bytes", bytes.len());
        for damage in ["nothing", "an item is missing", "an item is of another state", "bytes are damaged"] {
            let store = Store::memory();
            store.keep_baselines(WHOSE, &bytes, "state", Timestamp::UNIX_EPOCH).await.unwrap();
            let mut second: Item = WHOSE.key("baselines#1");
            match damage {
                "an item is missing" => {}
                "an item is of another state" => {
                    second.insert("state".to_owned(), AttributeValue::S("other".to_owned()));
                }
                _ => {
                    second = store.items(vec![second]).await.unwrap().remove(0);
                    if damage != "nothing" {
                        second.insert("baselines".to_owned(), AttributeValue::B(Blob::new([0xFF; 9])));
                    }
                }
            }
            store.put(vec![second]).await.unwrap();
            let read = store.baselines(WHOSE, today(), "state").await.unwrap();
            assert_eq!(read.is_some(), damage == "nothing", "{damage}");
        }
    }
}
