//! The proposed policy as people read it: TOML, with what each amount rests on.

use std::fmt::Write as _;

use super::{Chosen, Known, Spikes, Subject};
use crate::domain::alert::{Kind, count};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::replay::Replay;

/// Width of a comment.
const WIDTH: usize = 100;

impl Known<'_> {
    /// The policy; with what it would have sent, if that is known.
    pub(super) fn document(&self, chosen: &[Chosen<'_>], spikes: Spikes, replayed: Option<&Replay>) -> String {
        let mut text = String::new();
        if let Some(replayed) = replayed {
            self.write_heading(&mut text, chosen, replayed);
        }
        _ = writeln!(text, "time_zone = {}\n", quoted(&self.past.zone));
        chosen.iter().for_each(|chosen| write_budget(&mut text, chosen));
        self.write_spikes(&mut text, spikes);
        text.trim_end().to_owned() + "\n"
    }

    fn write_heading(&self, text: &mut String, chosen: &[Chosen<'_>], replayed: &Replay) {
        let named = chosen.iter().filter(|chosen| chosen.subject.scope != Scope::Account).count();
        let (since, last) = (self.since.strftime("%-d %B %Y"), self.last.strftime("%-d %B %Y"));
        comment(
            text,
            &format!(
                "A proposal of cost-alerts init, from the past of account {}. Change what you know better.",
                self.past.account
            ),
        );
        comment(text, "");
        comment(
            text,
            &format!(
                "{} On the days from {since} to {last} it would have sent {}, from final figures.",
                promise(self.most),
                in_kinds(replayed)
            ),
        );
        comment(text, "");
        comment(
            text,
            &format!(
                "{} a budget by name; what is not named is watched by the budgets of the whole account. An amount is what a month \
             of the subject exceeds once a year at most, in 8 years of 10, rounded up.",
                match named {
                    0 => "No number and no department has".to_owned(),
                    1 => "One subject has".to_owned(),
                    _ => format!("{named} subjects have"),
                }
            ),
        );
        comment(text, "Receivers of your own, levels below 100% and silences: see docs/policy.md.");
        text.push('\n');
    }

    fn write_spikes(&self, text: &mut String, spikes: Spikes) {
        let (scope, each) = match spikes {
            Spikes::Numbers => (Scope::BillingNumber, "Each number"),
            Spikes::Departments => (Scope::Department, "Each department: numbers are too many for so few alerts"),
            Spikes::Account => (Scope::Account, "The whole account: what is smaller would alert too often"),
            Spikes::Off if !self.has_usual => {
                comment(text, "Spikes need 28 days of history: add [[spike]] later (cost-alerts init proposes it).");
                return;
            }
            Spikes::Off => {
                comment(text, "No [[spike]]: on this past, spikes alone would have sent more than there is room for.");
                return;
            }
        };
        comment(text, &format!("{each}. A day with far more messages than usual is reported."));
        for Subject { currency, .. } in &self.subjects.accounts {
            let name = quoted(&format!("unusual in {currency}"));
            let min_extra = least_extra(*currency);
            _ = writeln!(
                text,
                "[[spike]]\nname      = {name}\nscope     = \"{}\"\ncurrency  = \"{currency}\"\nmin_extra = \"{min_extra}\"\n",
                scope.name()
            );
        }
    }
}

/// One of the main unit, where that is worth something.
fn least_extra(currency: Currency) -> &'static str {
    if currency.minor_places() == 0 { "100" } else { "1" }
}

fn write_budget(text: &mut String, Chosen { subject, amount }: &Chosen<'_>) {
    let Subject { scope, name, currency, months, forecast, .. } = subject;
    comment(text, &format!("{}: {}", scope.of(name), in_months(months, *currency)));
    let title = match scope {
        Scope::Account => format!("whole account in {currency}"),
        _ => format!("{name} in {currency}"),
    };
    _ = writeln!(text, "[[budget]]\nname        = {}\nscope       = \"{}\"", quoted(&title), scope.name());
    if *scope != Scope::Account {
        _ = writeln!(text, "only        = [{}]", quoted(name));
    }
    _ = writeln!(text, "currency    = \"{currency}\"\namount      = \"{amount}\"");
    if *forecast {
        _ = writeln!(text, "forecast_at = [100]");
    }
    text.push('\n');
}

fn in_months(months: &[Amount], currency: Currency) -> String {
    let shown = |amount: &Amount| format!("{currency} {}", amount.shown(currency.minor_places()));
    match (months.iter().min(), months.iter().max(), months.last()) {
        (Some(least), Some(most), Some(last)) if months.len() > 1 => {
            format!("{} whole months, {} to {}, the last {}.", months.len(), shown(least), shown(most), shown(last))
        }
        (_, _, Some(only)) => format!("one whole month, {}. Look at the amount again in some months.", shown(only)),
        _ => "no whole month is known. Look at the amount again in some months.".to_owned(),
    }
}

/// What to expect of a policy that was made for so many alerts a year, in words.
#[must_use]
pub fn promise(most: u32) -> String {
    format!(
        "Expect at most {} a year in 8 years of 10, if the account goes on as before; this is no prediction of a month.",
        count(most.into(), "alert")
    )
}

/// `9 alerts (6 budget, 2 forecast, 1 spike)`
fn in_kinds(replayed: &Replay) -> String {
    let of = |kind: Kind| replayed.sent.iter().filter(|sent| sent.alert.kind == kind).count();
    let kinds = Kind::ALL.into_iter().map(|kind| (of(kind), kind)).filter(|(count, _)| *count > 0);
    let kinds: Vec<_> = kinds.map(|(count, kind)| format!("{count} {}", kind.name())).collect();
    match kinds.as_slice() {
        [] => "no alert".to_owned(),
        kinds => format!("{} ({})", count(replayed.sent.len() as u64, "alert"), kinds.join(", ")),
    }
}

/// A text of TOML. What JSON escapes, TOML escapes in the same way.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Lines that begin with `#`.
fn comment(text: &mut String, words: &str) {
    let mut line = "#".to_owned();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        // What comes from Zoom ends no comment.
        let word: String = word.chars().filter(|char| !char.is_control()).collect();
        if line.len() + 1 + word.len() > WIDTH && line.len() > 1 {
            text.push_str(&line);
            text.push_str("\n#");
            line.clear();
        }
        line.push(' ');
        line.push_str(&word);
    }
    text.push_str(&line);
    text.push('\n');
}
