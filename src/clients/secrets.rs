//! Zoom's credentials, from AWS Secrets Manager or given on a laptop.

#[cfg(feature = "cli")]
mod put;

use aws_sdk_secretsmanager::Client;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Credentials, aws};

/// Where credentials come from.
#[derive(Debug)]
pub enum Secrets {
    /// AWS Secrets Manager.
    Manager(Client),
    /// Credentials at hand.
    Given(Credentials),
}

/// Why credentials cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager refused or did not answer.
    #[error(
        "secret {id:?} cannot be read: {problem}; check the name, and that the function may call secretsmanager:GetSecretValue on it"
    )]
    Unreadable {
        /// What was asked for.
        id: String,
        /// AWS's code and message.
        problem: String,
    },
    /// Secrets Manager refused a new value.
    #[cfg(feature = "cli")]
    #[error(
        "secret {id:?} cannot be written: {problem}; check the name (the deployment's stack makes the secret), and that you may call secretsmanager:PutSecretValue on it"
    )]
    Unwritten {
        /// What was to be written.
        id: String,
        /// AWS's code and message.
        problem: String,
    },
    /// The value is not of the expected form.
    #[error(
        "secret {id:?} {problem}; it must be a JSON text with the members account_id, client_id and client_secret, each a non-empty text"
    )]
    Malformed {
        /// What was asked for.
        id: String,
        /// What is wrong, without the value.
        problem: String,
    },
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
    /// AWS Secrets Manager.
    #[must_use]
    pub fn manager(config: &aws_config::SdkConfig) -> Secrets {
        Secrets::Manager(Client::new(config))
    }

    /// Reads the credentials again.
    ///
    /// # Errors
    /// [`SecretError`], which never holds the value.
    pub async fn read(&self, id: &str) -> Result<Credentials, SecretError> {
        let client = match self {
            Secrets::Given(credentials) => return Ok(credentials.clone()),
            Secrets::Manager(client) => client,
        };
        let unreadable = |problem| SecretError::Unreadable { id: id.to_owned(), problem };
        let answer =
            client.get_secret_value().secret_id(id).send().await.map_err(|error| unreadable(aws::problem(&error)))?;
        let text = answer.secret_string().ok_or_else(|| malformed(id, "has a binary value"))?;
        parse(id, text)
    }
}

fn malformed(id: &str, problem: impl Into<String>) -> SecretError {
    SecretError::Malformed { id: id.to_owned(), problem: problem.into() }
}

fn parse(id: &str, text: &str) -> Result<Credentials, SecretError> {
    // serde_json's own message could quote the value.
    let value: SecretValue = serde_json::from_str(text).map_err(|error| {
        malformed(id, format!("is not a JSON object of texts (line {}, column {})", error.line(), error.column()))
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
                id,
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
            Err(malformed(id, format!("lacks {}", missing.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let error = parse("zoom", text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("hunter2"), "{text}: {error}");
        }
    }

    #[test]
    fn blanks_around_a_value_and_other_members_do_no_harm() {
        let credentials =
            parse("zoom", r#"{"account_id":" a ","client_id":"b","client_secret":"c\n","note":"rotated"}"#).unwrap();
        assert_eq!((credentials.account_id.as_str(), credentials.client_secret.expose_secret()), ("a", "c"));
    }
}
