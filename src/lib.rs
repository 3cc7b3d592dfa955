#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! They stand in the order of the data flow.

pub mod config;

pub mod clients;
pub mod daybook;
pub mod domain;

pub mod outbox;
pub mod request;
pub mod response;

pub mod error;
pub mod telemetry;

pub mod run;

#[cfg(feature = "cli")]
pub mod sandbox;
