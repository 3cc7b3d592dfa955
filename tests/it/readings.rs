//! Zoom's open questions: whichever way Zoom answers them, the totals are the sandbox's own truth.

use crate::support::World;
use clap::{Args, FromArgMatches};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};
use zoom_sms_cost_alerts::{
    clients::{
        Credentials, Deadline,
        zoom::{Reading, Source, Zoom},
    },
    config::ZoomConfig,
    domain::{
        period::{Period, PeriodKind, judged_periods},
        totals::{Scope, Totals},
    },
    sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Row, Sandbox, Switches},
};

/// The sandbox's switches, written as for its command.
pub fn switches(line: &str) -> Switches {
    let command = Switches::augment_args(clap::Command::new("sandbox")).no_binary_name(true);
    let matches = command.get_matches_from(line.split_whitespace());
    Switches::from_arg_matches(&matches).unwrap()
}

/// The product's own client of a Zoom, in process.
pub struct Client(Zoom);

impl Client {
    pub fn at(api_url: String, token_url: String) -> Client {
        let requests_per_second = 1_000;
        let config = ZoomConfig { api_url, token_url, requests_per_second };
        Client(Zoom::new(config).unwrap())
    }

    pub fn of(zoom: &Sandbox) -> Client {
        Client::at(zoom.api_url(), zoom.token_url())
    }

    pub async fn read(&self, span: Range<Timestamp>, zone: &str) -> Reading {
        let credentials = Credentials {
            account_id: ACCOUNT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned().into(),
        };
        let deadline = Deadline::never();
        let authorized = self.0.authorize(&credentials, deadline).await.unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let source =
            Source { authorized, renew: &|| async { None }.boxed_local(), on_page: &|_| {}, most_requests: None };
        self.0.fetch(source, &[span], &zone, deadline).await
    }
}

/// Amount and count by billing number and currency.
pub type Sums = BTreeMap<(String, String), (String, u64)>;

pub fn truth(dataset: &Dataset, from: Timestamp, to: Timestamp) -> Sums {
    let truth = dataset.truth(from, to).into_iter();
    truth.map(|(key, truth)| (key, (truth.amount, truth.messages))).collect()
}

