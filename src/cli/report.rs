use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;

use super::fault::Fault;
use super::progress::Progress;
use super::source::{Place, Source};
use super::whole::{self, WholeFile};
use super::{Ending, complain, help, policy, say, variable};
use crate::clients::ledger::Ledger;
use crate::clients::sdk_config;
use crate::daybook::Saved;
use crate::domain::page::{Page, Sent};
use crate::domain::period::start_of;
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use crate::page::{Theme, document, widget};
use crate::run::Wanted;

/// Draw the running month and the twelve before it: one HTML page with charts, to open in a browser or to send
///
/// It shows budgets with their forecasts, the month to date, days with spikes, thirteen months by department and number, and who sent it.
///
/// The page is one file that needs no network and no script; it can be mailed, printed and archived. With --source table, alerts are those
/// that were sent; another past keeps no record of that, and they are those that the policy would have sent, from final figures.
#[derive(Args)]
#[command(after_long_help = help::REPORT)]
pub(super) struct Report {
    /// Write to this file; - is standard output [default: report.html on a terminal, else standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// The policy: a TOML file, or ssm:NAME [default: policy.toml; with --source demo the sample policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    #[command(flatten)]
    source: Source,
    /// Write what the page shows in JSON, in place of HTML
    #[arg(long)]
    json: bool,
    /// Write a part for another page, in these colours, in place of a page of its own: what the console's dashboard shows
    #[arg(long, value_name = "light|dark", value_parser = theme, conflicts_with = "json")]
    embed: Option<Theme>,
    /// How wide its place is, in CSS pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 1_200, requires = "embed")]
    width: u32,
}

fn theme(text: &str) -> Result<Theme, String> {
    match text {
        "light" => Ok(Theme::Light),
        "dark" => Ok(Theme::Dark),
        _ => Err("write light or dark".to_owned()),
    }
}

/// What a deployment has sent in the month of the past's last day.
async fn sent(saved: &Saved, policy: &Policy) -> Result<Vec<Sent>, Fault> {
    let (zone, table) = (&policy.time_zone, variable("LEDGER_TABLE").unwrap_or_default());
    let last = saved.past.ends().map_or(Date::MIN, |(_, last)| last);
    let from = start_of(last.first_of_month(), zone).unwrap_or(Timestamp::MIN);
    let ledger = Ledger::table(&sdk_config().await, &table);
    let messages = ledger.messages(&saved.past.account, (from, Timestamp::MAX)).await;
    let messages = messages.map_err(|error| RunError::new(Code::LedgerUnavailable, error.to_string()))?;
    Ok(messages.iter().flat_map(Sent::of_message).collect())
}

/// Where the page goes.
enum Out {
    Standard,
    File(PathBuf),
}

impl Report {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        match self.written(now).await {
            Ok(ending) => ending,
            Err(fault) => fault.end(self.json),
        }
    }

    async fn written(&self, now: Timestamp) -> Result<Ending, Fault> {
        let out = self.out()?;
        let place = self.source.place.clone().unwrap_or(Place::Zoom);
        let Some(policy) = policy::given(self.policy.as_deref(), &place, self.json).await? else {
            return Ok(Ending::Failed);
        };
        let saved = self.source.load(&place, &Wanted::from(&policy), now).await?;
        let sent = if place == Place::Table { Some(sent(&saved, &policy).await?) } else { None };
        let progress = Progress::new("drawing the report");
        let failed = |error: jiff::Error| RunError::new(Code::Internal, format!("the past: {error}"));
        let page = Page::of_past(&saved.past, saved.until, &policy, sent).map_err(failed)?;
        let Some(page) = page else {
            return Err(RunError::new(Code::ReportIncomplete, "the past has no day to show").into());
        };
        let text = match self.embed {
            Some(theme) => widget(&page, theme, self.width),
            None if self.json => serde_json::to_string(&page).unwrap_or_default(),
            None => document(&page),
        };
        progress.end();
        match &out {
            Out::Standard => say(&text),
            Out::File(path) => {
                whole::write(path, text.as_bytes(), self.force)?;
                complain(&format!(
                    "The report is in {} ({} kB). Open it in a browser.",
                    whole::shown(path),
                    text.len().div_ceil(1_000)
                ));
            }
        }
        Ok(Ending::Fine)
    }

    /// Looks before the report is read, which takes minutes, whether the page can be written at all.
    fn out(&self) -> Result<Out, Fault> {
        let path = match &self.out {
            Some(path) if path == Path::new("-") => return Ok(Out::Standard),
            Some(path) => path.clone(),
            None if !std::io::stdout().is_terminal() => return Ok(Out::Standard),
            None => PathBuf::from(if self.json { "report.json" } else { "report.html" }),
        };
        WholeFile::look(&path, self.force)?;
        Ok(Out::File(path))
    }
}
