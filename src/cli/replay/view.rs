//! A replay as people read it: how loud the policy is, a line a month, and what stands out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Question;
use crate::cli::show;
use crate::cli::table::{Cell, Column, Table};
use crate::cli::terminal::Terminal;
use crate::domain::alert::{Kind, Severity, count, money};
use crate::domain::money::{Amount, Currency};
use crate::domain::policy::{GroupBy, Policy};
use crate::domain::replay::{Past, Replay, Sent, Summary};

/// The longest bar.
const BAR: u32 = 8;
/// Forecasts that are named.
const MOST_NAMED: usize = 3;

/// What each receiver would have got, what rests on what, and a line a month.
pub(super) fn lines(question: &Question<'_>, replayed: &Replay, terminal: &Terminal) -> Vec<String> {
    let Some((months, all)) = replayed.summaries(question.policy.group_by) else { return Vec::new() };
    let mut lines = terminal.prose(&verdict(replayed, &months, question.policy.group_by));
    lines.extend(terminal.prose(&basis(question, replayed)));
    lines.push(String::new());
    lines.extend(table(question, replayed, &months, terminal));
    let parts = standing_out(question, replayed, &months);
    if !parts.is_empty() {
        lines.push(String::new());
        lines.extend(terminal.labelled(&parts));
    }
    if all.alerts > 0 {
        lines.push(String::new());
        lines.extend(show::summary(&all, terminal));
        lines.extend(terminal.prose(
            "Of several alerts of one subject and period, the first counts for what was spent at it, and after it until the period's end. \
             Lines are not to be added up: a number's money is its department's and the account's too.",
        ));
    }
    lines
}

/// `On the past 13 months this policy would have sent 31 messages: 20 to default, 7 to marketing, 4 to support.`
fn verdict(replayed: &Replay, months: &[Summary], group_by: GroupBy) -> String {
    let past = if months.len() == 1 { "month".to_owned() } else { format!("{} months", months.len()) };
    let by_receiver = messages(replayed.sent.iter(), group_by);
    let all: u64 = by_receiver.values().sum();
    let sent = match by_receiver.len() {
        0 => "nothing".to_owned(),
        1 => format!("{} to {}", count(all, "message"), by_receiver.keys().next().map_or("", |name| &**name)),
        _ => {
            let each: Vec<_> = by_receiver.iter().map(|(receiver, sent)| format!("{sent} to {receiver}")).collect();
            format!("{}: {}", count(all, "message"), each.join(", "))
        }
    };
    format!("On the past {past} this policy would have sent {sent}. Final figures; not a forecast of the future.")
}

/// Messages by receiver, if none had to be split.
fn messages<'s>(sent: impl Iterator<Item = &'s Sent>, group_by: GroupBy) -> BTreeMap<Arc<str>, u64> {
    let mut messages = BTreeMap::<Arc<str>, BTreeSet<(Date, u64)>>::new();
    for (index, sent) in (0_u64..).zip(sent) {
        let index = if group_by == GroupBy::Run { 0 } else { index };
        messages.entry(Arc::clone(&sent.alert.receiver)).or_default().insert((sent.day, index));
    }
    messages.into_iter().map(|(receiver, messages)| (receiver, messages.len() as u64)).collect()
}

fn basis(question: &Question<'_>, replayed: &Replay) -> String {
    let Question { past, since, last, policy, .. } = question;
    let unknown = match replayed.unknown {
        0 => String::new(),
        days => format!(" {} between are not known.", count(days.into(), "day")),
    };
    let history = past.known().range(..*since).count() as u64;
    let history =
        if history > 0 { format!(", with {} before as history", count(history, "day")) } else { String::new() };
    format!(
        "Each day from {} to {} was judged at its end in {}{history}.{unknown} A run at that time may have seen a charge some days later.",
        since.strftime("%-d %B %Y"),
        last.strftime("%-d %B %Y"),
        policy.time_zone_name,
    )
}

