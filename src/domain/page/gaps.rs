//! What the page does not show in full: what was not read, what is silenced, and what no budget covers, each with what to do.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::view::{View, grouped_count, short};
use super::{Completeness, Page, Sign, Statement};
use crate::domain::alert::{Outcome, cause, count, money, on_one};
use crate::domain::charge::Scope;
use crate::domain::coverage::Gap;
use crate::domain::matches::{is_covered, uncovered, unmatched};
use crate::domain::money::Currency;
use crate::domain::product::{Product, Products};
use crate::domain::text::capitalised;
use crate::domain::totals::Sum;
use crate::error::Code;

/// Of each sort, so many are named.
const MOST_NAMED: usize = 5;

/// Puts on the page how much was read, and what is not shown in full.
pub(super) fn add(page: &mut Page, view: &View<'_>) {
    let days: Vec<_> = view.started(&view.month).collect();
    let missing: Vec<_> = days.iter().copied().filter(|day| !view.knows(*day)).collect();
    page.completeness = completeness(&days, &missing, view);
    let mut all = Vec::new();
    all.extend(silenced(view));
    all.extend(not_read(view));
    all.extend(unreadable(view));
    all.extend(unconfirmed(view));
    all.extend(not_covered(view));
    all.extend(matches_nothing(view));
    page.not_in_full = all;
    page.footnotes = footnotes(&days, &missing, view);
}

fn completeness(days: &[Date], missing: &[Date], view: &View<'_>) -> Completeness {
    let (all, known) = (days.len(), days.len() - missing.len());
    let rows = view.story.case.coverage.row_faults.len() as u64;
    let month = view.month.first_day().strftime("%B");
    let lead = format!("{known} of {} read.", count(all as u64, "day"));
    if missing.is_empty() && rows == 0 && view.story.case.coverage.is_whole(view.story.case.policy.all(), &view.month) {
        let text = format!("Every figure of {month} is complete up to the moment above, as far as Zoom has listed it.");
        return Completeness { whole: true, lead, text };
    }
    let mut parts = Vec::new();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "is" } else { "are" };
        parts.push(format!("{} {verb} missing{}", spans(missing), why(view)));
    }
    if rows > 0 {
        parts.push(format!("{} cannot be read", count(rows, "row")));
    }
    let what =
        if parts.is_empty() { format!("A part of the report is missing{}", why(view)) } else { parts.join("; ") };
    Completeness { whole: false, lead, text: format!("{what}. All figures of {month} are at least what is shown.") }
}

/// ` (Zoom answered with errors, ZoomUnavailable)`, if there is one reason.
fn why(view: &View<'_>) -> String {
    let mut reasons: Vec<_> = view.story.case.coverage.gaps.iter().map(reason).collect();
    reasons.dedup();
    match reasons.as_slice() {
        [one] => format!(" ({one})"),
        _ => String::new(),
    }
}

fn reason(gap: &Gap) -> String {
    // Of what was not read, the problem says more than its code.
    if gap.code == Code::ReportIncomplete { short(&gap.problem) } else { cause(gap.code) }
}

