//! `-v`: the program's own log in lines for people, on standard error.

use std::time::Instant;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt as _;

/// Shows requests to Zoom and AWS, and what went wrong on the way. Of libraries nothing is shown: at the finer levels they log headers.
pub(super) fn start() {
    let targets = Targets::new().with_target("zoom_sms_cost_alerts", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer()
        .compact()
        .with_ansi(false)
        .with_level(false)
        .with_target(false)
        .with_timer(Since(Instant::now()))
        .with_writer(std::io::stderr);
    // There is one already in a process that has run a command before.
    _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(targets).with(lines));
}

/// Seconds since the program was started.
struct Since(Instant);

impl FormatTime for Since {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let gone = self.0.elapsed();
        write!(out, "{:>4}.{:03} s ", gone.as_secs(), gone.subsec_millis())
    }
}
