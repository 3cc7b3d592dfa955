//! Every fault of the sandbox: what becomes of the run, and which alerts go out all the same.
//!
//! The report has three pages, and each page's rows are of one billing number (`A`, `B`, `C`) that is over its budget. So the numbers
//! alerted on tell which pages were read, and a fault on the second page leaves `A` proven.

use crate::support::{Budget, Outcome, Policy, Setup, World, at, row, setup};
use clap::ValueEnum;
use futures_util::{StreamExt, stream};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use zoom_sms_cost_alerts::sandbox::{FaultKind, Observed, ObservedKind, Row, TokenFaultKind};

/// A moment of a month that one question covers.
const NOW: &str = "2026-11-18T13:00:00Z";
const PAGE: usize = 300;
const NUMBERS: [(&str, &str); 3] = [("A", "+12025550101"), ("B", "+12025550102"), ("C", "+12025550103")];
/// So many runs at the same time that mostly wait for a retry, and so many that do not: the stand-in for AWS is one process.
const WAITING_AT_ONCE: usize = 24;
const BUSY_AT_ONCE: usize = 3;
const DEADLINE: Duration = Duration::from_secs(60);

fn now() -> Timestamp {
    at(NOW)
}

/// Every number has a budget that it has spent.
fn over_budget(rows: Vec<Row>, line: &str) -> Setup {
    setup().policy(Policy::of(Budget::each("billing_number").amount("0.50"))).rows(rows).zoom(line).now(now())
}

/// Two full pages and a short one up to `newest`, the newest rows (`A`) first; a cent each.
fn rows(newest: Timestamp) -> Vec<Row> {
    let row = |place: usize| {
        let minutes = 20 * i64::try_from(place).unwrap();
        Row {
            billing_number: Some(NUMBERS[place / PAGE].1.to_owned()),
            to_number: Some(format!("4420794{place:05}")),
            ..Row::new(&format!("M-{place}"), newest - minutes.minutes(), 100)
        }
    };
    (0..2 * PAGE + 100).map(row).collect()
}

/// One world to be: what is wrong in it, when, and how it is called in the table.
struct Case {
    name: String,
    when: &'static str,
    line: String,
    rows: Vec<Row>,
    as_of: Timestamp,
    deadline: Duration,
    /// Whether the machine's speed decides how often Zoom's limit is met.
    uneven: bool,
}

impl Case {
    fn new(name: &str, when: &'static str, line: String) -> Case {
        Case { name: name.to_owned(), when, line, rows: rows(now()), as_of: now(), deadline: DEADLINE, uneven: false }
    }

    fn switched(name: &str, line: &str) -> Case {
        Case::new(name, "", line.to_owned())
    }

    /// What the table has to say of it, and the error's message.
    async fn told(self, busy: &Semaphore) -> (Told, Option<String>) {
        let permit = busy.acquire().await.unwrap();
        let world = over_budget(self.rows, &self.line).now(self.as_of).world().await;
        let dataset = world.zoom.dataset();
        let mut function = world.function().await;
        drop(permit);
        let begun = Instant::now();
        let outcome = function.invoke_within(world.event(), self.deadline).await;
        assert!(begun.elapsed() < self.deadline, "{}: too late", self.name);
        function.kill().await;
        let seen = world.zoom.observed();
        let count = |kind| seen.iter().filter(|request| request.kind == kind).count();
        let reports = count(ObservedKind::Report);
        if let Outcome::Answer(answer) = &outcome {
            assert_eq!(answer["complete"], true, "{}", self.name);
            assert_eq!(answer["requests"], reports, "{}", self.name);
            let truth = dataset.truth(at("2026-11-01T00:00:00Z"), self.as_of + 1.second());
            let truth: Vec<_> = truth.into_iter().map(|((number, _), truth)| (number, truth.amount)).collect();
            let text = |total: &Value, name: &str| total[name].as_str().unwrap().to_owned();
            let totals = answer["totals"].as_array().unwrap().iter();
            let totals: Vec<_> = totals.map(|total| (text(total, "billing_number"), text(total, "amount"))).collect();
            if self.name.starts_with("silently-") {
                // Nothing in such an answer shows that rows are missing; a later reading does.
                assert_ne!(totals, truth, "{}", self.name);
            } else {
                assert_eq!(totals, truth, "{}", self.name);
            }
        }
        let secrets = world.proxy.actions();
        let told = Told {
            name: self.name.clone(),
            when: self.when,
            outcome: match &outcome {
                Outcome::Answer(_) if self.name.starts_with("silently-") => "complete?".to_owned(),
                Outcome::Answer(_) => "complete".to_owned(),
                other => other.code().to_owned(),
            },
            sent: sent(&world).await.join(", then "),
            reports: if self.uneven { "4+".to_owned() } else { reports.to_string() },
            tokens: count(ObservedKind::Token),
            secrets: secrets.iter().filter(|action| *action == "SecretsManager.GetSecretValue").count(),
        };
        assert_eq!(count(ObservedKind::Other), 0, "{}", told.name);
        let message = match outcome {
            Outcome::Answer(_) => None,
            other => Some(other.error_message().to_owned()),
        };
        (told, message)
    }
}

