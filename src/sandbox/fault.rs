//! Faults by appointment: which one, at which request, how many times in a row.
//!
//! `rate-second@2x3` is met by the second, third and fourth request. Requests are counted in order of arrival, the
//! refused ones too, so the number of a fault is the place at which [`Sandbox::observed`](super::Sandbox::observed)
//! shows it.

use std::str::FromStr;

use clap::ValueEnum;

/// What goes wrong with an answer of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FaultKind {
    /// HTTP 401, code 124; the access token shown is revoked
    Unauthorized,
    /// HTTP 400, code 124; the access token shown is revoked
    #[value(name = "unauthorized-400")]
    Unauthorized400,
    /// HTTP 400, code 4711, naming the scope that is missing
    ScopeMissing,
    /// HTTP 403: Zoom Phone has not been enabled
    PhoneDisabled,
    /// the same as HTTP 400 with code 124
    #[value(name = "phone-disabled-400")]
    PhoneDisabled400,
    /// HTTP 404, code 2001: the account does not exist
    NoAccount,
    /// the same with code 124
    #[value(name = "no-account-124")]
    NoAccount124,
    /// HTTP 429, the limit for a second, without Retry-After
    RateSecond,
    /// HTTP 429, the limit for a day, Retry-After as an ISO datetime (the next midnight, UTC)
    RateDay,
    /// HTTP 429, too many concurrent requests
    RateConcurrent,
    /// HTTP 429 with Retry-After: 1
    RetryAfterSeconds,
    /// HTTP 429 with Retry-After as an HTTP date, about two seconds ahead
    RetryAfterHttpDate,
    /// HTTP 500 with Zoom's envelope
    #[value(name = "server-500")]
    Server500,
    /// HTTP 502 with a page of HTML
    #[value(name = "server-502-html")]
    Server502Html,
    /// HTTP 503 without a body
    #[value(name = "server-503")]
    Server503,
    /// HTTP 200 with an error envelope
    #[value(name = "envelope-200")]
    Envelope200,
    /// HTTP 200 with a page of HTML
    #[value(name = "not-json-200")]
    NotJson200,
    /// HTTP 200 whose Content-Length promises twice what is sent
    CutBody,
    /// the connection is closed without an answer
    Drop,
    /// HTTP 400, code 400: page token invalid or expired; the token shown is forgotten
    PageTokenExpired,
    /// the same with code 300, as other reports answer
    #[value(name = "page-token-expired-300")]
    PageTokenExpired300,
    /// the next page token leads to this same page again (for ever, unless xN is given)
    SamePageToken,
    /// the last page has a next page token, always a new one, to itself (for ever, unless xN is given)
    Endless,
    /// after the last page come empty pages, always with a new token (for ever, unless xN is given)
    EndlessEmpty,
    /// an empty page with a next page token; the rows go on behind it
    EmptyPage,
    /// HTTP 400, code 300: validation failed
    #[value(name = "validation-300")]
    Validation300,
    /// HTTP 302 to a sign-in page
    Redirect,
    /// the last row of the page has the charge "abc"
    BadCharge,
    /// the last row of the page has the charge null
    NoCharge,
    /// the last row of the page has the currency "ZZZ1"
    BadCurrency,
    /// the last row of the page has the currency null
    NoCurrency,
    /// the last row of the page has the time "yesterday"
    BadTime,
    /// the last row of the page has the time null
    NoTime,
}

impl FaultKind {
    fn lasts(self) -> bool {
        matches!(self, FaultKind::SamePageToken | FaultKind::Endless | FaultKind::EndlessEmpty)
    }
}

/// What goes wrong with an answer of the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokenFaultKind {
    /// the client id or secret is said to be wrong
    InvalidClient,
    /// the account is said to be wrong
    InvalidRequest,
    /// HTTP 500 with Zoom's envelope
    #[value(name = "server-500")]
    Server500,
    /// HTTP 200 with a page of HTML
    Html,
    /// HTTP 200 without access_token
    NoTokenField,
}

/// A kind of fault and the requests that meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned<K> {
    /// What goes wrong.
    pub kind: K,
    /// The first request that meets it, counted from 1.
    pub first: u32,
    /// How many requests in a row meet it; `None` for every one from the first on.
    pub times: Option<u32>,
}

/// A fault of the report, written `KIND[@K[xN]]`.
pub type Fault = Planned<FaultKind>;

/// A fault of the token endpoint, written `KIND[@K[xN]]`.
pub type TokenFault = Planned<TokenFaultKind>;

impl<K: Copy> Planned<K> {
    fn covers(&self, number: u32) -> bool {
        number >= self.first && self.times.is_none_or(|times| number - self.first < times)
    }

