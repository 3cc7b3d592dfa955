//! Where the sums of past days are kept: in the ledger's table, a day in as many items as its size asks for.
//!
//! The items of a day carry the digest of all of it. What does not fit together, because two runs wrote it at the same time or one died
//! over it, is no memory of the day, and the day is read from Zoom.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::table::{Item, MOST_WRITES, get_batch, number, put_batch, text};
use crate::domain::history::DayDocument;

/// Bytes of an item; DynamoDB takes 400 KB, and a batch of these is still small.
const PART: usize = 64 * 1024;
/// Items read at once.
const PARTS_A_BATCH: usize = 25;
const BATCHES_AT_ONCE: usize = 2;
/// Items of a day, of some six hundred thousand lines; one that would take more is not kept.
const MOST_PARTS: usize = 1_000;

/// Where the sums of past days are kept.
#[derive(Debug)]
pub enum History {
    /// A table of Amazon DynamoDB.
    Table {
        /// Its client.
        client: Client,
        /// Its name.
        table: String,
    },
    /// Nowhere: every run reads all days.
    None,
}

/// Why the history cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error(
    "the history in the table {table:?} cannot be {action}: {problem}; check that the function may read and write it"
)]
pub struct HistoryError {
    table: String,
    action: &'static str,
    problem: String,
}

/// Whose days they are, and where they begin: another zone has other days.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'w> {
    /// Zoom's account id.
    pub account: &'w str,
    /// The IANA name of the policy's zone.
    pub zone: &'w str,
}

impl Whose<'_> {
    fn key(&self, day: Date, part: usize) -> String {
        format!("history/{}/{}/{day}/{part}", self.account, self.zone)
    }
}

impl History {
    /// A table of Amazon DynamoDB.
    #[must_use]
    pub fn table(config: &aws_config::SdkConfig, name: &str) -> History {
        History::Table { client: Client::new(config), table: name.to_owned() }
    }

    /// Hands out what is kept of these days, as far as it is whole.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn load(&self, whose: Whose<'_>, days: &[Date], mut take: impl FnMut(&[u8])) -> Result<(), HistoryError> {
        let History::Table { client, table } = self else { return Ok(()) };
        let first = days.iter().map(|day| whose.key(*day, 0)).collect();
        let mut parts: HashMap<String, Item> = HashMap::new();
        self.get(client, table, first, &mut parts).await?;
        let mut known = BTreeMap::new();
        for day in days {
            let count = parts.get(&whose.key(*day, 0)).and_then(|item| number(item, "parts"));
            if let Some(count) =
                count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= MOST_PARTS)
            {
                known.insert(*day, count);
            }
        }
        // A day after the other, so that only one is in memory as it was kept.
        for (day, count) in known {
            let keys: Vec<_> = (0..count).map(|part| whose.key(day, part)).collect();
            self.get(client, table, keys.iter().skip(1).cloned().collect(), &mut parts).await?;
            let of_day: Option<Vec<Item>> = keys.iter().map(|key| parts.remove(key)).collect();
            if let Some(document) = of_day.as_deref().and_then(joined) {
                take(&document);
            }
        }
        Ok(())
    }

    async fn get(
        &self,
        client: &Client,
        table: &str,
        keys: Vec<String>,
        parts: &mut HashMap<String, Item>,
    ) -> Result<(), HistoryError> {
        let batches: Vec<Vec<String>> = keys.chunks(PARTS_A_BATCH).map(<[String]>::to_vec).collect();
        let batches = stream::iter(batches).map(|keys| get_batch(client, table, keys));
        let items: Vec<Vec<Item>> = batches
            .buffer_unordered(BATCHES_AT_ONCE)
            .try_collect()
            .await
            .map_err(|problem| error(table, "read", problem))?;
        parts.extend(items.into_iter().flatten().filter_map(|item| Some((text(&item, "pk")?.to_owned(), item))));
        Ok(())
    }

    /// Keeps these days in place of what was kept of them.
    ///
    /// # Errors
    /// [`HistoryError`]; some of the days may then be kept.
    pub async fn save(&self, whose: Whose<'_>, days: &[DayDocument]) -> Result<(), HistoryError> {
        let History::Table { client, table } = self else { return Ok(()) };
        let days = days.iter().filter(|day| day.document.len() <= PART * MOST_PARTS);
        // Items are made a batch at a time, since together they may be many.
        let mut items = days.flat_map(|day| parts(whose, day));
        loop {
            let batch: Vec<Item> = items.by_ref().take(MOST_WRITES).collect();
            if batch.is_empty() {
                return Ok(());
            }
            put_batch(client, table, batch).await.map_err(|problem| error(table, "written", problem))?;
        }
    }
}

fn error(table: &str, action: &'static str, problem: String) -> HistoryError {
    HistoryError { table: table.to_owned(), action, problem }
}

fn digest(document: &[u8]) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parts(whose: Whose<'_>, day: &DayDocument) -> Vec<Item> {
    let chunks: Vec<_> = day.document.chunks(PART).collect();
    let (digest, count) = (digest(&day.document), chunks.len());
    let item = |(part, chunk): (usize, &&[u8])| {
        let text = |text: String| AttributeValue::S(text);
        HashMap::from([
            ("pk".to_owned(), text(whose.key(day.day, part))),
            ("kind".to_owned(), text("history".to_owned())),
            ("parts".to_owned(), AttributeValue::N(count.to_string())),
            ("digest".to_owned(), text(digest.clone())),
            ("document".to_owned(), AttributeValue::B(Blob::new(*chunk))),
            ("expires_at".to_owned(), AttributeValue::N(day.expires_at.as_second().to_string())),
        ])
    };
    chunks.iter().enumerate().map(item).collect()
}

/// The document, if the items are all of one.
fn joined(parts: &[Item]) -> Option<Vec<u8>> {
    let said = text(parts.first()?, "digest")?;
    let mut document = Vec::new();
    for part in parts {
        document.extend_from_slice(part.get("document")?.as_b().ok()?.as_ref());
    }
    (digest(&document) == said).then_some(document)
}
