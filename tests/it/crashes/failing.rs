//! Replies that are lost, ledgers and topics that fail.

use super::*;

#[tokio::test]
async fn a_lost_reply_is_made_up_for_by_the_next_try() {
    for (action, nth, told) in [
        (SECRET, 1, "sent: 1"),
        (READ, 1, "sent: 1"),
        (LISTENERS, 1, "sent: 1"),
        (INTENT, 1, "sent: 1"),
        (THREAD, 1, "sent: 1"),
        // SNS does not know a repeated call; the alert's id in both messages tells it.
        (PUBLISH, 1, "sent: 1 | 1*"),
        (THREAD, 2, "sent: 1"),
        (MESSAGE, 1, "sent: 1"),
        (SETTLE, 1, "sent: 1"),
    ] {
        let mut story = Story::new("run", 1).await;
        story.world.proxy.on(action, nth, Effect::LoseReply);
        assert_eq!(story.run().await, told, "{action} {nth}");
        story.world.proxy.clear();
        assert_eq!(story.run().await, "already_sent", "{action} {nth}");
    }
}

#[tokio::test]
async fn a_reply_lost_for_good_fails_the_run_and_loses_no_alert() {
    for (action, nth, [first, next, after_lease]) in [
        (SECRET, None, ["SecretUnreadable", "sent: 1", "already_sent"]),
        (READ, None, ["LedgerUnavailable: 1*", "already_sent", "already_sent"]),
        (LISTENERS, None, ["sent: 1", "already_sent", "already_sent"]),
        (INTENT, Some(1), ["LedgerUnavailable: 1*", "already_sent", "already_sent"]),
        (THREAD, Some(1), ["LedgerUnavailable: 1*", "already_sent", "already_sent"]),
        (PUBLISH, None, ["PublishFailed: 1 | 1* | 1*", "LedgerUnavailable", "sent: 1*"]),
        // It is recorded once more.
        (THREAD, Some(2), ["sent: 1", "already_sent", "already_sent"]),
        (MESSAGE, None, ["sent: 1", "already_sent", "already_sent"]),
        (SETTLE, None, ["sent: 1", "already_sent", "already_sent"]),
    ] {
        let mut story = Story::of_single_tries("run", 1).await;
        match nth {
            Some(nth) => story.world.proxy.on(action, nth, Effect::LoseReply),
            None => story.world.proxy.always(action, Effect::LoseReply),
        }
        assert_eq!(story.run().await, first, "{action} {nth:?}");
        story.world.proxy.clear();
        assert_eq!(story.run().await, next, "{action} {nth:?}");
        story.world.aws.expire_leases().await;
        assert_eq!(story.run().await, after_lease, "{action} {nth:?}");
        assert_eq!(story.run().await, "already_sent", "{action} {nth:?}");
    }
}

#[tokio::test]
async fn without_a_ledger_every_alert_is_published_marked_and_the_run_fails_once() {
    let denied = Effect::Fail { status: 400, code: "AccessDeniedException" };
    for fault in [None, Some(denied), Some(BROKEN)] {
        for (group_by, marked, plain) in [
            ("run", "LedgerUnavailable: 1* 2* 3*", "sent: 1 2 3"),
            ("subject", "LedgerUnavailable: 1* | 2* | 3*", "sent: 1 | 2 | 3"),
        ] {
            let mut story = Story::of_single_tries(group_by, 3).await;
            match &fault {
                None => story.world.aws.delete_ledger().await,
                Some(fault) => {
                    story.world.proxy.always(READ, fault.clone());
                    story.world.proxy.always(WRITE, fault.clone());
                }
            }
            let outcome = story.world.judge().await;
            assert_eq!(story.told(&outcome).await, marked);
            let message = outcome.error_message();
            assert!(!message.contains(" | "), "one fault: {message}");
            assert!(message.contains(&story.world.aws.table), "{message}");
            if fault.is_some() {
                story.world.proxy.clear();
                assert_eq!(story.run().await, plain);
                assert_eq!(story.run().await, "already_sent");
            }
        }
    }
}

