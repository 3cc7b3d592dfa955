//! Zoom's open questions: whichever way Zoom answers them, the totals are the sandbox's own truth.

use crate::support::{Budget, NOW, Policy, at, setup, switches};
use clap::Args;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use zoom_sms_cost_alerts::domain::product::Products;
use zoom_sms_cost_alerts::{
    clients::{
        Credentials, Deadline,
        ledger::{Ledger, Simulated},
        parameters::Parameters,
        secrets::Secrets,
        topic::Topic,
        zoom::Zoom,
    },
    config::{SecretSource, ZoomConfig},
    daybook::Store,
    domain::{charge::Scope, period::Period, policy},
    run::{Memory, Prepared, Question, Report, Services, read_report},
    sandbox::{ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Dataset, Row, Sandbox, Switches, Truth},
};

/// The product's own reading of a Zoom, in process and without a memory.
pub struct Reader(pub Services);

impl Reader {
    pub fn of(zoom: &Sandbox) -> Reader {
        Reader::at(zoom.api_url(), zoom.token_url(), 1_000)
    }

    pub fn at(api_url: String, token_url: String, requests_per_second: u32) -> Reader {
        let credentials = Credentials {
            account_id: ACCOUNT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned().into(),
        };
        Reader(Services {
            secrets: Secrets::Given(credentials),
            parameters: Parameters::Files,
            zoom: Zoom::new(ZoomConfig { api_url, token_url, requests_per_second }).unwrap(),
            daybook: Store::memory(),
            ledger: Ledger::Simulated(Simulated::at(Timestamp::UNIX_EPOCH)),
            topic: Topic::kept(),
            full_read_every: SignedDuration::from_hours(24),
            late_read_every: SignedDuration::from_hours(6),
        })
    }

    /// What there is to judge for a policy at `now`, of rows sent before `until`.
    pub async fn read(&self, policy: &str, until: Timestamp, now: Timestamp) -> Report {
        let Secrets::Given(credentials) = &self.0.secrets else { unreachable!() };
        let deadline = Deadline::never();
        let authorized = self.0.zoom.authorize(credentials, deadline).await.unwrap();
        let policy = policy::Policy::parse(policy).unwrap();
        let prepared =
            Prepared { secret_id: SecretSource::Secret("given".to_owned()), authorized, policy, judge: String::new() };
        let question = Question { until, now, deadline, memory: Memory::Unused, on_page: &|_| {} };
        read_report(&self.0, &prepared, &question).await.unwrap()
    }
}

/// Amount and count by billing number and currency.
pub type Sums = BTreeMap<(String, String), (String, u64)>;

pub fn plain(truth: BTreeMap<(String, String), Truth>) -> Sums {
    truth.into_iter().map(|(key, truth)| (key, (truth.amount, truth.messages))).collect()
}

