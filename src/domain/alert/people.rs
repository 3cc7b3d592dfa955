//! Who is behind charges, in words.

use super::Facts;
use super::words::money;
use crate::domain::background::Background;
use crate::domain::case::Case;
use crate::domain::charge::{FOLDED, NONE, Scope};
use crate::domain::contributors::{Contributor, ContributorKind, Sender, Whose};
use crate::domain::money::Amount;
use crate::domain::policy::Senders;
use crate::domain::product::{Product, Products};
use crate::domain::text::label;

/// Contributors that a message names.
pub(super) const MOST_CONTRIBUTORS: usize = 5;
/// Those that a line of a chat names.
const MOST_IN_A_LINE: usize = 3;

/// The one department that a billing number belongs to.
fn owner(scope: Scope, top: &[Contributor]) -> Option<String> {
    match top {
        [only] if scope == Scope::BillingNumber && only.kind == ContributorKind::Department => {
            Some(label(&only.name).into_owned())
        }
        _ => None,
    }
}

/// `Marketing +12025550187`, `Campaigns, ext. 1003`, or the subject alone.
pub fn who(scope: Scope, subject: &str, background: &Background, senders: Senders) -> String {
    if scope == Scope::Extension
        && let [sender] = background.senders.as_slice()
    {
        return sender_name(sender, senders);
    }
    let subject = scope.of(&label(subject));
    owner(scope, &background.top).map_or_else(|| subject.clone(), |owner| format!("{owner} {subject}"))
}

/// `Marketing's number +12025550187`, or as [`who`] says it.
pub(super) fn whose(scope: Scope, subject: &str, background: &Background, senders: Senders) -> String {
    let who = || who(scope, subject, background, senders);
    match owner(scope, &background.top) {
        Some(owner) if owner.ends_with('s') => format!("{owner}' number {}", label(subject)),
        Some(owner) => format!("{owner}'s number {}", label(subject)),
        None => who(),
    }
}

/// `Campaigns, ext. 1003`.
pub(super) fn sender_name(Sender { extension, name, .. }: &Sender, senders: Senders) -> String {
    match (&**extension, &**name) {
        (NONE, _) => "no extension".to_owned(),
        (FOLDED, _) => "all senders".to_owned(),
        (extension, name) if senders == Senders::Name && name != NONE => {
            format!("{}, ext. {}", label(name), label(extension))
        }
        (extension, _) => format!("ext. {}", label(extension)),
    }
}

/// What those have done who are behind charges: `Sent by`, or of calls and faxes `Spent by`.
fn by(products: Products, case: &Case<'_>) -> &'static str {
    let is_sent = !case.policy.names_products() || products == Products::One(Product::Sms);
    if is_sent { "Sent by" } else { "Spent by" }
}

/// The sender to ask, in running text: `Campaigns (ext. 1003)`.
pub(super) fn whom_to_ask(background: &Background, senders: Senders) -> Option<String> {
    let is_named = |sender: &&Sender| ![NONE, FOLDED].contains(&&*sender.extension);
    let sender = background.senders.first().filter(is_named).filter(|_| senders != Senders::None)?;
    let name = sender_name(sender, senders);
    Some(name.rsplit_once(", ").map_or_else(|| name.clone(), |(name, extension)| format!("{name} ({extension})")))
}

/// Who sent most: names and what each spent. Nothing where it would only repeat the subject.
fn parts(scope: Scope, background: &Background, senders: Senders) -> Vec<(String, Amount)> {
    let Background { top, senders: of_company, .. } = background;
    if senders != Senders::None && scope != Scope::Extension && !of_company.is_empty() {
        return of_company.iter().map(|sender| (sender_name(sender, senders), sender.amount)).collect();
    }
    if owner(scope, top).is_some() {
        return Vec::new();
    }
    let name = |part: &Contributor| {
        let name = label(&part.name).into_owned();
        match part.kind {
            ContributorKind::Department => format!("department {name}"),
            ContributorKind::Extension => format!("ext. {name}"),
            ContributorKind::BillingNumber => name,
        }
    };
    let is_shown = |part: &&Contributor| senders != Senders::None || part.kind != ContributorKind::Extension;
    top.iter().filter(is_shown).map(|part| (name(part), part.amount)).collect()
}

/// Who sent most of it, a line each, the amounts below each other.
pub(super) fn sent_by(whose: &Whose, background: &Background, case: &Case<'_>) -> Facts {
    let (currency, parts) = (whose.currency, parts(whose.scope, background, case.policy.senders));
    let lines: Vec<_> = parts
        .iter()
        .take(MOST_CONTRIBUTORS)
        .map(|(name, amount)| (name.clone(), format!("{currency} {}", money(*amount, currency, &[]))))
        .collect();
    let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let name_width = width(&mut lines.iter().map(|(name, _)| name));
    let money_width = width(&mut lines.iter().map(|(_, money)| money));
    let mut lines: Vec<_> =
        lines.iter().map(|(name, money)| format!("{name:<name_width$}  {money:>money_width$}")).collect();
    let more = parts.len().saturating_sub(MOST_CONTRIBUTORS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let label = |index| if index == 0 { by(whose.products, case).to_owned() } else { String::new() };
    lines.into_iter().enumerate().map(|(index, line)| (label(index), line)).collect()
}

/// The same in a line for a chat: `Sent by Campaigns (ext. 1003) USD 98.40, …`.
pub(super) fn sent_by_in_a_line(whose: &Whose, background: &Background, case: &Case<'_>) -> Option<String> {
    let (currency, parts) = (whose.currency, parts(whose.scope, background, case.policy.senders));
    let one = |(name, amount): &(String, Amount)| {
        let name =
            name.rsplit_once(", ext. ").map_or_else(|| name.clone(), |(name, ext)| format!("{name} (ext. {ext})"));
        format!("{name} {currency} {}", money(*amount, currency, &[]))
    };
    let mut named: Vec<_> = parts.iter().take(MOST_IN_A_LINE).map(one).collect();
    let more = parts.len().saturating_sub(MOST_IN_A_LINE);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    (!named.is_empty()).then(|| format!("{} {}", by(whose.products, case), named.join(", ")))
}

/// What to do about spending that nobody expected on messages, calls or faxes: `ask Campaigns (ext. 1003), or look at the messages in Zoom`.
pub(super) fn ask(charged: &str, background: &Background, case: &Case<'_>) -> String {
    let whom = whom_to_ask(background, case.policy.senders);
    let ask = whom.map_or_else(String::new, |whom| format!("ask {whom}, or "));
    format!("{ask}look at the {charged} in Zoom")
}
