//! The table of budgets.

use std::collections::HashSet;

use super::super::Facts;
use super::super::counted::on_one;
use super::super::people::who;
use super::super::spent::Spent;
use super::super::words::{limit, period_name, range};
use super::Digest;
use crate::domain::background::{Background, backgrounds};
use crate::domain::case::Case;
use crate::domain::period::PeriodKind;
use crate::domain::text::capitalised;

/// Budgets that it lists, the most used first.
pub(super) const MOST_BUDGETS: usize = 15;
/// Those that a chat lists.
const MOST_IN_A_CHAT: usize = 5;

impl<'a> Digest<'a> {
    pub(super) fn table(&self, case: &Case<'a>) -> Vec<Vec<String>> {
        let listed: Vec<_> = self.of_receiver(case.receiver).take(MOST_BUDGETS).collect();
        if listed.is_empty() {
            return Vec::new();
        }
        // A digest of a week or a day has budgets of months in it: what they spent is not what the digest is about.
        let are_of_months = listed.iter().all(|spent| spent.period.kind() == PeriodKind::Month);
        let month = listed.first().filter(|_| are_of_months).map(|spent| period_name(&spent.period, case));
        let (budget, end) = match month {
            Some(month) => (format!("Budget, {month}"), "By month end"),
            None => ("Budget".to_owned(), "By the end"),
        };
        let header = [&budget, "Spent", "Limit", "Used", end].map(str::to_owned).to_vec();
        let whose: HashSet<_> = listed.iter().map(|spent| spent.whose()).collect();
        let backgrounds = backgrounds(whose, case);
        let nothing = Background::default();
        let row = |spent: &&Spent<'a>| {
            let background = backgrounds.get(&spent.whose()).unwrap_or(&nothing);
            let currency = spent.budget.currency;
            let end = spent.estimate().map(|estimate| range(&estimate, currency).replace(&format!("{currency} "), ""));
            let who = capitalised(&who(spent.scope, &spent.subject, background, case.policy.senders));
            let kind = spent.period.kind();
            let who = format!("{who}{}", on_one(spent.budget.products, case));
            vec![
                if kind == PeriodKind::Month { who } else { format!("{who}, the {}", kind.name()) },
                format!("{currency} {}", spent.amount()),
                limit(spent.budget.amount, currency),
                spent.percent(),
                end.unwrap_or_default(),
            ]
        };
        std::iter::once(header).chain(listed.iter().map(row)).collect()
    }
}

/// The same in lines for a chat: of the budgets, the most used.
pub(super) fn brief(facts: &Facts, table: &[Vec<String>], facts_below: &Facts) -> Vec<String> {
    let budget = |row: &Vec<String>| match row.as_slice() {
        [who, spent, limit, used, end] if end.is_empty() => format!("{who}: {spent} of {limit}, {used}"),
        [who, spent, limit, used, end] => format!("{who}: {spent} of {limit}, {used}, by the end {end}"),
        row => row.join(" "),
    };
    let fact = |(label, text): &(String, String)| format!("{label} {text}").trim().to_owned();
    let below = facts_below.iter().filter(|(label, _)| !label.is_empty());
    let budgets = table.iter().skip(1).take(MOST_IN_A_CHAT);
    facts.iter().map(fact).chain(budgets.map(budget)).chain(below.map(fact)).collect()
}