pub fn sums(report: &Report, period: &Period) -> Sums {
    let sums = report.judged.totals.figures(Products::All).by_subject(period, Scope::BillingNumber);
    sums.into_iter()
        .map(|((number, currency), sum)| {
            ((number.to_string(), currency.to_string()), (sum.amount.to_string(), sum.messages))
        })
        .collect()
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
    "--call-dates start",
    "--call-dates answer",
    "--call-dates end",
    "--same-date accepted",
    "--same-date refused",
    "--future-dates answered",
    "--future-dates refused",
    "--future-dates clamped",
    "--long-range truncated-start",
    "--long-range truncated-end",
    "--long-range refused",
    "--long-range served",
    "--month calendar",
    "--month days28",
    "--month days30",
    "--month days31",
    "--month days32",
    "--long-range-echo asked",
    "--long-range-echo served",
    "--listed-off 2",
    "--listed-off 100 --listed-off-days -3",
    "--listed-off-days 3 --listed-off 100",
    "--big-page clamped",
    "--big-page refused",
    "--page-limit 7",
    "--free-rows before-paging",
    "--free-rows after-paging",
    "--total-records overall",
    "--total-records per-page",
    "--total-records absent",
    "--total-records uncharged-too",
    "--total-records zero",
    "--total-records random",
    "--last-page-token empty",
    "--last-page-token absent",
    "--last-page-token null",
    "--missing-fields empty",
    "--missing-fields absent",
    "--missing-fields null",
    "--new-fields",
    "--numbers strings",
    "--numbers json",
    "--number-spelling as-is",
    "--number-spelling no-plus",
    "--number-spelling by-row",
    "--number-spelling mixed",
    "--number-spelling extension",
    "--group-messages shared-id",
    "--group-messages own-ids",
    "--order newest-first",
    "--order oldest-first",
    "--order shuffled",
    "--order by-listing",
    "--lag-minutes 90",
    "--repeat-rows 3",
    "--repeat-rows 250",
    "--arrive-per-answer 1",
    "--live-pages --order oldest-first",
    "--stalled-at 2026-11-20T00:00:00Z",
    "--date-zone Pacific/Kiritimati --to-dates exclusive --month days28 --long-range truncated-end",
    "--date-zone Etc/GMT+12 --to-dates exclusive --month days28 --long-range truncated-start --listed-off 40",
    "--date-zone America/Los_Angeles --month days28 --long-range refused --datetimes refused --same-date refused",
    "--date-zone Pacific/Kiritimati --future-dates clamped --listed-off 100 --listed-off-days -3 --order by-listing",
    "--date-zone Etc/GMT+12 --future-dates refused --same-date refused --listed-off 30 --listed-off-days -1 --page-limit 11",
    "--long-range truncated-end --long-range-echo served --month days28 --listed-off 2 --total-records random",
    "--repeat-rows 3 --order oldest-first --numbers json --missing-fields null --new-fields --total-records per-page --last-page-token null",
    "--repeat-rows 7 --group-messages own-ids --total-records absent --last-page-token absent --missing-fields empty --lag-minutes 1440",
    "--repeat-rows 250 --order shuffled --numbers json --last-page-token absent --total-records zero",
    "--repeat-rows 3 --fault page-token-expired@2 --fault empty-page@4 --order oldest-first",
    "--number-spelling mixed --repeat-rows 5 --page-limit 9 --listed-off 30 --to-dates exclusive --order shuffled",
    "--free-rows after-paging --page-limit 1 --total-records absent --to-dates exclusive",
    "--free-rows after-paging --repeat-rows 3 --page-limit 5 --order shuffled --total-records uncharged-too",
    "--live-pages --arrive-per-answer 1 --order oldest-first --page-limit 40 --repeat-rows 2 --listed-off 20",
];

/// A report that shows now the present, now the past is never the truth: what runs make of it stands in [`crate::daybook`].
const ELSEWHERE: [&str; 2] = ["flap", "flap-hours"];

