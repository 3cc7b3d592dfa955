//! Random worlds: rows listed up to three dates off their time, early, late, again or no more; every reading of `from` and `to`; pages of any
//! size in any order; requests that fail. Each run's figures equal what Zoom could list, or name their gap, or the day as unconfirmed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::*;
use crate::clients::ledger::Simulated;
use crate::clients::zoom::Zoom;
use crate::clients::{Credentials, Deadline};
use crate::config::{PolicySource, SecretSource, ZoomConfig};
use crate::domain::charge::Scope;
use crate::domain::period::Period;
use crate::domain::product::{Product, Products};
use crate::sandbox::dice::Dice;
use crate::sandbox::{
    ACCOUNT_ID, Bound, CLIENT_ID, CLIENT_SECRET, Dataset, Fault, FutureDates, Listing, LongRange, Month,
    NumberSpelling, Order, ReportKind, Row, SameDate, Sandbox, Switches, TotalRecords, Truth,
};

/// What happens by chance.
struct Chance(Dice);

impl Chance {
    fn of(seed: u64) -> Chance {
        Chance(Dice::new(seed))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0.below(u32::try_from(end).unwrap()).into()
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        *self.0.pick(of).unwrap()
    }

    fn hours(&mut self, end: u64) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.below(end * 3_600)).unwrap())
    }
}

const ZONES: [&str; 6] =
    ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Etc/GMT+12", "Africa/Cairo"];

/// The reports, each with its product: what holds for one holds for all.
const REPORTS: [(ReportKind, Product); 3] =
    [(ReportKind::Sms, Product::Sms), (ReportKind::Call, Product::Call), (ReportKind::Fax, Product::Fax)];

/// Minutes of each call, and pages of each fax.
const UNITS: u32 = 3;

/// What may happen to rows besides being listed.
#[derive(Clone, Copy, PartialEq)]
enum Changes {
    /// They stay as they are.
    None,
    /// They may be removed, or listed under another date from some time on.
    Any,
}

fn row(chance: &mut Chance, number: u64, now: Timestamp, changes: Changes) -> Row {
    let sent = now + SignedDuration::from_hours(24 * 6) - chance.hours(24 * 55);
    let sent = Timestamp::from_second(sent.as_second()).unwrap();
    let has_id = !chance.one_in(8);
    let charge = i64::try_from(chance.below(90_000)).unwrap() - if chance.one_in(12) { 60_000 } else { 0 };
    let mut row = Row {
        billing_number: Some(chance.pick(&["+14085550001", "14085550002", "+2100000980 Ext. 1001"]).to_owned()),
        to_number: Some(format!("44207946{number:04}")),
        ..Row::new(&format!("M-{number}"), sent, charge)
    };
    if !has_id {
        row.message_id = None;
    }
    if chance.one_in(6) {
        row.appears = Some(sent + chance.hours(24 * 9));
    }
    if chance.one_in(5) {
        let days = i8::try_from(chance.below(7)).unwrap() - 3;
        row.listed = Some(Listing::Days(days));
        // A row is not listed under a date that has yet to come.
        row.appears = row.appears.max(Some(sent + SignedDuration::from_hours(24 * i64::from(days))));
    }
    if changes == Changes::Any {
        if chance.one_in(10) {
            let days = i8::try_from(chance.below(7)).unwrap() - 3;
            let since = sent + SignedDuration::from_hours(72) + chance.hours(24 * 4);
            row.relisted.push((since, Listing::Days(days)));
        }
        if chance.one_in(25) {
            row.gone = Some(sent + chance.hours(24 * 8));
        }
    }
    row
}

fn switches(chance: &mut Chance) -> Switches {
    let faults: &[&str] =
        &["server-500", "rate-second", "drop", "cut-body", "page-token-expired", "envelope-200-empty", "narrow"];
    let mut switches = Switches {
        to_dates: chance.pick(&[Bound::Inclusive, Bound::Exclusive]),
        date_zone: TimeZone::get(chance.pick(&ZONES)).unwrap(),
        same_date: chance.pick(&[SameDate::Accepted, SameDate::Refused]),
        future_dates: chance.pick(&[FutureDates::Answered, FutureDates::Refused, FutureDates::Clamped]),
        long_range: chance.pick(&[
            LongRange::TruncatedStart,
            LongRange::TruncatedEnd,
            LongRange::Refused,
            LongRange::Served,
        ]),
        month: chance.pick(&[Month::Calendar, Month::Days28, Month::Days30, Month::Days31, Month::Days32]),
        total_records: chance.pick(&[
            TotalRecords::Overall,
            TotalRecords::PerPage,
            TotalRecords::Absent,
            TotalRecords::Zero,
            TotalRecords::Random,
        ]),
        order: chance.pick(&[Order::NewestFirst, Order::OldestFirst, Order::Shuffled, Order::ByListing]),
        number_spelling: chance.pick(&[NumberSpelling::AsIs, NumberSpelling::NoPlus, NumberSpelling::Mixed]),
        repeat_rows: usize::try_from(chance.below(3)).unwrap(),
        ..Switches::default()
    };
    if chance.one_in(3) {
        let fault = format!("{}@{}x{}", chance.pick(faults), 1 + chance.below(12), 1 + chance.below(2));
        switches.faults.push(fault.parse::<Fault>().unwrap());
    }
    switches
}

