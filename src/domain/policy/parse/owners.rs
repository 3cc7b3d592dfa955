//! `[[owner]]`, and the names that other tables use: of owners, budgets and spikes.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::{Reader, Seen, Value};
use crate::domain::policy::{DEFAULT_OWNER, Owner, topic_arn};
use crate::domain::text::did_you_mean;

pub(in crate::domain::policy) const OWNER_KEYS: [&str; 2] = ["name", "topic_arn"];

impl<'d> Reader<'d> {
    pub(super) fn owner_table(&mut self, table: &DeTable<'d>, place: Range<usize>, seen: &mut Seen) -> Option<Owner> {
        self.refuse_unknown(table, &OWNER_KEYS, "an owner");
        self.require(table, &OWNER_KEYS, &place, "the owner");
        let name = table.get("name").and_then(|value| self.filled_text(value, "name"));
        let arn = table.get("topic_arn").and_then(|value| {
            let text = self.filled_text(value, "topic_arn")?;
            let arn = topic_arn(&text);
            if let Err(problem) = &arn {
                let fix = "deploy infra/owner.yaml for the owner, and write its output TopicArn";
                self.fault(value.span(), "bad_value", format!("topic_arn {text:?} {problem}"), fix);
            }
            arn.ok()
        });
        let name = name?;
        if name == DEFAULT_OWNER {
            let place = table.get("name").map_or(place, Spanned::span);
            let message = "the owner \"default\" is the function's own topic";
            self.fault(place, "bad_value", message, "choose another name, or remove the owner");
        } else {
            self.refuse_second("owner", &name, table, &place, &mut seen.owners);
        }
        Some(Owner { name, topic_arn: arn? })
    }

    /// One owner, or several. Whether they exist is known when all tables are read.
    pub(super) fn owner(&mut self, value: &Value<'d>) -> Option<Vec<String>> {
        let entries: Vec<&Value<'d>> = match value.get_ref().as_array() {
            Some(entries) if entries.is_empty() => {
                let fix = "name one owner or several, or leave the key out for \"default\"";
                self.fault(value.span(), "bad_value", "owner = [] names nobody", fix);
                return None;
            }
            Some(entries) => entries.iter().collect(),
            None => vec![value],
        };
        let mut owners = Vec::new();
        for entry in entries {
            let owner = self.filled_text(entry, "owner")?;
            self.uses.push(("owner", owner.clone(), entry.span()));
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        Some(owners)
    }

    /// Refuses names that nothing has.
    pub(super) fn refuse_unknown_names(&mut self, seen: &Seen) {
        for (what, name, place) in std::mem::take(&mut self.uses) {
            let (known, fix) = match what {
                "owner" => (&seen.owners, "add an [[owner]] with this name and its topic_arn, or correct the name"),
                "budget" => (&seen.budgets, "write the name of a [[budget]] of this policy"),
                _ => (&seen.spikes, "write the name of a [[spike]] of this policy"),
            };
            let mut known: Vec<_> = known.keys().map(String::as_str).collect();
            known.extend((what == "owner").then_some(DEFAULT_OWNER));
            if !known.contains(&name.as_str()) {
                let message = format!("there is no {what} {name:?}{}", did_you_mean(&name, &known));
                self.fault(place, "unknown_name", message, fix);
            }
        }
    }
}