/// `2 to 5 and 9 November`, at most some of them.
fn spans(days: &[Date]) -> String {
    let mut spans: Vec<(Date, Date)> = Vec::new();
    for day in days {
        match spans.last_mut() {
            Some((_, last)) if last.saturating_add(1.day()) == *day => *last = *day,
            _ => spans.push((*day, *day)),
        }
    }
    let shown = |(first, last): &(Date, Date)| match (first == last, first.month() == last.month()) {
        (true, _) => first.strftime("%-d %B").to_string(),
        (_, true) => {
            // Two days are no span.
            let until = if last.day() == first.day() + 1 { "and" } else { "to" };
            format!("{} {until} {}", first.day(), last.strftime("%-d %B"))
        }
        _ => format!("{} to {}", first.strftime("%-d %B"), last.strftime("%-d %B")),
    };
    let mut named: Vec<_> = spans.iter().take(MOST_NAMED).map(shown).collect();
    let more = spans.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    match named.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn not_read(view: &View<'_>) -> Vec<Statement> {
    let mut reasons: Vec<(String, Vec<Date>)> = Vec::new();
    for gap in &view.story.case.coverage.gaps {
        let days = gap.dates.from.series(1.day()).take_while(|day| *day <= gap.dates.to.min(view.today));
        match reasons.iter_mut().find(|(known, _)| *known == reason(gap)) {
            Some((_, known)) => known.extend(days),
            None => reasons.push((reason(gap), days.collect())),
        }
    }
    let statement = |(reason, mut days): (String, Vec<Date>)| {
        days.sort();
        days.dedup();
        let lead = if days.is_empty() {
            "The last days, all numbers.".to_owned()
        } else {
            format!("{}, all numbers.", spans(&days))
        };
        let help = if view.story.is_replayed {
            "Read the past again, or load it with cost-alerts backfill."
        } else {
            "The next run reads it again."
        };
        let text = format!(
            "{}. A day that is not known is drawn as a gap, never as zero, and no estimate is made from it. {help}",
            capitalised(&reason)
        );
        Statement { sign: Sign::NotRead, lead, text }
    };
    reasons.into_iter().take(MOST_NAMED).map(statement).collect()
}

fn unreadable(view: &View<'_>) -> Option<Statement> {
    let faults = &view.story.case.coverage.row_faults;
    let first = faults.first()?;
    Some(Statement {
        sign: Sign::NotRead,
        lead: format!("{} of Zoom’s report cannot be read.", count(faults.len() as u64, "row")),
        text: format!(
            "The first is that of message {}: its {}. Give Zoom’s support the message ids; they are in the log.",
            short(&first.message_id),
            first.field
        ),
    })
}

fn unconfirmed(view: &View<'_>) -> Option<Statement> {
    let falls = &view.story.case.coverage.unconfirmed;
    let mut days: Vec<_> = falls.iter().map(|fall| fall.day).collect();
    days.sort();
    days.dedup();
    (!days.is_empty()).then(|| Statement {
        sign: Sign::Plain,
        lead: format!("{}: a figure fell.", spans(&days)),
        text: "Until a later run confirms it, the larger figure counts. There is nothing to do.".to_owned(),
    })
}

fn silenced(view: &View<'_>) -> Vec<Statement> {
    let case = &view.story.case;
    let mut all = Vec::new();
    for silence in case.policy.silences.iter().filter(|silence| silence.is_active(case.as_of)) {
        let until = silence.until.to_zoned(case.policy.time_zone.clone()).date();
        let until = until.strftime("%-d %B");
        let alerts = view
            .story
            .alerts
            .iter()
            .filter(|alert| alert.outcome == Outcome::Silenced && alert.until == Some(silence.until));
        let held = alerts.count() as u64;
        let lead = match held {
            0 => format!("A silence lasts until {until}."),
            1 => format!("1 alert is held back until {until}."),
            held => format!("{held} alerts are held back until {until}."),
        };
        let text = format!(
            "Reason: “{}”. What is still true then is sent then; if it is over before that, end it in the policy.",
            short(&silence.reason)
        );
        all.push(Statement { sign: Sign::Silenced, lead, text });
    }
    all.truncate(MOST_NAMED);
    all
}

fn not_covered(view: &View<'_>) -> Vec<Statement> {
    let case = &view.story.case;
    let is_covered = is_covered(case);
    let statement = |((product, currency), sum): ((Product, Currency), Sum)| {
        let products = Products::One(product);
        let (on, mut lines) = (on_one(products, case), case.totals.figures(products).by_line(&view.month));
        lines.retain(|(line, _)| !is_covered(product, line));
        let who = super::senders::most(&lines, (Scope::Account, case.totals.account(), currency), case.policy.senders);
        let who = who.map_or_else(String::new, |who| format!(" Most by {who}."));
        Statement {
            sign: Sign::NotCovered,
            lead: format!("{currency} {}{on} has no budget.", money(sum.amount, currency, &[])),
            text: format!(
                "{} in all.{who} Add a budget to the policy that covers it.",
                count(sum.messages, product.unit())
            ),
        }
    };
    uncovered(case).into_iter().take(MOST_NAMED).map(statement).collect()
}

fn matches_nothing(view: &View<'_>) -> Option<Statement> {
    let case = &view.story.case;
    let unmatched = unmatched(case.policy, case.totals, case.periods, &view.story.history.matched);
    let names: Vec<_> =
        unmatched.iter().take(MOST_NAMED).map(|unmatched| format!("“{}”", short(unmatched.name))).collect();
    (!names.is_empty()).then(|| Statement {
        sign: Sign::NotCovered,
        lead: format!("{} of the policy never matched.", count(unmatched.len() as u64, "name")),
        text: format!(
            "{}: the `only` names no subject that was ever seen. Correct it, or remove it.",
            names.join(", ")
        ),
    })
}

fn footnotes(days: &[Date], missing: &[Date], view: &View<'_>) -> Vec<String> {
    let case = &view.story.case;
    let numbers: std::collections::HashSet<_> = view.lines.iter().map(|(line, _)| &line.number).collect();
    let counted = view.counted().by_line(&view.month);
    let units: u64 = counted.iter().map(|(_, sum)| sum.messages).sum();
    vec![
        format!(
            "{} of {} known; {} charged on {}",
            days.len() - missing.len(),
            count(days.len() as u64, "day"),
            grouped_count(units, view.product().unit()),
            count(numbers.len() as u64, "number")
        ),
        format!("Days and months turn in {}", case.policy.time_zone_name),
        format!("Zoom may still list charges of the last {}", count(u64::from(case.policy.late_charges_days), "day")),
        "Amounts in different currencies are never added".to_owned(),
        "No recipient is shown, only the company’s own numbers and senders".to_owned(),
    ]
}
