use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Ending, complain, help, say};
use crate::domain::text::label;
use crate::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Observed, ReportKind, Sandbox, Switches};

/// Serve the embedded Zoom for any client, with a switch for each open question and fault
///
/// On loopback, until it is stopped (Ctrl-C): the reports of messages, calls and faxes of an account that goes back thirteen months from the
/// present. Each request is a line on standard error: method, path, dates asked for, status.
#[derive(Args)]
#[command(after_long_help = help::SANDBOX)]
pub(super) struct Serve {
    /// Port on 127.0.0.1 (0: a free one)
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// The account's present (2026-11-22T13:00:00Z) [default: now]
    #[arg(long, value_name = "TIME")]
    today: Option<Timestamp>,
    /// Serve this many generated messages of the current month in place of the sample account
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Print its addresses and credentials in JSON, and what each report truly adds up to in the current month (UTC)
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    switches: Switches,
}

impl Serve {
    pub(super) async fn run(self, now: Timestamp) -> Ending {
        let today = self.today.unwrap_or(now);
        let dataset = self.rows.map_or_else(|| Dataset::sample(today), |rows| Dataset::generated(rows, 1, today));
        let sandbox = match Sandbox::start(self.port, dataset, self.switches).await {
            Ok(sandbox) => sandbox,
            Err(error) => {
                complain(&format!(
                    "error: port {} of 127.0.0.1 cannot be served: {error}; give another, or 0",
                    self.port
                ));
                return Ending::Failed;
            }
        };
        sandbox.on_answer(|observed| complain(&line(observed)));
        let (api, token) = (sandbox.api_url(), sandbox.token_url());
        if self.json {
            let place = json!({"api_url": api, "token_url": token, "account_id": ACCOUNT_ID, "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET, "today": today, "truth": truth(&sandbox.dataset())});
            say(&place.to_string());
        } else {
            let program = program();
            let reports = ReportKind::ALL.map(|report| format!("  {api}{}\n", report.path())).concat();
            let as_of = self.today.map_or_else(String::new, |today| format!(" --as-of {today:.0}"));
            say(&format!(
                "The embedded Zoom is served until Ctrl-C:\n\n{reports}\nIn another terminal:\n\n\
                 export ZOOM_API_URL={api}\nexport ZOOM_TOKEN_URL={token}\nexport ZOOM_ACCOUNT_ID={ACCOUNT_ID}\n\
                 export ZOOM_CLIENT_ID={CLIENT_ID}\nexport ZOOM_CLIENT_SECRET={CLIENT_SECRET}\n\
                 export ZOOM_REQUESTS_PER_SECOND=1000\n\
                 {program} init --out policy.toml\n{program} check{as_of}\n\n\
                 It answers only clients on this machine. Requests so far:"
            ));
        }
        tokio::select! {
            () = sandbox.closed() => {
                complain("error: the server failed");
                Ending::Failed
            }
            _ = tokio::signal::ctrl_c() => Ending::Fine,
        }
    }
}

/// What each report truly adds up to, by billing number and currency, from the beginning of the month up to the present: for clients that want
/// to compare their figures.
fn truth(account: &Dataset) -> Value {
    let today = account.today();
    let month = today.to_zoned(TimeZone::UTC).date().first_of_month();
    let Ok(from) = month.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp()) else {
        return Value::Null;
    };
    let report = |report: ReportKind| {
        let sums = account.truth_of(report, from, today).into_iter().map(|((number, currency), truth)| {
            json!({"billing_number": number, "currency": currency, "amount": truth.amount, "count": truth.messages})
        });
        json!({"report": report.name(), "path": report.path(), "array": report.array(),
            "pending": account.pending_of(report, from, today), "sums": sums.collect::<Vec<_>>()})
    };
    json!({"from": from, "to": today, "reports": ReportKind::ALL.map(report)})
}

/// The program as it was called, so that what is printed can be typed.
fn program() -> String {
    let name = std::env::args().next().unwrap_or_default();
    // A path with blanks or quotes would have to be quoted by the rules of a shell that nobody knows.
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "/\\:._-+".contains(c));
    if name.is_empty() || !is_plain { "cost-alerts".to_owned() } else { name }
}

/// `GET /v2/phone/reports/sms_charges from=2026-11-01 to=2026-11-22: 200`
fn line(observed: &Observed) -> String {
    let dates = ["from", "to"]
        .map(|name| observed.parameter(name).map_or_else(String::new, |date| format!(" {name}={}", label(date))));
    let next =
        if observed.parameter("next_page_token").is_some_and(|token| !token.is_empty()) { " next page" } else { "" };
    let status = observed.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    format!("{} {}{}{next}: {status}", observed.method, label(&observed.path), dates.concat())
}
