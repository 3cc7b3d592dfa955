//! What judging rests on: an account's figures, a policy, a receiver and a moment.

use jiff::Timestamp;

use super::coverage::{Coverage, Receipt};
use super::period::Period;
use super::policy::{Policy, Receiver};
use super::totals::{Figures, Totals};

/// All that judging one account for one receiver rests on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// What was spent.
    pub totals: &'a Totals,
    /// How far that can be trusted.
    pub coverage: &'a Coverage,
    /// What the sums rest on.
    pub receipt: &'a Receipt,
    /// The periods that are judged.
    pub periods: &'a [Period],
    /// Who hears of it. Evaluating is the same for all.
    pub receiver: &'a Receiver,
    /// The moment that is judged.
    pub as_of: Timestamp,
    /// The address that every message ends with.
    pub link: Option<&'a str>,
    /// Whether somebody asked for a moment of the past, and for publishing what is found.
    pub rerun: bool,
}

impl<'a> Case<'a> {
    /// The figures of all that the policy reads.
    #[must_use]
    pub fn figures(&self) -> Figures<'a> {
        self.totals.figures(self.policy.all())
    }
}