fn table(question: &Question<'_>, replayed: &Replay, months: &[Summary], terminal: &Terminal) -> Vec<String> {
    let currency = main_currency(question.past, question.policy);
    let most = months.iter().map(|month| month.messages).max().unwrap_or_default();
    let receivers: BTreeSet<_> = replayed.sent.iter().map(|sent| &sent.alert.receiver).collect();
    let receivers: Vec<_> = if receivers.len() > 1 { receivers.into_iter().collect() } else { Vec::new() };
    let table = |with_kinds: bool, with_receivers: bool, with_money: bool| {
        let kinds = ["Over", "Forecast", "Spike", "Levels", "Other"].into_iter().filter(|_| with_kinds);
        let names = receivers.iter().filter(|_| with_receivers).map(|name| name.as_ref());
        let mut columns = vec![Column::Left("Month"), Column::Left("Messages")];
        let money_heading = with_money.then_some("Spent");
        columns.extend(kinds.chain(names).chain(money_heading).map(Column::Right));
        let mut year = None;
        let rows = months.iter().map(|month| {
            let of_month: Vec<_> =
                replayed.sent.iter().filter(|sent| (month.from..=month.to).contains(&sent.day)).collect();
            let name = month.from.strftime(if year == Some(month.from.year()) { "%b" } else { "%b %Y" }).to_string();
            year = Some(month.from.year());
            let bar = terminal.bar(Decimal::from(month.messages), Decimal::from(most.max(1)), BAR);
            let number = |count: u64| if count == 0 { terminal.nothing().to_owned() } else { count.to_string() };
            let messages = if month.messages == 0 { number(0) } else { format!("{bar} {}", month.messages) };
            let mut row: Vec<Cell> = vec![name.into(), messages.into()];
            if with_kinds {
                row.extend(by_kind(&of_month).map(|count| Cell::from(number(count))));
            }
            let by_receiver = self::messages(of_month.iter().copied(), question.policy.group_by);
            let of_receivers = receivers.iter().filter(|_| with_receivers);
            let of_receivers = of_receivers.map(|name| by_receiver.get(*name).copied().unwrap_or_default());
            row.extend(of_receivers.map(|count| Cell::from(number(count))));
            let spent = currency.map_or_else(String::new, |currency| {
                let spent = spent((question.past, question.policy), month, currency);
                format!("{currency} {}", money(spent, currency, &[]))
            });
            row.extend(with_money.then(|| Cell::from(spent)));
            row
        });
        Table::new(&columns, rows.collect::<Vec<_>>())
    };
    let forms =
        [(true, true, true), (true, false, true), (true, false, false), (false, true, true), (false, false, true)];
    let tables = forms.map(|(kinds, receivers, money)| table(kinds, receivers, money));
    let fitting = tables.iter().find(|table| table.fits(terminal)).or(tables.last());
    fitting.map(|table| table.lines(terminal)).unwrap_or_default()
}

/// Alerts of a budget that is over, forecasts, spikes, levels below that, and all else.
fn by_kind(sent: &[&Sent]) -> [u64; 5] {
    let mut counts = [0; 5];
    let [over, forecasts, spikes, levels, other] = &mut counts;
    for sent in sent {
        let of_kind = match (sent.alert.kind, sent.alert.severity) {
            (Kind::Budget, Severity::Over) => &mut *over,
            (Kind::Budget, _) => &mut *levels,
            (Kind::Forecast, _) => &mut *forecasts,
            (Kind::Spike, _) => &mut *spikes,
            _ => &mut *other,
        };
        *of_kind += 1;
    }
    counts
}

/// The currency of most messages: others are in `--json`, since they are not added up.
fn main_currency(past: &Past, policy: &Policy) -> Option<Currency> {
    let mut messages = BTreeMap::<Currency, u64>::new();
    for (line, sum) in past.cells(policy, Date::MIN, Date::MAX) {
        *messages.entry(line.currency).or_default() += sum.messages;
    }
    messages.into_iter().max_by_key(|(_, messages)| *messages).map(|(currency, _)| currency)
}

