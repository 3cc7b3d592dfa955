//! What to send, and why.
//!
//! An alert is known by *what it says*: account, scope, subject, currency, period and threshold amount. Not by the run that found it, so
//! that any number of runs send it once, and not by the budget's name or percent, so that renaming a budget sends nothing again.
//!
//! Of several levels newly reached the highest is sent and names the others. A level below one that was already sent is not sent any more.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::budget::Standing;
use super::correction::Correction;
use super::policy::Level;

/// The identity of an alert: 32 hexadecimal digits, the same for the same alert for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AlertId(Arc<str>);

impl AlertId {
    fn of(parts: &[&str]) -> AlertId {
        let mut digest = Sha256::new();
        for part in parts {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        AlertId(digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }

    /// The identity of a message that carries several alerts.
    #[must_use]
    pub fn of_group<'a>(ids: impl IntoIterator<Item = &'a AlertId>) -> AlertId {
        let mut ids: Vec<_> = ids.into_iter().map(AlertId::as_str).collect();
        ids.sort_unstable();
        match ids.as_slice() {
            [only] => AlertId((*only).into()),
            _ => AlertId::of(&ids),
        }
    }

    /// The identity of a test notification that was asked for by `request`.
    #[must_use]
    pub fn of_test(account: &str, request: &str) -> AlertId {
        AlertId::of(&["1", account, "test", request])
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A budget's level was reached.
    Budget,
    /// There are charges in a currency that no budget covers.
    Unwatched,
    /// A figure that was told has been restated.
    Correction,
    /// A test of the way to the readers.
    Test,
}

impl AlertKind {
    /// The name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AlertKind::Budget => "budget",
            AlertKind::Unwatched => "unwatched",
            AlertKind::Correction => "correction",
            AlertKind::Test => "test",
        }
    }
}

/// What is to be done about a standing, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'p> {
    /// Send this level; `also` were reached with it and not told before, lowest first.
    Send {
        /// The highest level reached; `None` for an unwatched currency.
        level: Option<&'p Level>,
        /// The others newly reached.
        also: Vec<&'p Level>,
    },
    /// This level, or a higher one, was sent before.
    AlreadySent {
        /// The highest level reached; `None` for an unwatched currency.
        level: Option<&'p Level>,
    },
    /// No level is reached.
    BelowLevels,
    /// Rows are missing and credits are at hand: whether a level is reached cannot be told.
    Unproven,
    /// A figure that was told is corrected.
    Correct(Correction<'p>),
}

/// A standing and what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned<'p> {
    /// The identity of the alert; of no meaning where none is due.
    pub id: AlertId,
    /// What the alert is about.
    pub kind: AlertKind,
    /// Where the subject stands.
    pub standing: Standing<'p>,
    /// What to do.
    pub decision: Decision<'p>,
}

impl<'p> Planned<'p> {
    /// The level that the alert is about; `None` for an unwatched currency, or where no alert is due.
    #[must_use]
    pub fn level(&self) -> Option<&'p Level> {
        match &self.decision {
            Decision::Send { level, .. } | Decision::AlreadySent { level } => *level,
            Decision::Correct(correction) => correction.level(),
            Decision::BelowLevels | Decision::Unproven => None,
        }
    }
}

/// The identity of the alert of one level (`None`: unwatched) of a standing.
#[must_use]
pub fn alert_id(standing: &Standing<'_>, account: &str, level: Option<&Level>) -> AlertId {
    AlertId::of(&[
        "1",
        account,
        if level.is_some() { "budget" } else { "unwatched" },
        standing.scope.name(),
        &standing.subject,
        standing.currency.code(),
        &standing.period.label(),
        &level.map_or_else(String::new, |level| level.threshold.to_string()),
    ])
}

/// The corrections that are due: those of figures that were told, given which of the identities of [`ids_to_ask_of`] were sent.
#[must_use]
pub fn plan_corrections<'p>(
    corrections: &[Correction<'p>],
    account: &str,
    sent: &HashSet<AlertId>,
) -> Vec<Planned<'p>> {
    let was_told = |correction: &&Correction<'p>| told_ids(&correction.standing, account).any(|id| sent.contains(&id));
    let planned = |correction: &Correction<'p>| {
        let id = correction_id(correction, account);
        let decision = if sent.contains(&id) {
            Decision::AlreadySent { level: correction.level() }
        } else {
            Decision::Correct(correction.clone())
        };
        Planned { id, kind: AlertKind::Correction, standing: correction.standing.clone(), decision }
    };
    corrections.iter().filter(was_told).map(planned).collect()
}

