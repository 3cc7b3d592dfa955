use std::error::Error as _;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::result::DispatchFailure;

use super::http;
use crate::error::with_causes;

/// The AWS configuration from the environment, with time-outs on everything.
pub async fn sdk_config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http::sdk_http_client())
        .timeout_config(timeouts(Duration::from_secs(8), Duration::from_secs(20)))
        .load()
        .await
}

/// Time-outs of a call: for each of its attempts, and for all of them together.
pub(crate) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(http::AWS_CONNECT_TIMEOUT)
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

/// What went wrong with a call to AWS, in words fit for a message: the service's own code and sentence, never a body or the SDK's Debug.
pub(crate) fn problem<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            let code = error.code().unwrap_or("an error without a code");
            error.message().map_or_else(|| code.to_owned(), |message| format!("{code} ({message})"))
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            let cause = failure.as_connector_error().and_then(|error| error.source()).map(with_causes);
            cause.map_or_else(|| "the connection failed".to_owned(), |cause| format!("the connection failed: {cause}"))
        }
        SdkError::DispatchFailure(failure) if is_without_roots(failure) => http::NoRoots.to_string(),
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map(|error| with_causes(error));
            let cause = cause.map_or_else(String::new, |cause| format!(" ({cause})"));
            format!("no AWS credentials, no Region or no connection{cause}; `aws sts get-caller-identity` must answer")
        }
        SdkError::ResponseError(_) => "an answer that is not AWS's".to_owned(),
        _ => "the request could not be built".to_owned(),
    }
}

fn is_without_roots(failure: &DispatchFailure) -> bool {
    let source = failure.as_connector_error().and_then(|error| error.source());
    source.is_some_and(|source| source.is::<http::NoRoots>())
}
