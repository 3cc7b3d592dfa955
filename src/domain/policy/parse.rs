//! From TOML to a [`Policy`]. The document is walked by hand, over toml's own spanned values, so that a number is read from the digits
//! that were written and every fault is found in one go.

pub(super) mod budget;
pub(super) mod owners;
pub(super) mod products;
pub(super) mod silence;
pub(super) mod values;

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Budget, GroupBy, Indexed, Policy, PolicyFault, PolicyFaults, Senders, Spike, Unwatched};
use crate::domain::period::PeriodKind;
use crate::domain::product::Product;
use crate::domain::text::{did_you_mean, nearest};
use budget::Claims;

pub(super) const POLICY_KEYS: [&str; 11] = [
    "time_zone",
    "late_charges_days",
    "unwatched",
    "group_by",
    "senders",
    "digest",
    "products",
    "budget",
    "spike",
    "owner",
    "silence",
];
pub(super) const UNWATCHED: [(&str, Unwatched); 2] = [("notify", Unwatched::Notify), ("ignore", Unwatched::Ignore)];
pub(super) const SENDERS: [(&str, Senders); 3] =
    [("name", Senders::Name), ("extension", Senders::Extension), ("none", Senders::None)];
pub(super) const DIGEST: [(&str, Option<PeriodKind>); 4] = [
    ("none", None),
    ("daily", Some(PeriodKind::Day)),
    ("weekly", Some(PeriodKind::Week)),
    ("monthly", Some(PeriodKind::Month)),
];
pub(super) const GROUP_BY: [(&str, GroupBy); 2] = [("run", GroupBy::Run), ("subject", GroupBy::Subject)];

type Value<'d> = Spanned<DeValue<'d>>;

/// Names by table, each with the line that it stands on.
#[derive(Default)]
struct Seen {
    budgets: BTreeMap<String, usize>,
    spikes: BTreeMap<String, usize>,
    owners: BTreeMap<String, usize>,
    claims: Claims,
    /// What is read; `None` if that has a fault.
    products: Option<Vec<Product>>,
}

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// All its faults, each with line, column and fix.
    pub fn parse(document: &str) -> Result<Policy, PolicyFaults> {
        let newlines = document.match_indices('\n').map(|(place, _)| place).collect();
        let mut reader = Reader { document, newlines, faults: Vec::new(), uses: Vec::new() };
        let (table, syntax) = DeTable::parse_recoverable(document);
        for error in &syntax {
            let span = error.span().unwrap_or(0..0);
            reader.fault(
                span,
                "syntax",
                error.message().replace('\n', ", "),
                "see https://toml.io for how TOML is written",
            );
        }
        if !syntax.is_empty() {
            return Err(reader.into_faults());
        }
        let policy = reader.policy(&table);
        match policy {
            Some(policy) if reader.faults.is_empty() => Ok(policy),
            _ => Err(reader.into_faults()),
        }
    }
}

struct Reader<'d> {
    document: &'d str,
    newlines: Vec<usize>,
    faults: Vec<PolicyFault>,
    /// Names that have to exist: of an owner, a budget or a spike.
    uses: Vec<(&'static str, String, Range<usize>)>,
}

impl<'d> Reader<'d> {
    fn into_faults(mut self) -> PolicyFaults {
        self.faults.sort_by_key(|fault| fault.span.start);
        PolicyFaults(self.faults)
    }

    fn fault(&mut self, span: Range<usize>, code: &'static str, message: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(PolicyFault::at(self.document, span, code, message.into(), fix.into()));
    }

    fn policy(&mut self, table: &Spanned<DeTable<'d>>) -> Option<Policy> {
        let keys = table.get_ref();
        self.refuse_unknown(keys, &POLICY_KEYS, "a policy");
        let (time_zone_name, time_zone) = self.time_zone(keys);
        let late_charges_days = keys.get("late_charges_days").map_or(Some(3), |value| self.late_charges_days(value));
        let unwatched =
            keys.get("unwatched").map_or(Some(Unwatched::Notify), |value| self.one_of(value, "unwatched", &UNWATCHED));
        let group_by =
            keys.get("group_by").map_or(Some(GroupBy::Run), |value| self.one_of(value, "group_by", &GROUP_BY));
        let senders = keys.get("senders").map_or(Some(Senders::Name), |value| self.one_of(value, "senders", &SENDERS));
        let digest = keys.get("digest").map_or(Some(None), |value| self.one_of(value, "digest", &DIGEST));
        let zone = time_zone.clone().unwrap_or(TimeZone::UTC);
        let products = keys.get("products").map_or(Some(vec![Product::Sms]), |value| self.products(value));
        let mut seen = Seen { products: products.clone(), ..Seen::default() };
        let budgets = self.tables(keys, "budget", |reader, table, place| reader.budget(table, place, &mut seen));
        let spikes = self.tables(keys, "spike", |reader, table, place| reader.spike(table, place, &mut seen));
        let owners = self.tables(keys, "owner", |reader, table, place| reader.owner_table(table, place, &mut seen));
        let silences = self.tables(keys, "silence", |reader, table, place| reader.silence(table, place, &zone));
        self.refuse_unknown_names(&seen);
        let (budgets, spikes) = (budgets?, spikes?);
        if budgets.is_empty() && spikes.is_empty() {
            let fix = "add a [[budget]] with name, scope, currency and amount";
            let place = keys.get("budget").map_or(0..0, Spanned::span);
            self.fault(place, "no_budget", "the policy has no budget and would watch nothing", fix);
        }
        Some(Policy {
            time_zone: time_zone?,
            time_zone_name,
            late_charges_days: late_charges_days?,
            unwatched: unwatched?,
            group_by: group_by?,
            senders: senders?,
            digest: digest?,
            products: products?,
            budgets: Indexed::new(budgets, Budget::among),
            spikes: Indexed::new(spikes, Spike::among),
            owners: owners?,
            silences: silences?,
        })
    }

