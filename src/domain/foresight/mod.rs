//! What is likely: where a period will end, whether today is far above what is usual, and which amount keeps the alerts few.
//!
//! Statistics only, in `f64`: no money type, no dates, no currency. A probability or a critical count is no money, and a figure that people
//! read as money is rounded once, at the end, and called an estimate. Weekdays need no calendar here: days that are a multiple of seven
//! apart are the same weekday, so every series is a slice of **complete, consecutive days, oldest first, days without charges included**.
//!
//! Where the formulas come from, and how they compare with simpler ones on synthetic and public series, is in `docs/methods.md`;
//! `cargo bench --bench foresight` measures it again.

pub mod amount;
pub mod forecast;
pub mod load;
pub mod replay;
pub mod spike;

mod special;

#[cfg(test)]
mod fixtures;
