//! Server-to-Server OAuth: credentials for an access token of one hour, kept while it lives.

use backon::Retryable;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use rust_decimal::prelude::ToPrimitive as _;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::error::CLASSIC_SCOPE;
use super::error::http_date;
use super::retry::backoff;
use super::{Zoom, ZoomError, ZoomErrorKind};
use crate::clients::{Credentials, Deadline};
use crate::domain::money::Amount;
use crate::domain::text::quoted;

/// An access token that Zoom accepted when it was last used.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    authorized: Authorized,
    expires_at: Timestamp,
}

/// An access token, and the account whose report it reads.
#[derive(Clone, Debug)]
pub struct Authorized {
    pub(super) credentials: Credentials,
    pub(super) token: SecretString,
    clock_skew: Option<SignedDuration>,
}

impl Authorized {
    /// How far this machine's clock is ahead of Zoom's; `None` if Zoom did not tell the time.
    #[must_use]
    pub fn clock_skew(&self) -> Option<SignedDuration> {
        self.clock_skew
    }

    /// Zoom's account id.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.credentials.account_id
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    /// Seconds, as a number or a text.
    #[serde(default)]
    expires_in: serde_json::Value,
}

/// `{"reason", "error"}`, OAuth's form of an error.
#[derive(Default, Deserialize)]
struct TokenRefusal {
    error: Option<String>,
    reason: Option<String>,
}

/// A token with less life than this is not used any more.
const LEAST_LIFE: SignedDuration = SignedDuration::from_mins(10);
const DEFAULT_LIFE_SECONDS: i64 = 3_600;

impl Zoom {
    /// A token for these credentials: the kept one while it lives, else a new one.
    ///
    /// # Errors
    /// [`ZoomErrorKind::InvalidClient`] if the credentials are wrong, and the transport's failures.
    pub async fn authorize(&self, credentials: &Credentials, deadline: Deadline) -> Result<Authorized, ZoomError> {
        let mut kept = self.tokens.lock().await;
        let now = Timestamp::now();
        kept.retain(|kept| kept.expires_at.duration_since(now) > LEAST_LIFE);
        if let Some(good) = kept.iter().find(|kept| kept.is_of(credentials)) {
            return Ok(good.authorized.clone());
        }
        let minting = (|| self.mint(credentials))
            .retry(backoff())
            .when(ZoomError::is_transient)
            // Better to tell what is wrong than that time was up.
            .adjust(|_, delay| delay.filter(|delay| *delay < deadline.left()));
        let minted = deadline.bound(minting).await.ok_or_else(|| {
            ZoomError::new(ZoomErrorKind::OutOfTime, "the run's time was up before Zoom gave a token")
        })??;
        let authorized = minted.authorized.clone();
        kept.push(minted);
        Ok(authorized)
    }

    /// A new token in place of one that Zoom rejects.
    pub(super) async fn reauthorize(&self, refused: &Authorized, deadline: Deadline) -> Result<Authorized, ZoomError> {
        let is_refused = |kept: &Kept| kept.authorized.token.expose_secret() == refused.token.expose_secret();
        self.tokens.lock().await.retain(|kept| !is_refused(kept));
        self.authorize(&refused.credentials, deadline).await
    }

    async fn mint(&self, credentials: &Credentials) -> Result<Kept, ZoomError> {
        let form = [("grant_type", "account_credentials"), ("account_id", credentials.account_id.as_str())];
        let request = self
            .http
            .post(&self.config.token_url)
            .basic_auth(&credentials.client_id, Some(credentials.client_secret.expose_secret()))
            .form(&form);
        let (status, headers, body) = self.answered(request).await?;
        let now = Timestamp::now();
        if status.is_success() {
            let without = || {
                ZoomError::new(ZoomErrorKind::Unavailable, "Zoom's token endpoint answered without an access token")
                    .with_tracking_id(&headers)
            };
            let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| {
                let is_refusal =
                    serde_json::from_slice(&body).is_ok_and(|refusal: TokenRefusal| refusal.error.is_some());
                // A refusal is one whatever its status.
                if is_refusal { refusal(400, &headers, &body, now) } else { without() }
            })?;
            let life = Amount::parse(answer.expires_in.to_string().trim_matches('"')).ok();
            let life = life.and_then(|life| life.decimal().to_i64()).unwrap_or(DEFAULT_LIFE_SECONDS);
            let life = SignedDuration::from_secs(life);
            let expires_at = now.saturating_add(life).unwrap_or(now);
            let clock_skew = headers.get("date").and_then(|date| http_date(date.to_str().ok()?));
            let authorized = Authorized {
                credentials: credentials.clone(),
                token: answer.access_token,
                clock_skew: clock_skew.map(|server| now.duration_since(server)),
            };
            return Ok(Kept { authorized, expires_at });
        }
        Err(refusal(status.as_u16(), &headers, &body, now))
    }
}

/// Why Zoom gives no token, and what to do.
fn refusal(status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> ZoomError {
    let refusal: TokenRefusal = serde_json::from_slice(body).unwrap_or_default();
    let said = quoted(refusal.reason.as_deref().unwrap_or("nothing more"));
    let refused = |kind, fix: &str| {
        ZoomError::new(kind, format!("Zoom gave no access token: {fix} (HTTP {}, Zoom says: {said})", status))
            .with_tracking_id(headers)
    };
    match (status, refusal.error.as_deref()) {
        (400 | 401, Some("invalid_client")) => refused(
            ZoomErrorKind::InvalidClient,
            "the client id or the client secret is wrong, or the app is not activated",
        ),
        (400 | 401 | 403, Some("invalid_request" | "unsupported_grant_type")) => refused(
            ZoomErrorKind::Unauthorized,
            "the account id is wrong, or the app is not a Server-to-Server OAuth app",
        ),
        (400 | 401 | 403, _) => {
            refused(ZoomErrorKind::Unauthorized, "the app's credentials are not accepted")
        }
        (300..=399 | 404, _) => ZoomError::new(
            ZoomErrorKind::Broken,
            format!(
                "HTTP {status} where Zoom's token endpoint should be: the address is wrong, not the account; check ZOOM_TOKEN_URL"
            ),
        )
        .with_tracking_id(headers),
        _ => ZoomError::of_answer(status, headers, body, CLASSIC_SCOPE, now),
    }
}

impl Kept {
    fn is_of(&self, credentials: &Credentials) -> bool {
        let mine = &self.authorized.credentials;
        mine.account_id == credentials.account_id
            && mine.client_id == credentials.client_id
            && mine.client_secret.expose_secret() == credentials.client_secret.expose_secret()
    }
}
