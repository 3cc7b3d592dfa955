//! Policies in the ledger's table: partition key `policy`, which is no Zoom account's id, sort key the policy's name.
//!
//! An item of DynamoDB takes 400 KB, a parameter of Systems Manager 8. The item has no `expires_at`, so that it stays. Its revision counts
//! what was put, and a write names the revision that it replaces.

use aws_sdk_dynamodb::Client;

use super::ParameterError;
use crate::clients::table::{Item, get_batch, key, text};

/// Bytes of a policy that is kept in the table; the rest of the item's 400 KB is for what later versions add.
pub const MOST_BYTES: usize = 300 * 1024;
const PARTITION: &str = "policy";

/// Policies in the ledger's table.
#[derive(Debug)]
pub struct PolicyTable {
    pub(super) client: Client,
    pub(super) name: String,
}

impl PolicyTable {
    /// The table of this name.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, name: &str) -> PolicyTable {
        PolicyTable { client: Client::new(config), name: name.to_owned() }
    }

    /// The text of the policy of this name, read consistently: what was put is what the next run reads.
    ///
    /// # Errors
    /// [`ParameterError`] with the table and the name, also if there is no such policy.
    pub async fn read(&self, policy: &str) -> Result<String, ParameterError> {
        let Some(item) = self.item(policy).await? else {
            return Err(self.unreadable(
                policy,
                format!("there is none of that name; `cost-alerts policy put FILE --to table:{policy}` puts one"),
            ));
        };
        let Some(document) = text(&item, "document") else {
            let problem = format!(
                "its attribute \"document\" is missing or not a text; put the policy again with `cost-alerts policy put FILE --to table:{policy}`"
            );
            return Err(self.unreadable(policy, problem));
        };
        if document.len() > MOST_BYTES {
            let problem =
                format!("it has {} bytes, and at most {MOST_BYTES} are read; make it shorter", document.len());
            return Err(self.unreadable(policy, problem));
        }
        Ok(document.to_owned())
    }

    pub(super) async fn item(&self, policy: &str) -> Result<Option<Item>, ParameterError> {
        let items = get_batch(&self.client, &self.name, [self.key(policy)]).await;
        let items = items.map_err(|problem| {
            let fix = "check LEDGER_TABLE, and that dynamodb:BatchGetItem on it is allowed";
            self.unreadable(policy, format!("{problem}; {fix}"))
        })?;
        Ok(items.into_iter().next())
    }

    pub(super) fn key(&self, policy: &str) -> Item {
        key(PARTITION, policy)
    }

    fn unreadable(&self, policy: &str, problem: String) -> ParameterError {
        ParameterError::Item { table: self.name.clone(), name: policy.to_owned(), problem }
    }
}