    /// The name of the zone, and the zone; `None` if nobody knows it.
    fn time_zone(&mut self, keys: &DeTable<'d>) -> (String, Option<TimeZone>) {
        let zone = keys.get("time_zone").and_then(|value| Some((value.span(), self.text(value, "time_zone")?)));
        let time_zone_name = zone.as_ref().map_or("UTC", |(_, name)| name.as_str()).to_owned();
        let time_zone = TimeZoneDatabase::bundled().get(&time_zone_name);
        if time_zone.is_err() {
            let span = zone.map_or(0..0, |(span, _)| span);
            let names: Vec<_> = TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let guess = did_you_mean(&time_zone_name, &names);
            let message = format!("time zone {time_zone_name:?} is not known{guess}");
            self.fault(
                span,
                "bad_value",
                message,
                "write an IANA name such as \"America/New_York\", or leave the key out for UTC",
            );
        }
        (time_zone_name, time_zone.ok())
    }

    /// The entries of a list of tables; `None` if one has a fault.
    fn tables<T>(
        &mut self,
        keys: &DeTable<'d>,
        key: &str,
        mut read: impl FnMut(&mut Reader<'d>, &DeTable<'d>, Range<usize>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(value) = keys.get(key) else { return Some(Vec::new()) };
        let Some(entries) = value.get_ref().as_array() else {
            let fix = format!("write [[{key}]], with two brackets");
            self.fault(value.span(), "wrong_type", format!("{key:?} is not a list of tables"), fix);
            return None;
        };
        let mut all = Vec::new();
        for entry in entries.iter() {
            all.push(match entry.get_ref().as_table() {
                Some(table) => read(self, table, entry.span()),
                None => {
                    let fix = format!("write [[{key}]] and its keys on the lines below it");
                    self.fault(entry.span(), "wrong_type", format!("an entry of {key:?} is not a table"), fix);
                    None
                }
            });
        }
        all.into_iter().collect()
    }

    fn require(&mut self, table: &DeTable<'d>, required: &[&str], place: &Range<usize>, what: &str) {
        // One that is misspelt is named already.
        let is_misspelt = |key: &str| {
            let others = table.keys().map(|other| other.get_ref().as_ref()).filter(|other| !required.contains(other));
            others.into_iter().any(|other| nearest(other, &[key]).is_some())
        };
        for key in required.iter().filter(|key| !table.contains_key(**key) && !is_misspelt(key)) {
            self.fault(place.clone(), "missing_key", format!("{what} has no {key:?}"), format!("add {key} = …"));
        }
    }

    /// Refuses a name that an earlier table of the kind has.
    fn refuse_second(
        &mut self,
        what: &str,
        name: &str,
        table: &DeTable<'d>,
        place: &Range<usize>,
        seen: &mut BTreeMap<String, usize>,
    ) {
        let place = table.get("name").map_or_else(|| place.clone(), Spanned::span);
        if let Some(line) = seen.insert(name.to_owned(), self.line(&place)) {
            let message = format!("{what} name {name:?} is already that of line {line}");
            self.fault(place, "duplicate_name", message, format!("give each {what} a name of its own"));
        }
    }

    fn refuse_unknown(&mut self, table: &DeTable<'d>, known: &[&str], what: &str) {
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let message = format!("{what} has no key {name:?}{}", did_you_mean(name, known));
                let fix = if POLICY_KEYS.contains(&name) {
                    format!("{name} stands at the top of the policy, above all [[…]]")
                } else {
                    format!("allowed are {}", known.join(", "))
                };
                self.fault(key.span(), "unknown_key", message, fix);
            }
        }
    }
}
