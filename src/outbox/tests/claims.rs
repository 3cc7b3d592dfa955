//! What claiming leaves behind: what is known of the ledger, and of what was claimed.

use super::*;

/// The claims of all that is due, each as `held` or `unheld`, and the outbox after them.
async fn claimed<'s>(stage: &'s Stage, world: &World, fates: Vec<Fate>) -> (Vec<&'static str>, Outbox<'s>) {
    stage.script.next(fates);
    let case = world.case();
    let mut outbox = Outbox::new(&stage.ledger, &stage.topic, "run-1", Deadline::after(TIME));
    let threads = outbox.threads("acc").await;
    let alerts = world.decided(&threads);
    outbox.intended = alerts.iter().map(|alert| alert.id.clone()).collect();
    let shown = |claimed: Claimed<'_>| match claimed {
        Claimed::Held(_) => "held",
        Claimed::Unheld(..) => "unheld",
        Claimed::Settled(_) => "settled",
        Claimed::Elsewhere(..) => "elsewhere",
    };
    let claims = outbox.claim(alerts, &case).await.into_iter().map(shown).collect();
    (claims, outbox)
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_fails_shows_that_the_ledger_fails() {
    // Reading, intent, two claims.
    let (stage, world) = (Stage::new(), many(2));
    let (claims, outbox) = claimed(&stage, &world, vec![Fate::Works, Fate::Works, Fate::Works, Fate::Fails]).await;
    assert_eq!((claims, outbox.ledger_works), (vec!["held", "unheld"], false));
    let (stage, world) = (Stage::new(), many(2));
    let (claims, outbox) = claimed(&stage, &world, Vec::new()).await;
    assert_eq!((claims, outbox.ledger_works), (vec!["held", "held"], true));
}

#[tokio::test(start_paused = true)]
async fn claims_side_by_side_take_the_time_of_one() {
    let (stage, world) = (Stage::new(), many(3 * AT_ONCE));
    stage.script.slow_ledger(Duration::from_millis(400));
    let (claims, outbox) = claimed(&stage, &world, Vec::new()).await;
    assert_eq!(claims.len(), 3 * AT_ONCE);
    assert_eq!(outbox.slowest_write.as_millis(), 400);
}

#[tokio::test(start_paused = true)]
async fn a_message_needs_the_time_of_the_slowest_publish_and_of_its_writes() {
    let stage = Stage::new();
    let has_time = |left_ms: u64, alerts: usize, ledger_works: bool| {
        let mut outbox =
            Outbox::new(&stage.ledger, &stage.topic, "run-1", Deadline::after(Duration::from_millis(left_ms)));
        outbox.slowest_publish = Duration::from_secs(2);
        outbox.slowest_write = Duration::from_millis(100);
        outbox.ledger_works = ledger_works;
        outbox.has_time_for(alerts)
    };
    // A second, the publish, and for each round of claims two writes and one more.
    assert_eq!([has_time(3_300, 1, true), has_time(3_299, 1, true)], [true, false]);
    assert_eq!([has_time(3_500, AT_ONCE + 1, true), has_time(3_499, AT_ONCE + 1, true)], [true, false]);
    assert_eq!([has_time(3_000, 500, false), has_time(2_999, 500, false)], [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_decision_made_again_keeps_who_spent_most() {
    let (mut stage, world) = (Stage::new(), many(1));
    // The reading fails; the intent works, and so does the second reading.
    stage.script.next(vec![Fate::Fails]);
    assert_eq!(stage.run(&world, TIME).await.unwrap().sent(), 1);
    let published = stage.scripted().published.lock().unwrap();
    let machine: Value = serde_json::from_str(&published[0].1.machine).unwrap();
    assert_eq!(machine["alerts"][0]["top"][0]["amount"], "110");
}
