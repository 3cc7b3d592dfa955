//! The policy's text, from AWS Systems Manager, a file, or given.

use std::path::Path;

use aws_sdk_ssm::Client;

use super::aws;
use crate::config::PolicySource;

/// Where policies are read.
#[derive(Debug)]
pub enum Parameters {
    /// Files, and parameters of AWS Systems Manager.
    Manager(Client),
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
        "parameter {name:?} cannot be read: {problem}; check the name, and that the function may call ssm:GetParameter on it"
    )]
    Parameter {
        /// What was asked for.
        name: String,
        /// AWS's code and message.
        problem: String,
    },
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
    /// Files, and parameters of AWS Systems Manager.
    #[must_use]
    pub fn manager(config: &aws_config::SdkConfig) -> Parameters {
        Parameters::Manager(Client::new(config))
    }

    /// The policy's text.
    ///
    /// # Errors
    /// [`ParameterError`] with what was asked for.
    pub async fn read(&self, source: &PolicySource) -> Result<String, ParameterError> {
        match (self, source) {
            (Parameters::Given(text), _) => Ok((*text).to_owned()),
            (_, PolicySource::File(path)) => file(path),
            (Parameters::Manager(client), PolicySource::Parameter(name)) => parameter(client, name).await,
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