#[derive(Clone, PartialEq)]
struct Told {
    name: String,
    when: &'static str,
    outcome: String,
    sent: String,
    reports: String,
    tokens: usize,
    secrets: usize,
}

impl Told {
    fn line(&self) -> String {
        let Told { name, when, outcome, sent, reports, tokens, secrets } = self;
        format!("{name:<32} {when:<9} {outcome:<16} {sent:<14} {reports:>6} {tokens:>6} {secrets:>6}")
    }
}

/// The numbers that each message alerts on: those with an exact figure, and those with "at least".
async fn sent(world: &World) -> Vec<String> {
    let messages = world.aws.messages().await;
    let told = messages.iter().map(|message| {
        let message = message.json();
        let letter = |number: &str| NUMBERS.iter().find(|known| known.1 == number).unwrap().0;
        let numbers = |at_least: bool| {
            let alerts = message["alerts"].as_array().unwrap().iter();
            let these = alerts.filter(|alert| alert.get("at_least").is_some() == at_least);
            let mut numbers: Vec<_> = these.map(|alert| letter(alert["subject"].as_str().unwrap())).collect();
            numbers.sort_unstable();
            numbers.join(" ")
        };
        let (exact, bound) = (numbers(false), numbers(true));
        match (exact.as_str(), bound.as_str()) {
            (exact, "") => exact.to_owned(),
            ("", bound) => format!("at least {bound}"),
            (exact, bound) => format!("{exact}; at least {bound}"),
        }
    });
    told.collect()
}

/// Each kind of fault once and for ever, on the second page; on the last where only that can have it.
fn faults<K: ValueEnum + Copy + 'static>(switch: &str, prefix: &str, place: impl Fn(K) -> u32) -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in K::value_variants() {
        let name = kind.to_possible_value().unwrap().get_name().to_owned();
        for (when, times) in [("once", "1"), ("for ever", "all")] {
            let place = place(*kind);
            cases.push(Case::new(&format!("{prefix}{name}@{place}"), when, format!("{switch} {name}@{place}x{times}")));
        }
    }
    cases
}

