use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal, Write};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use similar::TextDiff;

use super::{parameters, read, render};
use crate::cli::{Ending, complain, help, say, variable};
use crate::clients::parameters::ParameterError;
use crate::clients::parameters::put::{FREE_PARAMETER_BYTES, Kept, PutError, check_size};
use crate::config::PolicySource;
use crate::domain::alert::count;
use crate::domain::policy::Policy;

/// Put a policy where the deployment reads it, after a look at what changes
///
/// A parameter of Systems Manager, or an item of the ledger's table for more than 8 KB. Shows what changes line by line, and asks before it
/// writes; where standard input is no terminal, --yes has to be given. What somebody else has put meanwhile is not overwritten: the table
/// refuses it, and a parameter is read once more right before it is written.
#[derive(Args)]
#[command(after_long_help = help::POLICY_PUT)]
pub(in crate::cli) struct Put {
    /// The policy (TOML): a file, or - for standard input
    #[arg(value_name = "FILE|-")]
    source: String,
    /// Where to: ssm:NAME, or table:NAME in the table that LEDGER_TABLE names [default: the variable POLICY]
    #[arg(long, value_name = "ssm:NAME|table:NAME", value_parser = PolicySource::parse)]
    to: Option<PolicySource>,
    /// Put it without asking
    #[arg(long)]
    yes: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Put {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        let to = match self.place() {
            Ok(to) => to,
            Err(problem) => {
                complain(&format!("error: {problem}"));
                return Ending::UsedWrongly;
            }
        };
        match self.put(&to, now).await {
            Ok(ending) => ending,
            Err(error) => {
                complain(&format!("error: {error}"));
                match error {
                    PutError::File(_) | PutError::Unreadable(ParameterError::NoTable(_)) => Ending::UsedWrongly,
                    _ => Ending::Failed,
                }
            }
        }
    }

    fn place(&self) -> Result<PolicySource, String> {
        match (&self.to, variable("POLICY")) {
            (Some(to), _) => Ok(to.clone()),
            (None, Some(text)) => PolicySource::parse(&text).map_err(|problem| format!("POLICY = {text:?} {problem}")),
            (None, None) => {
                Err("POLICY is missing (set it to where the deployment reads the policy, or give --to)".to_owned())
            }
        }
    }

    async fn put(&self, to: &PolicySource, now: Timestamp) -> Result<Ending, PutError> {
        let (document, name) = match read(&self.source).await {
            Ok(document) => document,
            Err(fault) => return Ok(fault.end(self.json)),
        };
        let policy = match Policy::parse(&document) {
            Ok(policy) => policy,
            Err(faults) => {
                complain(&render(&name, &document, &faults));
                return Ok(Ending::Failed);
            }
        };
        check_size(to, &document)?;
        let parameters = parameters(to).await;
        let kept = parameters.kept(to).await?;
        let diff = difference(to, &kept, &name, &document);
        if kept.document.as_deref() == Some(document.as_str()) {
            self.answer(to, false, kept.version, &diff, &format!("{to} holds this policy already; nothing to put."));
            return Ok(Ending::Fine);
        }
        if !self.json {
            say(if kept.version == 0 { "There is no policy yet." } else { diff.trim_end() });
            if document.len() > FREE_PARAMETER_BYTES && matches!(to, PolicySource::Parameter(_)) {
                say("A parameter of more than 4 KB is of the advanced tier, which AWS charges with 0.05 USD a month.");
            }
        }
        if !self.yes && !is_confirmed(to) {
            return Ok(if std::io::stdin().is_terminal() { Ending::Failed } else { Ending::UsedWrongly });
        }
        let version = parameters.put(to, &document, &kept, now).await?;
        let before = kept.document.as_deref().and_then(|document| Policy::parse(document).ok());
        let changes = changes(before.as_ref(), &policy);
        let text = format!("{to} is now version {version}: {changes}. The next run reads it.");
        self.answer(to, true, version, &diff, &text);
        Ok(Ending::Fine)
    }

    fn answer(&self, to: &PolicySource, put: bool, version: i64, diff: &str, text: &str) {
        if self.json {
            say(&json!({"put": put, "to": to.to_string(), "version": version, "diff": diff}).to_string());
        } else {
            say(text);
        }
    }
}

fn is_confirmed(to: &PolicySource) -> bool {
    if !std::io::stdin().is_terminal() {
        complain("error: nothing was put; standard input is no terminal to confirm on, so give --yes");
        return false;
    }
    _ = write!(std::io::stderr().lock(), "Put it to {to}? [y/N] ");
    let mut answer = String::new();
    let is_read = std::io::stdin().read_line(&mut answer).is_ok();
    let is_confirmed = is_read && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !is_confirmed {
        complain("Nothing was put.");
    }
    is_confirmed
}

/// Line by line, as `diff -u` shows it; empty if nothing changes.
fn difference(to: &PolicySource, kept: &Kept, name: &str, document: &str) -> String {
    let before = kept.document.as_deref().unwrap_or_default();
    let from = format!("{to}, version {}", kept.version);
    let diff = TextDiff::from_lines(before, document).unified_diff().header(&from, name).to_string();
    // What is there may be anything, and is shown on a terminal.
    diff.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{FFFD}' } else { c }).collect()
}

/// Names that are listed of those that were added, removed or changed.
const MOST_NAMED: usize = 5;

/// What becomes other, by the names that people know.
fn changes(before: Option<&Policy>, after: &Policy) -> String {
    let Some(before) = before else {
        return format!("{} and {}", many(after.budgets.len(), "budget"), many(after.spikes.len(), "spike"));
    };
    let all = [
        changed("budget", &before.budgets, &after.budgets, |budget| &budget.name),
        changed("spike", &before.spikes, &after.spikes, |spike| &spike.name),
        changed("owner", &before.owners, &after.owners, |owner| &owner.name),
        changed("silence", &before.silences, &after.silences, |silence| &silence.reason),
    ]
    .concat();
    if all.is_empty() { "its budgets are the same".to_owned() } else { all.join("; ") }
}

fn changed<T: PartialEq>(what: &str, before: &[T], after: &[T], name: impl Fn(&T) -> &str) -> Vec<String> {
    let by_name = |all| -> BTreeMap<&str, &T> { <[T]>::iter(all).map(|each| (name(each), each)).collect() };
    let (before, after) = (by_name(before), by_name(after));
    let names = |is_one: &dyn Fn(&str) -> bool| -> Vec<&str> {
        let all: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
        all.into_iter().filter(|name| is_one(name)).collect()
    };
    let parts = [
        ("added", names(&|name| !before.contains_key(name))),
        ("removed", names(&|name| !after.contains_key(name))),
        ("changed", names(&|name| before.get(name).zip(after.get(name)).is_some_and(|(one, other)| one != other))),
    ];
    let said = parts.into_iter().filter(|(_, names)| !names.is_empty()).map(|(verb, names)| {
        let listed: Vec<_> = names.iter().take(MOST_NAMED).map(|name| format!("{name:?}")).collect();
        let rest = names.len().saturating_sub(MOST_NAMED);
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        format!("{} {verb} ({}{rest})", many(names.len(), what), listed.join(", "))
    });
    said.collect()
}

fn many(number: usize, what: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), what)
}
