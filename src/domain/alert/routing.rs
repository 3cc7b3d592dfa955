//! Who hears of a finding, and which silence holds it back.

use jiff::Timestamp;

use super::Finding;
use crate::domain::case::Case;
use crate::domain::policy::{Policy, Receiver, Silence, Watch, Watched};

impl Finding<'_> {
    /// Whether a receiver hears of it: the owners of a budget or a spike, and `default` of all else.
    #[must_use]
    pub fn is_for(&self, receiver: &Receiver) -> bool {
        match self {
            Finding::Spent(spent) => receiver.is_of(&spent.budget.owners),
            Finding::Forecast(forecast) => receiver.is_of(&forecast.spent.budget.owners),
            Finding::Correction(correction) => receiver.is_of(&correction.spent.budget.owners),
            Finding::Spike(spiking) => receiver.is_of(&spiking.rule.owners),
            Finding::Digest(digest) => digest.is_for(receiver),
            Finding::Unwatched(_) | Finding::Stale(_) | Finding::Test(_) => receiver.is_default(),
        }
    }

    /// Whether it can lead to anything if no thread knows of it.
    #[must_use]
    pub fn may_matter(&self) -> bool {
        if let Finding::Spent(spent) = self { spent.highest().is_some() } else { true }
    }

    /// What a silence can select it by; `None` for what only `all` selects.
    fn watched(&self) -> Option<Watched<'_>> {
        let (watch, name, scope, subject): (_, &str, _, &str) = match self {
            Finding::Spent(spent) => (Watch::Budget, &spent.budget.name, spent.scope, &spent.subject),
            Finding::Forecast(found) => {
                (Watch::Forecast, &found.spent.budget.name, found.spent.scope, &found.spent.subject)
            }
            Finding::Spike(found) => (Watch::Spike, &found.rule.name, found.rule.scope, &found.subject),
            _ => return None,
        };
        Some(Watched { watch, name, scope, subject })
    }

    /// Whether a silence can hold it back at all.
    fn can_wait(&self) -> bool {
        !matches!(self, Finding::Stale(_) | Finding::Digest(_) | Finding::Test(_))
    }

    /// The silences of a policy that select it.
    fn silences<'p>(&self, policy: &'p Policy) -> impl Iterator<Item = &'p Silence> {
        policy.silences.iter().filter(|silence| self.can_wait() && silence.selects(self.watched()))
    }

    /// Until when it is held back, if it is.
    pub(super) fn silenced_until(&self, case: &Case<'_>) -> Option<Timestamp> {
        self.silences(case.policy).filter(|silence| silence.is_active(case.as_of)).map(|silence| silence.until).max()
    }

    /// Whether it may have been held back until a little while ago.
    #[must_use]
    pub fn was_silenced(&self, case: &Case<'_>) -> bool {
        self.silences(case.policy).any(|silence| silence.has_just_ended(case.as_of))
    }
}
