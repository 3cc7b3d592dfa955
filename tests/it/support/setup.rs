//! What a test's world is made of: a policy, what Zoom has and how it behaves, and the moment. One builder for runs of the real binary
//! ([`World`]) and for runs in process at any time ([`Deployment`]).

use super::{Deployment, NOW, Policy, World, at, switches};
use jiff::Timestamp;
use zoom_sms_cost_alerts::sandbox::{Dataset, Row, Sandbox, Switches};

/// A policy of [`Policy::default`], a Zoom without rows or whims, and the moment [`NOW`], unless it is told otherwise.
#[derive(Clone)]
pub struct Setup {
    pub(super) policy: String,
    data: Data,
    pub(super) switches: Switches,
    pub(super) now: Timestamp,
    pub(super) is_live: bool,
}

#[derive(Clone)]
enum Data {
    Rows(Vec<Row>),
    Whole(Dataset),
}

/// See [`Setup`].
pub fn setup() -> Setup {
    Setup {
        policy: Policy::default().to_string(),
        data: Data::Rows(Vec::new()),
        switches: Switches::default(),
        now: at(NOW),
        is_live: false,
    }
}

impl Setup {
    pub fn policy(mut self, policy: impl ToString) -> Self {
        self.policy = policy.to_string();
        self
    }

    pub fn rows(mut self, rows: impl Into<Vec<Row>>) -> Self {
        self.data = Data::Rows(rows.into());
        self
    }

    pub fn data(mut self, dataset: Dataset) -> Self {
        self.data = Data::Whole(dataset);
        self
    }

    /// The sandbox's sample account as of the moment.
    pub fn sample(self) -> Self {
        let dataset = Dataset::sample(self.now);
        self.data(dataset)
    }

    /// How Zoom behaves, written as for the sandbox's command.
    pub fn zoom(mut self, line: &str) -> Self {
        self.switches = switches(line);
        self
    }

    pub fn now(mut self, moment: impl Into<Moment>) -> Self {
        self.now = moment.into().0;
        self
    }

    /// Functions take the moment for the present, so that scheduled runs judge it.
    pub fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// Zoom alone.
    pub async fn sandbox(self) -> Sandbox {
        let dataset = self.dataset();
        Sandbox::start(0, dataset, self.switches).await.unwrap()
    }

    /// Runs of the real binary.
    pub async fn world(self) -> World {
        World::of(self).await
    }

    /// Runs in process, at any time.
    pub async fn deployment(self) -> Deployment {
        Deployment::of(self).await
    }

    pub(super) fn dataset(&self) -> Dataset {
        match &self.data {
            Data::Rows(rows) => Dataset::of(rows.clone(), self.now),
            Data::Whole(dataset) => dataset.clone(),
        }
    }
}

/// A moment, given as it is or in writing.
pub struct Moment(pub(super) Timestamp);

impl From<&str> for Moment {
    fn from(text: &str) -> Self {
        Self(at(text))
    }
}

impl From<Timestamp> for Moment {
    fn from(moment: Timestamp) -> Self {
        Self(moment)
    }
}
