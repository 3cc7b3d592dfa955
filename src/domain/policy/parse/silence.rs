//! `[[silence]]`: what is held back, and until when.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::de::{DeTable, DeValue};

use super::budget::SCOPES;
use super::{Reader, Value};
use crate::domain::period::start_of;
use crate::domain::policy::silence::{MOST_SILENT_DAYS, earliest_start};
use crate::domain::policy::{Only, Selection, Silence, Watch};

pub(in crate::domain::policy) const SILENCE_KEYS: [&str; 9] =
    ["reason", "until", "from", "budget", "spike", "scope", "only", "kinds", "all"];
pub(in crate::domain::policy) const SILENCE_REQUIRED: [&str; 2] = ["reason", "until"];
pub(in crate::domain::policy) const SELECTORS: [&str; 5] = ["budget", "spike", "scope", "only", "kinds"];
pub(in crate::domain::policy) const WATCHES: [(&str, Watch); 3] =
    [("budget", Watch::Budget), ("forecast", Watch::Forecast), ("spike", Watch::Spike)];

impl<'d> Reader<'d> {
    pub(super) fn silence(&mut self, table: &DeTable<'d>, place: Range<usize>, zone: &TimeZone) -> Option<Silence> {
        self.refuse_unknown(table, &SILENCE_KEYS, "a silence");
        self.require(table, &SILENCE_REQUIRED, &place, "the silence");
        let reason = table.get("reason").and_then(|value| self.filled_text(value, "reason"));
        let until = table.get("until").and_then(|value| self.moment(value, "until", zone));
        let from = match table.get("from") {
            Some(value) => self.moment(value, "from", zone).map(Some),
            None => Some(None),
        };
        let what = self.selection(table, place);
        let (until, from) = (until?, from?);
        let earliest = earliest_start(until, zone);
        let place = table.get("until").map_or(0..0, toml::Spanned::span);
        match from {
            Some(from) if from >= until => {
                self.fault(
                    place,
                    "bad_value",
                    "the silence ends before it starts",
                    "write an \"until\" after its \"from\"",
                );
            }
            Some(from) if from < earliest => {
                let message = format!("the silence lasts more than {MOST_SILENT_DAYS} days");
                self.fault(
                    place,
                    "bad_value",
                    message,
                    format!("end it at most {MOST_SILENT_DAYS} days after its \"from\"; a silence can be renewed"),
                );
            }
            _ => {}
        }
        Some(Silence { reason: reason?, from: from.unwrap_or(earliest), until, what: what? })
    }

    fn selection(&mut self, table: &DeTable<'d>, place: Range<usize>) -> Option<Selection> {
        let given: Vec<_> = SELECTORS.into_iter().filter(|key| table.contains_key(*key)).collect();
        if let Some(value) = table.get("all") {
            if value.get_ref().as_bool() != Some(true) {
                self.fault(value.span(), "bad_value", "all can only be true", "write all = true, or remove it");
            } else if !given.is_empty() {
                let message = format!("all = true beside {}", given.join(", "));
                self.fault(value.span(), "bad_value", message, "keep all = true, or what selects some");
            }
            return Some(Selection::All);
        }
        if given.is_empty() {
            let fix = "add budget, spike, scope, only or kinds to say what is silenced, or all = true for everything";
            self.fault(place, "missing_key", "the silence selects nothing", fix);
            return None;
        }
        let budget = self.named(table, "budget");
        let spike = self.named(table, "spike");
        let scope = match table.get("scope") {
            Some(value) => Some(self.one_of(value, "scope", &SCOPES)?),
            None => None,
        };
        let only = match table.get("only") {
            Some(value) if scope.is_none() => {
                let fix = "add scope = \"billing_number\", or the scope that the entries of only are of";
                self.fault(value.span(), "missing_key", "only without scope", fix);
                None
            }
            Some(value) => self.only(value, scope),
            None => Some(Only::Everyone),
        };
        let kinds = match table.get("kinds") {
            Some(value) => self.kinds(value),
            None => Some(Vec::new()),
        };
        Some(Selection::Some { budget: budget?, spike: spike?, scope, only: only?, kinds: kinds? })
    }

    /// `Some(None)` without the key.
    #[expect(clippy::option_option, reason = "a key may be missing, or faulty")]
    fn named(&mut self, table: &DeTable<'d>, key: &'static str) -> Option<Option<String>> {
        match table.get(key) {
            Some(value) => {
                let name = self.filled_text(value, key)?;
                self.uses.push((key, name.clone(), value.span()));
                Some(Some(name))
            }
            None => Some(None),
        }
    }

    fn kinds(&mut self, value: &Value<'d>) -> Option<Vec<Watch>> {
        let entries = value.get_ref().as_array().filter(|entries| !entries.is_empty());
        let Some(entries) = entries else {
            let fix = "list some of \"budget\", \"forecast\", \"spike\", or leave the key out for all three";
            self.fault(value.span(), "wrong_type", "kinds is no list of kinds", fix);
            return None;
        };
        let kinds: Vec<_> = entries.iter().map(|entry| self.one_of(entry, "a kind", &WATCHES)).collect();
        kinds.into_iter().collect()
    }

    /// A date, which stands for its beginning in the zone, or an instant.
    fn moment(&mut self, value: &Value<'d>, key: &str, zone: &TimeZone) -> Option<Timestamp> {
        let text = match value.get_ref() {
            DeValue::String(text) => text.trim().to_owned(),
            DeValue::Datetime(moment) => moment.to_string(),
            _ => String::new(),
        };
        let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-12-01".len());
        let moment = date.map_or_else(|| text.parse().ok(), |date| start_of(date, zone).ok());
        if moment.is_none() {
            let message = format!("{key} = {} is no date and no instant", self.written(value));
            let fix = "write a date such as \"2026-12-01\", or an instant such as \"2026-12-01T08:00:00-05:00\"";
            self.fault(value.span(), "bad_value", message, fix);
        }
        moment
    }
}
