//! The ledger in Amazon DynamoDB: partition key `pk` (the account), sort key `sk` (`thread#…`, `run#…`, `message#…`).

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::{LedgerError, Write, intent_key, stored};
use crate::clients::aws;
use crate::clients::table::{Item, key, number, query, text};
use crate::domain::alert::{AlertId, Thread, Threads};

/// A table of Amazon DynamoDB.
#[derive(Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    pub(super) fn new(config: &aws_config::SdkConfig, name: &str) -> Table {
        // A ledger that does not answer must leave the run time to publish without it.
        let timeouts = aws::timeouts(Duration::from_secs(2), Duration::from_secs(5));
        let config = Builder::from(config).timeout_config(timeouts).build();
        Table { client: Client::from_conf(config), name: name.to_owned() }
    }

    pub(super) async fn load(&self, account: &str, owner: &str, now: Timestamp) -> (Threads, Option<LedgerError>) {
        let threads = query(&self.client, &self.name, account, "thread#");
        let intents = query(&self.client, &self.name, account, "run#");
        let ((threads, one), (intents, other)) = tokio::join!(threads, intents);
        let is_valid = |item: &&Item| !is_expired(item, now);
        let threads = threads.iter().filter(is_valid).filter_map(|item| stored::thread(text(item, "thread")?));
        let own = intent_key(owner);
        let intents = intents.iter().filter(is_valid).filter(|item| text(item, "sk") != Some(own.as_str()));
        let intended: BTreeSet<AlertId> = intents
            .filter_map(|item| text(item, "intends"))
            .flat_map(|ids| ids.split(','))
            .map(AlertId::stored)
            .collect();
        let problem = one.or(other).map(|problem| self.error("read", problem));
        (Threads::new(threads.collect(), intended, problem.is_some()), problem)
    }

    pub(super) async fn write(&self, thread: &Thread, read: Option<u64>, now: Timestamp) -> Result<Write, LedgerError> {
        let sort_key = thread.key.sort_key();
        let mut item = key(&thread.key.account, &sort_key);
        item.insert("version".to_owned(), AttributeValue::N(thread.version.to_string()));
        item.insert("expires_at".to_owned(), seconds(thread.expires_at));
        item.insert("thread".to_owned(), AttributeValue::S(stored::text(thread)));
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match read {
            Some(version) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
            None => put
                .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
                .expression_attribute_values(":now", seconds(now)),
        };
        match put.send().await {
            Ok(_) => Ok(Write::Done),
            Err(error) => match refused(&error) {
                Some(None) => Ok(Write::Refused(None)),
                Some(Some(old)) => match text(old, "thread").and_then(stored::thread) {
                    Some(thread) => Ok(Write::Refused(Some(Box::new(thread)))),
                    None => Err(self.error("read", format!("the item {sort_key} is no thread of a ledger"))),
                },
                None => Err(self.error("written", aws::problem(&error))),
            },
        }
    }

    pub(super) async fn put(
        &self,
        account: &str,
        sort_key: &str,
        name: &str,
        value: String,
        expires_at: Timestamp,
    ) -> Result<(), LedgerError> {
        let mut item = key(account, sort_key);
        item.insert(name.to_owned(), AttributeValue::S(value));
        item.insert("expires_at".to_owned(), seconds(expires_at));
        let answer = self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await;
        answer.map(|_| ()).map_err(|error| self.error("written", aws::problem(&error)))
    }

    /// What items with such sort keys hold under a name, in the order of the keys.
    pub(super) async fn texts(&self, account: &str, prefix: &str, name: &str) -> Result<Vec<String>, LedgerError> {
        match query(&self.client, &self.name, account, prefix).await {
            (items, None) => Ok(items.iter().filter_map(|item| text(item, name)).map(str::to_owned).collect()),
            (_, Some(problem)) => Err(self.error("read", problem)),
        }
    }

    #[cfg(feature = "cli")]
    pub(super) async fn form(&self) -> Result<crate::clients::table::TableForm, String> {
        crate::clients::table::form(&self.client, &self.name).await
    }

    pub(super) async fn delete(&self, account: &str, sort_key: &str) -> Result<(), LedgerError> {
        let key = key(account, sort_key);
        let answer = self.client.delete_item().table_name(&self.name).set_key(Some(key)).send().await;
        answer.map(|_| ()).map_err(|error| self.error("written", aws::problem(&error)))
    }

    fn error(&self, action: &'static str, problem: String) -> LedgerError {
        LedgerError { place: format!("the ledger table {:?}", self.name), action, problem }
    }
}

fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.as_second().to_string())
}

/// DynamoDB deletes expired items days late, so expiry counts from the item itself.
fn is_expired(item: &Item, now: Timestamp) -> bool {
    number(item, "expires_at").is_some_and(|second| second < now.as_second())
}

/// The item that made a conditional write fail, if that is why it failed.
fn refused<R>(error: &SdkError<PutItemError, R>) -> Option<Option<&Item>> {
    match error.as_service_error()? {
        PutItemError::ConditionalCheckFailedException(failure) => Some(failure.item()),
        _ => None,
    }
}
