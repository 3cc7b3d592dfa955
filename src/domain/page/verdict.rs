//! The first thing that is read: who is over, who will be, what to do, and whom to ask.

use jiff::ToSpan as _;

use super::alerts::Shown;
use super::budgets::Budget;
use super::view::{SpikeOf, View, grouped_count};
use super::{AccountSum, Page, SentSpike, Sign, Statement, range};
use crate::domain::alert::{a_day, charged, count, days_between, limit, money};
use crate::domain::charge::Scope;
use crate::domain::money::Amount;
use crate::domain::period::{Period, PeriodKind};
use crate::domain::product::Products;
use crate::domain::text::capitalised;

/// Budgets that are named in the verdict's sentence.
const MOST_NAMED: usize = 2;
/// Statements below it.
const MOST_STATEMENTS: usize = 5;
/// A spike is news for so many days.
const NEWS_DAYS: i64 = 7;

/// Puts verdict, statements and the account's sums on the page.
pub(super) fn add(page: &mut Page, budgets: &[Budget<'_>], alerts: &[Shown], view: &View<'_>) {
    let over: Vec<_> = budgets.iter().filter(|budget| budget.is_over()).collect();
    let likely: Vec<_> = budgets.iter().filter(|budget| budget.is_likely).collect();
    let spikes = spikes(view);
    page.verdict = verdict(&over, &likely, &spikes, (budgets.len(), page.completeness.whole), view);
    let mut statements: Vec<_> = over.iter().take(MOST_STATEMENTS).map(|budget| is_over(budget, view)).collect();
    statements.extend(likely.iter().take(MOST_STATEMENTS).map(|budget| will_be_over(budget, view)));
    statements.extend(spikes);
    let more = statements.len().saturating_sub(MOST_STATEMENTS)
        + over.len().saturating_sub(MOST_STATEMENTS)
        + likely.len().saturating_sub(MOST_STATEMENTS);
    statements.truncate(MOST_STATEMENTS);
    page.statements = statements;
    page.rest = rest(page, budgets, alerts, more);
    page.sums = sums(view);
}

fn verdict(
    over: &[&Budget<'_>],
    likely: &[&Budget<'_>],
    spikes: &[Statement],
    (budgets, is_whole): (usize, bool),
    view: &View<'_>,
) -> String {
    let mut parts = Vec::new();
    match over {
        [] => {}
        [one] => parts.push(format!("{} is over its {}budget", whose(one, view), kind(one))),
        [one, other] => parts.push(format!("{} and {} are over their budgets", whose(one, view), whose(other, view))),
        [worst, ..] => parts.push(format!(
            "{} budgets are over, the worst {} at {}%",
            over.len(),
            whose(worst, view),
            worst.row.used
        )),
    }
    match likely {
        [] => {}
        [one] => parts.push(format!(
            "{} will probably be over by {}",
            whose(one, view),
            one.spent.period.last_day().strftime("%-d %B")
        )),
        [one, other] if over.len() <= MOST_NAMED => {
            parts.push(format!("{} and {} will probably be over", whose(one, view), whose(other, view)));
        }
        _ => parts.push(format!(
            "{} {}will probably be over",
            likely.len(),
            if over.is_empty() { "budgets " } else { "more " }
        )),
    }
    if parts.is_empty() {
        return match (spikes.first(), budgets) {
            (Some(spike), _) => format!("No budget is over, but {} {}", spike.lead, spike.text),
            (None, 0) => "No budget applies to what was sent.".to_owned(),
            (None, _) if !is_whole => "No budget is over in the part of the report that could be read.".to_owned(),
            (None, 1) => "The budget is within its limit, and is likely to stay there.".to_owned(),
            (None, all) => format!("All {all} budgets are within their limits."),
        };
    }
    format!("{}.", capitalised(&parts.join("; ")))
}

fn whose(budget: &Budget<'_>, view: &View<'_>) -> String {
    let whose = view.whose(budget.spent.scope, &budget.spent.subject);
    // A name that occurs with several currencies has one in its row.
    if budget.row.who.ends_with(&format!(", in {}", budget.row.currency)) {
        format!("{whose} in {}", budget.row.currency)
    } else {
        whose
    }
}

fn kind(budget: &Budget<'_>) -> &'static str {
    match budget.spent.budget.period {
        PeriodKind::Day => "daily ",
        PeriodKind::Week => "weekly ",
        PeriodKind::Month => "",
    }
}

/// `has spent USD 121.23 of 100`, with a bound where it was read in part.
fn has_spent(budget: &Budget<'_>) -> String {
    let row = &budget.row;
    let bound = if row.at_least { "at least " } else { "" };
    let beside = [row.limit];
    format!(
        "has spent {bound}{} {} of {}",
        row.currency,
        money(row.spent, row.currency, &beside),
        limit(row.limit, row.currency)
    )
}

fn sender(budget: &Budget<'_>, view: &View<'_>) -> Option<String> {
    let spent = budget.spent;
    let (whose, named) = ((spent.scope, &*spent.subject, budget.row.currency), view.story.case.policy.senders);
    if spent.period == view.month {
        return super::senders::most(&view.lines, whose, named);
    }
    let lines = view.story.case.totals.figures(spent.budget.products).by_line(&spent.period);
    super::senders::most(&lines, whose, named)
}

fn is_over(budget: &Budget<'_>, view: &View<'_>) -> Statement {
    let ask = match (budget.row.sign, sender(budget, view)) {
        (Sign::Silenced, _) => "A silence holds the alert back.".to_owned(),
        (_, Some(sender)) => format!("If you did not expect this, ask who spent most: {sender}."),
        (_, None) => {
            let charged = charged(budget.spent.budget.products, &view.story.case);
            format!("If you did not expect this, look at the {charged} in Zoom’s report.")
        }
    };
    Statement { sign: Sign::Over, lead: budget.row.who.clone(), text: format!("{}. {ask}", has_spent(budget)) }
}

fn will_be_over(budget: &Budget<'_>, view: &View<'_>) -> Statement {
    let (row, spent) = (&budget.row, budget.spent);
    let mut text = has_spent(budget);
    if let Some(estimate) = &row.estimate {
        let range = range(estimate, row.currency);
        text += &format!(" and will probably be at {range} by {} (4 chances in 5)", row.by);
    }
    text.push('.');
    let left = days_between(view.today, spent.period.end_day());
    let a_day = a_day(row.limit, spent.sum.amount, left, row.currency);
    text += &format!(" About {} {a_day} a day keeps it within budget.", row.currency);
    Statement { sign: Sign::Likely, lead: row.who.clone(), text }
}

/// The spikes of the last days, the latest first.
fn spikes(view: &View<'_>) -> Vec<Statement> {
    let since = view.today.saturating_sub(NEWS_DAYS.days());
    let recent = view.spikes.iter().rev().filter(|((day, ..), _)| *day >= since);
    let statement = |((day, product, scope, subject, currency), spike): (&SpikeOf, &SentSpike)| {
        let period = Period::of_day(PeriodKind::Day, *day, &view.story.case.policy.time_zone).ok();
        let figures = view.story.case.totals.figures(Products::One(*product));
        let lines = period.map(|period| figures.by_line(&period)).unwrap_or_default();
        let sender = super::senders::most(&lines, (*scope, subject, *currency), view.story.case.policy.senders);
        let by = sender.map_or_else(String::new, |sender| format!(" Most by {sender}."));
        let day = day.strftime("%A, %-d %B");
        let ([sent, _], units) = (product.verbs(), grouped_count(spike.count, product.unit()));
        let text = format!("{sent} {units} on {day}, usually {}.{by}", spike.usual.in_words());
        Statement { sign: Sign::Spike, lead: view.who(*scope, subject), text }
    };
    recent.map(statement).collect()
}

/// What is well, and where the rest is.
fn rest(page: &Page, budgets: &[Budget<'_>], alerts: &[Shown], more: usize) -> String {
    let within = budgets.iter().filter(|budget| !budget.is_over() && !budget.is_likely).count() as u64;
    let held = alerts.iter().filter(|alert| alert.row.sign == Sign::Silenced).count() as u64;
    let sent = alerts.len() as u64 - held;
    let mut parts = Vec::new();
    if more > 0 {
        parts.push(format!("{more} more need a look: see the budgets below."));
    }
    match within {
        0 => {}
        _ if within == budgets.len() as u64 => {}
        1 => parts.push("1 other budget is within its limit.".to_owned()),
        _ => parts.push(format!("{within} other budgets are within their limits.")),
    }
    match (sent, held) {
        (0, 0) => parts.push(format!("No alert in {}.", page.words.month)),
        (sent, 0) => parts.push(format!("{} in {}.", count(sent, "alert"), page.words.month)),
        (sent, held) => parts.push(format!("{} in {}, {held} more held back.", count(sent, "alert"), page.words.month)),
    }
    parts.join(" ")
}

fn sums(view: &View<'_>) -> Vec<AccountSum> {
    let now = view.sums(&view.month, Scope::Account).unwrap_or_default();
    let last = view.last_month();
    let before = view.sums(&last, Scope::Account).filter(|_| view.is_whole(&last));
    let mut sums: Vec<_> = now
        .iter()
        .map(|((account, currency), sum)| {
            let estimate = view.estimate(Scope::Account, account, *currency, sum.amount);
            let last = before
                .as_ref()
                .map(|before| before.get(&(account.clone(), *currency)).map_or(Amount::ZERO, |sum| sum.amount));
            (sum.messages, AccountSum { currency: *currency, spent: sum.amount, last, estimate })
        })
        .collect();
    sums.sort_by_key(|(messages, sum)| (std::cmp::Reverse(*messages), sum.currency));
    sums.into_iter().map(|(_, sum)| sum).collect()
}
