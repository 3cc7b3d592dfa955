//! The policy's text, from AWS Systems Manager, the ledger's table, a file, or given.

#[cfg(feature = "cli")]
pub mod put;
pub mod table;

use std::path::Path;

use aws_sdk_ssm::Client;

use super::aws;
use crate::config::PolicySource;
use table::PolicyTable;

/// Where policies are read.
#[derive(Debug)]
pub enum Parameters {
    /// Files, parameters of AWS Systems Manager, and the ledger's table as far as it is known.
    Aws(Client, Option<PolicyTable>),
    /// Files only.
    Files,
    /// This text, whatever is asked for.
    Given(&'static str),
}

/// Why a policy's text cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ParameterError {
    /// Systems Manager refused or did not answer.
    #[error(
        "parameter {name:?} cannot be read: {problem}; check the name, and that the caller may call ssm:GetParameter on it"
    )]
    Parameter {
        /// What was asked for.
        name: String,
        /// AWS's code and message.
        problem: String,
    },
    /// The ledger's table has no such policy, or did not answer.
    #[error("item {name:?} of table {table:?} cannot be read: {problem}")]
    Item {
        /// The ledger's table.
        table: String,
        /// What was asked for.
        name: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The ledger's table is not known.
    #[error("LEDGER_TABLE is missing (set it to the name of the DynamoDB table that has the policy {0:?})")]
    NoTable(String),
    /// The file cannot be read.
    #[error("file {path:?} cannot be read: {problem}; give the path of a TOML file, relative to the working directory")]
    File {
        /// What was asked for.
        path: String,
        /// The system's words.
        problem: String,
    },
}

impl Parameters {
    /// Files, parameters of AWS Systems Manager, and policies in the ledger's table if its name is given.
    #[must_use]
    pub fn aws(config: &aws_config::SdkConfig, ledger_table: Option<&str>) -> Parameters {
        Parameters::Aws(Client::new(config), ledger_table.map(|name| PolicyTable::new(config, name)))
    }

    /// The policy's text.
    ///
    /// # Errors
    /// [`ParameterError`] with what was asked for.
    pub async fn read(&self, source: &PolicySource) -> Result<String, ParameterError> {
        match (self, source) {
            (Parameters::Given(text), _) => Ok((*text).to_owned()),
            (_, PolicySource::File(path)) => file(path),
            (Parameters::Aws(client, _), PolicySource::Parameter(name)) => parameter(client, name).await,
            (Parameters::Aws(_, Some(table)), PolicySource::Table(name)) => table.read(name).await,
            (_, PolicySource::Table(name)) => Err(ParameterError::NoTable(name.clone())),
            (Parameters::Files, PolicySource::Parameter(name)) => {
                Err(ParameterError::Parameter { name: name.clone(), problem: "AWS is not used here".to_owned() })
            }
        }
    }
}

async fn parameter(client: &Client, name: &str) -> Result<String, ParameterError> {
    let unreadable = |problem: String| ParameterError::Parameter { name: name.to_owned(), problem };
    let answer = client.get_parameter().name(name).with_decryption(true).send().await;
    let answer = answer.map_err(|error| unreadable(aws::problem(&error)))?;
    let value = answer.parameter().and_then(|parameter| parameter.value());
    value.map(str::to_owned).ok_or_else(|| unreadable("it has no value".to_owned()))
}

fn file(path: &Path) -> Result<String, ParameterError> {
    std::fs::read_to_string(path)
        .map_err(|error| ParameterError::File { path: path.display().to_string(), problem: error.to_string() })
}
