use clap::Args;
use jiff::Timestamp;

use super::fault::Fault;
use super::progress::{Progress, Steps, months};
use super::{Ending, help, policy, say, variable};
use crate::clients::{Deadline, sdk_config};
use crate::config::Config;
use crate::domain::alert::count;
use crate::domain::period::Period;
use crate::response::{Backfill as Done, Backfilled};
use crate::run::{Places, Services, backfill, prepare};
use crate::telemetry::Metrics;

/// Load the past months into a deployment's daybook
///
/// The settled days of the past thirteen months, a month after the other, the newest first. Sends nothing. Makes 7,500 requests at most; run
/// it again, on the same day or another, and it goes on from there. Needs AWS credentials that may do what the function does.
#[derive(Args)]
#[command(after_long_help = help::BACKFILL)]
pub(super) struct Backfill {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Backfill {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let mut metrics = Metrics::default();
        match self.load(now, &mut metrics).await {
            Ok(Some((done, reports))) => self.say(done, reports, metrics.requests),
            Ok(None) => Ending::Failed,
            Err(fault) => fault.end(self.json),
        }
    }

    /// What was done, of how many reports; `None` if the faults of the policy were shown.
    async fn load(&self, now: Timestamp, metrics: &mut Metrics) -> Result<Option<(Done, usize)>, Fault> {
        let config = Config::read(variable)?;
        if !policy::is_sound(&config.policy.to_string(), &config.policy, self.json)? {
            return Ok(None);
        }
        let services = Services::deployed(&sdk_config().await, &config)?;
        let places = Places::of(&config);
        let progress = Progress::new("reading Zoom's report");
        let prepared = prepare(&services, &places, Deadline::never()).await?;
        let (months, all) = (Steps::default(), months(&prepared.policy.products));
        let on_page = |month: &Period, page: u64| {
            let month = month.to_string();
            let done = months.before(&month);
            progress.at(&format!("reading Zoom's report of {month}, page {page}"), done, all);
        };
        let done = backfill(&services, &prepared, now, Deadline::never(), metrics, &on_page).await;
        progress.end();
        Ok(Some((done?, prepared.policy.products.len())))
    }

    fn say(&self, done: Done, reports: usize, requests: u64) -> Ending {
        let ending = if done.finished { Ending::Fine } else { Ending::Failed };
        if self.json {
            say(&serde_json::json!(Backfilled { backfill: done }).to_string());
            return ending;
        }
        let (days, requests) = (count(done.days, "day"), count(requests, "request"));
        // A civil day counts once for each report.
        let days = if reports > 1 { format!("{days} of {reports} reports") } else { days };
        let since = done.since.map_or_else(String::new, |since| format!(" since {}", since.strftime("%-d %B %Y")));
        say(&format!("The daybook holds {days}{since}; {} of them were read now, with {requests}.", done.days_read));
        if !done.finished {
            say("Not all is loaded: today's share of Zoom's daily limit is used up. Run it again tomorrow.");
        }
        ending
    }
}
