//! The edge: one file for each outside party. Only here does the program read clocks and speak to the network.
#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "this is where the outside is spoken to")]

pub(crate) mod aws;
mod http;
#[cfg(feature = "cli")]
pub mod identity;
mod pace;
#[cfg(test)]
pub(crate) mod script;
pub(crate) mod table;
#[cfg(feature = "cli")]
mod traced;

pub mod ledger;
pub mod parameters;
pub mod secrets;
pub mod topic;
pub mod zoom;

use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

pub use aws::sdk_config;
pub use http::sdk_http_client;
#[cfg(feature = "cli")]
pub use table::TableForm;

/// What Zoom's Server-to-Server OAuth app is known by.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Zoom's account id.
    pub account_id: String,
    /// The app's client id.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: SecretString,
}

/// The moment at which a run must be over; none on a laptop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The moment `left` from now.
    #[must_use]
    pub fn after(left: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(left))
    }

    /// No deadline.
    #[must_use]
    pub fn never() -> Deadline {
        Deadline(None)
    }

    /// An earlier moment: what remains until now, less a share of it but no more than `most`.
    #[must_use]
    pub fn less_reserve(self, most: Duration) -> Deadline {
        Deadline(self.0.map(|at| at - (self.left() / 3).min(most)))
    }

    /// A moment so much earlier.
    #[must_use]
    pub fn earlier(self, by: Duration) -> Deadline {
        Deadline(self.0.and_then(|at| at.checked_sub(by)))
    }

    /// This moment, or the one so long from now if that is earlier.
    #[must_use]
    pub fn at_most(self, most: Duration) -> Deadline {
        if self.left() <= most { self } else { Deadline::after(most) }
    }

    /// An earlier moment: a fair share of what remains, if so many need some of it.
    #[must_use]
    pub fn share_of(self, many: usize) -> Deadline {
        self.at_most(self.left() / u32::try_from(many.max(1)).unwrap_or(u32::MAX))
    }

    /// How much time is left; for ever without a deadline.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Waits for the work, no longer than until the deadline.
    ///
    /// # Errors
    /// `None` if the deadline came first.
    pub async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            Some(at) => tokio::time::timeout_at(at, work).await.ok(),
            None => Some(work.await),
        }
    }
}
