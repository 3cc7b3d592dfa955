//! Real time. The account's own day is an argument, [`Dataset::today`](super::Dataset::today).

use std::time::Instant;

use jiff::Timestamp;

pub(super) fn instant() -> Instant {
    Instant::now()
}

pub(super) fn wall() -> Timestamp {
    Timestamp::now()
}
