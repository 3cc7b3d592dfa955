//! What a page is made from.

use super::Sent;
use crate::domain::alert::{AlertRecord, Finding};
use crate::domain::case::Case;
use crate::domain::evaluate::History;

/// All that a page is made from: what a run has when it has judged, or what a past has.
///
/// Every day that the totals have is used, so that a run whose totals hold thirteen months shows them, and one whose totals hold the running
/// month shows that, with the others not known.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// What was judged.
    pub case: Case<'a>,
    /// What is true.
    pub findings: &'a [Finding<'a>],
    /// What earlier runs have seen; estimates come from its baselines.
    pub history: &'a History,
    /// The alerts that were sent; those of the running month are shown.
    pub sent: &'a [Sent],
    /// What became of this run's alerts; those that a silence holds back are shown.
    pub alerts: &'a [AlertRecord],
    /// Whether `sent` is what the policy would have sent, from final figures.
    pub is_replayed: bool,
}
