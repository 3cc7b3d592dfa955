//! The embedded Zoom with the sample account, which needs no account at Zoom.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::clients::Credentials;
use crate::config::ZoomConfig;
use crate::error::{Code, RunError};
use crate::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Sandbox, Switches};

/// The sample account's data end here, so that everybody sees the same demo.
const AS_OF: &str = "2026-11-22T13:00:00Z";

/// The time zone of the sample policy.
pub(super) const ZONE: &str = "America/New_York";

/// The embedded Zoom with the sample account.
pub(super) struct Embedded {
    pub(super) sandbox: Sandbox,
    pub(super) zoom: ZoomConfig,
    pub(super) credentials: Credentials,
    /// The account's present.
    pub(super) as_of: Timestamp,
}

impl Embedded {
    pub(super) async fn start() -> Result<Embedded, RunError> {
        let internal =
            |what: &str, error: &dyn std::fmt::Display| RunError::new(Code::Internal, format!("{what}: {error}"));
        let as_of: Timestamp = AS_OF.parse().map_err(|error| internal("the demo's date", &error))?;
        let sandbox = Sandbox::start(0, Dataset::sample(as_of), Switches::default())
            .await
            .map_err(|error| internal("the embedded Zoom finds no port on loopback", &error))?;
        let zoom = zoom(&sandbox, 10);
        Ok(Embedded { sandbox, zoom, credentials: credentials(), as_of })
    }
}

/// Where an embedded Zoom is.
pub(super) fn zoom(sandbox: &Sandbox, requests_per_second: u32) -> ZoomConfig {
    ZoomConfig { api_url: sandbox.api_url(), token_url: sandbox.token_url(), requests_per_second }
}

/// The credentials of the account that an embedded Zoom knows.
pub(super) fn credentials() -> Credentials {
    Credentials {
        account_id: ACCOUNT_ID.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: SecretString::from(CLIENT_SECRET),
    }
}