    /// The kind of the first of `faults` that the request with this number meets.
    pub(super) fn met(faults: &[Planned<K>], number: u32) -> Option<K> {
        let fault = faults.iter().find(|fault| fault.covers(number));
        fault.map(|fault| fault.kind)
    }
}

/// Why a fault could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("no fault is called {given:?}; there are: {allowed}")]
    Kind {
        /// The name given.
        given: String,
        /// Every name there is.
        allowed: String,
    },
    /// The part after `@` is not `K`, `KxN` or `Kxall`.
    #[error(
        "{given:?} does not say when: after \"@\" comes the first request to meet the fault (1 or more), then perhaps \
         \"x\" and how many in a row do (1 or more, or \"all\"), as in \"rate-second@2x3\""
    )]
    When {
        /// The part given after `@`.
        given: String,
    },
}

impl FromStr for Planned<FaultKind> {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text, FaultKind::lasts)
    }
}

impl FromStr for Planned<TokenFaultKind> {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text, |_| false)
    }
}

fn read<K: ValueEnum + Copy + 'static>(text: &str, lasts: impl Fn(K) -> bool) -> Result<Planned<K>, FaultError> {
    let (name, when) = match text.split_once('@') {
        Some((name, when)) => (name, Some(when)),
        None => (text, None),
    };
    let kind = K::from_str(name, false).map_err(|_| FaultError::Kind {
        given: name.to_owned(),
        allowed: names::<K>().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
    })?;
    let unclear = |when: &str| FaultError::When { given: when.to_owned() };
    let positive = |number: &str| number.parse().ok().filter(|number: &u32| *number > 0);
    let usual = if lasts(kind) { None } else { Some(1) };
    let Some(when) = when else {
        return Ok(Planned { kind, first: 1, times: usual });
    };
    let (first, times) = match when.split_once('x') {
        None => (when, usual),
        Some((first, "all")) => (first, None),
        Some((first, times)) => (first, Some(positive(times).ok_or_else(|| unclear(when))?)),
    };
    let first = positive(first).ok_or_else(|| unclear(when))?;
    Ok(Planned { kind, first, times })
}

fn names<K: ValueEnum + 'static>() -> impl Iterator<Item = (String, String)> {
    let values = K::value_variants().iter().filter_map(K::to_possible_value);
    values.map(|value| {
        let help = value.get_help().map(ToString::to_string);
        (value.get_name().to_owned(), help.unwrap_or_default())
    })
}

/// The help text of a switch that takes such faults: the form, then every kind with its meaning.
pub(super) fn help<K: ValueEnum + 'static>(of: &str) -> String {
    let mut help = format!(
        "A fault of the {of}: KIND happens at the K-th request (default 1) and N times in a row (default 1; xall: \
         for ever), as in KIND@2x3. Repeatable; the first that fits is met. Kinds:"
    );
    for (name, meaning) in names::<K>() {
        help.push_str(&format!("\n  {name}: {meaning}"));
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_and_when() {
        let read = |text: &str| text.parse::<Fault>().map(|f| (f.kind, f.first, f.times));
        assert_eq!(read("drop"), Ok((FaultKind::Drop, 1, Some(1))));
        assert_eq!(read("rate-second@2"), Ok((FaultKind::RateSecond, 2, Some(1))));
        assert_eq!(read("rate-second@2x3"), Ok((FaultKind::RateSecond, 2, Some(3))));
        assert_eq!(read("server-500@4xall"), Ok((FaultKind::Server500, 4, None)));
        assert_eq!(read("endless@3"), Ok((FaultKind::Endless, 3, None)));
        assert_eq!(read("endless@3x2"), Ok((FaultKind::Endless, 3, Some(2))));
    }

    #[test]
    fn a_fault_that_cannot_be_read_says_what_was_given_and_what_is_allowed() {
        let fault = |text: &str| text.parse::<TokenFault>().err().map(|fault| fault.to_string());
        assert_eq!(
            fault("oops@2").as_deref(),
            Some(
                "no fault is called \"oops\"; there are: invalid-client, invalid-request, server-500, html, no-token-field"
            )
        );
        for when in ["", "0", "x2", "2x", "2x0", "two", "2xsome"] {
            let told = fault(&format!("html@{when}")).unwrap_or_default();
            assert!(told.starts_with(&format!("{when:?} does not say when")), "{told}");
        }
    }

    #[test]
    fn a_fault_is_met_by_the_requests_of_its_stretch() {
        let faults: Vec<Fault> = ["drop@2x2", "server-503@3xall"].iter().filter_map(|text| text.parse().ok()).collect();
        let met: Vec<_> = (1..=5).map(|number| Fault::met(&faults, number)).collect();
        let (drop, down) = (Some(FaultKind::Drop), Some(FaultKind::Server503));
        assert_eq!(met, [None, drop, drop, down, down]);
    }
}
