//! Alerts on Zoom Phone SMS and MMS charges before the bill does.
//!
//! The modules stand in the order of the data flow: fetch → sum → judge → plan → claim → publish → confirm → report.

pub mod config;
pub mod event;

pub mod clients;
pub mod domain;
pub mod handler;

pub mod answer;
pub mod error;
pub mod telemetry;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod sandbox;