#[tokio::test]
async fn an_alert_that_cannot_be_claimed_is_published_marked_and_apart_from_the_others() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.on(THREAD, 1, BROKEN);
    let told = story.run().await;
    // Claims are made side by side: either may be the first.
    assert!(["LedgerUnavailable: 1 | 2*", "LedgerUnavailable: 2 | 1*"].contains(&&*told), "{told}");
    assert_eq!(story.run().await, "already_sent", "both were recorded when the ledger was back");
}

#[tokio::test]
async fn a_ledger_that_takes_claims_but_cannot_be_read_has_all_marked_and_says_so() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.always(READ, BROKEN);
    let outcome = story.world.judge().await;
    assert_eq!(story.told(&outcome).await, "LedgerUnavailable: 1* 2*");
    assert_eq!(story.run().await, "LedgerUnavailable", "the claims tell");
    let message = outcome.error_message();
    assert!(message.contains("marked as possible repeats"), "{message}");
}

#[tokio::test]
async fn a_refused_publish_gives_its_claim_back() {
    let invalid = Effect::Fail { status: 400, code: "InvalidParameter" };
    for fault in [FORBIDDEN, invalid] {
        let mut story = Story::new("run", 2).await;
        story.world.proxy.always(PUBLISH, fault);
        assert_eq!(story.run().await, "PublishFailed");
        story.world.proxy.clear();
        assert_eq!(story.run().await, "sent: 1 2");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_claim_is_given_back_once_though_the_reply_is_lost() {
    let mut story = Story::new("run", 1).await;
    story.world.proxy.always(PUBLISH, FORBIDDEN);
    story.world.proxy.on(THREAD, 2, Effect::LoseReply);
    assert_eq!(story.run().await, "PublishFailed");
    story.world.proxy.clear();
    assert_eq!(story.run().await, "sent: 1");
}

#[tokio::test]
async fn a_refused_repeat_is_still_a_possible_repeat_in_the_next_run() {
    // Killed on either side of its publish, a run leaves the same behind.
    for (after, killed) in [(false, "killed"), (true, "killed: 1")] {
        let mut story = Story::new("run", 1).await;
        assert_eq!(story.killed_run(PUBLISH, 1, after).await, killed);
        assert_eq!(story.world.aws.expire_leases().await, 1);
        story.world.proxy.always(PUBLISH, FORBIDDEN);
        assert_eq!(story.run().await, "PublishFailed");
        story.world.proxy.clear();
        assert_eq!(story.run().await, "sent: 1*");
        assert_eq!(story.run().await, "already_sent");
    }
}

#[tokio::test]
async fn a_publish_that_may_have_been_done_keeps_its_claim() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.always(PUBLISH, BROKEN);
    assert_eq!(story.run().await, "PublishFailed");
    story.world.proxy.clear();
    assert_eq!(story.run().await, "LedgerUnavailable");
    assert_eq!(story.world.aws.expire_leases().await, 2);
    assert_eq!(story.run().await, "sent: 1* 2*");
    assert_eq!(story.run().await, "already_sent");
}

#[tokio::test]
async fn a_refused_try_does_not_prove_that_the_try_before_it_published_nothing() {
    let mut story = Story::new("run", 1).await;
    story.world.proxy.on(PUBLISH, 1, Effect::LoseReply);
    story.world.proxy.on(PUBLISH, 2, FORBIDDEN);
    assert_eq!(story.run().await, "PublishFailed: 1");
    story.world.proxy.clear();
    story.world.aws.expire_leases().await;
    assert_eq!(story.run().await, "sent: 1*");
    assert_eq!(story.run().await, "already_sent");
}

#[tokio::test]
async fn an_alert_published_but_not_recorded_fails_the_run_and_comes_again_marked() {
    let mut story = Story::of_single_tries("run", 2).await;
    story.world.proxy.from(THREAD, 3, BROKEN);
    assert_eq!(story.run().await, "LedgerUnavailable: 1 2");
    story.world.proxy.clear();
    assert_eq!(story.run().await, "LedgerUnavailable");
    assert_eq!(story.world.aws.expire_leases().await, 2);
    assert_eq!(story.run().await, "sent: 1* 2*");
    assert_eq!(story.run().await, "already_sent");
}
