//! Zoom's credentials, from AWS Secrets Manager, from a SecureString parameter of AWS Systems Manager, or given on a laptop.
//!
//! A parameter costs nothing, a secret 0.40 USD a month. Only a SecureString will do: the value of a String is not encrypted, and everybody sees
//! it who may look at parameters.

#[cfg(feature = "cli")]
mod put;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client as Manager;
use aws_sdk_ssm::Client as Systems;
use aws_sdk_ssm::types::ParameterType;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Credentials, aws};
use crate::config::SecretSource;

/// Where credentials come from.
#[derive(Debug)]
pub enum Secrets {
    /// AWS Secrets Manager or AWS Systems Manager. A client is made when it is used, since a run uses one of the two, and that once.
    Aws(Box<SdkConfig>),
    /// Credentials at hand.
    Given(Credentials),
}

/// Why credentials cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// AWS refused or did not answer.
    #[error("{} cannot be read: {problem}; check the name, and that the caller may call {}", named(.id), rights_to_read(.id))]
    Unreadable {
        /// What was asked for.
        id: SecretSource,
        /// AWS's code and message.
        problem: String,
    },
    /// AWS refused a new value.
    #[cfg(feature = "cli")]
    #[error("{} cannot be written: {problem}; check the name{}", named(.id), put::rights_to_write(.id))]
    Unwritten {
        /// What was to be written.
        id: SecretSource,
        /// AWS's code and message.
        problem: String,
    },
    /// The parameter is not encrypted.
    #[error(
        "{} is of type {kind}, whose value AWS keeps unencrypted; Zoom's credentials need a SecureString, and AWS changes no type: put them under \
         another name by cost-alerts secret put --secret-id ssm:NAME, delete this parameter, and make a new client secret in Zoom if it held one",
        named(.id)
    )]
    NotSecure {
        /// What was asked for.
        id: SecretSource,
        /// AWS's name of the type.
        kind: String,
    },
    /// The value is not of the expected form.
    #[error(
        "{} {problem}; it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text",
        named(.id)
    )]
    Malformed {
        /// What was asked for.
        id: SecretSource,
        /// What is wrong, without the value.
        problem: String,
    },
}

/// What it is, with its name, for a sentence: `secret "zoom"`, `parameter "/alerts/zoom"`.
#[must_use]
pub fn named(source: &SecretSource) -> String {
    match source {
        SecretSource::Secret(id) => format!("secret {id:?}"),
        SecretSource::Parameter(name) => format!("parameter {name:?}"),
    }
}

fn rights_to_read(source: &SecretSource) -> &'static str {
    match source {
        SecretSource::Secret(_) => "secretsmanager:GetSecretValue on it",
        SecretSource::Parameter(_) => "ssm:GetParameter on it and kms:Decrypt with its key",
    }
}

#[derive(Deserialize)]
struct SecretValue {
    account_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
}

/// What the deployment's template writes into a new secret.
const PLACEHOLDER: &str = "REPLACE_ME";

impl Secrets {
    /// AWS Secrets Manager and AWS Systems Manager.
    #[must_use]
    pub fn aws(config: &SdkConfig) -> Secrets {
        Secrets::Aws(Box::new(config.clone()))
    }

