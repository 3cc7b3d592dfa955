#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! They stand in the order of the data flow.

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
