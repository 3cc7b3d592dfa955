mod view;

use std::collections::BTreeSet;
use std::thread;

use clap::Args;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::fault::Fault;
use super::progress::Progress;
use super::source::{Place, Source};
use super::terminal::Terminal;
use super::{Ending, help, policy, say};
use crate::domain::alert::count;
use crate::domain::policy::Policy;
use crate::domain::replay::{Difference, Moved, Past, Replay as Replayed, Sent, Summary, replay};
use crate::error::{Code, RunError};
use crate::run::Wanted;

/// Alerts of a sort of difference that are named.
const MOST_NAMED: usize = 20;

/// Show what a policy would have sent over the past months, from final figures
///
/// Each day is judged at its end, as a run would have judged it. Final figures are what Zoom lists today; a run of the time may have heard
/// of a charge days later. It is no prediction of the months to come. Against another policy, shows what is new, gone, earlier or later.
#[derive(Args)]
#[command(after_long_help = help::REPLAY)]
pub(super) struct Replay {
    /// The policy: a TOML file, or ssm:NAME [default: policy.toml; with --source demo the sample policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// Show what differs from this policy
    #[arg(long, value_name = "FILE")]
    against: Option<String>,
    /// The first month (2026-03), or day, to judge; what is before is history [default: the first whole month]
    #[arg(long, value_name = "MONTH", value_parser = first_day)]
    since: Option<Date>,
    #[command(flatten)]
    source: Source,
    /// Also list each alert
    #[arg(long)]
    list: bool,
    /// Answer in JSON, each alert included
    #[arg(long)]
    json: bool,
}

/// The first day of a month, or a day.
pub(super) fn first_day(text: &str) -> Result<Date, String> {
    let day = format!("{text}-01").parse().or_else(|_| text.parse::<Date>());
    day.map_err(|_| "write a month such as 2026-03, or a date such as 2026-03-15".to_owned())
}

/// Past days to judge by a policy, and what their names are.
struct Question<'q> {
    past: &'q Past,
    since: Date,
    last: Date,
    policy: &'q Policy,
    against: Option<&'q Policy>,
}

impl Replay {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        match self.replayed(now).await {
            Ok(ending) => ending,
            Err(fault) => fault.end(self.json),
        }
    }

    async fn replayed(&self, now: Timestamp) -> Result<Ending, Fault> {
        let place = self.source.place.clone().unwrap_or(Place::Zoom);
        let Some(policy) = policy::given(self.policy.as_deref(), &place, self.json).await? else {
            return Ok(Ending::Failed);
        };
        let against = match &self.against {
            Some(name) => match policy::given(Some(name), &place, self.json).await? {
                Some(against) => Some(against),
                None => return Ok(Ending::Failed),
            },
            None => None,
        };
        let zone = &policy.time_zone_name;
        if let Some(other) = against.as_ref().filter(|other| other.time_zone_name != *zone) {
            let message = format!(
                "the policies have the time zones {zone:?} and {:?}; replay them with the same time_zone",
                other.time_zone_name
            );
            return Err(Fault::wrong_use(message));
        }
        if place == Place::Zoom {
            let today = policy.time_zone.to_datetime(now).date();
            kept_by_zoom(self.since, today)?;
        }
        let of_both = policy.products.iter().chain(against.iter().flat_map(|against| &against.products));
        let products: Vec<_> = of_both.copied().collect::<BTreeSet<_>>().into_iter().collect();
        let wanted = Wanted { products: &products, ..Wanted::from(&policy) };
        let saved = self.source.load(&place, &wanted, now).await?;
        let mut past = saved.past;
        past.keep_whole_days(saved.until, &policy.time_zone);
        let Some((first, last)) = past.ends() else {
            return Err(RunError::new(Code::ReportIncomplete, "the past has no whole day; try again tomorrow").into());
        };
        let since = match self.since {
            None => first_whole_month(first, last),
            Some(since) if since < first || since > last => {
                return Err(Fault::wrong_use(format!(
                    "--since {since}: the past begins on {first} and ends on {last}; give a month or a day between"
                )));
            }
            Some(since) => since,
        };
        let question = Question { past: &past, since, last, policy: &policy, against: against.as_ref() };
        let (replayed, other) = both(&question)?;
        self.say(&question, &replayed, other.as_ref());
        Ok(Ending::Fine)
    }

    fn say(&self, question: &Question<'_>, replayed: &Replayed, other: Option<&Replayed>) {
        if self.json {
            say(&in_json(question, replayed, other).to_string());
            return;
        }
        let terminal = Terminal::of_output();
        view::lines(question, replayed, &terminal).iter().for_each(|line| say(line));
        if self.list {
            say("");
            replayed.sent.iter().for_each(|sent| say(&format!("  {}", line(sent))));
        }
        if other.is_none() {
            say("\n Against another policy: cost-alerts replay --against old.toml");
        }
        if let Some(other) = other {
            say_difference(&replayed.against(other), self.against.as_deref().unwrap_or_default());
        }
    }
}

/// Zoom's report goes back thirteen months.
pub(super) fn kept_by_zoom(since: Option<Date>, today: Date) -> Result<(), Fault> {
    let oldest = today.saturating_sub(13.months());
    match since.filter(|since| *since < oldest) {
        Some(since) => Err(Fault::wrong_use(format!(
            "--since {since}: Zoom keeps its report for 13 months, back to {oldest}; give a later month, or --source table or a file \
             with the days before"
        ))),
        None => Ok(()),
    }
}