/// What the account spent in a month, as far as it was judged, on what the policy reads.
pub(super) fn spent((past, policy): (&Past, &Policy), month: &Summary, currency: Currency) -> Amount {
    let amounts = past
        .cells(policy, month.from, month.to)
        .filter(|(line, _)| line.currency == currency)
        .map(|(_, sum)| sum.amount);
    amounts.fold(Amount::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(sum))
}

/// The loudest month, forecasts, and the money of the budget that was overspent most.
fn standing_out(question: &Question<'_>, replayed: &Replay, months: &[Summary]) -> Vec<(&'static str, String)> {
    let mut parts = Vec::new();
    let worst = months.iter().max_by_key(|month| month.messages).filter(|month| month.messages > 0);
    parts.extend(worst.filter(|_| months.len() > 1).map(|month| {
        ("Worst month", format!("{}: {}", show::month(month, question.last), count(month.messages, "message")))
    }));
    let forecasts = replayed.sent.iter().rev().filter(|sent| sent.alert.kind == Kind::Forecast);
    for sent in forecasts.take(MOST_NAMED) {
        let (end, currency, level) = (sent.spent.map(|(_, end)| end), sent.alert.currency, sent.alert.threshold);
        let is_open = is_open(question, sent);
        let ended = end.zip(currency).map_or_else(String::new, |(end, currency)| {
            let (what, end) = (if is_open { "it is" } else { "it ended at" }, money(end, currency, &[]));
            format!("; {what} {currency} {end}{}", if is_open { " so far" } else { "" })
        });
        let headline = sent.headline.trim_start_matches("FORECAST: ");
        let is_reached = end.zip(level).is_some_and(|(end, level)| end >= level);
        let what = match (is_reached, is_open) {
            (true, _) => "Warned early",
            (false, true) => "Forecast",
            (false, false) => "Not reached",
        };
        parts.push((what, format!("{}: {headline}{ended}", sent.day.strftime("%-d %B %Y"))));
    }
    parts.extend(of_the_worst(question, replayed).map(|text| ("Money", text)));
    parts
}

/// Whether the past ends before the month of an alert.
fn is_open(question: &Question<'_>, sent: &Sent) -> bool {
    let last = question.last;
    last < last.last_of_month() && sent.alert.period.as_deref() == Some(&last.strftime("%Y-%m").to_string())
}

/// `Marketing +12025550187: USD 56.96 on the day of the first alert, 110.71 when over, 121.23 so far`
fn of_the_worst(question: &Question<'_>, replayed: &Replay) -> Option<String> {
    let is_over = |sent: &&Sent| sent.alert.kind == Kind::Budget && sent.alert.severity == Severity::Over;
    let over = replayed.sent.iter().filter(is_over);
    let worst = over.max_by_key(|sent| {
        let limit = sent.alert.threshold.map(Amount::decimal).unwrap_or_default();
        let end = sent.spent.map(|(_, end)| end.decimal()).unwrap_or_default();
        (end.checked_div(limit).unwrap_or_default(), sent.day)
    })?;
    let (at_over, end) = worst.spent?;
    let currency = worst.alert.currency?;
    let of_it = replayed.sent.iter().filter(|sent| sent.key == worst.key);
    let (first, _) = of_it.min_by_key(|sent| sent.day)?.spent?;
    let who = worst.alert.scope?.of(worst.alert.subject.as_deref().unwrap_or_default());
    let period = worst.alert.period.as_deref().unwrap_or_default();
    let [first, at_over, end] = [first, at_over, end].map(|amount| money(amount, currency, &[]));
    let is_open = is_open(question, worst);
    let first = if first == at_over { String::new() } else { format!("{first} on the day of the first alert, ") };
    Some(format!(
        "{who} in {period}: {currency} {first}{at_over} when over, {end} {}",
        if is_open { "so far" } else { "in the end" }
    ))
}
