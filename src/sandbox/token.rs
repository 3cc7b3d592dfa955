//! The token endpoint, and the access tokens it has given.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::answer::Answer;
use super::dice::Dice;
use super::fault::{TokenFault, TokenFaultKind};
use super::switches::{Switches, TokenApiUrl, TokenGrant, TokenRefusals};
use super::traffic::Asked;
use super::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Shared, clock};

const TOKEN_SEED: u64 = 0x5A4D_0001;

type Pairs = Vec<(String, String)>;

pub(super) async fn token(
    State(zoom): State<Shared>,
    Query(query): Query<Pairs>,
    headers: HeaderMap,
    form: Result<Form<Pairs>, FormRejection>,
) -> Response {
    let visit = zoom.traffic.arrive(Asked::Token, "POST", super::TOKEN_PATH, &query);
    let form = form.map(|Form(pairs)| pairs).unwrap_or_default();
    let grant: Pairs = match zoom.switches.token_grant {
        TokenGrant::Either => form.into_iter().chain(query).collect(),
        TokenGrant::Form => form,
        TokenGrant::Query => query,
    };
    let answer = match TokenFault::met(&zoom.switches.token_faults, visit.number.of_all) {
        Some(kind) => faulty(kind, &zoom.switches),
        None => match check(&zoom.switches, &headers, &grant) {
            Ok(()) => {
                let api_url = match zoom.switches.token_api_url {
                    TokenApiUrl::Sent => Some(format!("{}/v2", zoom.origin)),
                    TokenApiUrl::WithoutV2 => Some(zoom.origin.clone()),
                    TokenApiUrl::Absent => None,
                };
                let mut body = json!({
                    "access_token": zoom.access.mint(zoom.switches.token_seconds),
                    "token_type": "bearer",
                    "expires_in": zoom.switches.token_seconds,
                    "scope": scope(&zoom.switches),
                });
                if let (Some(api_url), Some(body)) = (api_url, body.as_object_mut()) {
                    body.insert("api_url".to_owned(), api_url.into());
                }
                Answer::json(StatusCode::OK, &body)
            }
            Err(refusal) => refusal,
        },
    };
    visit.leave(answer)
}

/// The scopes that the switches give, in the manner of OAuth.
fn scope(switches: &Switches) -> String {
    let scopes: Vec<_> = switches.scopes.iter().map(|report| report.scope()).collect();
    scopes.join(" ")
}

fn check(switches: &Switches, headers: &HeaderMap, grant: &Pairs) -> Result<(), Answer> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let client = match switches.any_credentials {
        true => given.strip_prefix("Basic ").is_some_and(|pair| !pair.is_empty()),
        false => given == format!("Basic {}", base64(&format!("{CLIENT_ID}:{CLIENT_SECRET}"))),
    };
    if !client {
        return Err(invalid_client(switches));
    }
    let value = |name: &str| grant.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
    if value("grant_type") != Some("account_credentials") {
        return Err(refusal(switches, "unsupported grant type", "unsupported_grant_type"));
    }
    match value("account_id") {
        Some(ACCOUNT_ID) => Ok(()),
        Some(account) if switches.any_credentials && !account.is_empty() => Ok(()),
        _ => Err(invalid_request(switches)),
    }
}

fn refusal(switches: &Switches, reason: &str, error: &str) -> Answer {
    let status = match switches.token_refusals {
        TokenRefusals::BadRequest => StatusCode::BAD_REQUEST,
        TokenRefusals::Unauthorized => StatusCode::UNAUTHORIZED,
    };
    Answer::json(status, &json!({ "reason": reason, "error": error }))
}

fn invalid_client(switches: &Switches) -> Answer {
    refusal(switches, "Invalid client_id or client_secret", "invalid_client")
}

fn invalid_request(switches: &Switches) -> Answer {
    refusal(switches, "Bad Request", "invalid_request")
}

fn faulty(kind: TokenFaultKind, switches: &Switches) -> Answer {
    match kind {
        TokenFaultKind::InvalidClient => invalid_client(switches),
        TokenFaultKind::InvalidRequest => invalid_request(switches),
        TokenFaultKind::Server500 => Answer::refusal(StatusCode::INTERNAL_SERVER_ERROR, 500, "Internal server error."),
        TokenFaultKind::Html => Answer::html(StatusCode::OK),
        TokenFaultKind::NoTokenField => {
            let body = json!({ "token_type": "bearer", "expires_in": 3600, "scope": scope(switches) });
            Answer::json(StatusCode::OK, &body)
        }
    }
}

/// The access tokens given, and until when each is good.
pub(super) struct Access(Mutex<Tokens>);

struct Tokens {
    dice: Dice,
    given: Vec<String>,
    good_until: HashMap<String, Instant>,
}

impl Access {
    pub(super) fn new() -> Access {
        let dice = Dice::new(TOKEN_SEED);
        Access(Mutex::new(Tokens { dice, given: Vec::new(), good_until: HashMap::new() }))
    }

    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mint(&self, seconds: u64) -> String {
        let mut tokens = self.tokens();
        let token = format!("sandbox.{:016x}{:016x}", tokens.dice.next(), tokens.dice.next());
        tokens.given.push(token.clone());
        tokens.good_until.insert(token.clone(), clock::instant() + Duration::from_secs(seconds));
        token
    }

    /// Whether the request shows a token that is good.
    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        let tokens = self.tokens();
        bearer(headers).and_then(|token| tokens.good_until.get(token)).is_some_and(|until| clock::instant() < *until)
    }

    /// The token that the request shows is good no more.
    pub(super) fn revoke(&self, headers: &HeaderMap) {
        if let Some(token) = bearer(headers) {
            self.tokens().good_until.remove(token);
        }
    }

    pub(super) fn given(&self) -> Vec<String> {
        self.tokens().given.clone()
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut written = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or_default());
        let word = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..4 {
            let digit = usize::try_from((word >> (18 - 6 * place)) & 63).ok().and_then(|digit| DIGITS.get(digit));
            let padding = place > chunk.len();
            written.push(if padding { '=' } else { digit.copied().map_or('=', char::from) });
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn a_client_is_written_in_base64() {
        let written = ["", "M", "Ma", "Man", "a:b?>~"].map(base64);
        assert_eq!(written, ["", "TQ==", "TWE=", "TWFu", "YTpiPz5+"]);
    }
}
