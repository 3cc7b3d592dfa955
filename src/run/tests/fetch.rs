use super::super::*;
use crate::clients::zoom::{Ask, Digests, SMS, Source, Zoom};
use crate::clients::{Credentials, Deadline};
use crate::config::ZoomConfig;
use crate::domain::coverage::Dates;
use crate::sandbox::*;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

async fn one(days: i64, rate: u32, order: Order, bound: Bound, total: TotalRecords) -> String {
    let start: Timestamp = "2026-10-01T00:00:00Z".parse().unwrap();
    let now = start + SignedDuration::from_hours(24 * days) - SignedDuration::from_secs(1);
    let rows: Vec<_> = (0..30_000i64)
        .map(|n| {
            let sent = start + SignedDuration::from_secs(n * (24 * 3600 * days - 2) / 30_000);
            Row { billing_number: Some("+1408555000".to_owned()), ..Row::new(&format!("M-{n}"), sent, 205) }
        })
        .collect();
    let switches = Switches {
        to_dates: bound,
        order,
        total_records: total,
        latency_ms: 1000,
        rate_per_second: rate,
        ..Switches::default()
    };
    let (sender, started) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let sandbox = Sandbox::start(0, Dataset::of(rows, now), switches).await.unwrap();
            sender.send(sandbox).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let sandbox = started.recv().unwrap();
    let zoom =
        Zoom::new(ZoomConfig { api_url: sandbox.api_url(), token_url: sandbox.token_url(), requests_per_second: rate })
            .unwrap();
    let credentials = Credentials {
        account_id: ACCOUNT_ID.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned().into(),
    };
    let begun = std::time::Instant::now();
    let authorized = zoom.authorize(&credentials, Deadline::never()).await.unwrap();
    let renew = || async { None }.boxed_local();
    let source =
        Source { authorized, renew: &renew, on_page: &|_| {}, most_requests: None, deadline: Deadline::never() };
    let listing = Dates::listing(start, start).from;
    let ask = Ask {
        report: &SMS,
        dates: vec![Dates { from: listing, to: crate::clients::zoom::last_date(now) }],
        until: now,
        now,
        zone: jiff::tz::TimeZone::UTC,
        first_day: "2026-10-01".parse().unwrap(),
        counted: Digests::new(),
    };
    let reading = zoom.read(source, &ask).await;
    let seconds = begun.elapsed().as_millis();
    let rows: u64 = reading.parts.values().map(|p| p.rows).sum();
    let parts: Vec<_> = reading
        .parts
        .iter()
        .map(|(d, p)| format!("{}..{}:{}", d.from.strftime("%m-%d"), d.to.strftime("%m-%d"), p.rows))
        .collect();
    format!(
        "{days} days {rate}/s {order:?} {bound:?} {total:?}: {seconds} ms = {:.2}x; requests {} refused {} rows {rows} gaps {} {parts:?}",
        seconds as f64 / (100_000.0 / rate as f64),
        reading.requests,
        reading.refusals,
        reading.gaps.len()
    )
}

#[tokio::test]
#[ignore]
async fn fetch_times() {
    let days: Vec<i64> = std::env::var("DAYS")
        .map(|d| d.split(',').map(|d| d.parse().unwrap()).collect())
        .unwrap_or(vec![22, 28, 30, 31]);
    let mut handles = Vec::new();
    for rate in [10, 4] {
        for d in &days {
            for bound in [Bound::Inclusive, Bound::Exclusive] {
                for (order, total) in
                    [(Order::NewestFirst, TotalRecords::Overall), (Order::Shuffled, TotalRecords::PerPage)]
                {
                    let d = *d;
                    handles.push(
                        (move || {
                            std::thread::spawn(move || {
                                let runtime =
                                    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                                println!("{}", runtime.block_on(one(d, rate, order, bound, total)));
                            })
                        }),
                    );
                }
            }
        }
    }
    for chunk in handles.chunks(2) {
        let running: Vec<_> = chunk.iter().map(|start| start()).collect();
        for r in running {
            r.join().unwrap();
        }
    }
}