/// The identities that the ledger must be asked for before a correction can be planned.
pub fn ids_to_ask_of(correction: &Correction<'_>, account: &str) -> Vec<AlertId> {
    told_ids(&correction.standing, account).chain([correction_id(correction, account)]).collect()
}

/// The identities of all alerts that a subject can have been the subject of.
fn told_ids(standing: &Standing<'_>, account: &str) -> impl Iterator<Item = AlertId> {
    let levels = standing.budget.map_or(&[][..], |budget| &budget.levels);
    levels.iter().map(move |level| alert_id(standing, account, Some(level)))
}

/// A correction is known by what is restated and what was known of it: found again by a run after one that died, it is the same.
fn correction_id(correction: &Correction<'_>, account: &str) -> AlertId {
    let Correction { standing, days, .. } = correction;
    let days: Vec<_> = days.iter().map(|(day, known_since)| format!("{day} {known_since}")).collect();
    AlertId::of(&[
        "1",
        account,
        AlertKind::Correction.name(),
        standing.scope.name(),
        &standing.subject,
        standing.currency.code(),
        &standing.period.label(),
        &days.join(" "),
    ])
}

/// The identities that the ledger must be asked for before a standing can be planned. Empty if nothing is due whatever it says.
#[must_use]
pub fn ids_to_ask(standing: &Standing<'_>, account: &str) -> Vec<AlertId> {
    match standing.budget {
        None => vec![alert_id(standing, account, None)],
        Some(_) if standing.reached().is_empty() => Vec::new(),
        // A higher level may have been sent before a credit brought the sum down again.
        Some(_) => told_ids(standing, account).collect(),
    }
}

