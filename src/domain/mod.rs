//! What is right or wrong about money, periods, budgets and messages. Pure: no I/O, no clock, no randomness, no logging.

pub mod money;
pub mod period;

pub mod charge;
pub mod totals;

pub mod history;

pub mod policy;

pub mod budget;
pub mod correction;

pub mod alert;

pub mod message;
