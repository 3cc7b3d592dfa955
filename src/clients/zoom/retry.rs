//! How long to wait before another try. [`ZoomError::is_transient`](super::ZoomError) decides whether there is one.

use std::time::Duration;

use backon::ExponentialBuilder;

/// The longest wait for a rate limit. If Zoom asks for more, the reading fails and says how long.
pub(super) const MOST_PAUSE: Duration = Duration::from_secs(60);
/// The pause after a refusal by the rate limit that does not say how long to wait.
pub(super) const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// How long to wait before another try: 0.3 s, doubled each time, with jitter.
pub(super) fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(300))
        .with_max_delay(Duration::from_secs(8))
        .with_max_times(5)
        .with_jitter()
}
