//! The embedded Zoom: an HTTP server on loopback that stands in for the token endpoint and for the reports of charges
//! (messages, calls and faxes), with an account of its own.
//!
//! Zoom's documentation leaves much open: whether the end of a range belongs to it, in which zone a date is read, what
//! `total_records` counts, how the last page shows. A client must be right under every reading, so there is a switch for
//! each ([`Switches`]), and for each fault that was seen or must be feared ([`Fault`], [`TokenFault`]). The
//! account's data follow from the date alone ([`Dataset::sample`]), and [`Dataset::truth`] says what they add up to
//! without any of the product's code: an oracle that totals can be compared with. [`Sandbox::listed`] says what the
//! answers held.
//!
//! The sandbox is strict where Zoom is documented: a page token is refused with other parameters, a start more
//! than 13 months back is refused, and the bearer's token must be one that it gave and that has not expired.

mod answer;
#[expect(clippy::disallowed_methods, reason = "a server's clock: limits and lifetimes pass in real time")]
mod clock;
mod data;
pub(crate) mod dice;
mod fault;
mod page;
mod question;
mod range;
mod record;
mod report;
mod reports;
mod row;
mod sample;
mod spelling;
mod switches;
mod token;
mod traffic;
mod truth;
mod view;
mod walk;
mod walks;
mod wire;

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use data::Dataset;
pub use fault::{DateFault, Fault, FaultError, FaultKind, Planned, TokenFault, TokenFaultKind};
pub use record::Listed;
pub use reports::ReportKind;
pub use row::{Listing, Row};
pub use switches::{
    BigPage, Bound, CallDates, Datetimes, FreeRows, FutureDates, GroupMessages, LongRange, LongRangeEcho, Missing,
    Month, NumberSpelling, Numbers, Order, RateHeaders, SameDate, Switches, TokenApiUrl, TokenGrant, TokenRefusals,
    TotalRecords,
};
pub use traffic::{Observed, ObservedKind};
pub use truth::{NONE, Truth, billing_identity};

use answer::Answer;
use fault::DateFaults;
use token::Access;
use traffic::{Asked, Traffic};
use walks::Walks;

/// The account that the sandbox knows.
pub const ACCOUNT_ID: &str = "sandbox-account";
/// The client id that the sandbox knows.
pub const CLIENT_ID: &str = "sandbox-client-id";
/// The client secret that goes with it.
pub const CLIENT_SECRET: &str = "sandbox-client-secret";

const TOKEN_PATH: &str = "/oauth/token";

type Shared = Arc<Zoom>;

/// What the handlers share.
struct Zoom {
    origin: String,
    switches: Switches,
    data: Mutex<Arc<Dataset>>,
    traffic: Arc<Traffic>,
    access: Access,
    walks: Walks,
    date_faults: DateFaults,
}

impl Zoom {
    fn data(&self) -> Arc<Dataset> {
        Arc::clone(&self.data.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An answer takes its time: the account's present goes on by it.
    fn move_on(&self) {
        let seconds = SignedDuration::from_secs(self.switches.arrive_per_answer.into());
        if seconds.is_positive() {
            let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
            let today = data.today().saturating_add(seconds).unwrap_or_else(|_| data.today());
            *data = Arc::new(Dataset::clone(&data).at(today));
        }
    }
}

/// The data as the switches have them.
fn prepared(data: Dataset, switches: &Switches) -> Arc<Dataset> {
    let data = match switches.group_messages {
        GroupMessages::SharedId => data,
        GroupMessages::OwnIds => data.with_own_ids(),
    };
    Arc::new(match switches.number_spelling {
        NumberSpelling::Extension => data.map(spelling::with_extension),
        _ => data,
    })
}

/// A running sandbox; dropping it stops it.
pub struct Sandbox {
    zoom: Shared,
    server: JoinHandle<io::Result<()>>,
    _stop: oneshot::Sender<()>,
}

impl Sandbox {
    /// Serves `dataset` on this port of loopback, or on a free one if it is 0.
    ///
    /// # Errors
    /// The port cannot be listened on.
    pub async fn start(port: u16, dataset: Dataset, switches: Switches) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let zoom = Arc::new(Zoom {
            origin: format!("http://{}", listener.local_addr()?),
            data: Mutex::new(prepared(dataset, &switches)),
            date_faults: DateFaults::new(&switches.date_faults),
            switches,
            traffic: Arc::new(Traffic::new()),
            access: Access::new(),
            walks: Walks::new(),
        });
        let reports = ReportKind::ALL.map(ReportKind::report).into_iter();
        let routes = reports
            .fold(Router::new().route(TOKEN_PATH, post(token::token)), report::routes)
            .fallback(elsewhere)
            .method_not_allowed_fallback(elsewhere)
            .with_state(Arc::clone(&zoom));
        // Without a delay even where an answer leaves in pieces, so that latency is what the switch says.
        let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, routes).with_graceful_shutdown(async { _ = stopped.await });
        let server = tokio::spawn(serve.into_future());
        Ok(Sandbox { zoom, server, _stop: stop })
    }

    /// The base URL of the API: `http://127.0.0.1:PORT/v2`.
    pub fn api_url(&self) -> String {
        format!("{}/v2", self.zoom.origin)
    }

    /// The URL of the token endpoint: `http://127.0.0.1:PORT/oauth/token`.
    pub fn token_url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.zoom.origin)
    }

    /// Every request so far, in order of arrival.
    pub fn observed(&self) -> Vec<Observed> {
        self.zoom.traffic.observed()
    }

    /// Calls this with each request once it is answered. Only the first call of this function counts.
    pub fn on_answer(&self, call: impl Fn(&Observed) + Send + Sync + 'static) {
        self.zoom.traffic.on_answer(call);
    }

    /// The most requests for reports that were under way at the same time.
    pub fn peak(&self) -> usize {
        self.zoom.traffic.peak()
    }

    /// Every access token given so far, to look for where none may be.
    pub fn access_tokens(&self) -> Vec<String> {
        self.zoom.access.given()
    }

    /// What the answers held, question by question in the order of their first pages.
    pub fn listed(&self) -> Vec<Listed> {
        self.zoom.walks.listed()
    }

    /// The data as they are served now: with the present where the answers have moved it to, and with the ids and the
    /// extensions that the switches give to the rows.
    pub fn dataset(&self) -> Dataset {
        Dataset::clone(&self.zoom.data())
    }

    /// Serves other data from the next first page on; walks under way keep their rows.
    pub fn replace(&self, dataset: Dataset) {
        let prepared = prepared(dataset, &self.zoom.switches);
        *self.zoom.data.lock().unwrap_or_else(PoisonError::into_inner) = prepared;
    }

    /// Serves until this future is dropped, or the server fails.
    pub async fn closed(mut self) {
        _ = (&mut self.server).await;
    }
}

async fn elsewhere(
    State(zoom): State<Shared>,
    method: Method,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let visit = zoom.traffic.arrive(Asked::Other, method.as_str(), uri.path(), &query);
    visit.leave(Answer::refusal(StatusCode::NOT_FOUND, 2300, "This API endpoint is not recognized."))
}

#[cfg(test)]
#[expect(clippy::disallowed_types, reason = "any client may speak to the sandbox, so its tests do too")]
mod tests;
