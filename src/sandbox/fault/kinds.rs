//! The faults there are.

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
    /// HTTP 200 with code 300 and an empty array of rows
    #[value(name = "envelope-200-empty")]
    Envelope200Empty,
    /// the same with the code as a string
    #[value(name = "envelope-200-text")]
    Envelope200Text,
    /// HTTP 200 with code 300 in what is otherwise an empty last page, with its count, page token and dates
    #[value(name = "envelope-200-page")]
    Envelope200Page,
    /// HTTP 200 with code 300 in what is otherwise a good page with its rows
    #[value(name = "envelope-200-rows")]
    Envelope200Rows,
    /// a good page that also carries the code 0: no error
    CodeZero,
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
    /// an answer without a row, with a count of 0 and no next page: nothing shows that rows are missing
    SilentlyEmpty,
    /// the last third of the rows is missing, at least one: nothing shows it
    SilentlyShort,
    /// the answer covers three dates less at both ends, and its `from` and `to` say so
    Narrow,
    /// the answer starts three dates later, and its `from` says so
    NarrowFrom,
    /// the answer ends three dates earlier, and its `to` says so
    NarrowTo,
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
    /// Whether the fault goes on unless its number of times is given.
    pub(super) fn lasts(self) -> bool {
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