pub fn sums(totals: &Totals, period: &Period) -> Sums {
    let sums = totals.by_subject(period, Scope::BillingNumber, &Arc::from(""));
    sums.into_iter()
        .map(|((number, currency), sum)| {
            ((number.to_string(), currency.to_string()), (sum.amount.to_string(), sum.messages))
        })
        .collect()
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Rows on either side of every edge that there is around `as_of`: the moment itself, the days and months of zones far and near, and
/// each hour of the days around, so that one of 23 or 25 hours has its share.
fn edges(as_of: Timestamp) -> Vec<Row> {
    let mut moments = BTreeSet::from([as_of]);
    for zone in ["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"] {
        let zone = TimeZone::get(zone).unwrap();
        let today = zone.to_datetime(as_of).date();
        let midnight = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp();
        // A question may begin or end on any day of UTC.
        let days = if zone == TimeZone::UTC { -36 } else { -4 };
        moments.extend((days..=3).map(|days| midnight(today + days.days())));
        moments.extend((-1..=1).map(|months| midnight(today.first_of_month() + months.months())));
    }
    moments.extend((0..30).map(|hour| as_of - SignedDuration::from_hours(hour)));
    let around = moments.iter().flat_map(|moment| [-1, 0, 1].map(|second| *moment + second.seconds()));
    let distinct: BTreeSet<_> = around.collect();
    let row = |(place, sent): (usize, Timestamp)| {
        // No two charges are the same, so that no two mistakes cancel out.
        let charge = 100_003 + i64::try_from(place * place).unwrap();
        Row {
            billing_number: [Some("+12025550101"), Some("2100000980 Ext. 1001"), None][place % 3].map(str::to_owned),
            currency: Some(["USD", "eur", "JPY"][place / 3 % 3].to_owned()),
            ..Row::new(&format!("E-{place}"), sent, charge)
        }
    };
    distinct.into_iter().enumerate().map(row).collect()
}

/// What is odd in a report apart from its times.
fn oddities(as_of: Timestamp) -> Vec<Row> {
    let number = |row: Row| Row { billing_number: Some("+12025550177".to_owned()), ..row };
    let group = (0..5).map(|recipient| {
        number(Row { to_number: Some(format!("44207946000{recipient}")), ..Row::new("G-1", as_of, 205) })
    });
    let texts = [("9.4800", 94_800), ("2.05e-2", 205), ("-0.5", -5_000), ("0.0000", 0)];
    let texts = texts.iter().enumerate().map(|(place, (text, charge))| {
        number(Row { charge_text: Some((*text).to_owned()), ..Row::new(&format!("T-{place}"), as_of, *charge) })
    });
    group.chain(texts).collect()
}

/// The dataset of the whole runs: many pages, all edges, all oddities.
fn dataset(as_of: Timestamp) -> Dataset {
    let sample = Dataset::sample(as_of);
    let rows = sample.rows().cloned().chain(edges(as_of)).chain(oddities(as_of));
    Dataset::of(rows.collect(), as_of)
}

const POLICY: &str = r#"
    time_zone = "America/New_York"
    unwatched = "ignore"
    [[budget]]
    name = "account"
    scope = "account"
    currency = "USD"
    amount = 1
"#;

const NOW: &str = "2026-11-22T13:00:00Z";

/// Each value of each open question, then those together that make each other worse.
pub const READINGS: &[&str] = &[
    "--to-dates inclusive",
    "--to-dates exclusive",
    "--to-datetimes inclusive",
    "--to-datetimes exclusive",
    "--datetimes accepted",
    "--datetimes refused",
    "--datetimes cut-to-dates",
    "--date-zone Pacific/Kiritimati",
    "--date-zone Etc/GMT+12",
    "--long-range truncated-start",
    "--long-range truncated-end",
    "--long-range refused",
    "--long-range served",
    "--month calendar",
    "--month days30",
    "--month days28",
    "--big-page clamped",
    "--big-page refused",
    "--total-records overall",
    "--total-records per-page",
    "--total-records absent",
    "--total-records uncharged-too",
    "--last-page-token empty",
    "--last-page-token absent",
    "--last-page-token null",
    "--missing-fields empty",
    "--missing-fields absent",
    "--missing-fields null",
    "--new-fields",
    "--numbers strings",
    "--numbers json",
    "--group-messages shared-id",
    "--group-messages own-ids",
    "--order newest-first",
    "--order oldest-first",
    "--order shuffled",
    "--lag-minutes 90",
    "--repeat-rows 3",
    "--repeat-rows 250",
    "--token-api-url absent",
    "--token-query",
    "--token-refusals 401",
    "--any-credentials",
    "--token-seconds 300",
    "--date-zone Pacific/Kiritimati --to-dates exclusive --month days28 --long-range truncated-end",
    "--date-zone Etc/GMT+12 --to-dates exclusive --month days28 --long-range truncated-start",
    "--date-zone America/Los_Angeles --month days28 --long-range refused --datetimes refused",
    "--repeat-rows 3 --order oldest-first --numbers json --missing-fields null --new-fields --total-records per-page --last-page-token null",
    "--repeat-rows 7 --group-messages own-ids --total-records absent --last-page-token absent --missing-fields empty --lag-minutes 1440",
    "--repeat-rows 250 --order shuffled --numbers json --last-page-token absent --total-records absent",
    "--repeat-rows 3 --fault page-token-expired@2 --fault empty-page@4 --order oldest-first",
];

#[test]
fn every_value_of_every_open_question_is_tried() {
    let command = Switches::augment_args(clap::Command::new("sandbox"));
    let mut tried = 0;
    for argument in command.get_arguments() {
        if argument.get_help_heading() != Some("Open questions") {
            continue;
        }
        let name = argument.get_long().unwrap();
        let values = argument.get_possible_values();
        let takes_value = argument.get_action().takes_values();
        let lines: Vec<_> = match (takes_value, values.is_empty()) {
            (true, false) => values.iter().map(|value| format!("--{name} {}", value.get_name())).collect(),
            _ => vec![format!("--{name}")],
        };
        for line in lines {
            assert!(READINGS.iter().any(|reading| reading.starts_with(&line)), "{line}");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
}

/// What a run must answer as of a moment: the truth of each month that is judged.
fn expected(dataset: &Dataset, as_of: Timestamp) -> BTreeMap<String, Sums> {
    let zone = TimeZone::get("America/New_York").unwrap();
    let today = zone.to_datetime(as_of).date();
    let months = if today.day() <= 3 { 0..=1 } else { 0..=0 };
    let month = |back: i32| {
        let first = today.first_of_month() - back.months();
        let start = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp();
        let end = start(first + 1.month()).min(as_of + 1.second());
        (first.strftime("%Y-%m").to_string(), truth(dataset, start(first), end))
    };
    months.map(month).collect()
}

#[tokio::test]
async fn a_run_tells_the_truth_under_every_reading() {
    for as_of in [NOW, "2026-11-02T04:30:00Z"].map(at) {
        let dataset = dataset(as_of);
        let mut world = World::new(POLICY, dataset.clone(), Switches::default()).await;
        // At the month's turn only what is many switches: a run costs half a second.
        let readings = READINGS.iter().filter(|line| as_of == at(NOW) || line.matches("--").count() > 2);
        for line in readings {
            let switches = switches(line);
            let lag = SignedDuration::from_mins(switches.lag_minutes.into());
            let zoom = Sandbox::start(0, dataset.clone(), switches).await.unwrap();
            world.env.set("ZOOM_API_URL", zoom.api_url()).set("ZOOM_TOKEN_URL", zoom.token_url());
            let event = json!({ "as_of": as_of, "dry_run": true });
            let outcome = world.run(event).await;
            let answer = outcome.answer();
            let mut told: BTreeMap<String, Sums> = BTreeMap::new();
            for total in answer["totals"].as_array().unwrap() {
                let text = |name: &str| total[name].as_str().unwrap().to_owned();
                told.entry(text("period")).or_default().insert(
                    (text("billing_number"), text("currency")),
                    (text("amount"), total["messages"].as_u64().unwrap()),
                );
            }
            let truth = expected(&dataset.clone().at(as_of - lag), as_of);
            assert_eq!(told, truth, "{line} as of {as_of}");
            let rows: u64 = truth.values().flat_map(|sums| sums.values()).map(|sum| sum.1).sum();
            assert_eq!(answer["rows"], rows, "{line} as of {as_of}");
            assert_eq!(answer["complete"], true, "{line} as of {as_of}");
        }
    }
}

/// Moments that are hard on ranges: first, third, last days, months of 28, 29, 30 and 31 days, the turn of the year, days of 23 and 25 hours.
const MOMENTS: &[&str] = &[
    "2026-10-31T23:59:59Z",
    "2026-11-01T04:00:00Z",
    "2026-11-02T04:59:59Z",
    "2026-11-03T23:59:59Z",
    "2027-01-01T05:00:00Z",
    "2027-02-28T11:00:00Z",
    "2027-03-14T23:00:00Z",
    "2028-03-01T00:00:00Z",
];

const ZONES: [&str; 3] = ["UTC", "America/New_York", "Pacific/Kiritimati"];

/// A moment, the rows around it, and the truth of every day, week and month that a policy of a zone judges then.
struct Judged {
    as_of: Timestamp,
    dataset: Dataset,
    truths: Vec<(&'static str, Vec<(Period, Sums)>)>,
}

fn judged(place: u32, as_of: Timestamp) -> Judged {
    // A run as of a moment of the past finds rows of later days in the report.
    let late = SignedDuration::from_hours(if place.is_multiple_of(2) { 0 } else { 40 * 24 });
    let dataset = Dataset::of(edges(as_of), as_of + late);
    let truths = ZONES.map(|name| {
        let zone = TimeZone::get(name).unwrap();
        let kinds = [PeriodKind::Day, PeriodKind::Week, PeriodKind::Month];
        let periods = judged_periods(kinds, as_of, &zone, 3).unwrap();
        let midnight = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp();
        let truth = |period: Period| {
            let end = midnight(period.last_day() + 1.day()).min(as_of + 1.second());
            let truth = truth(&dataset, midnight(period.first_day()), end);
            assert!(!truth.is_empty(), "{period} as of {as_of}");
            (period, truth)
        };
        (name, periods.into_iter().map(truth).collect())
    });
    Judged { as_of, dataset, truths: truths.into() }
}

#[tokio::test]
async fn no_range_question_loses_a_row_where_the_end_is_inclusive() {
    hold("inclusive").await;
}

#[tokio::test]
async fn no_range_question_loses_a_row_where_the_end_is_exclusive() {
    hold("exclusive").await;
}

/// Every range question together with every other.
async fn hold(to_dates: &str) {
    let judged: Vec<_> = (0..).zip(MOMENTS).map(|(place, as_of)| judged(place, at(as_of))).collect();
    for (month, long_range, date_zone) in questions() {
        let line = format!("--to-dates {to_dates} --month {month} --long-range {long_range} --date-zone {date_zone}");
        let nothing = Dataset::of(Vec::new(), Timestamp::UNIX_EPOCH);
        let zoom = Sandbox::start(0, nothing, switches(&line)).await.unwrap();
        let client = Client::of(&zoom);
        for Judged { as_of, dataset, truths } in &judged {
            zoom.replace(dataset.clone());
            for (zone, truths) in truths {
                let start = truths.iter().map(|(period, _)| period.from()).min().unwrap();
                let reading = client.read(start..*as_of + 1.second(), zone).await;
                let case = format!("{line}; as of {as_of}, in {zone}");
                assert_eq!(reading.failure, None, "{case}");
                assert!(reading.receipt.complete, "{case}");
                for (period, truth) in truths {
                    assert_eq!(sums(&reading.totals, period), *truth, "{case}: {period}");
                }
            }
        }
    }
}

fn questions() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let zones = ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/Los_Angeles"];
    let ranges = ["truncated-start", "truncated-end", "refused", "served"];
    let with_zones = move |(month, range)| zones.map(|zone| (month, range, zone));
    let with_ranges = move |month| ranges.map(|range| (month, range));
    let months = ["calendar", "days30", "days28"];
    months.into_iter().flat_map(with_ranges).flat_map(with_zones)
}
