//! How a table is made: its keys, and when its items are deleted. For the operator's command.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{KeyType, TimeToLiveStatus};

use crate::clients::aws;

/// How a table is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableForm {
    /// The names and types of the partition key and of the sort key: `pk (S)`.
    pub keys: Vec<String>,
    /// The attribute by which items are deleted; `None` if they are kept for ever.
    pub deleted_by: Option<String>,
}

/// Asks DynamoDB how a table is made.
pub(crate) async fn form(client: &Client, table: &str) -> Result<TableForm, String> {
    let described = client.describe_table().table_name(table).send().await.map_err(|error| aws::problem(&error))?;
    let described = described.table.ok_or_else(|| "an answer without the table".to_owned())?;
    let kind = |name: &str| {
        let attributes = described.attribute_definitions.iter().flatten();
        let mut found = attributes.filter(|attribute| attribute.attribute_name == name);
        found.next().map_or_else(String::new, |attribute| attribute.attribute_type.as_str().to_owned())
    };
    let mut schema: Vec<_> = described.key_schema.iter().flatten().collect();
    schema.sort_by_key(|key| key.key_type != KeyType::Hash);
    let keys = schema.iter().map(|key| format!("{} ({})", key.attribute_name, kind(&key.attribute_name))).collect();
    let answer = client.describe_time_to_live().table_name(table).send().await;
    let life = answer.map_err(|error| aws::problem(&error))?.time_to_live_description;
    let is_on = |status: &TimeToLiveStatus| matches!(status, TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling);
    let life = life.filter(|life| life.time_to_live_status.as_ref().is_some_and(is_on));
    Ok(TableForm { keys, deleted_by: life.and_then(|life| life.attribute_name) })
}
