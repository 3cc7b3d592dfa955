//! What messages compare their figures with: past days from the daybook, and for a digest what was sent and how the runs went.
//!
//! It is loaded only when something is due, and no alert waits for it: what cannot be read in time is not mentioned.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::Value;

use super::report::Book;
use super::{Examination, Services};
use crate::clients::Deadline;
use crate::daybook::Whose;
use crate::domain::alert::{Alert, Decision, Finding, Lately, Threads};
use crate::domain::case::Case;
use crate::domain::period::Period;
use crate::domain::product::Products;

/// What looking back may take of a run's time.
const TIME: Duration = Duration::from_secs(5);

/// What the messages that are due want to know.
#[derive(Default)]
struct Wanted {
    /// The first day that they look back to.
    first: Option<Date>,
    /// The period of a digest.
    digest: Option<Period>,
    /// Alerts that a silence holds back, by topic.
    silenced: BTreeMap<Arc<str>, u64>,
}

impl Wanted {
    fn of<'a>(decided: impl Iterator<Item = (Case<'a>, Vec<Alert<'a>>)>) -> Wanted {
        let mut wanted = Wanted::default();
        for (case, alerts) in decided {
            for alert in alerts.iter().filter(|alert| alert.decision == Decision::Due) {
                wanted.first = wanted.first.into_iter().chain(alert.finding.looks_back_to(&case)).min();
                if let Finding::Digest(digest) = &alert.finding {
                    wanted.digest = Some(digest.period);
                }
            }
            let silenced = alerts.iter().filter(|alert| alert.is_silenced()).count() as u64;
            *wanted.silenced.entry(Arc::clone(&case.receiver.topic_arn)).or_default() += silenced;
        }
        wanted
    }
}

/// Loads what the messages that are due by these threads look back to.
pub(super) async fn look_back(
    services: &Services,
    examination: &mut Examination<'_>,
    threads: &Threads,
    deadline: Deadline,
) {
    let wanted = Wanted::of(examination.decided(threads));
    let deadline = deadline.share_of(3).at_most(TIME);
    if let Some(first) = wanted.first
        && deadline.bound(load_days(services, examination, first)).await.is_none()
    {
        tracing::warn!("the run's time was not enough to load past days; messages go without them");
    }
    if let Some(period) = wanted.digest {
        let lately = deadline.bound(lately(services, examination, &period, wanted.silenced)).await;
        examination.history.lately = lately.flatten().map(Arc::new);
    }
}

/// Adds the days from `first` on to the figures, as far as the daybook has them.
async fn load_days(services: &Services, examination: &mut Examination<'_>, first: Date) {
    let (report, zone) = (&mut examination.report, &examination.policy.time_zone_name);
    let account = Arc::clone(report.judged.totals.account());
    for Book { product, remembered, .. } in &report.books {
        let products = Products::One(*product);
        let whose = Whose { account: &account, products, zone };
        let known = report.judged.totals.figures(products);
        let days = first.series(1.day()).take_while(|day| *day < report.first_day);
        let days: Vec<_> = days.filter(|day| !known.knows(*day)).collect();
        match services.daybook.days(whose, &remembered.head, &days).await {
            Ok(days) => days.iter().for_each(|(day, sums)| report.judged.totals.set(*product, *day, sums)),
            Err(error) => tracing::warn!(%error, "messages go without past days"),
        }
    }
}

/// What happened in a period.
async fn lately(
    services: &Services,
    examination: &Examination<'_>,
    period: &Period,
    silenced: BTreeMap<Arc<str>, u64>,
) -> Option<Lately> {
    let report = &examination.report;
    let sent = services.ledger.messages(report.judged.totals.account(), (period.from(), period.to())).await;
    let sent = sent.map_err(|error| tracing::warn!(%error, "the digest goes without what was sent")).ok()?;
    let mut alerts: BTreeMap<Arc<str>, (u64, u64)> =
        silenced.into_iter().map(|(topic, silenced)| (topic, (0, silenced))).collect();
    for message in sent {
        let kept = message.get("alerts").and_then(Value::as_array).into_iter().flatten();
        let count = kept.filter(|alert| alert.get("kind").and_then(Value::as_str) != Some("digest")).count() as u64;
        alerts.entry(message.get("topic_arn").and_then(Value::as_str).unwrap_or_default().into()).or_default().0 +=
            count;
    }
    let (runs, complete_runs) = report.head().runs_of(period.days());
    Some(Lately { alerts, runs, complete_runs })
}
