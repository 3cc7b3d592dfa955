//! Readings over random worlds and sequences of runs, against what Zoom could list.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the number of worlds comes from the environment")]

mod worlds;