fn cases() -> Vec<Case> {
    let last = |kind| match kind {
        FaultKind::Endless | FaultKind::EndlessEmpty => 3,
        _ => 2,
    };
    let mut cases = faults::<FaultKind>("--fault", "", last);
    cases.extend(faults::<TokenFaultKind>("--token-fault", "token ", |_| 1));
    cases.extend([
        Case::new("server-500@1", "for ever", "--fault server-500@1xall".into()),
        Case::new("rate-day@1", "once", "--fault rate-day".into()),
        Case::new("page-token-expired@1", "once", "--fault page-token-expired".into()),
        Case::new("same-page-token@1", "once", "--fault same-page-token@1x1".into()),
        Case::new("unauthorized@1", "once", "--fault unauthorized".into()),
        Case::new("bad-charge@1", "for ever", "--fault bad-charge@1xall".into()),
        Case::switched("token refused with 401", "--token-refusals 401 --token-fault invalid-client@1xall"),
        Case::switched("token dead on arrival", "--token-seconds 0"),
        Case::switched("page tokens dead on arrival", "--page-token-seconds 0"),
        Case { uneven: true, ..Case::switched("1 request a second", "--rate-per-second 1") },
        Case {
            uneven: true,
            ..Case::switched("1 request a second, no headers", "--rate-per-second 1 --rate-headers absent")
        },
        Case::switched("1 request at a time", "--concurrent 1"),
        Case::switched("2 requests a day", "--rate-per-day 2"),
        Case::switched("2 requests a day, no headers", "--rate-per-day 2 --rate-headers absent"),
        Case {
            rows: rows(now()).into_iter().chain([credit()]).collect(),
            ..Case::switched("validation-300@3, credit of A", "--fault validation-300@3")
        },
        Case { deadline: Duration::from_secs(12), ..Case::switched("5 s a page, 12 s in all", "--latency-ms 5000") },
        Case { deadline: Duration::from_secs(24), ..Case::switched("10 s a page, 24 s in all", "--latency-ms 10000") },
        // As of the second of November two questions are asked side by side.
        second_of_november("rate-day, newer question", "2026-11-02=rate-day"),
        second_of_november("scope-missing, newer question", "2026-11-02=scope-missing"),
        second_of_november("validation-300, newer question", "2026-11-02=validation-300"),
        second_of_november("redirect, older question", "2026-10-01=redirect"),
    ]);
    cases
}

fn credit() -> Row {
    Row { billing_number: Some(NUMBERS[0].1.to_owned()), ..Row::new("M-credit", now(), -100) }
}

/// October is judged with November: `A` has rows in both.
fn second_of_november(name: &str, failing: &str) -> Case {
    let as_of = at("2026-11-02T13:00:00Z");
    // Both are on their way before the first is answered.
    let line = format!("--latency-ms 100 --fail-dates {failing}");
    Case { rows: rows(as_of), as_of, ..Case::switched(name, &line) }
}

/// Without what differs from run to run: tracking ids, ports, and the coming midnight.
fn steady(message: &str) -> String {
    let midnight = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).tomorrow().unwrap().start_of_day().unwrap();
    let message = message.replace(&midnight.timestamp().to_string(), "<the next midnight, UTC>");
    let without = |message: String, start: &str, kept: &str| {
        let mut parts = message.split(start);
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| text + kept + part.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
    };
    without(without(message, "rid=WEB_", "rid="), "127.0.0.1:", "127.0.0.1")
}