/// Decides for each standing what to send, given which of the identities of [`ids_to_ask`] were sent.
#[must_use]
pub fn plan<'p>(standings: Vec<Standing<'p>>, account: &str, sent: &HashSet<AlertId>) -> Vec<Planned<'p>> {
    standings
        .into_iter()
        .map(|standing| {
            let was_sent = |level| sent.contains(&alert_id(&standing, account, level));
            let reached = standing.reached();
            let highest = reached.last().copied();
            let decision = match standing.budget {
                // That there are charges is proven by one row, whatever is missing.
                None if was_sent(None) => Decision::AlreadySent { level: None },
                None => Decision::Send { level: None, also: Vec::new() },
                Some(_) if standing.is_unproven() => Decision::Unproven,
                Some(_) if highest.is_none() => Decision::BelowLevels,
                Some(budget) => {
                    let highest_sent = budget.levels.iter().rfind(|level| was_sent(Some(level)));
                    match highest_sent {
                        Some(before) if highest.is_some_and(|highest| before.threshold >= highest.threshold) => {
                            Decision::AlreadySent { level: highest }
                        }
                        before => {
                            let is_new =
                                |level: &&Level| before.is_none_or(|before| level.threshold > before.threshold);
                            let also = reached
                                .iter()
                                .copied()
                                .filter(|level| Some(*level) != highest)
                                .filter(is_new)
                                .collect();
                            Decision::Send { level: highest, also }
                        }
                    }
                }
            };
            let kind = if standing.budget.is_some() { AlertKind::Budget } else { AlertKind::Unwatched };
            Planned { id: alert_id(&standing, account, highest), kind, decision, standing }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::super::budget::Proof;
    use super::super::money::{Amount, Currency};
    use super::super::period::{Period, PeriodKind};
    use super::super::policy::Policy;
    use super::super::totals::Scope;
    use super::*;

    fn policy() -> Policy {
        Policy::parse("[[budget]]\nname = \"b\"\nscope = \"billing_number\"\ncurrency = \"USD\"\namount = 100\nalert_at = [50, 80, 100]").unwrap()
    }

    fn standing<'p>(policy: &'p Policy, amount: &str, watched: bool) -> Standing<'p> {
        Standing {
            scope: if watched { Scope::BillingNumber } else { Scope::Account },
            subject: "+1".into(),
            currency: Currency::parse(if watched { "USD" } else { "EUR" }).unwrap(),
            period: Period::containing(PeriodKind::Month, "2026-11-05T12:00:00Z".parse().unwrap(), &TimeZone::UTC)
                .unwrap(),
            amount: Amount::parse(amount).unwrap(),
            messages: 1,
            proof: Proof::Exact,
            budget: watched.then(|| &policy.budgets[0]),
            account_amount: Amount::parse(amount).unwrap(),
        }
    }

    fn planned(policy: &Policy, amount: &str, sent: &[&str]) -> String {
        let standing = standing(policy, amount, true);
        let recorded = policy.budgets[0]
            .levels
            .iter()
            .filter(|level| sent.contains(&level.to_string().as_str()))
            .map(|level| alert_id(&standing, "acc", Some(level)))
            .collect();
        let level = |level: Option<&Level>| level.map_or_else(String::new, ToString::to_string);
        match &plan(vec![standing], "acc", &recorded)[0].decision {
            Decision::Send { level: highest, also } => {
                format!("send {} also {:?}", level(*highest), also.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
            Decision::AlreadySent { level: highest } => format!("already sent {}", level(*highest)),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_highest_new_level_is_sent_and_names_the_others() {
        let policy = policy();
        for (amount, sent, expected) in [
            ("49.99", &[][..], "BelowLevels"),
            ("50", &[], "send 50% also []"),
            ("101", &[], "send 100% also [\"50%\", \"80%\"]"),
            ("101", &["50%"], "send 100% also [\"80%\"]"),
            // 50% was told with 80%, though only 80% stands in the ledger.
            ("101", &["80%"], "send 100% also []"),
            ("85", &["80%"], "already sent 80%"),
            // A credit brought the sum down after 100% was sent.
            ("85", &["100%"], "already sent 80%"),
        ] {
            assert_eq!(planned(&policy, amount, sent), expected, "{amount} {sent:?}");
        }
    }

    #[test]
    fn an_unwatched_currency_is_told_once() {
        let policy = policy();
        let standing = standing(&policy, "3", false);
        let id = alert_id(&standing, "acc", None);
        assert_eq!(ids_to_ask(&standing, "acc"), std::slice::from_ref(&id));
        let first = plan(vec![standing.clone()], "acc", &HashSet::new());
        assert!(matches!(first[0].decision, Decision::Send { level: None, .. }));
        let second = plan(vec![standing], "acc", &HashSet::from([id]));
        assert_eq!(second[0].decision, Decision::AlreadySent { level: None });
    }

    #[test]
    fn an_identity_never_changes() {
        // Ledgers in use hold these; a change here would send every open alert again.
        let policy = policy();
        let id = alert_id(&standing(&policy, "50", true), "acc", Some(&policy.budgets[0].levels[0]));
        insta::assert_snapshot!(id, @"0ea6dc9a97fb1452e239e113e16e7e5f");
        assert_eq!(AlertId::of_group([&id]), id);
        assert_ne!(AlertId::of(&["ab", "c"]), AlertId::of(&["a", "bc"]));
    }

    proptest! {
        #[test]
        fn planning_after_recording_plans_nothing(cents in 0_u32..30_000, sent in proptest::collection::vec(any::<bool>(), 3)) {
            let policy = policy();
            let amount = format!("{}.{:02}", cents / 100, cents % 100);
            let standing = standing(&policy, &amount, true);
            let levels = &policy.budgets[0].levels;
            let mut recorded: HashSet<_> = levels
                .iter()
                .zip(sent)
                .filter(|(_, sent)| *sent)
                .map(|(level, _)| alert_id(&standing, "acc", Some(level)))
                .collect();
            let first = plan(vec![standing.clone()], "acc", &recorded);
            if matches!(first[0].decision, Decision::Send { .. }) {
                recorded.insert(first[0].id.clone());
            }
            let second = plan(vec![standing], "acc", &recorded);
            let sends_again = matches!(second[0].decision, Decision::Send { .. });
            prop_assert!(!sends_again);
        }
    }
}
