//! Puts Zoom's credentials into their secret. For the operator's command.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{SecretError, Secrets};
use crate::clients::{Credentials, aws};

impl Secrets {
    /// Puts credentials into the secret of this name or ARN, as its current value. AWS keeps the one before it.
    ///
    /// # Errors
    /// [`SecretError`], which never holds the value.
    pub async fn put(&self, id: &str, credentials: &Credentials) -> Result<(), SecretError> {
        let Secrets::Manager(client) = self else { return Ok(()) };
        let Credentials { account_id, client_id, client_secret } = credentials;
        let value = SecretString::from(
            json!({"account_id": account_id, "client_id": client_id, "client_secret": client_secret.expose_secret()})
                .to_string(),
        );
        let put = client.put_secret_value().secret_id(id).secret_string(value.expose_secret());
        let answer = put.send().await;
        let problem = |error| SecretError::Unwritten { id: id.to_owned(), problem: aws::problem(&error) };
        answer.map(|_| ()).map_err(problem)
    }
}
