//! The ledger in Amazon DynamoDB: partition key `pk` (the alert's id), one item for each alert.

use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;

use super::{Claim, Entry, Held, LEASE, LedgerError};
use crate::clients::aws;
use crate::clients::table::{Item, MOST_KEYS, get_batch, key, number, text};
use crate::domain::alert::AlertId;

const CLAIMED: &str = "claimed";
const SENT: &str = "sent";

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

    pub(super) async fn sent(&self, ids: &[AlertId], now: Timestamp) -> Result<HashSet<AlertId>, LedgerError> {
        let mut sent = HashSet::new();
        for batch in ids.chunks(MOST_KEYS) {
            let keys = batch.iter().map(ToString::to_string);
            let items =
                get_batch(&self.client, &self.name, keys).await.map_err(|problem| self.error("read", problem))?;
            let is_sent = |item: &&Item| text(item, "state") == Some(SENT) && !is_expired(item, now);
            let found: HashSet<_> = items.iter().filter(is_sent).filter_map(|item| text(item, "pk")).collect();
            sent.extend(batch.iter().filter(|id| found.contains(id.as_str())).cloned());
        }
        Ok(sent)
    }

    pub(super) async fn claim(&self, entry: &Entry, owner: &str, now: Timestamp) -> Result<Claim, LedgerError> {
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(entry.id.as_str())))
            .condition_expression(
                "attribute_not_exists(pk) OR (#state = :claimed AND lease_until < :now) OR expires_at < :now",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":claimed", AttributeValue::S(CLAIMED.to_owned()))
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .expression_attribute_values(":now", seconds(now))
            .expression_attribute_values(":until", seconds(until))
            .expression_attribute_values(":expires", seconds(entry.expires_at))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        let mut sets = String::new();
        for (index, (name, value)) in entry.facts.iter().enumerate() {
            sets += &format!(", #f{index} = :f{index}");
            update = update
                .expression_attribute_names(format!("#f{index}"), *name)
                .expression_attribute_values(format!(":f{index}"), AttributeValue::S(value.clone()));
        }
        let answer = update
            .update_expression(format!(
                "SET #state = :claimed, #owner = :owner, lease_until = :until, expires_at = :expires, \
                 attempt = if_not_exists(attempt, :zero) + :one{sets}"
            ))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let held = |item: &Item| {
            let until = number(item, "lease_until").and_then(|second| Timestamp::from_second(second).ok());
            let attempt = number(item, "attempt").unwrap_or(1).unsigned_abs();
            Claim::Held(Held { id: entry.id.clone(), attempt, until: until.unwrap_or(now) })
        };
        match answer {
            Ok(answer) => Ok(held(&answer.attributes.unwrap_or_default())),
            Err(error) => match old_item(&error) {
                Some(old) if text(old, "state") == Some(SENT) => Ok(Claim::AlreadySent),
                // Our own claim, whose reply was lost.
                Some(old) if text(old, "owner") == Some(owner) => Ok(held(old)),
                Some(old) => match number(old, "lease_until").and_then(|second| Timestamp::from_second(second).ok()) {
                    Some(until) => Ok(Claim::HeldElsewhere { until }),
                    None => Err(self.error("read", format!("the item of alert {} is no entry of a ledger", entry.id))),
                },
                None => Err(self.error("written", aws::problem(&error))),
            },
        }
    }

    pub(super) async fn confirm(
        &self,
        held: &Held,
        owner: &str,
        message_id: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let answer = self
            .fenced(held, owner)
            .update_expression("SET #state = :sent, message_id = :message_id, sent_at = :sent_at REMOVE lease_until")
            .expression_attribute_values(":sent", AttributeValue::S(SENT.to_owned()))
            .expression_attribute_values(":message_id", AttributeValue::S(message_id.to_owned()))
            .expression_attribute_values(":sent_at", AttributeValue::S(now.to_string()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // Confirmed already: by us, whose reply was lost, or by a run that took the claim over. Either way it is told as sent.
            Err(error) if old_item(&error).is_some_and(|old| text(old, "state") == Some(SENT)) => Ok(()),
            Err(error) => Err(self.error("written", aws::problem(&error))),
        }
    }

    /// Ends the lease and takes the attempt back: the next claim counts as if this one had not been, but an earlier attempt, which may have
    /// published, still counts.
    pub(super) async fn release(&self, held: &Held, owner: &str) -> Result<(), LedgerError> {
        let answer = self
            .fenced(held, owner)
            .update_expression("SET lease_until = :zero, attempt = attempt - :one")
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // No longer ours, or given back already and the reply was lost.
            Err(error) if old_item(&error).is_some() => Ok(()),
            Err(error) => Err(self.error("written", aws::problem(&error))),
        }
    }

    /// A write that only the run that holds the claim, at this attempt, can make.
    fn fenced(&self, held: &Held, owner: &str) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(held.id.as_str())))
            .condition_expression("#state = :claimed AND #owner = :owner AND attempt = :attempt")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":claimed", AttributeValue::S(CLAIMED.to_owned()))
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .expression_attribute_values(":attempt", AttributeValue::N(held.attempt.to_string()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
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

/// The item that made a conditional write fail.
fn old_item<R>(error: &SdkError<UpdateItemError, R>) -> Option<&Item> {
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(failure) => failure.item(),
        _ => None,
    }
}
