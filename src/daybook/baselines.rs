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
use crate::domain::baselines::{Baseline, Baselines, Episode, Subject};
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
    subjects: Vec<StoredSubject>,
}

#[derive(Deserialize, Serialize)]
struct StoredSubject {
    scope: u8,
    subject: String,
    currency: String,
    outlooks: [Option<(u16, [f32; 3])>; 2],
    pace: [String; 2],
    /// Usual and critical count.
    usual: Vec<Option<(f32, f32)>>,
    /// First and last day, in days before today.
    episode: Option<(u16, u16)>,
}

/// The baselines of `today` as bytes.
#[must_use]
pub fn encode(baselines: &Baselines, today: Date) -> Vec<u8> {
    let subjects = baselines.subjects.iter().map(|(key, baseline)| stored(key, baseline, today)).collect();
    let stored = Stored { days: baselines.days, subjects };
    postcard::to_allocvec(&stored).unwrap_or_default()
}

/// The baselines of `today` from bytes; `None` if they make no sense.
#[must_use]
fn decode(bytes: &[u8], today: Date) -> Option<Baselines> {
    let Stored { days, subjects } = postcard::from_bytes(bytes).ok()?;
    let subjects = subjects.into_iter().map(|stored| stored.subject(today)).collect::<Option<_>>()?;
    Some(Baselines { days, subjects })
}

#[expect(clippy::cast_possible_truncation, reason = "rounded to single precision")]
fn stored((scope, subject, currency): &Subject, baseline: &Baseline, today: Date) -> StoredSubject {
    let small = |days: u32| u16::try_from(days).unwrap_or(u16::MAX);
    let outlook = |outlook: &Outlook| {
        let Outlook { days, mean, variance, today } = *outlook;
        (small(days), [mean as f32, variance as f32, today as f32])
    };
    let back = |day: Date| small(day.until(today).map_or(0, |span| span.get_days().unsigned_abs()));
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
        usual: baseline.usual.iter().map(|day| day.map(|Bound { usual, critical }| (usual, critical))).collect(),
        episode: baseline.episode.map(|episode| (back(episode.first), back(episode.last))),
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
        let baseline = Baseline {
            week,
            month,
            pace: [last?, before?],
            usual: self.usual.into_iter().map(|day| day.map(|(usual, critical)| Bound { usual, critical })).collect(),
            episode: self.episode.map(|(first, last)| Episode { first: day(first), last: day(last) }),
        };
        Some(((scope, self.subject.into(), Currency::parse(&self.currency).ok()?), baseline))
    }
}

impl Store {
    /// The baselines of `today`, if they were made of this `state`.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn baselines(&self, whose: Whose<'_>, today: Date, state: &str) -> Result<Option<Baselines>, StoreError> {
        let item = |chunk: usize| whose.key(&format!("baselines#{chunk}"));
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
        let bytes = |item: &crate::clients::table::Item| Some(item.get("baselines")?.as_b().ok()?.as_ref().to_vec());
        let whole = items.iter().map(bytes).collect::<Option<Vec<_>>>().map(|parts| parts.concat());
        Ok(whole.and_then(|whole| decode(&whole, today)))
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
        let count = bytes.len().div_ceil(MOST_BYTES);
        if count > MOST_ITEMS {
            return Err(self.error("written", format!("the baselines have {} bytes", bytes.len())));
        }
        let number = |number: usize| AttributeValue::N(number.to_string());
        let item = |(chunk, bytes): (usize, &[u8])| {
            let mut item = whose.key(&format!("baselines#{chunk}"));
            item.insert("state".to_owned(), AttributeValue::S(state.to_owned()));
            item.insert("items".to_owned(), number(count));
            item.insert("chunk".to_owned(), number(chunk));
            item.insert("baselines".to_owned(), AttributeValue::B(Blob::new(bytes)));
            item.insert("expires_at".to_owned(), seconds(now + LIFE));
            item
        };
        self.put(bytes.chunks(MOST_BYTES).enumerate().map(item).collect()).await
    }
}