/// The first day of the first whole month, if there is one.
pub(super) fn first_whole_month(first: Date, last: Date) -> Date {
    let next = first.yesterday().unwrap_or(first).last_of_month().tomorrow().unwrap_or(first);
    if next <= last { next } else { first }
}

/// Replays both policies side by side.
fn both(question: &Question<'_>) -> Result<(Replayed, Option<Replayed>), RunError> {
    let Question { past, since, last, policy, against } = *question;
    let failed = |error: jiff::Error| RunError::new(Code::Internal, format!("the past: {error}"));
    let progress = Progress::new("replaying");
    let days = |from: Date, to: Date| from.until(to).map_or(0, |span| u64::from(span.get_days().unsigned_abs()));
    let all = days(since, last);
    let on_day = |day: Date| progress.at(&format!("replaying {day}"), days(since, day), all);
    let (replayed, other) = thread::scope(|scope| {
        let other = against.map(|against| scope.spawn(move || replay(past, against, since, &|_| {})));
        let replayed = replay(past, policy, since, &on_day);
        (replayed, other.map(|other| other.join()))
    });
    progress.end();
    let other = match other {
        Some(Ok(other)) => Some(other.map_err(failed)?),
        Some(Err(_)) => return Err(RunError::new(Code::Internal, "the other policy's replay broke off")),
        None => None,
    };
    Ok((replayed.map_err(failed)?, other))
}

/// `2026-03-17  default  SPIKE: …`
fn line(sent: &Sent) -> String {
    format!("{}  {}  {}", sent.day, sent.alert.receiver, sent.headline)
}

fn say_difference(difference: &Difference<'_>, name: &str) {
    let counts = difference.counts();
    say(&format!(
        "\nAgainst {name}: {} new, {} gone, {} earlier, {} later, {} on the same day.",
        counts.new, counts.gone, counts.earlier, counts.later, counts.unchanged
    ));
    let lists = [("new", &difference.new), ("gone", &difference.gone)];
    for (what, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        named(what, list.iter().map(|sent| line(sent)));
    }
    let lists = [("earlier", &difference.earlier), ("later", &difference.later)];
    for (what, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let moved = |moved: &Moved<'_>| {
            format!("{} ({} {what})", line(moved.sent), count(moved.days.unsigned_abs().into(), "day"))
        };
        named(what, list.iter().map(moved));
    }
}

fn named(what: &str, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(MOST_NAMED);
    lines.take(MOST_NAMED).for_each(|line| say(&format!("  {what:<8}{line}")));
    if more > 0 {
        say(&format!("  {what:<8}and {more} more; --json has them all"));
    }
}

/// All that the tables show, and each alert.
fn in_json(question: &Question<'_>, replayed: &Replayed, other: Option<&Replayed>) -> Value {
    let Question { past, since, last, policy, .. } = question;
    let summaries = replayed.summaries(policy.group_by);
    let mut answer = json!({
        "figures": "final",
        "account": past.account,
        "time_zone": policy.time_zone_name,
        "from": since,
        "to": last,
        "history_days": past.known().range(..*since).count(),
        "unknown_days": replayed.unknown,
        "months": summaries.as_ref().map(|(months, _)| months.iter().map(|month| in_month(month, past, question.policy)).collect::<Vec<_>>()),
        "total": summaries.as_ref().map(|(_, all)| all),
        "alerts": replayed.sent.iter().map(alert).collect::<Vec<_>>(),
    });
    if let (Some(other), Some(answer)) = (other, answer.as_object_mut()) {
        let difference = replayed.against(other);
        let all = |list: &[&Sent]| list.iter().map(|sent| alert(sent)).collect::<Vec<_>>();
        let moved = |list: &[Moved<'_>]| {
            let one =
                |moved: &Moved<'_>| json!({"days": moved.days, "other_day": moved.other, "alert": alert(moved.sent)});
            list.iter().map(one).collect::<Vec<_>>()
        };
        let against = json!({
            "counts": difference.counts(),
            "new": all(&difference.new),
            "gone": all(&difference.gone),
            "earlier": moved(&difference.earlier),
            "later": moved(&difference.later),
        });
        answer.insert("against".to_owned(), against);
    }
    answer
}

/// A month, with what the account spent in it.
fn in_month(month: &Summary, past: &Past, policy: &Policy) -> Value {
    let mut value = serde_json::to_value(month).unwrap_or_default();
    let currencies: BTreeSet<_> = past.cells(policy, month.from, month.to).map(|(line, _)| line.currency).collect();
    let spent: Vec<_> = currencies
        .into_iter()
        .map(|currency| json!({"currency": currency, "amount": view::spent((past, policy), month, currency)}))
        .collect();
    if let Some(members) = value.as_object_mut() {
        members.insert("spent".to_owned(), json!(spent));
    }
    value
}

fn alert(sent: &Sent) -> Value {
    let mut value = serde_json::to_value(&sent.alert).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.insert("day".to_owned(), json!(sent.day));
        members.insert("headline".to_owned(), json!(sent.headline));
        if let Some((_, end)) = sent.spent {
            members.insert("amount_in_the_end".to_owned(), json!(end));
        }
        // Threads of a replay have no topic, and an id is of its topic.
        members.remove("id");
    }
    value
}
