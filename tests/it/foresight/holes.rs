//! No day is left out between what a backfill loads and what runs read, and what was left out is read again.

use super::{Sends, alerts, backfilled, burst};
use crate::support::{at, setup};

const WATCH: &str = r#"
    [[spike]]
    name = "runaway sender"
    scope = "billing_number"
    currency = "USD"
"#;
const NUMBER: &str = "+12025550187";

#[tokio::test]
async fn a_spike_is_found_whenever_the_first_run_comes_after_the_backfill() {
    let policy = format!("unwatched = \"ignore\"\n{WATCH}");
    // When October is judged no longer, and the days that are not settled are; or once it is judged no longer, three days later.
    for (loaded, first_run) in
        [("2026-11-05T12:30:00Z", "2026-11-05T13:30:00Z"), ("2026-11-02T12:00:00Z", "2026-11-05T14:00:00Z")]
    {
        let mut rows = Sends { number: NUMBER, from: "2026-06-01", to: "2026-12-01", messages: 4, charge: 205 }.rows();
        rows.extend(burst(NUMBER, "2026-11-05T10:30:00Z", 150));
        let mut deployment = setup().now(loaded).policy(&policy).rows(rows).deployment().await;
        backfilled(&mut deployment).await;
        deployment.until(at(first_run));
        deployment.run().await;
        assert_eq!(alerts(&deployment.news().await), [format!("spike {NUMBER}")], "{loaded}");
    }
}

#[tokio::test]
async fn days_without_a_run_are_read_by_the_next_one() {
    let day = "[[budget]]\nname = \"a day\"\nscope = \"account\"\ncurrency = \"USD\"\namount = 1000\nperiod = \"day\"";
    let mut rows = Sends { number: NUMBER, from: "2026-06-01", to: "2026-12-01", messages: 4, charge: 205 }.rows();
    rows.extend(burst(NUMBER, "2026-11-25T10:30:00Z", 150));
    let policy = format!("{day}\n{WATCH}");
    let mut deployment = setup().now("2026-11-08T12:00:00Z").policy(&policy).rows(rows).deployment().await;
    backfilled(&mut deployment).await;
    deployment.run().await;
    // For two weeks nothing runs.
    deployment.until(at("2026-11-25T14:00:00Z"));
    deployment.run().await;
    assert_eq!(alerts(&deployment.news().await), [format!("spike {NUMBER}")]);
}
