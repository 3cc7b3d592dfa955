//! The function's log (JSON lines on standard error) and its metrics (one line in CloudWatch's embedded metric format on standard output).
//!
//! Only this crate's own events follow the level asked for; of all others only warnings are written, since HTTP and SDK libraries log
//! requests with their headers at the finer levels.

use jiff::Timestamp;
use serde_json::{Value, json};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;

use crate::VERSION;
use crate::domain::money::{Amount, Currency};

/// The metrics' namespace.
pub const NAMESPACE: &str = "ZoomSmsCostAlerts";

/// A subscriber that writes JSON lines with timestamp, level, message, and the fields of the runtime's span, among them `requestId`.
/// `level` is Lambda's: TRACE, DEBUG, INFO, WARN, ERROR or FATAL; anything else means INFO.
pub fn subscriber<W>(level: Option<&str>, writer: W) -> impl Subscriber
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let level = match level.unwrap_or_default().trim().to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    // The runtime's span, at INFO, holds the request id of every line.
    let targets = Targets::new()
        .with_target("lambda_runtime", LevelFilter::INFO)
        .with_default(level.min(LevelFilter::WARN))
        .with_target("zoom_sms_cost_alerts", level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(targets).with(lines)
}

/// What a run measures of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Whether a scheduled or manual run of the present came to its end without error; not for dry runs, tests and reruns of the past, so
    /// that they do not hide a schedule that no longer fires.
    pub run_completed: bool,
    /// Whether the run ended as an error.
    pub run_failed: bool,
    /// Whether some of the report could not be read.
    pub report_incomplete: bool,
    /// Distinct charged rows.
    pub rows: u64,
    /// Requests for the report.
    pub requests: u64,
    /// Those that Zoom's rate limit refused.
    pub refusals: u64,
    /// Alerts published.
    pub alerts_sent: u64,
    /// Whether an alert was due for a topic without a confirmed subscription.
    pub nobody_listens: bool,
    /// Whether the report has had no new row for longer than it usually goes without.
    pub report_stale: bool,
    /// Milliseconds.
    pub duration: u64,
    /// By currency; empty unless the report was read whole and the present was judged.
    pub spending: Vec<Spending>,
}

/// What an account spent in a currency, beside its highest budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spending {
    /// The currency.
    pub currency: Currency,
    /// In the running period, of the longest kind that the policy has.
    pub to_date: Amount,
    /// The highest budget for that kind of period; `None` if no budget is in this currency.
    pub highest_budget: Option<Amount>,
}

impl Metrics {
    /// The line of embedded metric format. `code` is the error's; it and the version are properties.
    ///
    /// The function's name is the one dimension, so that several functions in an AWS account, one for each Zoom account, do not cover for
    /// each other's silence. Money has the currency in the metric's name (`SpentToDate.USD`), so that it stays one line a run.
    #[must_use]
    pub fn line(&self, at: Timestamp, function: &str, request_id: &str, code: Option<String>) -> String {
        let counts = [
            ("RunCompleted", u64::from(self.run_completed)),
            ("RunFailed", u64::from(self.run_failed)),
            ("ReportIncomplete", u64::from(self.report_incomplete)),
            ("ChargedRows", self.rows),
            ("ReportRequests", self.requests),
            ("ZoomRefusals", self.refusals),
            ("AlertsSent", self.alerts_sent),
            ("NobodyListens", u64::from(self.nobody_listens)),
            ("ReportStale", u64::from(self.report_stale)),
        ];
        let mut metrics: Vec<(String, Value, &str)> =
            counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count), "Count")).collect();
        metrics.push(("RunDuration".to_owned(), json!(self.duration), "Milliseconds"));
        for Spending { currency, to_date, highest_budget } in &self.spending {
            metrics.push((format!("SpentToDate.{currency}"), number(*to_date), "None"));
            metrics.extend(highest_budget.map(|budget| (format!("HighestBudget.{currency}"), number(budget), "None")));
        }
        let names: Vec<_> = metrics.iter().map(|(name, _, unit)| json!({"Name": name, "Unit": unit})).collect();
        let mut line = json!({
            "_aws": {"Timestamp": at.as_millisecond(), "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": names}]},
            "FunctionName": function,
            "request_id": request_id,
            "version": VERSION,
        });
        if let Some(root) = line.as_object_mut() {
            root.extend(metrics.into_iter().map(|(name, value, _)| (name, value)));
            root.extend(code.map(|code| ("error_type".to_owned(), json!(code))));
        }
        line.to_string()
    }
}

/// CloudWatch wants JSON numbers and keeps them as floats; for its pictures that will do.
fn number(amount: Amount) -> Value {
    serde_json::from_str(&amount.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metric_line_is_embedded_metric_format() {
        let metrics = Metrics {
            run_completed: true,
            rows: 1443,
            requests: 6,
            alerts_sent: 1,
            duration: 812,
            spending: vec![Spending {
                currency: Currency::parse("USD").unwrap(),
                to_date: Amount::parse("200.0903").unwrap(),
                highest_budget: Amount::parse("1000").ok(),
            }],
            ..Metrics::default()
        };
        let line = metrics.line("2026-11-22T13:00:00Z".parse().unwrap(), "alerts", "r-1", None);
        assert!(!line.contains('\n'));
        let mut line: Value = serde_json::from_str(&line).unwrap();
        // Another one with every commit.
        assert_eq!(line["version"].take(), VERSION);
        insta::assert_json_snapshot!(line, @r#"
        {
          "AlertsSent": 1,
          "ChargedRows": 1443,
          "FunctionName": "alerts",
          "HighestBudget.USD": 1000,
          "NobodyListens": 0,
          "ReportIncomplete": 0,
          "ReportRequests": 6,
          "ReportStale": 0,
          "RunCompleted": 1,
          "RunDuration": 812,
          "RunFailed": 0,
          "SpentToDate.USD": 200.0903,
          "ZoomRefusals": 0,
          "_aws": {
            "CloudWatchMetrics": [
              {
                "Dimensions": [
                  [
                    "FunctionName"
                  ]
                ],
                "Metrics": [
                  {
                    "Name": "RunCompleted",
                    "Unit": "Count"
                  },
                  {
                    "Name": "RunFailed",
                    "Unit": "Count"
                  },
                  {
                    "Name": "ReportIncomplete",
                    "Unit": "Count"
                  },
                  {
                    "Name": "ChargedRows",
                    "Unit": "Count"
                  },
                  {
                    "Name": "ReportRequests",
                    "Unit": "Count"
                  },
                  {
                    "Name": "ZoomRefusals",
                    "Unit": "Count"
                  },
                  {
                    "Name": "AlertsSent",
                    "Unit": "Count"
                  },
                  {
                    "Name": "NobodyListens",
                    "Unit": "Count"
                  },
                  {
                    "Name": "ReportStale",
                    "Unit": "Count"
                  },
                  {
                    "Name": "RunDuration",
                    "Unit": "Milliseconds"
                  },
                  {
                    "Name": "SpentToDate.USD",
                    "Unit": "None"
                  },
                  {
                    "Name": "HighestBudget.USD",
                    "Unit": "None"
                  }
                ],
                "Namespace": "ZoomSmsCostAlerts"
              }
            ],
            "Timestamp": 1795352400000
          },
          "request_id": "r-1",
          "version": null
        }
        "#);
    }
}
