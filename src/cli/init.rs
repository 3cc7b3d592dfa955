use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::fault::Fault;
use super::progress::Progress;
use super::replay::first_whole_month;
use super::source::{Place, Source, zone_of};
use super::terminal::Terminal;
use super::whole::{self, WholeFile};
use super::{Ending, complain, help, say, show};
use crate::domain::alert::count;
use crate::domain::policy::GroupBy;
use crate::domain::product::Product;
use crate::domain::suggest::{SuggestFault, Suggestion, promise, suggest};
use crate::error::{Code, RunError};
use crate::run::Wanted;

/// Charges may be listed so many days late, as in a policy that does not say so.
pub(super) const LATE_CHARGES_DAYS: u32 = 3;

/// Propose a policy from the past months that keeps to a number of alerts a year
///
/// Every currency is covered, the largest departments and numbers get budgets of their own by name, as many as so few alerts allow, and
/// forecasts and spikes are watched where there is history. Expect at most so many alerts a year, all kinds and subjects together, in 8
/// years of 10. What the policy would have sent over the past is shown too; that is no prediction. The policy goes to standard output, or to
/// --out, and all else to standard error.
#[derive(Args)]
#[command(after_long_help = help::INIT)]
pub(super) struct Init {
    /// The most alerts a year, 1 to 1000
    #[arg(long, value_name = "K", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    alerts_a_year: u32,
    /// Where days and months turn, such as America/New_York [default: the zone of the past; with --source zoom UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[command(flatten)]
    source: Source,
    /// Write the policy into this file; - is standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(long, requires = "out")]
    force: bool,
    /// Answer in JSON, the policy included
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        match self.proposed(now).await {
            Ok(()) => Ending::Fine,
            Err(fault) => fault.end(self.json),
        }
    }

    /// `-` is standard output, as without it.
    fn file(&self) -> Option<&Path> {
        self.out.as_deref().filter(|path| *path != Path::new("-"))
    }

    async fn proposed(&self, now: Timestamp) -> Result<(), Fault> {
        self.file().map_or(Ok(()), |path| WholeFile::look(path, self.force))?;
        let place = self.source.place.clone().unwrap_or(Place::Zoom);
        let zone = self.time_zone.as_deref();
        zone.map(zone_of).transpose()?;
        let wanted = Wanted { zone, late_charges_days: LATE_CHARGES_DAYS, products: &[Product::Sms] };
        let saved = self.source.load(&place, &wanted, now).await?;
        let mut past = saved.past;
        past.keep_whole_days(saved.until, &zone_of(&past.zone)?);
        let since = past.ends().map(|(first, last)| first_whole_month(first, last)).unwrap_or_default();
        let progress = Progress::new("choosing budgets");
        let on_try = |number: i32| progress.at(&format!("choosing budgets, try {number}"), 0, 0);
        let suggestion = suggest(&past, self.alerts_a_year, since, &on_try);
        progress.end();
        let suggestion = suggestion.map_err(|fault| match fault {
            SuggestFault::TooShort(_) | SuggestFault::NothingCharged => {
                RunError::new(Code::ReportIncomplete, fault.to_string())
            }
            SuggestFault::Calendar(_) | SuggestFault::Invalid(_) => RunError::new(Code::Internal, fault.to_string()),
        })?;
        if let Some(path) = self.file() {
            whole::write(path, suggestion.document.as_bytes(), self.force)?;
        }
        self.say(&suggestion);
        Ok(())
    }

    /// The policy goes to standard output alone, so that it can be piped.
    fn say(&self, suggestion: &Suggestion) {
        let Suggestion { document, replay, policy, .. } = suggestion;
        let summaries = replay.summaries(GroupBy::Run);
        if self.json {
            let (from, to) = replay.days.unzip();
            let answer = json!({
                "policy": document,
                "alerts_a_year": self.alerts_a_year,
                "confidence": "8 years of 10",
                "replay": {"figures": "final", "from": from, "to": to, "unknown_days": replay.unknown,
                    "months": summaries.as_ref().map(|(months, _)| months), "total": summaries.as_ref().map(|(_, all)| all)},
            });
            say(&answer.to_string());
            return;
        }
        let explain = if self.file().is_some() { say } else { complain };
        let terminal = if self.file().is_some() { Terminal::of_output() } else { Terminal::of_errors() };
        let (budgets, spikes) = (policy.budgets.len() as u64, policy.spikes.len() as u64);
        let watches = match spikes {
            0 => String::new(),
            1 => " and 1 spike watch".to_owned(),
            spikes => format!(" and {spikes} spike watches"),
        };
        let past = summaries.as_ref().map_or_else(String::new, |(months, all)| {
            let months = count(months.len() as u64, "month");
            format!(" On your past {months} they would have sent {}, from final figures.", count(all.alerts, "alert"))
        });
        let verdict = format!("{}{watches}.{past}", count(budgets, "budget"));
        terminal.prose(&verdict).iter().for_each(|line| explain(line));
        terminal.prose(&promise(self.alerts_a_year)).iter().for_each(|line| explain(line));
        explain("");
        show::budgets(policy, &terminal).iter().for_each(|line| explain(line));
        if let Some((_, all)) = summaries.as_ref().filter(|(_, all)| all.alerts > 0) {
            explain("");
            show::summary(all, &terminal).iter().for_each(|line| explain(line));
        }
        explain("");
        match self.file() {
            Some(path) => say(&format!(" Written to {}. Next: cost-alerts check --policy {0}", whole::shown(path))),
            None => {
                explain(" Next: cost-alerts check --policy FILE, with the file that you keep this in");
                say(document.trim_end());
            }
        }
    }
}
