//! What a run needs before it can read: the right to, and the policy.

use std::sync::Arc;

use crate::clients::Deadline;
use crate::clients::parameters::Parameters;
use crate::clients::secrets::SecretError;
use crate::clients::zoom::{Authorized, ZoomError, ZoomErrorKind};
use crate::config::{Config, PolicySource, SecretSource};
use crate::daybook::Whose;
use crate::domain::alert::hash;
use crate::domain::policy::Policy;
use crate::domain::product::Products;
use crate::error::{Code, RunError};
use crate::request::Request;

use super::Services;

/// Where the things of a run are to be found, the event's choice before the environment's.
#[derive(Clone, Debug)]
pub struct Places {
    /// Zoom's credentials.
    pub secret_id: SecretSource,
    /// The policy.
    pub policy: PolicySource,
    /// The topic's ARN.
    pub topic_arn: String,
    /// The address that every message ends with.
    pub link: Option<Arc<str>>,
}

impl Places {
    /// Those of the environment.
    #[must_use]
    pub fn of(config: &Config) -> Places {
        Places {
            secret_id: config.secret_id.clone(),
            policy: config.policy.clone(),
            topic_arn: config.topic_arn.clone(),
            link: config.link.clone(),
        }
    }

    /// With the choices of an event before these.
    #[must_use]
    pub fn with(self, request: &Request) -> Places {
        Places {
            secret_id: request.secret_id.clone().unwrap_or(self.secret_id),
            policy: request.policy.clone().unwrap_or(self.policy),
            topic_arn: request.topic_arn.clone().unwrap_or(self.topic_arn),
            link: self.link,
        }
    }
}

/// A run's account and policy, ready to read the report.
#[derive(Debug)]
pub struct Prepared {
    /// The secret that the right comes from.
    pub secret_id: SecretSource,
    /// The right to read the reports.
    pub authorized: Authorized,
    /// The policy.
    pub policy: Policy,
    /// Who judges: a digest of the policy's place and the topic. What it has judged says nothing of others.
    pub judge: String,
}

impl Prepared {
    /// Whose days the daybook keeps.
    pub(super) fn whose(&self, products: Products) -> Whose<'_> {
        Whose { account: self.authorized.account_id(), products, zone: &self.policy.time_zone_name }
    }
}

/// Gets the token (with the secret) and the policy, side by side.
///
/// # Errors
/// What is wrong with either, or both.
pub async fn prepare(services: &Services, places: &Places, deadline: Deadline) -> Result<Prepared, RunError> {
    let both = async {
        tokio::join!(authorize(services, &places.secret_id, deadline), policy(&services.parameters, &places.policy))
    };
    match deadline.bound(both).await.ok_or_else(late)? {
        (Ok(authorized), Ok(policy)) => {
            let judge = hash(&[&places.policy.to_string(), &places.topic_arn], 16);
            Ok(Prepared { secret_id: places.secret_id.clone(), authorized, policy, judge })
        }
        (authorized, policy) => Err(RunError::of_either(authorized.err(), policy.err())),
    }
}

/// The run's time was up before what it needs was there.
pub(super) fn late() -> RunError {
    let message = "the run's time was up before secret, policy and token were there; the next run tries again";
    RunError::new(Code::ReportIncomplete, message)
}

pub(super) async fn authorize(
    services: &Services,
    secret_id: &SecretSource,
    deadline: Deadline,
) -> Result<Authorized, RunError> {
    let read = async || services.secrets.read(secret_id).await.map_err(|error| secret_unreadable(&error));
    let mut authorized = services.zoom.authorize(&read().await?, deadline).await;
    // The secret may have been rotated between its reading and its use.
    if authorized.as_ref().is_err_and(|error| error.kind == ZoomErrorKind::InvalidClient) {
        authorized = services.zoom.authorize(&read().await?, deadline).await;
    }
    authorized.map_err(|error| zoom_failed(&error))
}

/// The policy at a place.
///
/// # Errors
/// [`Code::PolicyInvalid`] with all its faults.
pub async fn policy(parameters: &Parameters, source: &PolicySource) -> Result<Policy, RunError> {
    let invalid = |problem: String| RunError::new(Code::PolicyInvalid, format!("the policy {problem}"));
    let document = parameters.read(source).await.map_err(|error| invalid(error.to_string()))?;
    Policy::parse(&document).map_err(|faults| invalid(format!("is not valid: {faults}")))
}

pub(super) fn secret_unreadable(error: &SecretError) -> RunError {
    RunError::new(Code::SecretUnreadable, error.to_string())
}

/// The error of a run that fails for this, with what to do.
pub(super) fn zoom_failed(error: &ZoomError) -> RunError {
    const LATER: &str = "it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page";
    const CREDENTIALS: &str =
        "correct it where it is kept: in the secret, or in ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET";
    const SUPPORT: &str = "the next run tries again; if it comes again, tell Zoom's support";
    let fix = match error.kind {
        ZoomErrorKind::Unavailable => LATER,
        ZoomErrorKind::InvalidClient => CREDENTIALS,
        ZoomErrorKind::PageTokenExpired | ZoomErrorKind::Endless | ZoomErrorKind::Narrowed => SUPPORT,
        ZoomErrorKind::Refused => "if as_of was given, give a later one; else tell Zoom's support",
        _ => return RunError::new(error.code(), error.to_string()),
    };
    RunError::new(error.code(), format!("{error}; {fix}"))
}
