//! `[[budget]]` and `[[spike]]`: what is watched.

use std::collections::BTreeMap;
use std::ops::Range;

use rust_decimal::Decimal;
use toml::de::DeTable;

use super::{Reader, Seen};
use crate::domain::charge::Scope;
use crate::domain::money::{Amount, Currency};
use crate::domain::period::PeriodKind;
use crate::domain::policy::index::Among;
use crate::domain::policy::{Budget, DEFAULT_OWNER, Level, Only, Pattern, Spike};
use crate::domain::product::{Product, Products};

pub(in crate::domain::policy) const BUDGET_KEYS: [&str; 10] =
    ["name", "scope", "only", "product", "currency", "amount", "period", "alert_at", "forecast_at", "owner"];
pub(in crate::domain::policy) const BUDGET_REQUIRED: [&str; 4] = ["name", "scope", "currency", "amount"];
pub(in crate::domain::policy) const SPIKE_KEYS: [&str; 7] =
    ["name", "scope", "only", "product", "currency", "min_extra", "owner"];
pub(in crate::domain::policy) const SPIKE_REQUIRED: [&str; 3] = ["name", "scope", "currency"];
pub(in crate::domain::policy) const SCOPES: [(&str, Scope); 5] = [
    ("billing_number", Scope::BillingNumber),
    ("department", Scope::Department),
    ("cost_center", Scope::CostCenter),
    ("extension", Scope::Extension),
    ("account", Scope::Account),
];
pub(in crate::domain::policy) const PERIODS: [(&str, PeriodKind); 3] =
    [("day", PeriodKind::Day), ("week", PeriodKind::Week), ("month", PeriodKind::Month)];

/// What only one budget, or one spike, may name: `None` stands for every subject of the scope.
type Claimed = (Among, Option<Pattern>);

/// The subjects that are named so far, each with the name and the line of what names it.
#[derive(Default)]
pub(super) struct Claims(BTreeMap<Claimed, (String, usize)>);

/// What budgets and spikes have in common.
struct Watch {
    name: String,
    scope: Scope,
    only: Only,
    currency: Currency,
    owners: Vec<String>,
}

impl<'d> Reader<'d> {
    pub(super) fn budget(&mut self, table: &DeTable<'d>, place: Range<usize>, seen: &mut Seen) -> Option<Budget> {
        self.refuse_unknown(table, &BUDGET_KEYS, "a budget");
        self.require(table, &BUDGET_REQUIRED, &place, "the budget");
        let watch = self.watch(table, &place, "budget", &mut seen.budgets);
        let amount = table.get("amount").and_then(|value| self.amount(value, "amount", "\"100.00\""));
        let period =
            table.get("period").map_or(Some(PeriodKind::Month), |value| self.one_of(value, "period", &PERIODS));
        let alert_at =
            table.get("alert_at").map_or(Some(vec![Decimal::ONE_HUNDRED]), |value| self.percents(value, "alert_at"));
        let forecast_at = table.get("forecast_at").map_or(Some(Vec::new()), |value| {
            let percents = self.percents(value, "forecast_at")?;
            if period == Some(PeriodKind::Day) {
                let message = "forecast_at on a budget a day: a day is over before a forecast is of use";
                self.fault(
                    value.span(),
                    "bad_value",
                    message,
                    "remove it, or give the budget period = \"week\" or \"month\"",
                );
            }
            Some(percents)
        });
        let products = self.counted(table, seen.products.as_deref());
        let (watch, amount, products) = (watch?, amount?, products?);
        let Watch { name, scope, only, currency, owners } = watch;
        let (levels, forecasts, period) = (levels(amount, alert_at?)?, levels(amount, forecast_at?)?, period?);
        let budget = Budget { name, scope, only, products, currency, amount, period, levels, forecasts, owners };
        let place = table.get("only").map_or(place, toml::Spanned::span);
        self.refuse_ties(budget.among(), &budget.name, place, &mut seen.claims);
        Some(budget)
    }

    pub(super) fn spike(&mut self, table: &DeTable<'d>, place: Range<usize>, seen: &mut Seen) -> Option<Spike> {
        self.refuse_unknown(table, &SPIKE_KEYS, "a spike");
        self.require(table, &SPIKE_REQUIRED, &place, "the spike");
        let watch = self.watch(table, &place, "spike", &mut seen.spikes);
        let min_extra = table
            .get("min_extra")
            .map_or_else(|| Amount::parse("1").ok(), |value| self.amount(value, "min_extra", "\"1\""));
        let product = self.watched(table, seen.products.as_deref(), place.clone());
        let Watch { name, scope, only, currency, owners } = watch?;
        let spike = Spike { name, scope, only, product: product?, currency, min_extra: min_extra?, owners };
        let place = table.get("only").map_or(place, toml::Spanned::span);
        self.refuse_ties(spike.among(), &spike.name, place, &mut seen.claims);
        Some(spike)
    }

    /// `names` has those of earlier tables; that of this one is known even if the table has faults.
    fn watch(
        &mut self,
        table: &DeTable<'d>,
        place: &Range<usize>,
        what: &str,
        names: &mut BTreeMap<String, usize>,
    ) -> Option<Watch> {
        let name = table.get("name").and_then(|value| self.filled_text(value, "name"));
        if let Some(name) = &name {
            self.refuse_second(what, name, table, place, names);
        }
        let scope = table.get("scope").and_then(|value| self.one_of(value, "scope", &SCOPES));
        let only = table.get("only").map_or(Some(Only::Everyone), |value| self.only(value, scope));
        let currency = table.get("currency").and_then(|value| self.currency(value));
        let owners = table.get("owner").map_or_else(|| Some(vec![DEFAULT_OWNER.to_owned()]), |value| self.owner(value));
        Some(Watch { name: name?, scope: scope?, only: only?, currency: currency?, owners: owners? })
    }

    /// Two budgets, or spikes, that name a subject equally closely would leave open which of them applies.
    fn refuse_ties(
        &mut self,
        (among, only): (Among, &Only),
        name: &str,
        place: Range<usize>,
        Claims(claims): &mut Claims,
    ) {
        let patterns = match only {
            Only::Everyone => vec![None],
            Only::These(patterns) => patterns.iter().cloned().map(Some).collect(),
        };
        let (line, (products, scope, currency, period)) = (self.line(&place), among);
        // A policy that reads messages alone does not speak of products.
        let of_product = match products {
            Products::One(Product::Sms) => String::new(),
            products => format!(" for product {:?}", products.name()),
        };
        for pattern in patterns {
            let what = match &pattern {
                None => format!("every {}", scope.name()),
                Some(pattern) => format!("{:?}", pattern.to_string()),
            };
            if let Some((other, line)) = claims.insert((among, pattern), (name.to_owned(), line)) {
                let of = period.map_or_else(
                    || format!("is watched for spikes in {currency}"),
                    |period| format!("has a {currency} budget a {}", period.name()),
                );
                let message = format!("{what} {of}{of_product} twice: {other:?} on line {line} and {name:?} here");
                let fix = "keep one of the two, or name the subject more closely in one of them";
                self.fault(place.clone(), "tie", message, fix);
            }
        }
    }
}

fn levels(amount: Amount, percents: Vec<Decimal>) -> Option<Vec<Level>> {
    let level = |percent: Decimal| amount.checked_percent(percent).map(|threshold| Level { percent, threshold });
    percents.into_iter().map(level).collect()
}