    /// Reads the credentials again.
    ///
    /// # Errors
    /// [`SecretError`], which never holds the value.
    pub async fn read(&self, source: &SecretSource) -> Result<Credentials, SecretError> {
        match (self, source) {
            (Secrets::Given(credentials), _) => Ok(credentials.clone()),
            (Secrets::Aws(config), SecretSource::Secret(id)) => {
                let answer = Manager::new(config).get_secret_value().secret_id(id).send().await;
                let answer = answer.map_err(|error| unreadable(source, aws::problem(&error)))?;
                let text = answer.secret_string().ok_or_else(|| malformed(source, "has a binary value"))?;
                parse(source, text)
            }
            (Secrets::Aws(config), SecretSource::Parameter(name)) => {
                let answer = Systems::new(config).get_parameter().name(name).with_decryption(true).send().await;
                let answer = answer.map_err(|error| unreadable(source, aws::problem(&error)))?;
                let parameter = answer.parameter().ok_or_else(|| malformed(source, "has no value"))?;
                check_type(source, parameter.r#type())?;
                parse(source, parameter.value().unwrap_or_default())
            }
        }
    }
}

fn check_type(source: &SecretSource, kind: Option<&ParameterType>) -> Result<(), SecretError> {
    if kind == Some(&ParameterType::SecureString) {
        return Ok(());
    }
    let kind = kind.map_or("unknown", ParameterType::as_str).to_owned();
    Err(SecretError::NotSecure { id: source.clone(), kind })
}

fn unreadable(source: &SecretSource, problem: String) -> SecretError {
    SecretError::Unreadable { id: source.clone(), problem }
}

fn malformed(source: &SecretSource, problem: impl Into<String>) -> SecretError {
    SecretError::Malformed { id: source.clone(), problem: problem.into() }
}

fn parse(source: &SecretSource, text: &str) -> Result<Credentials, SecretError> {
    // serde_json's own message could quote the value.
    let value: SecretValue = serde_json::from_str(text).map_err(|error| {
        malformed(source, format!("is not a JSON object of texts (line {}, column {})", error.line(), error.column()))
    })?;
    let filled = |text: &String| !text.trim().is_empty();
    let account_id = value.account_id.filter(filled);
    let client_id = value.client_id.filter(filled);
    let client_secret = value.client_secret.filter(|secret| !secret.expose_secret().trim().is_empty());
    match (account_id, client_id, client_secret) {
        (Some(account_id), Some(client_id), Some(client_secret))
            if [&account_id, &client_id].into_iter().any(|text| text.trim() == PLACEHOLDER)
                || client_secret.expose_secret().trim() == PLACEHOLDER =>
        {
            Err(malformed(
                source,
                format!("still holds the placeholder {PLACEHOLDER}; put the Zoom app's credentials into it"),
            ))
        }
        (Some(account_id), Some(client_id), Some(client_secret)) => Ok(Credentials {
            account_id: account_id.trim().to_owned(),
            client_id: client_id.trim().to_owned(),
            client_secret: SecretString::from(client_secret.expose_secret().trim()),
        }),
        (account_id, client_id, client_secret) => {
            let given = [account_id.is_some(), client_id.is_some(), client_secret.is_some()];
            let missing: Vec<_> = ["account_id", "client_id", "client_secret"]
                .into_iter()
                .zip(given)
                .filter(|(_, given)| !given)
                .map(|(name, _)| name)
                .collect();
            Err(malformed(source, format!("lacks {}", missing.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoom() -> SecretSource {
        SecretSource::Parameter("/zoom".to_owned())
    }

    #[test]
    fn a_fault_names_what_is_missing_and_never_the_value() {
        for (text, part) in [
            ("hunter2", "is not a JSON object of texts (line 1, column 1)"),
            ("[\"hunter2\"]", "is not a JSON object of texts"),
            ("{\"client_secret\": {\"deep\": \"hunter2\"}}", "is not a JSON object of texts"),
            ("{\"account_id\": \"a\", \"client_secret\": \"hunter2\"}", "lacks client_id"),
            (
                "{\"account_id\": \"\", \"client_id\": \" \", \"client_secret\": \"hunter2\"}",
                "lacks account_id, client_id",
            ),
            (r#"{"account_id": "a", "client_id": "b", "client_secret": "REPLACE_ME"}"#, "still holds the placeholder"),
            ("{}", "lacks account_id, client_id, client_secret"),
        ] {
            let error = parse(&zoom(), text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn blanks_around_a_value_and_other_members_do_no_harm() {
        let credentials =
            parse(&zoom(), r#"{"account_id":" a ","client_id":"b","client_secret":"c\n","note":"rotated"}"#).unwrap();
        assert_eq!((credentials.account_id.as_str(), credentials.client_secret.expose_secret()), ("a", "c"));
    }
}
