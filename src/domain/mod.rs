//! What is right or wrong about money, periods, budgets and messages. Pure: no I/O, no clock, no randomness, no logging.

pub mod money;
pub mod number;
pub mod text;

pub mod charge;
pub mod dates;
pub mod period;
pub mod product;

pub mod contributors;
pub mod coverage;
pub mod totals;

pub mod foresight;

pub mod policy;

pub mod baselines;
pub mod estimates;
mod places;

pub mod background;
pub mod case;

pub mod alert;
pub mod matches;

pub mod evaluate;
pub mod message;
pub mod page;
#[cfg(any(test, feature = "cli"))]
pub mod past;
#[cfg(any(test, feature = "cli"))]
pub mod replay;
#[cfg(any(test, feature = "cli"))]
pub mod suggest;
#[cfg(any(test, feature = "cli"))]
mod trackers;

#[cfg(test)]
pub(crate) mod world;
