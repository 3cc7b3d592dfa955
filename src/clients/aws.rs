use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The longest that one call to AWS takes, with all its attempts. Less than half a ledger lease.
pub(super) const OPERATION_TIMEOUT: Duration = Duration::from_secs(20);

/// The AWS configuration from the environment, with time-outs on everything.
pub async fn sdk_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(8))
        .operation_attempt_timeout(Duration::from_secs(8))
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(timeouts)
        .load()
        .await
}

/// What went wrong with a call to AWS, in words fit for a message: the service's own code and sentence, never a body or the SDK's Debug.
pub(super) fn problem<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            let code = error.code().unwrap_or("an error without a code");
            error
                .message()
                .map_or_else(|| code.to_owned(), |message| format!("{code} ({message})"))
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            "no connection in time".to_owned()
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            "the connection failed or was closed".to_owned()
        }
        SdkError::DispatchFailure(_) => "no connection or no credentials for AWS".to_owned(),
        SdkError::ResponseError(_) => "an answer that is not AWS's".to_owned(),
        _ => "the request could not be built".to_owned(),
    }
}
