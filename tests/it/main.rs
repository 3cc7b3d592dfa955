//! The real binary under a Runtime API server, against the embedded Zoom and an AWS stand-in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests are a composition root: they own clients and the clock"
)]
#![allow(missing_docs, unreachable_pub, reason = "a test binary has no public interface")]

mod cli;
mod contract;
mod crashes;
mod daybook;
mod faults;
mod flow;
mod foresight;
mod harness;
mod large;
mod older;
mod other_zoom;
mod properties;
mod readings;
mod support;
mod trust;
mod widget;
