//! What a message or an alert said, when it was sent to whom, the policy's line, and the days and contributors behind it.

mod behind;
mod view;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fault::Fault;
use super::source::account;
use super::terminal::Terminal;
use super::{Ending, help, policy, say, variable};
use crate::clients::ledger::Ledger;
use crate::clients::sdk_config;
use crate::config::{PolicySource, SecretSource};
use crate::domain::policy::Policy;
use crate::error::{Code, RunError};
use behind::{Behind, PolicyLine};

/// Ids that are named if none fits.
const MOST_NAMED: usize = 5;

/// Say what a message or alert said, when it was sent to whom, and what is behind it
///
/// Reads the deployment's table: its messages and its history. An id stands at the end of each message; those of the single alerts in it are
/// found too. The figures are those of today: what Zoom has revised since is in them.
#[derive(Args)]
#[command(after_long_help = help::EXPLAIN)]
pub(super) struct Explain {
    /// The id, twelve hexadecimal digits
    #[arg(value_name = "ID", value_parser = id)]
    id: String,
    /// The policy: a TOML file, ssm:NAME or table:NAME [default: the variable POLICY]
    #[arg(long, value_name = "FILE", value_parser = PolicySource::parse)]
    policy: Option<PolicySource>,
    /// Name or ARN of the secret, or ssm:NAME, that tells the Zoom account [default: the variable ZOOM_SECRET_ID]
    #[arg(long, value_name = "ID", value_parser = SecretSource::parse)]
    secret_id: Option<SecretSource>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

fn id(text: &str) -> Result<String, String> {
    let id = text.trim().to_ascii_lowercase();
    let is_id = id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { Ok(id) } else { Err("an id has twelve hexadecimal digits, such as 6228f9c63a09".to_owned()) }
}

/// A member of a stored message or alert, whatever version of the program wrote it.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Such a member that is a text; empty if it is none.
fn text_at<'v>(value: &'v Value, pointer: &str) -> &'v str {
    at(value, pointer).as_str().unwrap_or_default()
}

/// The same by a name that is no pointer.
fn text_of<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A policy and its text.
struct Written {
    place: PolicySource,
    document: String,
    policy: Policy,
}

/// A message that was sent, with those of its alerts that were asked for.
struct Found {
    message: Value,
    alerts: Vec<Explained>,
}

/// An alert, and what is behind it.
struct Explained {
    alert: Value,
    line: Option<PolicyLine>,
    behind: Option<Behind>,
}

impl Explain {
    pub(super) async fn run(&self) -> Ending {
        match self.explained().await {
            Ok(()) => Ending::Fine,
            Err(fault) => fault.end(self.json),
        }
    }

    async fn explained(&self) -> Result<(), Fault> {
        let Some(table) = variable("LEDGER_TABLE") else {
            return Err(Fault::wrong_use(
                "environment: LEDGER_TABLE missing; set it to the name of the deployment's table, which remembers what was sent",
            ));
        };
        let aws = sdk_config().await;
        let account = account(self.secret_id.as_ref(), &aws).await?;
        let messages = Ledger::table(&aws, &table).messages(&account, (Timestamp::MIN, Timestamp::MAX)).await;
        let messages = messages.map_err(|error| RunError::new(Code::LedgerUnavailable, error.to_string()))?;
        let sent: Vec<_> = messages.iter().filter(|message| self.is_meant(message)).cloned().collect();
        if sent.is_empty() {
            return Err(self.unknown(&messages, &table, &account).into());
        }
        let (written, note) = self.written().await;
        let days = behind::Days::of(&aws, &table, &account, written.as_ref().map(|written| &written.policy)).await;
        let (days, problem) = match days {
            Ok(days) => (Some(days), None),
            Err(problem) => (None, Some(problem)),
        };
        let mut found = Vec::new();
        for message in sent {
            let mut alerts = Vec::new();
            for alert in
                at(&message, "/alerts").as_array().into_iter().flatten().filter(|alert| self.names(alert, &message))
            {
                let line = written.as_ref().and_then(|written| PolicyLine::of(alert, &written.document));
                let behind = match &days {
                    Some(days) => days.behind(alert).await?,
                    None => None,
                };
                alerts.push(Explained { alert: alert.clone(), line, behind });
            }
            found.push(Found { message, alerts });
        }
        let notes: Vec<String> = [note, problem].into_iter().flatten().collect();
        let place = written.as_ref().map(|written| written.place.to_string());
        if self.json {
            say(&self.in_json(&found, place.as_deref(), &notes).to_string());
        } else {
            let terminal = Terminal::of_output();
            let zone = written.as_ref().map(|written| written.policy.time_zone.clone());
            let zone = zone.or_else(|| days.as_ref().map(|days| days.zone.clone())).unwrap_or(jiff::tz::TimeZone::UTC);
            view::lines(&found, place.as_deref(), &notes, &zone, &terminal).iter().for_each(|line| say(line));
        }
        Ok(())
    }

