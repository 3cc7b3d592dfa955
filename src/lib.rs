#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! They stand in the order of the data flow.

/// Version, commit and build, such as `0.6.0 (27aedd0 2026-11-24, release)`; build.rs says where the commit comes from.
pub const VERSION: &str = env!("COST_ALERTS_VERSION");

pub mod config;
pub mod request;

pub mod run;
pub mod widget;

pub mod clients;
pub mod daybook;
pub mod domain;
pub mod outbox;
pub mod page;

pub mod error;
pub mod response;
pub mod telemetry;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod sandbox;
