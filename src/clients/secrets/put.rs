//! Puts Zoom's credentials into their secret or parameter. For the operator's command.
//!
//! A secret is made by whoever owns it, since it costs money and may have a key and a rotation. A parameter is made where there is none:
//! CloudFormation makes no SecureString.

use aws_sdk_ssm::types::{ParameterStringFilter, ParameterTier, ParameterType};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{Manager, SecretError, Secrets, Systems, check_type};
use crate::clients::{Credentials, aws};
use crate::config::SecretSource;

pub(super) fn rights_to_write(source: &SecretSource) -> &'static str {
    match source {
        SecretSource::Secret(_) => {
            " (the deployment's stack makes the secret), and that you may call secretsmanager:PutSecretValue on it"
        }
        SecretSource::Parameter(_) => {
            ", and that you may call ssm:DescribeParameters, ssm:PutParameter on it, and kms:Encrypt with its key"
        }
    }
}

impl Secrets {
    /// Puts credentials into the secret or the parameter, as its current value. AWS keeps the one before it.
    ///
    /// # Errors
    /// [`SecretError`], which never holds the value.
    pub async fn put(&self, source: &SecretSource, credentials: &Credentials) -> Result<(), SecretError> {
        let Secrets::Aws(config) = self else { return Ok(()) };
        let Credentials { account_id, client_id, client_secret } = credentials;
        let value = SecretString::from(
            json!({"account_id": account_id, "client_id": client_id, "client_secret": client_secret.expose_secret()})
                .to_string(),
        );
        match source {
            SecretSource::Secret(id) => {
                let put = Manager::new(config).put_secret_value().secret_id(id).secret_string(value.expose_secret());
                put.send().await.map(|_| ()).map_err(|error| unwritten(source, aws::problem(&error)))
            }
            SecretSource::Parameter(name) => put_parameter(&Systems::new(config), source, name, &value).await,
        }
    }
}

/// Over what is there with its own key: without it AWS would take the account's.
async fn put_parameter(
    systems: &Systems,
    source: &SecretSource,
    name: &str,
    value: &SecretString,
) -> Result<(), SecretError> {
    let filter = ParameterStringFilter::builder().key("Name").values(name).build();
    let filter = filter.map_err(|error| unwritten(source, error.to_string()))?;
    let described = systems.describe_parameters().parameter_filters(filter).send().await;
    let described = described.map_err(|error| unwritten(source, aws::problem(&error)))?;
    let replaced = described.parameters().first();
    if let Some(replaced) = replaced {
        check_type(source, replaced.r#type())?;
    }
    let key = replaced.and_then(|replaced| replaced.key_id()).map(str::to_owned);
    let put = systems.put_parameter().name(name).value(value.expose_secret()).r#type(ParameterType::SecureString);
    // Standard; what is advanced stays so, since AWS has no way back.
    let put = put.set_key_id(key).tier(ParameterTier::IntelligentTiering).overwrite(replaced.is_some());
    put.send().await.map(|_| ()).map_err(|error| unwritten(source, aws::problem(&error)))
}

fn unwritten(source: &SecretSource, problem: String) -> SecretError {
    SecretError::Unwritten { id: source.clone(), problem }
}
