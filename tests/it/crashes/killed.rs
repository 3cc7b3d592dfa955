//! Runs that are killed around each of their calls.

use super::*;

/// The calls of a run in an order that is always the same: those that are made side by side come by their names, but the kept message comes
/// before what is recorded with it.
fn in_order(mut deeds: Vec<String>) -> Vec<String> {
    let sides: [&[&str]; 2] = [&["DynamoDB.Query run", "DynamoDB.Query thread"], &[MESSAGE, THREAD]];
    for side in sides {
        let mut from = 0;
        while let Some(start) = deeds.iter().skip(from).position(|deed| side.contains(&deed.as_str())) {
            let start = from + start;
            let length = deeds[start..].iter().take_while(|deed| side.contains(&deed.as_str())).count();
            let rank = |deed: &String| side.iter().position(|kind| kind == deed);
            deeds[start..start + length].sort_by_key(rank);
            from = start + length;
        }
    }
    deeds
}

/// Kills a run around each call that a clean one makes, has the same report sent to another topic, lets the lease run out, and runs twice
/// more. `and_then` says what must be as ever after that. A line for each: how many alerts shared which fate.
async fn fates_of_killed_runs(
    started: impl AsyncFn() -> Story,
    alerts: usize,
    and_then: impl AsyncFn(&mut Story),
) -> String {
    let mut clean = started().await;
    let known = clean.world.proxy.calls().len();
    let told = clean.run().await;
    assert!(told.starts_with("sent: 1") && !told.contains('*'), "{told}");
    let calls = clean.world.proxy.calls().into_iter().skip(known);
    let order = in_order(calls.map(|call| call.deed).collect());
    assert_eq!(clean.run().await, "already_sent");

    let count = |deeds: &[String], deed: &String| deeds.iter().filter(|other| *other == deed).count();
    let rows: Vec<_> = (0..order.len()).flat_map(|place| [(place, false), (place, true)]).collect();
    let fates = stream::iter(rows).map(async |(place, after)| {
        let (deed, when) = (&order[place], if after { "after" } else { "before" });
        let nth = count(&order[..=place], deed);
        let row = format!("{when} {deed} {nth}");
        let before = &order[..if after { place + 1 } else { place }];
        let done = order.iter().map(|deed| (deed.clone(), count(before, deed))).collect();
        let mut story = started().await;
        let killed = story.killed(deed, nth, after, &done).await;
        let states = story.states().await;
        story.another_receiver_gets_its_own(alerts).await;
        story.leases_end().await;
        let next = story.run().await;
        assert!(next.starts_with("sent") || next.starts_with("already_sent"), "{row}: {next}");
        assert_eq!(story.run().await, "already_sent", "{row}: the third run");
        and_then(&mut story).await;
        let mut fates = BTreeMap::<_, usize>::new();
        for alert in 1..=alerts {
            let alert = alert.to_string();
            let state = states.get(&alert).map_or("unknown", String::as_str);
            let fate = match (state, &*mention(&killed, &alert), &*mention(&next, &alert)) {
                ("unknown", [], [again]) if !again.ends_with('*') => "unclaimed, then sent",
                ("unknown", [], [_]) => "intended, then sent marked",
                ("claimed", [], [again]) if again.ends_with('*') => "claimed, then sent marked",
                ("claimed", [first], [again]) if !first.ends_with('*') && again.ends_with('*') => {
                    "sent, then again marked"
                }
                ("sent", [first], []) if !first.ends_with('*') => "sent and recorded",
                _ => panic!("{row}: alert {alert} is {state}: {killed}; then {next}"),
            };
            *fates.entry(fate).or_default() += 1;
        }
        let fates: Vec<_> = fates.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
        format!("{row}: {}", fates.join("; "))
    });
    let fates: Vec<_> = fates.buffered(WORLDS_AT_ONCE).collect().await;
    fates.join("\n")
}

