use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Lets callers through one after the other, evenly, so many a second and never a burst.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Interval>);

impl Pace {
    /// Must be made within a tokio runtime.
    pub(super) fn per_second(requests: u32) -> Pace {
        let mut interval = interval(Duration::from_secs(1) / requests.max(1));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Pace(Mutex::new(interval))
    }

    pub(super) async fn turn(&self) {
        self.0.lock().await.tick().await;
    }

    /// Holds everyone back for a while: somebody else needs the limit too.
    pub(super) async fn pause(&self, pause: Duration) {
        self.0.lock().await.reset_after(pause);
    }
}
