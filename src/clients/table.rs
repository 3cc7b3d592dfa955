//! What ledger and daybook ask of their table in Amazon DynamoDB (partition key `pk`, sort key `sk`): many items at once, and again what was
//! left unprocessed.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, PutRequest, WriteRequest};

use super::aws;

#[cfg(feature = "cli")]
mod form;
#[cfg(feature = "cli")]
pub use form::TableForm;
#[cfg(feature = "cli")]
pub(crate) use form::form;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// DynamoDB takes a hundred keys a batch.
pub(crate) const MOST_KEYS: usize = 100;
/// DynamoDB takes twenty-five writes a batch.
pub(crate) const MOST_WRITES: usize = 25;
/// Batches that DynamoDB may answer in part before that counts as a failure.
const MOST_ROUNDS: u32 = 6;
/// Between those, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The items with these keys that there are, read consistently; at most [`MOST_KEYS`].
pub(crate) async fn get_batch(
    client: &Client,
    table: &str,
    keys: impl IntoIterator<Item = Item>,
) -> Result<Vec<Item>, String> {
    let keys = keys.into_iter().collect();
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
    let mut open = HashMap::from([(table.to_owned(), keys.map_err(|_| "no keys".to_owned())?)]);
    let mut items = Vec::new();
    for round in 0..MOST_ROUNDS {
        let answer = client.batch_get_item().set_request_items(Some(open)).send().await;
        let answer = answer.map_err(|error| aws::problem(&error))?;
        items.extend(answer.responses.unwrap_or_default().into_values().flatten());
        open = answer.unprocessed_keys.unwrap_or_default();
        if open.is_empty() {
            return Ok(items);
        }
        tokio::time::sleep(FIRST_PAUSE * (1 << round)).await;
    }
    Err("DynamoDB left keys unread again and again".to_owned())
}

/// Writes these items over those that are there; at most [`MOST_WRITES`].
pub(crate) async fn put_batch(client: &Client, table: &str, items: Vec<Item>) -> Result<(), String> {
    let put = |item| PutRequest::builder().set_item(Some(item)).build().map_err(|_| "an item without a key".to_owned());
    let write = |item| Ok(WriteRequest::builder().put_request(put(item)?).build());
    let writes = items.into_iter().map(write).collect::<Result<Vec<_>, String>>()?;
    let mut open = HashMap::from([(table.to_owned(), writes)]);
    for round in 0..MOST_ROUNDS {
        let answer = client.batch_write_item().set_request_items(Some(open)).send().await;
        open = answer.map_err(|error| aws::problem(&error))?.unprocessed_items.unwrap_or_default();
        if open.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(FIRST_PAUSE * (1 << round)).await;
    }
    Err("DynamoDB left items unwritten again and again".to_owned())
}

/// All items of a partition whose sort key starts so, read consistently. After a failure, what was read before it and the problem.
pub(crate) async fn query(client: &Client, table: &str, pk: &str, prefix: &str) -> (Vec<Item>, Option<String>) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let pages = client
        .query()
        .table_name(table)
        .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
        .expression_attribute_values(":pk", text(pk))
        .expression_attribute_values(":prefix", text(prefix))
        .consistent_read(true);
    let mut pages = pages.into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => return (items, Some(aws::problem(&error))),
        }
    }
    (items, None)
}

/// The first sort key of a partition after this one.
#[cfg(feature = "cli")]
pub(crate) async fn next_key(client: &Client, table: &str, pk: &str, after: &str) -> Result<Option<String>, String> {
    let value = |text: &str| AttributeValue::S(text.to_owned());
    let answer = client
        .query()
        .table_name(table)
        .key_condition_expression("pk = :pk AND sk > :after")
        .expression_attribute_values(":pk", value(pk))
        .expression_attribute_values(":after", value(after))
        .limit(1)
        .send()
        .await;
    let items = answer.map_err(|error| aws::problem(&error))?.items.unwrap_or_default();
    Ok(items.first().and_then(|item| text(item, "sk")).map(str::to_owned))
}

/// The key of an item.
pub(crate) fn key(pk: &str, sk: &str) -> Item {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

pub(crate) fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub(crate) fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
}