#[tokio::test]
async fn a_run_killed_around_any_call_loses_no_alert_of_its_message_and_repeats_only_marked_ones() {
    insta::assert_snapshot!(fates_of_killed_runs(async || Story::new("run", 3).await, 3, async |_| {}).await, @"
    before SecretsManager.GetSecretValue 1: 3 unclaimed, then sent
    after SecretsManager.GetSecretValue 1: 3 unclaimed, then sent
    before DynamoDB.Query run 1: 3 unclaimed, then sent
    after DynamoDB.Query run 1: 3 unclaimed, then sent
    before DynamoDB.Query thread 1: 3 unclaimed, then sent
    after DynamoDB.Query thread 1: 3 unclaimed, then sent
    before SNS.GetTopicAttributes 1: 3 unclaimed, then sent
    after SNS.GetTopicAttributes 1: 3 unclaimed, then sent
    before DynamoDB.PutItem run 1: 3 unclaimed, then sent
    after DynamoDB.PutItem run 1: 3 intended, then sent marked
    before DynamoDB.PutItem thread 1: 3 intended, then sent marked
    after DynamoDB.PutItem thread 1: 1 claimed, then sent marked; 2 intended, then sent marked
    before DynamoDB.PutItem thread 2: 1 claimed, then sent marked; 2 intended, then sent marked
    after DynamoDB.PutItem thread 2: 2 claimed, then sent marked; 1 intended, then sent marked
    before DynamoDB.PutItem thread 3: 2 claimed, then sent marked; 1 intended, then sent marked
    after DynamoDB.PutItem thread 3: 3 claimed, then sent marked
    before SNS.Publish 1: 3 claimed, then sent marked
    after SNS.Publish 1: 3 sent, then again marked
    before DynamoDB.PutItem message 1: 3 sent, then again marked
    after DynamoDB.PutItem message 1: 3 sent, then again marked
    before DynamoDB.PutItem thread 4: 3 sent, then again marked
    after DynamoDB.PutItem thread 4: 1 sent and recorded; 2 sent, then again marked
    before DynamoDB.PutItem thread 5: 1 sent and recorded; 2 sent, then again marked
    after DynamoDB.PutItem thread 5: 2 sent and recorded; 1 sent, then again marked
    before DynamoDB.PutItem thread 6: 2 sent and recorded; 1 sent, then again marked
    after DynamoDB.PutItem thread 6: 3 sent and recorded
    before DynamoDB.DeleteItem run 1: 3 sent and recorded
    after DynamoDB.DeleteItem run 1: 3 sent and recorded
    ");
}

#[tokio::test]
async fn a_run_killed_around_any_call_loses_no_message_and_repeats_only_marked_ones() {
    insta::assert_snapshot!(fates_of_killed_runs(async || Story::new("subject", 2).await, 2, async |_| {}).await, @"
    before SecretsManager.GetSecretValue 1: 2 unclaimed, then sent
    after SecretsManager.GetSecretValue 1: 2 unclaimed, then sent
    before DynamoDB.Query run 1: 2 unclaimed, then sent
    after DynamoDB.Query run 1: 2 unclaimed, then sent
    before DynamoDB.Query thread 1: 2 unclaimed, then sent
    after DynamoDB.Query thread 1: 2 unclaimed, then sent
    before SNS.GetTopicAttributes 1: 2 unclaimed, then sent
    after SNS.GetTopicAttributes 1: 2 unclaimed, then sent
    before DynamoDB.PutItem run 1: 2 unclaimed, then sent
    after DynamoDB.PutItem run 1: 2 intended, then sent marked
    before DynamoDB.PutItem thread 1: 2 intended, then sent marked
    after DynamoDB.PutItem thread 1: 1 claimed, then sent marked; 1 intended, then sent marked
    before SNS.Publish 1: 1 claimed, then sent marked; 1 intended, then sent marked
    after SNS.Publish 1: 1 intended, then sent marked; 1 sent, then again marked
    before DynamoDB.PutItem message 1: 1 intended, then sent marked; 1 sent, then again marked
    after DynamoDB.PutItem message 1: 1 intended, then sent marked; 1 sent, then again marked
    before DynamoDB.PutItem thread 2: 1 intended, then sent marked; 1 sent, then again marked
    after DynamoDB.PutItem thread 2: 1 intended, then sent marked; 1 sent and recorded
    before DynamoDB.PutItem thread 3: 1 intended, then sent marked; 1 sent and recorded
    after DynamoDB.PutItem thread 3: 1 claimed, then sent marked; 1 sent and recorded
    before SNS.Publish 2: 1 claimed, then sent marked; 1 sent and recorded
    after SNS.Publish 2: 1 sent and recorded; 1 sent, then again marked
    before DynamoDB.PutItem message 2: 1 sent and recorded; 1 sent, then again marked
    after DynamoDB.PutItem message 2: 1 sent and recorded; 1 sent, then again marked
    before DynamoDB.PutItem thread 4: 1 sent and recorded; 1 sent, then again marked
    after DynamoDB.PutItem thread 4: 2 sent and recorded
    before DynamoDB.DeleteItem run 1: 2 sent and recorded
    after DynamoDB.DeleteItem run 1: 2 sent and recorded
    ");
}

/// The episode goes on for hours: it is one alert, and a new one when twice as much is sent, whatever call a run dies at.
#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "the clock is moved by a preloaded library")]
async fn a_run_killed_around_any_call_reports_an_episode_once_and_what_it_grows_to_anew() {
    let grows = async |story: &mut Story| {
        story.grows(100).await;
        assert_eq!(story.run().await, "already_sent");
        let first = std::mem::take(&mut story.subjects);
        story.grows(100).await;
        assert_eq!(story.run().await, "sent: 1");
        assert!(story.subjects.keys().all(|id| !first.contains_key(id)), "another alert");
        assert_eq!(story.run().await, "already_sent");
    };
    insta::assert_snapshot!(fates_of_killed_runs(Story::of_episode, 1, grows).await, @r#"
    before SecretsManager.GetSecretValue 1: 1 unclaimed, then sent
    after SecretsManager.GetSecretValue 1: 1 unclaimed, then sent
    before DynamoDB.BatchGetItem 1: 1 unclaimed, then sent
    after DynamoDB.BatchGetItem 1: 1 unclaimed, then sent
    before DynamoDB.Query finished 1: 1 unclaimed, then sent
    after DynamoDB.Query finished 1: 1 unclaimed, then sent
    before DynamoDB.BatchGetItem 2: 1 unclaimed, then sent
    after DynamoDB.BatchGetItem 2: 1 unclaimed, then sent
    before DynamoDB.BatchGetItem 3: 1 unclaimed, then sent
    after DynamoDB.BatchGetItem 3: 1 unclaimed, then sent
    before DynamoDB.Query run 1: 1 unclaimed, then sent
    after DynamoDB.Query run 1: 1 unclaimed, then sent
    before DynamoDB.Query thread 1: 1 unclaimed, then sent
    after DynamoDB.Query thread 1: 1 unclaimed, then sent
    before DynamoDB.BatchGetItem 4: 1 unclaimed, then sent
    after DynamoDB.BatchGetItem 4: 1 unclaimed, then sent
    before SNS.GetTopicAttributes 1: 1 unclaimed, then sent
    after SNS.GetTopicAttributes 1: 1 unclaimed, then sent
    before DynamoDB.PutItem run 1: 1 unclaimed, then sent
    after DynamoDB.PutItem run 1: 1 intended, then sent marked
    before DynamoDB.PutItem thread 1: 1 intended, then sent marked
    after DynamoDB.PutItem thread 1: 1 claimed, then sent marked
    before SNS.Publish 1: 1 claimed, then sent marked
    after SNS.Publish 1: 1 sent, then again marked
    before DynamoDB.PutItem message 1: 1 sent, then again marked
    after DynamoDB.PutItem message 1: 1 sent, then again marked
    before DynamoDB.PutItem thread 2: 1 sent, then again marked
    after DynamoDB.PutItem thread 2: 1 sent and recorded
    before DynamoDB.DeleteItem run 1: 1 sent and recorded
    after DynamoDB.DeleteItem run 1: 1 sent and recorded
    before SNS.GetTopicAttributes 2: 1 sent and recorded
    after SNS.GetTopicAttributes 2: 1 sent and recorded
    before DynamoDB.PutItem daybook 1: 1 sent and recorded
    after DynamoDB.PutItem daybook 1: 1 sent and recorded
    before DynamoDB.BatchWriteItem 1: 1 sent and recorded
    after DynamoDB.BatchWriteItem 1: 1 sent and recorded
    before DynamoDB.PutItem daybook 2: 1 sent and recorded
    after DynamoDB.PutItem daybook 2: 1 sent and recorded
    before DynamoDB.Query message 1: 1 sent and recorded
    after DynamoDB.Query message 1: 1 sent and recorded
    before DynamoDB.BatchGetItem 5: 1 sent and recorded
    after DynamoDB.BatchGetItem 5: 1 sent and recorded
    before DynamoDB.BatchWriteItem 2: 1 sent and recorded
    after DynamoDB.BatchWriteItem 2: 1 sent and recorded
    "#);
}
