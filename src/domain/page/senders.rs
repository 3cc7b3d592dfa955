//! Who sent it: the company's own extensions, and numbers where no extension is known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::view::{View, percent, short};
use super::{Page, Sender, SenderGroup};
use crate::domain::alert::money;
use crate::domain::charge::{FOLDED, Line, NONE, Scope};
use crate::domain::money::{Amount, Currency};
use crate::domain::policy::Senders;
use crate::domain::totals::Sum;

/// Senders of a currency that stand for themselves.
const MOST_SENDERS: usize = 20;
/// Currencies whose senders are shown, those with most messages first.
const MOST_CURRENCIES: usize = 5;
/// Numbers of a sender that are named.
const MOST_NUMBERS: usize = 3;

/// What one extension, or one number, has spent in a currency.
#[derive(Default)]
struct Sent<'a> {
    now: Sum,
    last: Amount,
    /// The name of the extension that sent most under it.
    name: Option<(&'a str, u64)>,
    numbers: BTreeSet<&'a str>,
}

/// An extension, or a number where none is known.
type Who<'a> = (bool, &'a str);

/// Puts the senders on the page, as far as the policy lets them be named.
pub(super) fn add(page: &mut Page, view: &View<'_>) {
    let named = view.story.case.policy.senders;
    if named == Senders::None {
        return;
    }
    let mut sent = BTreeMap::<Currency, HashMap<Who<'_>, Sent<'_>>>::new();
    for (line, sum) in &view.lines {
        let of = sent.entry(line.currency).or_default().entry(who(line)).or_default();
        of.now.add(*sum);
        if is_text(&line.number) {
            of.numbers.insert(&line.number);
        }
        if named == Senders::Name && is_text(&line.name) && of.name.is_none_or(|(_, messages)| sum.messages > messages)
        {
            of.name = Some((&line.name, sum.messages));
        }
    }
    for (line, sum) in &view.last_lines {
        if let Some(of) = sent.get_mut(&line.currency).and_then(|of_currency| of_currency.get_mut(&who(line))) {
            super::view::add(&mut of.last, sum.amount);
        }
    }
    let mut groups: Vec<_> = sent.into_iter().map(|(currency, senders)| group(currency, senders, view)).collect();
    groups.sort_by_key(|(messages, group)| (std::cmp::Reverse(*messages), group.currency));
    page.senders = groups.into_iter().take(MOST_CURRENCIES).map(|(_, group)| group).collect();
    page.words.senders = match page.senders.first().and_then(|group| Some((group, group.senders.first()?))) {
        Some((group, Sender { name, share: Some(share), .. })) if *share > 0 => {
            let part = if view.is_whole(&view.month) { "" } else { ", in what was read" };
            format!("Who sent it: {name}, {share}% of {}{part}", group.currency)
        }
        _ => "Who sent it".to_owned(),
    };
}

/// Whether a text says something: one that is missing or folded says nothing.
fn is_text(text: &str) -> bool {
    ![NONE, FOLDED].contains(&text)
}

fn who(line: &Line) -> Who<'_> {
    if is_text(&line.extension) { (true, &line.extension) } else { (false, &line.number) }
}

fn group<'a>(currency: Currency, senders: HashMap<Who<'a>, Sent<'a>>, view: &View<'a>) -> (u64, SenderGroup) {
    let mut senders: Vec<_> = senders.into_iter().collect();
    senders.sort_by(|(a, sent), (b, other)| other.now.amount.cmp(&sent.now.amount).then_with(|| a.cmp(b)));
    let mut whole = Sum::default();
    senders.iter().for_each(|(_, sent)| whole.add(sent.now));
    let (shown, rest) = senders.split_at(senders.len().min(MOST_SENDERS));
    let knows_last = view.is_whole(&view.last_month());
    // Minutes and pages are not added.
    let is_counted = !view.story.case.policy.names_products();
    let sender = |(who, sent): &(Who<'a>, Sent<'a>)| sender(*who, sent, whole.amount, (knows_last, is_counted));
    let mut more = Amount::ZERO;
    rest.iter().for_each(|(_, sent)| super::view::add(&mut more, sent.now.amount));
    let more = (!rest.is_empty()).then_some((rest.len() as u64, more));
    (whole.messages, SenderGroup { currency, spent: whole.amount, senders: shown.iter().map(sender).collect(), more })
}

fn sender(
    (is_extension, who): Who<'_>,
    sent: &Sent<'_>,
    whole: Amount,
    (knows_last, is_counted): (bool, bool),
) -> Sender {
    let mut numbers: Vec<_> = sent.numbers.iter().take(MOST_NUMBERS).map(|number| short(number)).collect();
    let more = sent.numbers.len().saturating_sub(MOST_NUMBERS);
    if more > 0 {
        numbers.push(format!("and {more} more"));
    }
    let name = match (is_extension, sent.name) {
        (true, Some((name, _))) => short(name),
        (true, None) => "Extension".to_owned(),
        (false, _) if !is_text(who) => "Without a number".to_owned(),
        (false, _) => short(who),
    };
    let is_meaningful = whole > Amount::ZERO && !sent.now.amount.is_negative() && sent.now.amount <= whole;
    Sender {
        name,
        extension: is_extension.then(|| short(who)),
        numbers: if is_extension { numbers } else { Vec::new() },
        spent: sent.now.amount,
        last: knows_last.then_some(sent.last),
        share: is_meaningful.then(|| percent(sent.now.amount, whole)),
        messages: is_counted.then_some(sent.now.messages),
    }
}

/// Who sent most of what a subject spent, among these lines: `Campaigns, ext. 1003: USD 98.40`; `None` if the policy names nobody.
pub(super) fn most(
    lines: &[(&Line, Sum)],
    (scope, subject, currency): (Scope, &str, Currency),
    named: Senders,
) -> Option<String> {
    let mut sent = HashMap::<&str, (Amount, &str)>::new();
    for (line, sum) in lines {
        let is_its = line.currency == currency && scope.subject(line).is_none_or(|of| **of == *subject);
        if is_its && is_text(&line.extension) && named != Senders::None {
            let (spent, name) = sent.entry(&line.extension).or_default();
            super::view::add(spent, sum.amount);
            if is_text(&line.name) && named == Senders::Name {
                *name = &line.name;
            }
        }
    }
    let (extension, (spent, name)) = sent.into_iter().max_by(|a, b| a.1.0.cmp(&b.1.0).then_with(|| b.0.cmp(a.0)))?;
    let extension = short(extension);
    let who =
        if name.is_empty() { format!("extension {extension}") } else { format!("{}, ext. {extension}", short(name)) };
    Some(format!("{who}: {currency} {}", money(spent, currency, &[])))
}
