//! Runs that meet each other, or the claims of dead ones.

use super::*;

#[tokio::test]
async fn a_live_claim_of_a_dead_run_holds_back_its_alert_alone() {
    // The others may have been sent too, for all that the dead run's intent tells.
    for (group_by, separator, action, after) in [("run", " ", THREAD, true), ("subject", " | ", PUBLISH, false)] {
        let mut story = Story::new(group_by, 3).await;
        assert_eq!(story.killed_run(action, 1, after).await, "killed");
        let claimed = story.states().await;
        let (held, free): (Vec<_>, Vec<_>) =
            ["1", "2", "3"].into_iter().partition(|&alert| claimed.contains_key(alert));
        assert_eq!(held.len(), 1, "{group_by}");
        let others: Vec<_> = free.iter().map(|alert| format!("{alert}*")).collect();
        let others = others.join(separator);
        assert_eq!(story.run().await, format!("LedgerUnavailable: {others}"));
        assert_eq!(story.run().await, "LedgerUnavailable");
        assert_eq!(story.world.aws.expire_leases().await, 1);
        let last = format!("already_sent+sent: {}*", held[0]);
        assert_eq!(story.run().await, last);
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn runs_at_the_same_time_send_each_alert_once() {
    // Lambda may deliver an event twice: both deliveries then have the same request id.
    for [slow_id, quick_id] in [["slow", "quick"], ["the-same", "the-same"]] {
        for (group_by, quick_told, slow_told) in [
            ("run", "LedgerUnavailable", "sent: 1 2 3"),
            // The slow run is about to send them, too.
            ("subject", "LedgerUnavailable: 2* | 3*", "already_sent+sent: 1"),
        ] {
            let mut story = Story::new(group_by, 3).await;
            let gate = Gate::default();
            story.world.proxy.on(PUBLISH, 1, Effect::Hold(gate.clone()));
            let [slow, quick] = story.functions().await;
            let slow = held_at(&gate, &slow, slow_id, story.event()).await;
            let outcome = quick.invoke_as(quick_id, story.event()).await;
            assert_eq!(story.told(&outcome).await, quick_told);
            gate.open();
            assert_eq!(story.told(&slow.await).await, slow_told);
            let retry = quick.invoke_as(quick_id, story.event()).await;
            assert_eq!(story.told(&retry).await, "already_sent");
            assert!(story.states().await.values().all(|state| state == "sent"));
        }
    }
}

#[tokio::test]
async fn a_slow_run_cannot_undo_what_another_took_over_and_confirmed() {
    for (effect, slow_told) in
        [(Effect::Hold as fn(Gate) -> Effect, "sent: 1"), (Effect::HoldAndForbid, "PublishFailed")]
    {
        let mut story = Story::new("run", 1).await;
        let gate = Gate::default();
        story.world.proxy.on(PUBLISH, 1, effect(gate.clone()));
        let [slow, quick] = story.functions().await;
        let slow = held_at(&gate, &slow, "slow", story.event()).await;
        assert_eq!(story.world.aws.expire_leases().await, 1);
        let outcome = quick.invoke(story.event()).await;
        assert_eq!(story.told(&outcome).await, "sent: 1*");
        let items = story.world.aws.ledger_items().await;
        gate.open();
        assert_eq!(story.told(&slow.await).await, slow_told);
        assert_eq!(story.world.aws.ledger_items().await, items);
        assert_eq!(items[0]["state"], "sent");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_slow_run_cannot_settle_a_claim_that_another_holds() {
    for (effect, slow_told) in
        [(Effect::Hold as fn(Gate) -> Effect, "sent: 1"), (Effect::HoldAndForbid, "PublishFailed")]
    {
        let mut story = Story::new("run", 1).await;
        let gates = [Gate::default(), Gate::default()];
        story.world.proxy.on(PUBLISH, 1, effect(gates[0].clone()));
        story.world.proxy.on(PUBLISH, 2, Effect::Hold(gates[1].clone()));
        let [slow, quick] = story.functions().await;
        let slow = held_at(&gates[0], &slow, "slow", story.event()).await;
        assert_eq!(story.world.aws.expire_leases().await, 1);
        let quick = held_at(&gates[1], &quick, "quick", story.event()).await;
        let items = story.world.aws.ledger_items().await;
        gates[0].open();
        assert_eq!(story.told(&slow.await).await, slow_told);
        assert_eq!(story.world.aws.ledger_items().await, items);
        gates[1].open();
        assert_eq!(story.told(&quick.await).await, "sent: 1*");
        assert_eq!(story.run().await, "already_sent");
    }
}
