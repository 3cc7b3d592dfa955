//! What judging rests on: an account's figures, a policy, a receiver and a moment.

use std::sync::Arc;

use jiff::Timestamp;

use super::coverage::{Coverage, Receipt};
use super::period::Period;
use super::policy::Policy;
use super::totals::Totals;

/// Who hears of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The name in the policy and in answers: `default`.
    pub name: Arc<str>,
    /// The SNS topic.
    pub topic_arn: Arc<str>,
}

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
    /// Who hears of it.
    pub receiver: &'a Receiver,
    /// The moment that is judged.
    pub as_of: Timestamp,
    /// Whether somebody asked for a moment of the past, and for publishing what is found.
    pub rerun: bool,
}