    /// Whether it is this message, or one that carries this alert.
    fn is_meant(&self, message: &Value) -> bool {
        let mut alerts = at(message, "/alerts").as_array().into_iter().flatten();
        text_at(message, "/id") == self.id || alerts.any(|alert| text_at(alert, "/id") == self.id)
    }

    /// Of a message all alerts are meant, unless one of several was asked for.
    fn names(&self, alert: &Value, message: &Value) -> bool {
        text_at(message, "/id") == self.id || text_at(alert, "/id") == self.id
    }

    fn unknown(&self, messages: &[Value], table: &str, account: &str) -> RunError {
        let lately = messages.iter().rev().take(MOST_NAMED).map(|message| {
            let text = |name: &str| text_of(message, name).to_owned();
            let alerts: Vec<_> = at(message, "/alerts").as_array().into_iter().flatten().collect();
            let first = alerts.first().map(|alert| view::headline(alert)).unwrap_or_default();
            let more = alerts.len().saturating_sub(1);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            format!(
                "{} of {}: {first}{more}",
                text("id"),
                text("sent_at").get(..16).unwrap_or_default().replace('T', " ")
            )
        });
        let lately: Vec<_> = lately.collect();
        let known = match lately.as_slice() {
            [] => "it remembers no message at all; see LEDGER_TABLE and the account".to_owned(),
            lately => format!("its latest are {}", lately.join("; ")),
        };
        let id = &self.id;
        RunError::new(
            Code::EventInvalid,
            format!("table {table:?} remembers no message or alert {id} of account {account}; {known}"),
        )
    }

    /// The policy, or why it is not known.
    async fn written(&self) -> (Option<Written>, Option<String>) {
        let named = || variable("POLICY").and_then(|text| PolicySource::parse(&text).ok());
        let Some(place) = self.policy.clone().or_else(named) else {
            return (None, Some("The policy is not known: set POLICY, or give --policy.".to_owned()));
        };
        let document = policy::parameters(&place).await.read(&place).await.map_err(|error| error.to_string());
        let parsed = document.and_then(|document| {
            let policy = Policy::parse(&document).map_err(|faults| format!("{place} is not valid: {faults}"))?;
            Ok(Written { place: place.clone(), document, policy })
        });
        match parsed {
            Ok(written) => (Some(written), None),
            Err(problem) => (None, Some(format!("The policy is not known: {problem}."))),
        }
    }

    fn in_json(&self, found: &[Found], policy: Option<&str>, notes: &[String]) -> Value {
        let alert = |Explained { alert, line, behind }: &Explained| {
            let line = line.as_ref().map(|line| json!({"place": policy, "line": line.line, "text": line.text}));
            json!({"alert": alert, "policy": line, "behind": behind})
        };
        let message = |Found { message, alerts }: &Found| {
            let mut shown = message.clone();
            if let Some(members) = shown.as_object_mut() {
                members.insert("alerts".to_owned(), alerts.iter().map(alert).collect());
            }
            shown
        };
        json!({"id": self.id, "messages": found.iter().map(message).collect::<Vec<_>>(), "notes": notes})
    }
}
