use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{Ending, complain, say};
use crate::sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Sandbox, Switches};

/// Serves the embedded Zoom on loopback until it is stopped (Ctrl-C). Its account has sent for thirteen months up to the present.
#[derive(Args)]
pub(super) struct Serve {
    /// Port on 127.0.0.1 (0: a free one)
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// The account's present (2026-11-22T13:00:00Z) [default: now]
    #[arg(long, value_name = "TIME")]
    today: Option<Timestamp>,
    /// Serve this many generated rows of the current month in place of the sample account
    #[arg(long, value_name = "N")]
    rows: Option<usize>,
    /// Print its addresses and credentials in JSON
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
        let (api, token) = (sandbox.api_url(), sandbox.token_url());
        if self.json {
            let place = json!({"api_url": api, "token_url": token, "account_id": ACCOUNT_ID, "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET, "today": today});
            say(&place.to_string());
        } else {
            say(&format!(
                "The embedded Zoom is served until Ctrl-C. In another terminal:\n\n\
                 export ZOOM_API_URL={api}\nexport ZOOM_TOKEN_URL={token}\nexport ZOOM_ACCOUNT_ID={ACCOUNT_ID}\n\
                 export ZOOM_CLIENT_ID={CLIENT_ID}\nexport ZOOM_CLIENT_SECRET={CLIENT_SECRET}\n\
                 cargo run -- check --policy events/policy.toml --as-of {today:.0}\n"
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
