//! Whose rights calls to AWS are made with. For the operator's command.

use aws_config::SdkConfig;
use aws_sdk_sts::Client;

use super::aws;

/// Whose rights calls are made with, and where they go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The ARN of the user or the role's session.
    pub arn: String,
    /// The AWS account.
    pub account: String,
}

/// Asks AWS who is asking. Nobody needs a right for it.
///
/// # Errors
/// AWS's code and message.
pub async fn identity(config: &SdkConfig) -> Result<Identity, String> {
    let answer = Client::new(config).get_caller_identity().send().await.map_err(|error| aws::problem(&error))?;
    Ok(Identity { arn: answer.arn.unwrap_or_default(), account: answer.account.unwrap_or_default() })
}