/// A policy in a random zone, with budgets of a month, or of a week at first.
fn policies(chance: &mut Chance) -> [String; 2] {
    let (zone, late) = (chance.pick(&ZONES), chance.pick(&[0, 3, 5]));
    let budget = |period: &str| {
        format!(
            "[[budget]]\nname = \"{period}\"\nscope = \"account\"\ncurrency = \"USD\"\namount = 1\nperiod = \"{period}\"\n"
        )
    };
    let policy =
        |period| format!("time_zone = \"{zone}\"\nlate_charges_days = {late}\n{}{}", budget(period), budget("day"));
    [policy("month"), policy(chance.pick(&["week", "month"]))]
}

struct World {
    kind: ReportKind,
    product: Product,
    zoom: Sandbox,
    services: Services,
    policy: tempfile::NamedTempFile,
    dataset: Dataset,
    /// Whether today's rows can be asked for at all.
    reaches_today: bool,
}

impl World {
    /// A world of one report: the rows are its charges.
    async fn new(seed: u64, policy: &str, rows: Vec<Row>, now: Timestamp, switches: Switches) -> World {
        let (kind, product) = REPORTS[usize::try_from(seed % 3).unwrap()];
        let rows = rows.into_iter().map(|row| Row { report: kind, units: Some(UNITS), ..row });
        let dataset = Dataset::of(rows.collect(), now);
        let reaches_today = switches.to_dates == Bound::Inclusive || switches.future_dates == FutureDates::Answered;
        let zoom = Sandbox::start(0, dataset.clone(), switches).await.unwrap();
        let config = ZoomConfig { api_url: zoom.api_url(), token_url: zoom.token_url(), requests_per_second: 1_000 };
        let file = tempfile::NamedTempFile::new().unwrap();
        let services = Services {
            secrets: Secrets::Given(Credentials {
                account_id: ACCOUNT_ID.to_owned(),
                client_id: CLIENT_ID.to_owned(),
                client_secret: CLIENT_SECRET.to_owned().into(),
            }),
            parameters: Parameters::Files,
            zoom: Zoom::new(config).unwrap(),
            daybook: Store::memory(),
            ledger: Ledger::Simulated(Simulated::at(now)),
            topic: Topic::kept(),
            full_read_every: SignedDuration::from_hours(24),
            late_read_every: SignedDuration::from_hours(6),
        };
        let world = World { kind, product, zoom, services, policy: file, dataset, reaches_today };
        world.judges_by(policy);
        world
    }

    fn judges_by(&self, policy: &str) {
        let policy = format!("products = [{:?}]\n{policy}", self.product.name());
        std::fs::write(self.policy.path(), policy).unwrap();
    }

    async fn run(&self, now: Timestamp) -> Report {
        self.zoom.replace(self.dataset.clone().at(now));
        let places = Places {
            secret_id: SecretSource::Secret("given".to_owned()),
            policy: PolicySource::File(self.policy.path().to_owned()),
            topic_arn: String::new(),
            link: None,
        };
        let prepared = prepare(&self.services, &places, Deadline::never()).await.unwrap();
        let question =
            Question { until: now, now, deadline: Deadline::never(), memory: Memory::Kept, on_page: &|_| {} };
        let mut report = read_report(&self.services, &prepared, &question).await.unwrap();
        if let Some(finished) = report.finished_now(&prepared.policy, true, &Default::default()) {
            self.services.daybook.keep_finished(ACCOUNT_ID, &prepared.judge, &finished, now).await.unwrap();
        }
        let zone = prepared.policy.time_zone_name.clone();
        let whose = crate::daybook::Whose { account: ACCOUNT_ID, products: Products::One(self.product), zone: &zone };
        let book = report.books.first_mut().unwrap();
        let remembered = std::mem::take(&mut book.remembered);
        self.services.daybook.save(whose, &book.loaded, remembered, now).await.unwrap();
        report
    }
}

type Sums = BTreeMap<(String, String), (String, u64)>;

fn read(report: &Report, period: &Period) -> Sums {
    let sums = report.judged.totals.figures(Products::All).by_subject(period, Scope::BillingNumber).into_iter();
    let shown = |((number, currency), sum): ((Arc<str>, _), crate::domain::totals::Sum)| {
        ((number.to_string(), format!("{currency}")), (sum.amount.to_string(), sum.messages))
    };
    sums.map(shown).collect()
}

