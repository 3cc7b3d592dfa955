//! All that Zoom still has of an account's past, for the operator's command: a backfill into memory, and what is not settled.

use jiff::{Timestamp, ToSpan as _};

use super::examine::faults;
use super::prepare::authorize;
use super::{Memory, Prepared, Question, Services, backfill, read_report};
use crate::clients::Deadline;
use crate::clients::zoom::Pages;
use crate::config::SecretSource;
use crate::daybook::{Saved, Texts};
use crate::domain::period::Period;
use crate::domain::policy::Policy;
use crate::domain::product::{Product, Products};
use crate::domain::replay::Past;
use crate::error::{Code, RunError};
use crate::telemetry::Metrics;

/// A backfill loads what is older than this many days, and the report is read for the others.
const OPEN_DAYS: u32 = 5;
const BUDGET: &str = "[[budget]]\nname = 'all'\nscope = 'account'\ncurrency = 'USD'\namount = 1\nperiod = 'day'\n";

/// Reads the past 13 months up to `now`, by the civil days of the policy's zone. `progress` is called with the month and the page of it.
///
/// # Errors
/// What Zoom does not give: a past with a gap is none.
pub async fn past(
    services: &Services,
    secret_id: &SecretSource,
    wanted: &Wanted<'_>,
    now: Timestamp,
    progress: &dyn Fn(&str, u64),
) -> Result<Saved, RunError> {
    let policy = wanted.policy()?;
    let authorized = authorize(services, secret_id, Deadline::never()).await?;
    let prepared = Prepared { secret_id: secret_id.clone(), authorized, policy, judge: String::new() };
    let mut metrics = Metrics::default();
    let of_month = |month: &Period, page: u64| progress(&month.label(), page);
    let done = backfill(services, &prepared, now, Deadline::never(), &mut metrics, &of_month).await?;
    if !done.finished {
        let message = "today's share of Zoom's daily limit is used up before the past was read; run cost-alerts backfill on \
                       several days, and then this with --source table";
        return Err(RunError::new(Code::ZoomRateLimited, message));
    }
    let on_page = |pages: Pages| progress("the last days", pages.read);
    let question = Question { until: now, now, deadline: Deadline::never(), memory: Memory::Unused, on_page: &on_page };
    let report = read_report(services, &prepared, &question).await?;
    if let Some(error) = RunError::join(faults(&report)) {
        return Err(error);
    }
    let mut past = settled(services, &prepared).await?;
    let today = prepared.policy.time_zone.to_datetime(now).date();
    let mut texts = Texts::default();
    for product in prepared.policy.products.iter().copied() {
        let days = past.products.entry(product).or_default();
        for day in report.first_day.series(1.day()).take_while(|day| *day <= today) {
            days.insert(day, report.judged.totals.believed(product, day));
        }
        days.values_mut().for_each(|sums| texts.share(sums));
    }
    Ok(Saved { past, until: now })
}

/// Which past is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The IANA name of the zone in which its days turn; `None` for that of the past.
    pub zone: Option<&'w str>,
    /// For so many days a day's figures may still grow.
    pub late_charges_days: u32,
    /// The reports.
    pub products: &'w [Product],
}

impl Wanted<'_> {
    /// What reading needs of a policy, and no more of it.
    fn policy(&self) -> Result<Policy, RunError> {
        let (zone, late_charges_days) = (self.zone.unwrap_or("UTC"), self.late_charges_days.max(OPEN_DAYS));
        let products: Vec<_> = self.products.iter().map(|product| product.name()).collect();
        let document =
            format!("time_zone = {zone:?}\nlate_charges_days = {late_charges_days}\nproducts = {products:?}\n{BUDGET}");
        Policy::parse(&document).map_err(|faults| RunError::new(Code::ConfigInvalid, faults.to_string()))
    }
}

impl<'w> From<&'w Policy> for Wanted<'w> {
    fn from(policy: &'w Policy) -> Wanted<'w> {
        let Policy { time_zone_name, late_charges_days, products, .. } = policy;
        Wanted { zone: Some(time_zone_name), late_charges_days: *late_charges_days, products }
    }
}

/// The days that the backfill has loaded.
async fn settled(services: &Services, prepared: &Prepared) -> Result<Past, RunError> {
    let lost = |error: crate::daybook::StoreError| RunError::new(Code::Internal, error.to_string());
    let Prepared { authorized, policy, .. } = prepared;
    let (account, zone) = (authorized.account_id().to_owned(), policy.time_zone_name.clone());
    let mut past = Past { account, zone, ..Past::default() };
    for product in policy.products.iter().copied() {
        let whose = prepared.whose(Products::One(product));
        let head = services.daybook.load(whose).await.map_err(lost)?.head.unwrap_or_default();
        let days: Vec<_> = head.known_days().map(|(day, _)| day).collect();
        past.products.insert(product, services.daybook.days(whose, &head, &days).await.map_err(lost)?);
    }
    Ok(past)
}
