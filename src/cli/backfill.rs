use clap::Args;
use jiff::Timestamp;

use super::{Ending, failed, say, show, variable};
use crate::answer::Answer;
use crate::clients::{Deadline, sdk_config};
use crate::config::Config;
use crate::domain::message::count;
use crate::domain::period::Period;
use crate::error::RunError;
use crate::handler::{Places, Services, backfill, prepare};
use crate::telemetry::Metrics;

/// Loads the settled days of the past thirteen months into a deployment's history, a month after the other, the newest first. Sends
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
        match self.load(now).await {
            Ok(answer) => {
                self.tell(&answer);
                Ending::Fine
            }
            Err(error) => failed(&error, self.json),
        }
    }

    async fn load(&self, now: Timestamp) -> Result<Answer, RunError> {
        let config = Config::read(variable)?;
        let services = Services::deployed(&sdk_config().await, &config)?;
        let places = Places { secret_id: config.secret_id, policy: config.policy, topic_arn: config.topic_arn };
        let spinner = show::spinner("reading Zoom's report");
        let prepared = prepare(&services, &places, Deadline::never()).await?;
        let progress = |month: &Period, page: u64| {
            spinner.set_message(format!("reading Zoom's report of {month}, page {page}"));
        };
        backfill(&services, &prepared, now, Deadline::never(), &mut Metrics::default(), &progress).await
    }

    fn tell(&self, answer: &Answer) {
        if self.json {
            return say(&serde_json::to_string(answer).unwrap_or_default());
        }
        let Some(done) = &answer.backfill else { return };
        let (days, requests) = (count(done.days, "day"), count(answer.requests, "request"));
        let since = done.since.strftime("%-d %B %Y");
        say(&format!(
            "The history holds {days}, since {since}; {} of them were read now, with {requests}.",
            done.days_read
        ));
    }
}