fn truth(truth: BTreeMap<(String, String), Truth>, product: Product) -> Sums {
    let units = if product.counts_rows() { 1 } else { u64::from(UNITS) };
    truth.into_iter().map(|(key, truth)| (key, (truth.amount, truth.messages * units))).collect()
}

/// Whether nothing is wrong with a period's figures as far as the run says.
fn is_certain(report: &Report, period: &Period) -> bool {
    let days = period.first_day()..=period.last_day();
    report.judged.coverage.is_whole(Products::All, period)
        && !report.judged.coverage.unconfirmed.iter().any(|fall| days.contains(&fall.day))
}

fn moments(chance: &mut Chance, start: Timestamp) -> Vec<Timestamp> {
    let mut now = start;
    let steps = [60, 3_600, 3_600, 3_600, 4 * 3_600, 13 * 3_600, 26 * 3_600, 80 * 3_600];
    (0..9)
        .map(|_| {
            now += SignedDuration::from_secs(chance.pick(&steps));
            now
        })
        .collect()
}

/// So many worlds; `WORLDS` asks for more, `WORLD` for a single one.
fn worlds(usual: u64) -> std::ops::Range<u64> {
    if let Some(one) = std::env::var("WORLD").ok().and_then(|seed| seed.parse().ok()) {
        return one..one + 1;
    }
    0..std::env::var("WORLDS").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

#[tokio::test]
async fn a_report_that_is_read_whole_equals_the_truth_or_names_what_it_lacks() {
    let (mut certain, mut runs) = (0, 0);
    for seed in worlds(48) {
        let mut chance = Chance::of(seed);
        let start = "2026-10-20T00:00:00Z".parse::<Timestamp>().unwrap() + chance.hours(24 * 45);
        let rows: Vec<_> =
            (0..30 + chance.below(200)).map(|number| row(&mut chance, number, start, Changes::Any)).collect();
        let mut switches = switches(&mut chance);
        switches.page_limit = 20 + usize::try_from(chance.below(280)).unwrap();
        let [policy, _] = policies(&mut chance);
        let world = World::new(seed, &policy, rows, start, switches).await;
        for now in moments(&mut chance, start) {
            let asked_before = world.zoom.listed().len();
            let report = world.run(now).await;
            runs += 1;
            for period in &report.periods {
                if !is_certain(&report, period) {
                    continue;
                }
                certain += 1;
                let until = period.to().min(now);
                let expected = if world.reaches_today && report.is_whole() {
                    world.zoom.dataset().at(now).truth_of(world.kind, period.from(), until)
                } else if report.is_whole() {
                    let listed = world.zoom.listed();
                    let rows = listed[asked_before..]
                        .iter()
                        .flat_map(|question| question.without_faults.iter().map(|row| &**row));
                    Truth::of_report(world.kind, rows, period.from(), until)
                } else {
                    continue;
                };
                assert_eq!(
                    read(&report, period),
                    truth(expected, world.product),
                    "world {seed}, {} at {now}",
                    period.label()
                );
            }
        }
    }
    // Most figures of most runs are certain: the property is not kept by saying nothing.
    assert!(certain * 10 > runs * 15, "{certain} certain periods in {runs} runs");
}

#[tokio::test]
async fn a_report_that_is_read_in_parts_holds_each_row_once_that_was_ever_listed() {
    let (mut remembered, mut runs) = (BTreeMap::new(), 0);
    for seed in worlds(24) {
        let mut chance = Chance::of(seed ^ 0xABCD);
        let start = "2026-10-20T00:00:00Z".parse::<Timestamp>().unwrap() + chance.hours(24 * 45);
        let rows: Vec<_> =
            (0..400 + chance.below(150)).map(|number| row(&mut chance, number, start, Changes::None)).collect();
        let mut switches = switches(&mut chance);
        switches.page_limit = 3;
        switches.repeat_rows = 1;
        let [policy, at_first] = policies(&mut chance);
        let world = World::new(seed, &at_first, rows, start, switches).await;
        for (run, now) in moments(&mut chance, start).into_iter().enumerate() {
            if run == 3 {
                world.judges_by(&policy);
            }
            let report = world.run(now).await;
            runs += 1;
            *remembered.entry(world.product).or_default() += usize::from(!report.is_whole());
            let listed = world.zoom.listed();
            for period in report.periods.iter().filter(|period| is_certain(&report, period)) {
                let rows = listed.iter().flat_map(|question| question.without_faults.iter().map(|row| &**row));
                let expected = Truth::of_report(world.kind, rows, period.from(), period.to().min(now));
                assert_eq!(
                    read(&report, period),
                    truth(expected, world.product),
                    "world {seed}, {} at {now}",
                    period.label()
                );
            }
        }
    }
    // Of each report, as often as of the others.
    let each: Vec<usize> = REPORTS.map(|(_, product)| remembered.get(&product).copied().unwrap_or_default()).into();
    assert!(each.iter().all(|of_one| of_one * 9 > runs), "{each:?} of {runs} runs took something from the daybook");
}
