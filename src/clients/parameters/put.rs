//! Puts a policy where a deployment reads it, over exactly what was looked at. For the operator's command.
//!
//! The table refuses a write over another revision than the one that was read. Systems Manager has no such condition: the parameter is read
//! once more right before it is written, and what somebody writes between the two is overwritten.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{ParameterStringFilter, ParameterTier, ParameterType};
use jiff::Timestamp;

use super::table::{MOST_BYTES, PolicyTable};
use super::{ParameterError, Parameters};
use crate::clients::aws;
use crate::clients::table::{number, text};
use crate::config::PolicySource;

/// Bytes that a parameter takes without a charge.
pub const FREE_PARAMETER_BYTES: usize = 4 * 1024;
/// Bytes that a parameter of the advanced tier takes.
pub const MOST_PARAMETER_BYTES: usize = 8 * 1024;

/// What is at a place before something is put there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The policy's text; `None` if there is none that can be read.
    pub document: Option<String>,
    /// The parameter's version or the item's revision; 0 if there is nothing.
    pub version: i64,
    is_secure: bool,
}

/// Why a policy cannot be put.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// A file, which a deployment has in its package.
    #[error("{0:?} is a file; give --to ssm:NAME or --to table:NAME")]
    File(String),
    /// More than the place takes.
    #[error("the policy has {bytes} bytes, and {place} takes at most {most}; {fix}")]
    TooLarge {
        /// The policy's.
        bytes: usize,
        /// What takes no more.
        place: &'static str,
        /// The place's.
        most: usize,
        /// What to do.
        fix: &'static str,
    },
    /// Somebody else wrote there since it was read.
    #[error("{0} was changed by somebody else meanwhile, and nothing was put; look at the difference again")]
    Changed(String),
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ParameterError),
    /// It cannot be written.
    #[error("{place} cannot be written: {problem}; check the name, and that {action} on it is allowed")]
    Unwritten {
        /// Where it was to go.
        place: String,
        /// AWS's code and message.
        problem: String,
        /// What has to be allowed.
        action: &'static str,
    },
}

/// Checks that a place takes a policy of this size.
///
/// # Errors
/// [`PutError::TooLarge`] with what to do, or [`PutError::File`].
pub fn check_size(to: &PolicySource, document: &str) -> Result<(), PutError> {
    let (place, most, fix) = match to {
        PolicySource::File(path) => return Err(PutError::File(path.display().to_string())),
        PolicySource::Parameter(_) => (
            "a parameter of Systems Manager",
            MOST_PARAMETER_BYTES,
            "put it in the ledger's table with --to table:NAME, and let the function's POLICY be table:NAME",
        ),
        PolicySource::Table(_) => {
            ("the ledger's table", MOST_BYTES, "make it shorter, such as by beginnings with a star")
        }
    };
    let bytes = document.len();
    if bytes > most { Err(PutError::TooLarge { bytes, place, most, fix }) } else { Ok(()) }
}

impl Parameters {
    /// What is at a place now.
    ///
    /// # Errors
    /// [`PutError`] if that cannot be known, or if nothing can be put there.
    pub async fn kept(&self, place: &PolicySource) -> Result<Kept, PutError> {
        match (self, place) {
            (Parameters::Aws(client, _), PolicySource::Parameter(name)) => kept_parameter(client, name).await,
            (Parameters::Aws(_, Some(table)), PolicySource::Table(name)) => kept_item(table, name).await,
            (_, PolicySource::Table(name)) => Err(ParameterError::NoTable(name.clone()).into()),
            (_, other) => Err(PutError::File(other.to_string())),
        }
    }

    /// Puts a policy in the place of what was read there. Returns the new version or revision.
    ///
    /// # Errors
    /// [`PutError`]; nothing was put then, or AWS did not say.
    pub async fn put(
        &self,
        place: &PolicySource,
        document: &str,
        replaced: &Kept,
        now: Timestamp,
    ) -> Result<i64, PutError> {
        match (self, place) {
            (Parameters::Aws(client, _), PolicySource::Parameter(name)) => {
                if kept_parameter(client, name).await? != *replaced {
                    return Err(PutError::Changed(place.to_string()));
                }
                put_parameter(client, name, document, replaced).await
            }
            (Parameters::Aws(_, Some(table)), PolicySource::Table(name)) => {
                put_item(table, name, document, replaced, now).await
            }
            (_, PolicySource::Table(name)) => Err(ParameterError::NoTable(name.clone()).into()),
            (_, other) => Err(PutError::File(other.to_string())),
        }
    }
}

