//! Where the daybook's items are: the ledger's table, or the memory of this process.
#![expect(clippy::disallowed_types, reason = "the daybook's only file that calls DynamoDB")]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::clients::aws;
use crate::clients::table::{Item, MOST_KEYS, MOST_WRITES, get_batch, number, put_batch, query, text};

const WRITTEN_MEANWHILE: &str = "another run wrote it meanwhile, and its figures stay";

/// Where the daybook is kept.
#[derive(Debug)]
pub enum Store {
    /// A table of Amazon DynamoDB.
    Table(Client, String),
    /// The memory of this process, by sort key, for one account.
    Memory(Mutex<BTreeMap<String, Item>>),
}

/// Why the daybook cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error(
    "the {what} in table {table:?} cannot be {action}: {problem}; check that the table exists and that the function may use it"
)]
pub struct StoreError {
    what: &'static str,
    table: String,
    action: &'static str,
    problem: String,
}

impl StoreError {
    pub(super) fn of_page(self) -> StoreError {
        StoreError { what: "page", ..self }
    }
}

impl Store {
    /// A table of Amazon DynamoDB.
    #[must_use]
    pub fn table(config: &aws_config::SdkConfig, name: &str) -> Store {
        let timeouts = aws::timeouts(Duration::from_secs(5), Duration::from_secs(12));
        let config = Builder::from(config).timeout_config(timeouts).build();
        Store::Table(Client::from_conf(config), name.to_owned())
    }

    /// An empty daybook in this process.
    #[must_use]
    pub fn memory() -> Store {
        Store::Memory(Mutex::default())
    }

    /// The first sort key of a partition after this one.
    #[cfg(feature = "cli")]
    pub(super) async fn next_key(&self, account: &str, after: &str) -> Result<Option<String>, StoreError> {
        match self {
            Store::Table(client, table) => {
                let next = crate::clients::table::next_key(client, table, account, after).await;
                next.map_err(|problem| self.error("read", problem))
            }
            Store::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(kept.keys().find(|key| key.as_str() > after).cloned())
            }
        }
    }

    pub(super) async fn put(&self, items: Vec<Item>) -> Result<(), StoreError> {
        match self {
            Store::Table(client, table) => {
                for batch in items.chunks(MOST_WRITES) {
                    let put = put_batch(client, table, batch.to_vec()).await;
                    put.map_err(|problem| self.error("written", problem))?;
                }
            }
            Store::Memory(kept) => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(items.into_iter().map(by_sort_key))
            }
        }
        Ok(())
    }

    /// Writes an item, if none has another revision than the one that was loaded.
    pub(super) async fn put_if(&self, item: Item, loaded: i64) -> Result<(), StoreError> {
        let (client, table) = match self {
            Store::Table(client, table) => (client, table),
            Store::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let (key, item) = by_sort_key(item);
                if kept.get(&key).and_then(|item| number(item, "revision")).is_some_and(|revision| revision != loaded) {
                    return Err(self.error("written", WRITTEN_MEANWHILE.to_owned()));
                }
                kept.insert(key, item);
                return Ok(());
            }
        };
        let put = client.put_item().table_name(table).set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(revision) OR revision = :loaded")
            .expression_attribute_values(":loaded", AttributeValue::N(loaded.to_string()));
        put.send().await.map(drop).map_err(|error| match error.as_service_error() {
            Some(refused) if refused.is_conditional_check_failed_exception() => {
                self.error("written", WRITTEN_MEANWHILE.to_owned())
            }
            _ => self.error("written", aws::problem(&error)),
        })
    }

    pub(super) async fn items(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        match self {
            Store::Table(client, table) => {
                for batch in keys.chunks(MOST_KEYS) {
                    let batch = get_batch(client, table, batch.to_vec()).await;
                    items.extend(batch.map_err(|problem| self.error("read", problem))?);
                }
            }
            Store::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                items.extend(keys.into_iter().filter_map(|key| kept.get(&by_sort_key(key).0).cloned()));
            }
        }
        Ok(items)
    }

    /// All items of a partition whose sort key starts so. In memory there is one partition.
    pub(super) async fn query(&self, partition: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        match self {
            Store::Table(client, table) => {
                let (items, problem) = query(client, table, partition, prefix).await;
                problem.map_or(Ok(items), |problem| Err(self.error("read", problem)))
            }
            Store::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let from = kept.range(prefix.to_owned()..);
                Ok(from.take_while(|(key, _)| key.starts_with(prefix)).map(|(_, item)| item.clone()).collect())
            }
        }
    }

    pub(super) fn error(&self, action: &'static str, problem: String) -> StoreError {
        let table = match self {
            Store::Table(_, table) => table.clone(),
            Store::Memory(_) => "(memory)".to_owned(),
        };
        StoreError { what: "daybook", table, action, problem }
    }
}

fn by_sort_key(item: Item) -> (String, Item) {
    (text(&item, "sk").unwrap_or_default().to_owned(), item)
}

pub(super) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_second().to_string())
}