#[tokio::test]
async fn every_fault_ends_well_or_with_its_code_after_what_is_proven_was_sent() {
    let busy = Semaphore::new(BUSY_AT_ONCE);
    let run = async |(place, case): (usize, Case)| (place, case.told(&busy).await);
    let (waiting, quick): (Vec<_>, Vec<_>) = cases()
        .into_iter()
        .enumerate()
        .partition(|(_, case)| case.when == "for ever" || case.deadline < DEADLINE || case.uneven);
    let (mut told, quick): (Vec<_>, Vec<_>) = tokio::join!(
        stream::iter(waiting).map(&run).buffer_unordered(WAITING_AT_ONCE).collect(),
        stream::iter(quick).map(&run).buffer_unordered(BUSY_AT_ONCE).collect(),
    );
    told.extend(quick);
    told.sort_by_key(|(place, _)| *place);
    let told: Vec<_> = told.into_iter().map(|(_, told)| told).collect();

    let mut table: Vec<Told> = Vec::new();
    for (told, _) in &told {
        match table.last_mut() {
            Some(before) if before.name == told.name => {
                let both = Told { when: before.when, ..told.clone() };
                if *before == both {
                    before.when = "either";
                } else {
                    table.push(told.clone());
                }
            }
            _ => table.push(told.clone()),
        }
    }
    let head = "fault                            when      outcome          sent           report  token secret";
    let lines: Vec<_> = [head.to_owned()].into_iter().chain(table.iter().map(Told::line)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    fault                            when      outcome          sent           report  token secret
    unauthorized@2                   once      complete         A B C               4      2      1
    unauthorized@2                   for ever  ZoomUnauthorized at least A          3      2      1
    unauthorized-400@2               once      complete         A B C               4      2      1
    unauthorized-400@2               for ever  ZoomUnauthorized at least A          3      2      1
    scope-missing@2                  either    ZoomScopeMissing at least A          2      1      1
    phone-disabled@2                 either    ZoomUnauthorized at least A          2      1      1
    phone-disabled-400@2             once      complete         A B C               4      2      1
    phone-disabled-400@2             for ever  ZoomUnauthorized at least A          3      2      1
    no-account@2                     either    ZoomUnauthorized at least A          2      1      1
    no-account-124@2                 either    ZoomUnauthorized at least A          2      1      1
    rate-second@2                    once      complete         A B C               4      1      1
    rate-second@2                    for ever  ZoomRateLimited  at least A          7      1      1
    rate-day@2                       either    ZoomRateLimited  at least A          2      1      1
    rate-concurrent@2                once      complete         A B C               4      1      1
    rate-concurrent@2                for ever  ZoomRateLimited  at least A          7      1      1
    retry-after-seconds@2            once      complete         A B C               4      1      1
    retry-after-seconds@2            for ever  ZoomRateLimited  at least A          7      1      1
    retry-after-http-date@2          once      complete         A B C               4      1      1
    retry-after-http-date@2          for ever  ZoomRateLimited  at least A          7      1      1
    server-500@2                     once      complete         A B C               4      1      1
    server-500@2                     for ever  ZoomUnavailable  at least A          7      1      1
    server-502-html@2                once      complete         A B C               4      1      1
    server-502-html@2                for ever  ZoomUnavailable  at least A          7      1      1
    server-503@2                     once      complete         A B C               4      1      1
    server-503@2                     for ever  ZoomUnavailable  at least A          7      1      1
    envelope-200@2                   once      complete         A B C               4      1      1
    envelope-200@2                   for ever  ZoomUnavailable  at least A          7      1      1
    envelope-200-empty@2             once      complete         A B C               4      1      1
    envelope-200-empty@2             for ever  ZoomUnavailable  at least A          7      1      1
    envelope-200-text@2              once      complete         A B C               4      1      1
    envelope-200-text@2              for ever  ZoomUnavailable  at least A          7      1      1
    envelope-200-page@2              once      complete         A B C               4      1      1
    envelope-200-page@2              for ever  ZoomUnavailable  at least A          7      1      1
    envelope-200-rows@2              once      complete         A B C               4      1      1
    envelope-200-rows@2              for ever  ZoomUnavailable  at least A          7      1      1
    code-zero@2                      either    complete         A B C               3      1      1
    not-json-200@2                   once      complete         A B C               4      1      1
    not-json-200@2                   for ever  ZoomUnavailable  at least A          7      1      1
    cut-body@2                       once      complete         A B C               4      1      1
    cut-body@2                       for ever  ZoomUnavailable  at least A          7      1      1
    drop@2                           once      complete         A B C               4      1      1
    drop@2                           for ever  ZoomUnavailable  at least A          7      1      1
    page-token-expired@2             once      complete         A B C               5      1      1
    page-token-expired@2             for ever  ReportIncomplete at least A          4      1      1
    page-token-expired-300@2         once      complete         A B C               5      1      1
    page-token-expired-300@2         for ever  ReportIncomplete at least A          4      1      1
    same-page-token@2                either    ReportIncomplete at least A B        2      1      1
    endless@3                        once      complete         A B C               4      1      1
    endless@3                        for ever  ReportIncomplete at least A B C     23      1      1
    endless-empty@3                  once      complete         A B C               4      1      1
    endless-empty@3                  for ever  ReportIncomplete at least A B C   1003      1      1
    empty-page@2                     once      complete         A B C               4      1      1
    empty-page@2                     for ever  ReportIncomplete at least A       1001      1      1
    silently-empty@2                 either    complete?        A                   2      1      1
    silently-short@2                 either    complete?        A B                 2      1      1
    narrow@2                         once      complete         A B C               4      1      1
    narrow@2                         for ever  ReportIncomplete at least A B        7      1      1
    narrow-from@2                    once      complete         A B C               4      1      1
    narrow-from@2                    for ever  ReportIncomplete at least A B        7      1      1
    narrow-to@2                      once      complete         A B C               4      1      1
    narrow-to@2                      for ever  ReportIncomplete at least A B        7      1      1
    validation-300@2                 either    ReportInvalid    at least A          2      1      1
    redirect@2                       either    ZoomUnavailable  at least A          2      1      1
    bad-charge@2                     once      ReportInvalid    A C; at least B      3      1      1
    bad-charge@2                     for ever  ReportInvalid    A; at least B C      3      1      1
    no-charge@2                      once      ReportInvalid    A C; at least B      3      1      1
    no-charge@2                      for ever  ReportInvalid    A; at least B C      3      1      1
    bad-currency@2                   once      ReportInvalid    A C; at least B      3      1      1
    bad-currency@2                   for ever  ReportInvalid    A; at least B C      3      1      1
    no-currency@2                    once      ReportInvalid    A C; at least B      3      1      1
    no-currency@2                    for ever  ReportInvalid    A; at least B C      3      1      1
    bad-time@2                       once      ReportInvalid    A C; at least B      3      1      1
    bad-time@2                       for ever  ReportInvalid    A; at least B C      3      1      1
    no-time@2                        once      ReportInvalid    A C; at least B      3      1      1
    no-time@2                        for ever  ReportInvalid    A; at least B C      3      1      1
    token invalid-client@1           once      complete         A B C               3      2      2
    token invalid-client@1           for ever  ZoomUnauthorized                     0      2      2
    token invalid-request@1          either    ZoomUnauthorized                     0      1      1
    token server-500@1               once      complete         A B C               3      2      1
    token server-500@1               for ever  ZoomUnavailable                      0      6      1
    token html@1                     once      complete         A B C               3      2      1
    token html@1                     for ever  ZoomUnavailable                      0      6      1
    token no-token-field@1           once      complete         A B C               3      2      1
    token no-token-field@1           for ever  ZoomUnavailable                      0      6      1
    server-500@1                     for ever  ZoomUnavailable                      6      1      1
    rate-day@1                       once      ZoomRateLimited                      1      1      1
    page-token-expired@1             once      complete         A B C               4      1      1
    same-page-token@1                once      complete         A B C               4      1      1
    unauthorized@1                   once      complete         A B C               4      2      1
    bad-charge@1                     for ever  ReportInvalid    at least A B C      3      1      1
    token refused with 401                     ZoomUnauthorized                     0      2      2
    token dead on arrival                      ZoomUnauthorized                     2      2      1
    page tokens dead on arrival                ReportIncomplete at least A          6      1      1
    1 request a second                         complete         A B C              4+      1      1
    1 request a second, no headers             complete         A B C              4+      1      1
    1 request at a time                        complete         A B C               3      1      1
    2 requests a day                           ZoomRateLimited  at least A B        3      1      1
    2 requests a day, no headers               ZoomRateLimited  at least A B        3      1      1
    validation-300@3, credit of A              ReportInvalid    at least A B        3      1      1
    5 s a page, 12 s in all                    ReportIncomplete at least A          2      1      1
    10 s a page, 24 s in all                   ReportIncomplete at least A          2      1      1
    rate-day, newer question                   ZoomRateLimited                      2      1      1
    scope-missing, newer question              ZoomScopeMissing                     2      1      1
    validation-300, newer question             ReportInvalid                        2      1      1
    redirect, older question                   ZoomUnavailable  A; at least A B C      4      1      1
    "#);

    let mut messages: Vec<(String, String)> = Vec::new();
    for (Told { name, when, .. }, message) in &told {
        let Some(message) = message else { continue };
        let name = format!("{name} {when}").trim_end().to_owned();
        for foreign in ["<html", "<h1", "\"sms_charges\"", "\"code\"", "4420794", "Bearer"] {
            assert!(!message.contains(foreign), "{name}: {message}");
        }
        let message = steady(message);
        match messages.iter_mut().find(|known| known.1 == message) {
            Some((names, _)) => *names += &format!(" | {name}"),
            None => messages.push((name, message)),
        }
    }
    let lines: Vec<_> = messages.iter().map(|(names, message)| format!("{names}\n    {message}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    unauthorized@2 for ever | token dead on arrival
        2026-10-28 to 2026-11-19 could not be read: Zoom refused a fresh access token (HTTP 401); see that the app is activated. Zoom says: Invalid access token. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    unauthorized-400@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom refused a fresh access token (HTTP 400); see that the app is activated. Zoom says: Invalid access token. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    scope-missing@2 once | scope-missing@2 for ever
        2026-10-28 to 2026-11-19 could not be read: the Zoom app lacks the scope of the report; add phone:read:sms_charges:admin (granular) or phone:read:admin (classic) to it. Zoom says: Invalid access token, does not contain scopes:[phone:read:sms_charges:admin]. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    phone-disabled@2 once | phone-disabled@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom refused the account (HTTP 403); see that account_id is right and that the account has Zoom Phone. Zoom says: Zoom Phone has not been enabled for this account. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    phone-disabled-400@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom refused a fresh access token (HTTP 400); see that the app is activated. Zoom says: Zoom Phone has not been enabled for this account. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    no-account@2 once | no-account@2 for ever | no-account-124@2 once | no-account-124@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom refused the account (HTTP 404); see that account_id is right and that the account has Zoom Phone. Zoom says: Account does not exist: sandbox-account. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    rate-second@2 for ever | retry-after-seconds@2 for ever | retry-after-http-date@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom's rate limit was reached again and again; lower ZOOM_REQUESTS_PER_SECOND, or see what other apps of the account ask for. Zoom says: You have reached the maximum per-second rate limit for this API. Try again later. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    rate-day@2 once | rate-day@2 for ever | rate-day@1 once | 2 requests a day | 2 requests a day, no headers
        2026-10-28 to 2026-11-19 could not be read: Zoom's daily rate limit is used up until <the next midnight, UTC>; the limit is shared with the account's other apps. Zoom says: You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    rate-concurrent@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom's rate limit was reached again and again; lower ZOOM_REQUESTS_PER_SECOND, or see what other apps of the account ask for. Zoom says: Too many concurrent requests. Try again later. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    server-500@2 for ever | server-500@1 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 500. Zoom says: Internal server error. (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    server-502-html@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 502 without a readable answer (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    server-503@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 503 without a readable answer (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    envelope-200@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 200. Zoom says: Internal server error. (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    envelope-200-empty@2 for ever | envelope-200-text@2 for ever | envelope-200-page@2 for ever | envelope-200-rows@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 200. Zoom says: Internal failure (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    not-json-200@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 200 without a readable answer (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    cut-body@2 for ever
        2026-10-28 to 2026-11-19 could not be read: the answer of Zoom broke off: end of file before message length reached (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    drop@2 for ever
        2026-10-28 to 2026-11-19 could not be read: the connection to 127.0.0.1 failed: connection closed before message completed; it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    page-token-expired@2 for ever | page-token-expired-300@2 for ever | page tokens dead on arrival
        2026-10-28 to 2026-11-19 could not be read: Zoom let the page token expire before the report was read. Zoom says: The next page token is invalid or expired (x-zm-trackingid v=2.0;clid=sandbox;rid=); the next run tries again; if it comes again, tell Zoom's support
    same-page-token@2 once | same-page-token@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom's report has no end: the same page token came twice; the next run tries again; if it comes again, tell Zoom's support
    endless@3 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom's report has no end: page after page repeats earlier ones; the next run tries again; if it comes again, tell Zoom's support
    endless-empty@3 for ever | empty-page@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom's report has no end: 1000 pages in a row are empty; the next run tries again; if it comes again, tell Zoom's support
    narrow@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered for 2026-10-31 to 2026-11-20 where 2026-10-28 to 2026-11-23 were asked for (x-zm-trackingid v=2.0;clid=sandbox;rid=); the next run tries again; if it comes again, tell Zoom's support
    narrow-from@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered for 2026-10-31 to 2026-11-23 where 2026-10-28 to 2026-11-23 were asked for (x-zm-trackingid v=2.0;clid=sandbox;rid=); the next run tries again; if it comes again, tell Zoom's support
    narrow-to@2 for ever
        2026-10-28 to 2026-11-19 could not be read: Zoom answered for 2026-10-28 to 2026-11-20 where 2026-10-28 to 2026-11-23 were asked for (x-zm-trackingid v=2.0;clid=sandbox;rid=); the next run tries again; if it comes again, tell Zoom's support
    validation-300@2 once | validation-300@2 for ever | validation-300@3, credit of A
        2026-10-28 to 2026-11-19 could not be read: Zoom answered HTTP 400. Zoom says: Validation Failed. from: Invalid field. (x-zm-trackingid v=2.0;clid=sandbox;rid=); if as_of was given, give a later one; else tell Zoom's support
    redirect@2 once | redirect@2 for ever
        2026-10-28 to 2026-11-19 could not be read: HTTP 302 where Zoom's API should be: the base address is wrong, not the account; check ZOOM_API_URL (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    bad-charge@2 once
        1 row of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: total_charge "abc" is not a decimal number. Give Zoom's support the message ids
    bad-charge@2 for ever
        2 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: total_charge "abc" is not a decimal number; the row of message M-699: total_charge "abc" is not a decimal number. Give Zoom's support the message ids
    no-charge@2 once
        1 row of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: total_charge is missing; a charge that is not known is not zero. Give Zoom's support the message ids
    no-charge@2 for ever
        2 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: total_charge is missing; a charge that is not known is not zero; the row of message M-699: total_charge is missing; a charge that is not known is not zero. Give Zoom's support the message ids
    bad-currency@2 once
        1 row of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: currency "ZZZ1" is not an ISO 4217 currency code. Give Zoom's support the message ids
    bad-currency@2 for ever
        2 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: currency "ZZZ1" is not an ISO 4217 currency code; the row of message M-699: currency "ZZZ1" is not an ISO 4217 currency code. Give Zoom's support the message ids
    no-currency@2 once
        1 row of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: currency is missing. Give Zoom's support the message ids
    no-currency@2 for ever
        2 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: currency is missing; the row of message M-699: currency is missing. Give Zoom's support the message ids
    bad-time@2 once
        1 row of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: sent_time "yesterday" is not a time such as 2026-11-22T02:58:01Z. Give Zoom's support the message ids
    bad-time@2 for ever
        2 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: sent_time "yesterday" is not a time such as 2026-11-22T02:58:01Z; the row of message M-699: sent_time "yesterday" is not a time such as 2026-11-22T02:58:01Z. Give Zoom's support the message ids
    no-time@2 once
        1 row of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: sent_time is missing. Give Zoom's support the message ids
    no-time@2 for ever
        2 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-599: sent_time is missing; the row of message M-699: sent_time is missing. Give Zoom's support the message ids
    token invalid-client@1 for ever
        Zoom gave no access token: the client id or the client secret is wrong, or the app is not activated (HTTP 400, Zoom says: Invalid client_id or client_secret) (x-zm-trackingid v=2.0;clid=sandbox;rid=); correct it where it is kept: in the secret, or in ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET
    token invalid-request@1 once | token invalid-request@1 for ever
        Zoom gave no access token: the account id is wrong, or the app is not a Server-to-Server OAuth app (HTTP 400, Zoom says: Bad Request) (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    token server-500@1 for ever
        Zoom answered HTTP 500. Zoom says: Internal server error. (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    token html@1 for ever | token no-token-field@1 for ever
        Zoom's token endpoint answered without an access token (x-zm-trackingid v=2.0;clid=sandbox;rid=); it is tried again later; if it lasts, check the network, ZOOM_API_URL and Zoom's status page
    bad-charge@1 for ever
        3 rows of Zoom's report cannot be read, so the sums are not whole: the row of message M-299: total_charge "abc" is not a decimal number; the row of message M-599: total_charge "abc" is not a decimal number; the row of message M-699: total_charge "abc" is not a decimal number. Give Zoom's support the message ids
    token refused with 401
        Zoom gave no access token: the client id or the client secret is wrong, or the app is not activated (HTTP 401, Zoom says: Invalid client_id or client_secret) (x-zm-trackingid v=2.0;clid=sandbox;rid=); correct it where it is kept: in the secret, or in ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET
    5 s a page, 12 s in all | 10 s a page, 24 s in all
        2026-10-28 to 2026-11-19 could not be read: the run's time was up before the report was read; the next run goes on; if none gets to the end, raise ZOOM_REQUESTS_PER_SECOND
    rate-day, newer question
        2026-10-17 to 2026-11-03 could not be read: Zoom's daily rate limit is used up until <the next midnight, UTC>; the limit is shared with the account's other apps. Zoom says: You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    scope-missing, newer question
        2026-10-17 to 2026-11-03 could not be read: the Zoom app lacks the scope of the report; add phone:read:sms_charges:admin (granular) or phone:read:admin (classic) to it. Zoom says: Invalid access token, does not contain scopes:[phone:read:sms_charges:admin]. (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    validation-300, newer question
        2026-10-17 to 2026-11-03 could not be read: Zoom answered HTTP 400. Zoom says: Validation Failed. from: Invalid field. (x-zm-trackingid v=2.0;clid=sandbox;rid=); if as_of was given, give a later one; else tell Zoom's support
    redirect, older question
        2026-09-27 to 2026-10-17 could not be read: HTTP 302 where Zoom's API should be: the base address is wrong, not the account; check ZOOM_API_URL (x-zm-trackingid v=2.0;clid=sandbox;rid=)
    "#);
}

#[tokio::test]
async fn the_run_after_a_failed_one_sends_the_rest_and_nothing_again() {
    let world = over_budget(rows(now()), "--fault server-500@2x6").world().await;
    let mut function = world.function().await;
    assert_eq!(function.invoke(world.event()).await.code(), "ZoomUnavailable");
    assert_eq!(function.invoke(world.event()).await.answer()["complete"], true);
    function.kill().await;
    assert_eq!(sent(&world).await, ["at least A", "B C"]);
}

/// Zoom stops taking token and client in the middle of the report, and takes the secret that is read then.
const ROTATED: &str = "--fault unauthorized@2 --token-fault invalid-client@2";

#[tokio::test]
async fn a_secret_rotated_in_the_middle_of_a_run_is_read_again() {
    let world = over_budget(rows(now()), ROTATED).world().await;
    let outcome = world.judge().await;
    assert_eq!(sent(&world).await, ["A B C"]);
    let seen = world.zoom.observed();
    let reports = seen.iter().filter(|request| request.kind == ObservedKind::Report).count();
    assert_eq!(outcome.answer()["requests"], reports, "the requests before the rotation are requests");
}

#[tokio::test]
async fn a_secret_that_stays_wrong_is_read_again_once() {
    let line = "--fault unauthorized@2 --token-fault invalid-client@2xall";
    let world = over_budget(rows(now()), line).world().await;
    assert_eq!(world.judge().await.code(), "ZoomUnauthorized");
    assert_eq!(sent(&world).await, ["at least A"]);
    let read = world.proxy.actions().into_iter().filter(|action| action == "SecretsManager.GetSecretValue");
    assert_eq!(read.count(), 2);
}

#[tokio::test]
async fn what_was_proven_before_a_rotation_stays_proven() {
    let line = format!("{ROTATED} --fault server-500@3xall");
    let world = over_budget(rows(now()), &line).world().await;
    assert_eq!(world.judge().await.code(), "ZoomUnavailable");
    assert_eq!(sent(&world).await, ["at least A"]);
}

#[tokio::test]
async fn a_row_that_two_questions_see_is_named_once() {
    let questions = async |zoom: &str, sent: &str| {
        let world = setup().rows([row("M-edge", sent, 100)]).zoom(zoom).world().await;
        let outcome = world.judge().await;
        let seen = world.zoom.observed().into_iter().filter(|seen| seen.kind == ObservedKind::Report);
        let date = |seen: &Observed, name: &str| seen.parameter(name).unwrap_or_default().to_owned();
        (outcome, seen.map(|seen| (date(&seen, "from"), date(&seen, "to"))).collect::<Vec<_>>())
    };
    // Which dates the questions share follows from the day of the test.
    let (_, asked) = questions("", "2026-11-11T12:00:00Z").await;
    let shared = asked.iter().map(|(from, _)| from).find(|from| asked.iter().any(|(_, to)| to == *from)).unwrap();
    let (outcome, asked) = questions("--fault bad-time@1xall", &format!("{shared}T12:00:00Z")).await;
    assert_eq!(asked.iter().filter(|(from, to)| from <= shared && to >= shared).count(), 2, "{shared} {asked:?}");
    assert!(outcome.error_message().starts_with("1 row of Zoom's report"), "{}", outcome.error_message());
}
