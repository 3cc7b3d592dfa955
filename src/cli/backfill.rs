use clap::Args;
use jiff::Timestamp;

use super::{Ending, failed, say, show, variable};
use crate::clients::{Deadline, sdk_config};
use crate::config::Config;
use crate::domain::alert::count;
use crate::domain::period::Period;
use crate::error::RunError;
use crate::response::{Backfill as Done, Backfilled};
use crate::run::{Places, Services, backfill, prepare};
use crate::telemetry::Metrics;

/// Loads the settled days of the past thirteen months into a deployment's daybook, a month after the other, the newest first. Sends
/// nothing. Makes 7,500 requests at most; run it again, on the same day or another, and it goes on from there.
///
/// Set the function's variables (ZOOM_SECRET_ID, ALERT_TOPIC_ARN, LEDGER_TABLE, POLICY, …) and AWS credentials that may do what the
/// function does. Exit code: 0 all is loaded, 1 some is missing.
#[derive(Args)]
pub(super) struct Backfill {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Backfill {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let mut metrics = Metrics::default();
        match self.load(now, &mut metrics).await {
            Ok(done) => self.say(done, metrics.requests),
            Err(error) => failed(&error, self.json),
        }
    }

    async fn load(&self, now: Timestamp, metrics: &mut Metrics) -> Result<Done, RunError> {
        let config = Config::read(variable)?;
        let services = Services::deployed(&sdk_config().await, &config)?;
        let places = Places::of(&config);
        let spinner = show::spinner("reading Zoom's report");
        let prepared = prepare(&services, &places, Deadline::never()).await?;
        let progress = |month: &Period, page: u64| {
            spinner.set_message(format!("reading Zoom's report of {month}, page {page}"));
        };
        backfill(&services, &prepared, now, Deadline::never(), metrics, &progress).await
    }

    fn say(&self, done: Done, requests: u64) -> Ending {
        let ending = if done.finished { Ending::Fine } else { Ending::Failed };
        if self.json {
            say(&serde_json::json!(Backfilled { backfill: done }).to_string());
            return ending;
        }
        let (days, requests) = (count(done.days, "day"), count(requests, "request"));
        let since = done.since.map_or_else(String::new, |since| format!(" since {}", since.strftime("%-d %B %Y")));
        say(&format!("The daybook holds {days}{since}; {} of them were read now, with {requests}.", done.days_read));
        if !done.finished {
            say("Not all is loaded: today's share of Zoom's daily limit is used up. Run it again tomorrow.");
        }
        ending
    }
}