#[test]
fn every_value_of_every_open_question_is_tried() {
    let command = Switches::augment_args(clap::Command::new("sandbox"));
    let mut tried = 0;
    for argument in command.get_arguments() {
        let name = argument.get_long().unwrap();
        let is_open = ["Open questions", "Data that change"].contains(&argument.get_help_heading().unwrap());
        if !is_open || ELSEWHERE.contains(&name) {
            continue;
        }
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
    assert!(tried > 50, "{tried}");
}

/// What a run must answer for a policy of New York: the truth of each month that is judged.
fn expected(dataset: &Dataset, as_of: Timestamp, until: Timestamp) -> BTreeMap<String, Sums> {
    let zone = TimeZone::get("America/New_York").unwrap();
    let today = zone.to_datetime(as_of).date();
    let start = |date: Date| date.to_zoned(zone.clone()).unwrap().timestamp();
    let month = |back: i32| {
        let first = today.first_of_month() - back.months();
        let end = start(first + 1.month()).min(until);
        (first.strftime("%Y-%m").to_string(), plain(dataset.truth(start(first), end)))
    };
    // The last date under which a row of the old month may be listed is its 4th day, which is over everywhere on the 5th at noon.
    let over = today.first_of_month() + 4.days();
    let is_closed = as_of >= over.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    (0..=i32::from(!is_closed)).map(month).collect()
}

/// The totals that a run answered, by period.
fn totals(answer: &Value) -> BTreeMap<String, Sums> {
    let mut answered: BTreeMap<String, Sums> = BTreeMap::new();
    for total in answer["totals"].as_array().unwrap() {
        let text = |name: &str| total[name].as_str().unwrap().to_owned();
        answered
            .entry(text("period"))
            .or_default()
            .insert((text("billing_number"), text("currency")), (text("amount"), total["messages"].as_u64().unwrap()));
    }
    answered
}

fn policy() -> Policy {
    Policy::of(Budget::each("account").amount("1")).only_watched()
}

#[tokio::test]
async fn a_run_answers_the_truth_under_every_reading() {
    for as_of in [NOW, "2026-11-02T04:30:00Z"].map(at) {
        let dataset = dataset(as_of);
        let policy = policy().zone("America/New_York");
        let mut world = setup().policy(&policy).data(dataset.clone()).now(as_of).world().await;
        for line in READINGS {
            // At the month's turn only what is many switches: a run costs half a second. What Zoom thinks of the future is a matter of the
            // clock, which is the machine's here: see below.
            if line.contains("--future-dates") || as_of != at(NOW) && line.matches("--").count() < 3 {
                continue;
            }
            let switches = switches(line);
            let lag = SignedDuration::from_mins(switches.lag_minutes.into());
            let shown = switches.stalled_at.map_or(as_of, |stall| stall.min(as_of)) - lag;
            let zoom = Sandbox::start(0, dataset.clone(), switches).await.unwrap();
            world.env.set("ZOOM_API_URL", zoom.api_url()).set("ZOOM_TOKEN_URL", zoom.token_url());
            let outcome = world.run(json!({ "as_of": as_of })).await;
            let answer = outcome.answer();
            let truth = expected(&zoom.dataset().at(shown), as_of, as_of + 1.second());
            assert_eq!(totals(answer), truth, "{line} as of {as_of}");
            let rows: u64 = truth.values().flat_map(|sums| sums.values()).map(|sum| sum.1).sum();
            assert_eq!(answer["rows"], rows, "{line} as of {as_of}");
            assert_eq!(answer["complete"], true, "{line} as of {as_of}");
        }
    }
}

#[tokio::test]
async fn a_run_of_the_present_answers_the_truth_whatever_zoom_makes_of_the_future() {
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    // Whatever is sent while the function starts belongs to nobody.
    let rows = edges(now).into_iter().filter(|row| row.sent < now || row.sent > now + 10.minutes());
    let dataset = Dataset::of(rows.collect(), now + 10.minutes());
    let policy = policy().zone("America/New_York");
    let mut world = setup().policy(&policy).data(dataset.clone()).now(now).world().await;
    for line in READINGS.iter().filter(|line| line.contains("--future-dates")) {
        let zoom = Sandbox::start(0, dataset.clone(), switches(line)).await.unwrap();
        world.env.set("ZOOM_API_URL", zoom.api_url()).set("ZOOM_TOKEN_URL", zoom.token_url());
        let outcome = world.run(json!({ "dry_run": true })).await;
        let as_of = at(outcome.answer()["as_of"].as_str().unwrap());
        assert_eq!(totals(outcome.answer()), expected(&dataset, as_of, as_of), "{line}");
        assert_eq!(outcome.answer()["complete"], true, "{line}");
    }
}

/// Moments that are hard on ranges: first, third, last days, months of 28, 29, 30 and 31 days, the turn of the year, days of 23 and 25
/// hours, and either side of noon, where a date begins everywhere.
const MOMENTS: &[&str] = &[
    "2026-10-31T23:59:59Z",
    "2026-11-01T04:00:00Z",
    "2026-11-02T04:59:59Z",
    "2026-11-03T23:59:59Z",
    "2026-11-05T11:59:58Z",
    "2026-11-05T11:59:59Z",
    "2027-01-01T05:00:00Z",
    "2027-02-28T11:00:00Z",
    "2027-03-14T23:00:00Z",
    "2028-03-01T00:00:00Z",
];

const ZONES: [&str; 4] = ["UTC", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12"];

/// Budgets of each kind of period.
fn all_periods(zone: &str) -> String {
    let budget = |kind: &str| Budget::each("account").name(kind).period(kind);
    Policy::of(budget("day")).and(budget("week")).and(budget("month")).zone(zone).to_string()
}

/// A moment, and the rows around it.
struct Judged {
    as_of: Timestamp,
    /// The present of Zoom and of the run.
    now: Timestamp,
    dataset: Dataset,
}

fn judged(place: i64, as_of: Timestamp) -> Judged {
    // A run as of a moment of the past finds rows of later days in the report.
    let now = as_of + SignedDuration::from_secs(if place % 2 == 0 { 1 } else { 1 + place % 5 * 60 * 3_600 });
    Judged { as_of, now, dataset: Dataset::of(edges(as_of), now) }
}

#[tokio::test]
async fn no_range_question_loses_a_row_where_the_end_is_inclusive() {
    hold("inclusive").await;
}

#[tokio::test]
async fn no_range_question_loses_a_row_where_the_end_is_exclusive() {
    hold("exclusive").await;
}

/// Every range question together with every other, and with what makes them worse in turn.
async fn hold(to_dates: &str) {
    let judged: Vec<_> = (0..).zip(MOMENTS).map(|(place, as_of)| judged(place, at(as_of))).collect();
    let mut reads = 0;
    for (place, (month, long_range, date_zone)) in questions().enumerate() {
        let pick = |of: &[&'static str]| of[place % of.len()];
        let future = pick(&["answered", "refused", "clamped"]);
        let line = format!(
            "--to-dates {to_dates} --month {month} --long-range {long_range} --date-zone {date_zone} --future-dates {future} {} {} {} {}",
            pick(&["", "--same-date refused", "--listed-off 50", "--long-range-echo served", "--listed-off 5"]),
            pick(&["", "--page-limit 50 --repeat-rows 3", "--order by-listing", "--order shuffled --page-limit 90"]),
            pick(&["", "--number-spelling mixed", "--number-spelling by-row"]),
            pick(&["", "--total-records random", "--total-records zero", "--total-records absent", "--numbers json"]),
        );
        let nothing = Dataset::of(Vec::new(), Timestamp::UNIX_EPOCH);
        let zoom = Sandbox::start(0, nothing, switches(&line)).await.unwrap();
        let reader = Reader::of(&zoom);
        for (moment, Judged { as_of, now, dataset }) in judged.iter().enumerate() {
            // Then nobody can ask for today, or for a row that is listed under a date that has yet to come.
            let lacks_today = to_dates == "exclusive" || line.contains("--listed-off");
            if lacks_today && future != "answered" && now.duration_since(*as_of).as_hours() < 5 * 24 {
                continue;
            }
            zoom.replace(dataset.clone());
            // One of the zones each, in turn.
            for zone in ZONES.into_iter().skip((place + moment) % 4).step_by(4) {
                let until = *as_of + 1.second();
                let report = reader.read(&all_periods(zone), until, *now).await;
                reads += 1;
                let case = format!("{line}; as of {as_of}, at {now}, in {zone}");
                assert_eq!(report.books[0].failure, None, "{case}");
                assert!(report.judged.receipt.complete, "{case}: {:?}", report.judged.coverage.gaps);
                let timezone = TimeZone::get(zone).unwrap();
                for period in &report.periods {
                    let midnight = |date: Date| date.to_zoned(timezone.clone()).unwrap().timestamp();
                    let (from, to) = (midnight(period.first_day()), midnight(period.last_day() + 1.day()));
                    let truth = plain(dataset.truth(from, to.min(until)));
                    assert!(!truth.is_empty(), "{case}: {period}");
                    assert_eq!(sums(&report, period), truth, "{case}: {period}");
                }
            }
        }
    }
    assert!(reads > 400, "{reads}");
}

fn questions() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let zones = ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/Los_Angeles"];
    let ranges = ["truncated-start", "truncated-end", "refused", "served"];
    let with_zones = move |(month, range)| zones.map(|zone| (month, range, zone));
    let with_ranges = move |month| ranges.map(|range| (month, range));
    let months = ["calendar", "days28", "days30", "days31", "days32"];
    months.into_iter().flat_map(with_ranges).flat_map(with_zones)
}