async fn kept_parameter(client: &Client, name: &str) -> Result<Kept, PutError> {
    let answer = match client.get_parameter().name(name).with_decryption(true).send().await {
        Ok(answer) => answer,
        Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
            return Ok(Kept::default());
        }
        Err(error) => {
            let problem = aws::problem(&error);
            return Err(ParameterError::Parameter { name: name.to_owned(), problem }.into());
        }
    };
    let Some(parameter) = answer.parameter() else { return Ok(Kept::default()) };
    Ok(Kept {
        document: parameter.value().map(str::to_owned),
        version: parameter.version(),
        is_secure: parameter.r#type() == Some(&ParameterType::SecureString),
    })
}

async fn put_parameter(client: &Client, name: &str, document: &str, replaced: &Kept) -> Result<i64, PutError> {
    let unwritten = |problem, action| PutError::Unwritten { place: format!("ssm:{name}"), problem, action };
    // Without its key the parameter would get the account's own.
    let key = if replaced.is_secure {
        let filter = ParameterStringFilter::builder().key("Name").values(name).build();
        let filter = filter.map_err(|error| unwritten(error.to_string(), "ssm:DescribeParameters"))?;
        let answer = client.describe_parameters().parameter_filters(filter).send().await;
        let answer = answer.map_err(|error| unwritten(aws::problem(&error), "ssm:DescribeParameters"))?;
        answer.parameters().first().and_then(|parameter| parameter.key_id()).map(str::to_owned)
    } else {
        None
    };
    let kind = if replaced.is_secure { ParameterType::SecureString } else { ParameterType::String };
    let put = client.put_parameter().name(name).value(document).r#type(kind).set_key_id(key);
    // Standard up to 4 KB, advanced above; what is advanced stays so, since AWS has no way back.
    let put = put.tier(ParameterTier::IntelligentTiering).overwrite(replaced.version > 0);
    match put.send().await {
        Ok(answer) => Ok(answer.version()),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_already_exists()) => {
            Err(PutError::Changed(format!("ssm:{name}")))
        }
        Err(error) => Err(unwritten(aws::problem(&error), "ssm:PutParameter")),
    }
}

async fn kept_item(table: &PolicyTable, name: &str) -> Result<Kept, PutError> {
    let Some(item) = table.item(name).await? else { return Ok(Kept::default()) };
    let version = number(&item, "revision").unwrap_or_default();
    Ok(Kept { document: text(&item, "document").map(str::to_owned), version, is_secure: false })
}

async fn put_item(
    table: &PolicyTable,
    name: &str,
    document: &str,
    replaced: &Kept,
    now: Timestamp,
) -> Result<i64, PutError> {
    let revision = replaced.version + 1;
    let mut item = table.key(name);
    item.insert("document".to_owned(), AttributeValue::S(document.to_owned()));
    item.insert("revision".to_owned(), AttributeValue::N(revision.to_string()));
    item.insert("put_at".to_owned(), AttributeValue::S(now.to_string()));
    let put = table.client.put_item().table_name(&table.name).set_item(Some(item));
    let put = if replaced.version == 0 {
        put.condition_expression("attribute_not_exists(revision)")
    } else {
        put.condition_expression("revision = :replaced")
            .expression_attribute_values(":replaced", AttributeValue::N(replaced.version.to_string()))
    };
    let error = match put.send().await {
        Ok(_) => return Ok(revision),
        Err(error) => error,
    };
    if !error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) {
        let problem = aws::problem(&error);
        return Err(PutError::Unwritten { place: format!("table:{name}"), problem, action: "dynamodb:PutItem" });
    }
    // A write whose answer was lost is tried again by the SDK, and then refused by what it wrote itself.
    let now_kept = kept_item(table, name).await?;
    let is_ours = now_kept.version == revision && now_kept.document.as_deref() == Some(document);
    if is_ours { Ok(revision) } else { Err(PutError::Changed(format!("table:{name}"))) }
}
