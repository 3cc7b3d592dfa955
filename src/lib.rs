#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! They stand in the order of the data flow.

pub mod config;

pub mod domain;

pub mod error;
