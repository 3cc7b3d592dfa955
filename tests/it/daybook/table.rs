//! Items of the table that are damaged, refused, contended or too many.

use super::*;

#[tokio::test]
async fn a_daybook_that_is_damaged_costs_requests_and_no_figure() {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let other_version = json!({ "version": 99, "days": {} }).to_string();
    for (kind, attribute, value, reads_all) in [
        ("#head", "head", text("{"), true),
        ("#head", "head", text(&other_version), true),
        ("#head", "revision", text("many"), false),
        ("#part#", "figures", text("{}"), true),
        ("#part#", "figures", text("nothing"), true),
        ("#part#", "digests", text("none"), true),
        ("#day#", "figures", text("{}"), false),
    ] {
        let mut deployment = large_and_known().await;
        let items = items(&deployment).await;
        // Of a part that the next run believes.
        let head = head(&deployment).await;
        let settled =
            head["parts"].as_array().unwrap().iter().filter(|part| part["to"].as_str().unwrap() <= "2026-11-19");
        let part = settled.max_by_key(|part| part["rows"].as_u64()).unwrap();
        let part = format!("#part#{}#{}#", part["from"].as_str().unwrap(), part["to"].as_str().unwrap());
        let wanted = if kind == "#part#" { part.as_str() } else { kind };
        let mut keys: Vec<_> =
            items.iter().filter(|(key, item)| key.contains(wanted) && item.contains_key(attribute)).collect();
        keys.sort_by_key(|(key, _)| (*key).clone());
        let key = keys[0].0;
        deployment.aws.damage(key, attribute, value.clone()).await;
        for hour in 1..=2 {
            deployment.later(1);
            let (answer, from) = run_asking(&mut deployment).await;
            let case = format!("{key} {attribute} {value:?} at hour {hour}, from {from}: {answer}");
            assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{case}");
            let whole = (&json!(true), None, None);
            assert_eq!((&answer["complete"], answer.get("unconfirmed"), answer.get("restated")), whole, "{case}");
            // What is damaged costs one reading.
            assert_eq!(from == "2026-10-28", reads_all && hour == 1, "{case}");
        }
    }
    let mut deployment = large_and_known().await;
    let part = items(&deployment).await.into_keys().filter(|key| key.contains("#part#")).min().unwrap();
    // An item that is gone.
    delete(&deployment, &part).await;
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
}

#[tokio::test]
async fn a_figure_that_falls_while_its_lines_cannot_be_had_is_not_believed_for_that() {
    let mut deployment = setup().rows([spent_on("2026-11-10", 120)]).deployment().await;
    deployment.run().await;
    deployment.subjects().await;
    delete(&deployment, "daybook#sms#UTC#day#2026-11-10#0").await;
    // An answer that lacks the row, once; and once more much later.
    for _ in 0..2 {
        deployment.later(1);
        deployment.show([]);
        let answer = deployment.run().await;
        assert_eq!(answer["unconfirmed"][0]["before"], "120");
        assert!(deployment.subjects().await.is_empty());
        deployment.later(1);
        deployment.show([spent_on("2026-11-10", 120)]);
        assert_eq!(amount(&deployment.run().await), "120");
    }
}

#[tokio::test]
async fn a_table_that_fails_fails_no_reading() {
    let forbidden = || Effect::Fail { status: 400, code: "AccessDeniedException" };
    for action in ["DynamoDB.BatchGetItem", "DynamoDB.BatchWriteItem", "DynamoDB.PutItem daybook"] {
        let mut deployment = large().await;
        let first = deployment.run().await;
        deployment.proxy.always(action, forbidden());
        for _ in 0..2 {
            deployment.later(1);
            let answer = deployment.run().await;
            assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{action}");
            assert_eq!(answer["complete"], true, "{action}");
        }
        deployment.proxy.clear();
        deployment.later(1);
        let answer = deployment.run().await;
        assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"), "{action}");
        assert!(requests(&answer) <= requests(&first), "{action}");
    }
}

#[tokio::test]
async fn a_daybook_that_cannot_be_written_leaves_those_of_other_reports_alone() {
    let policy = format!("products = ['sms', 'call']\n{}", Policy::default());
    let call = Row::call("C", at("2026-11-06T10:00:00Z"), 10_000, 4);
    let mut deployment = setup().rows([spent_on("2026-11-05", 1), call]).policy(policy).deployment().await;
    deployment.proxy.on("DynamoDB.PutItem daybook", 1, Effect::Fail { status: 400, code: "AccessDeniedException" });
    deployment.run().await;
    let items = items(&deployment).await;
    let has = |product: &str| items.contains_key(&format!("daybook#{product}#UTC#head"));
    assert_eq!((has("sms"), has("call")), (false, true), "{:?}", items.keys());
}

#[tokio::test]
async fn what_dynamodb_leaves_unprocessed_is_asked_for_again() {
    let mut deployment = large_and_known().await;
    deployment.proxy.always("DynamoDB.BatchWriteItem", Effect::Half);
    deployment.full_read_hours = 0;
    deployment.run().await;
    deployment.full_read_hours = 24;
    deployment.proxy.clear();
    deployment.proxy.always("DynamoDB.BatchGetItem", Effect::Half);
    deployment.later(1);
    let answer = deployment.run().await;
    assert!(remembered_days(&answer) > 10);
    assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
    deployment.proxy.clear();
}

#[tokio::test]
async fn of_two_runs_at_the_same_time_one_is_remembered() {
    let mut deployment = large().await;
    deployment.run().await;
    let gate = Gate::default();
    deployment.proxy.on("DynamoDB.PutItem daybook", 1, Effect::Hold(gate.clone()));
    deployment.later(1);
    let (aws, revision) = (aws_sdk_dynamodb::Client::new(&deployment.aws.config), AttributeValue::N("50".to_owned()));
    let (table, item) = (deployment.aws.table.clone(), items(&deployment).await.remove(HEAD).unwrap());
    let other = async {
        gate.reached().await;
        // The other run's head.
        let update = aws.update_item().table_name(&table).key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
        let update = update.update_expression("SET revision = :other").expression_attribute_values(":other", revision);
        update.send().await.unwrap();
        gate.open();
    };
    let (answer, ()) = tokio::join!(deployment.run(), other);
    assert_eq!(answer["complete"], true);
    deployment.proxy.clear();
    assert_eq!(items(&deployment).await[HEAD]["revision"], AttributeValue::N("50".to_owned()));
    deployment.later(1);
    let answer = deployment.run().await;
    assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
    // One for the days that are about to be written, and one for what was.
    assert_eq!(items(&deployment).await[HEAD]["revision"], AttributeValue::N("52".to_owned()));
}

#[tokio::test]
async fn days_of_another_zone_are_other_days() {
    let mut deployment = large().await;
    deployment.run().await;
    deployment.set_policy(Policy::default().zone("Asia/Kathmandu")).await;
    for whole in [true, false] {
        deployment.later(1);
        let answer = deployment.run().await;
        assert_eq!(totals(&answer), truth(&deployment, "2026-10-31T18:15:00Z"));
        assert_eq!(remembered_days(&answer) == 0, whole);
    }
    // Budgets of another period, and back in the first zone.
    let daily = Budget::each("billing_number").name("daily").period("day");
    deployment.set_policy(Policy::default().and(daily)).await;
    deployment.later(1);
    let answer = deployment.run().await;
    let month = answer["totals"].as_array().unwrap().iter().filter(|total| total["period"] == "2026-11");
    let messages: u64 = month.map(|total| total["messages"].as_u64().unwrap()).sum();
    let expected: u64 = truth(&deployment, "2026-11-01T00:00:00Z").values().map(|sum| sum.1).sum();
    assert_eq!(messages, expected);
}

#[tokio::test]
async fn a_day_of_more_lines_than_are_kept_apart_is_folded_and_its_sums_stay() {
    let line = |line: i64| Row {
        department: Some(format!("Department \"{line}\"\t\u{1F4B8}")),
        ..from_number(
            &format!("+120255501{:02}", line % 40),
            row(&format!("m{line}"), "2026-11-10T10:00:00Z", 10_000 + line),
        )
    };
    let rows: Vec<_> = (0..21_000).map(line).collect();
    let mut deployment = setup().policy(Policy::default().only_watched()).rows(rows).deployment().await;
    for _ in 0..2 {
        let answer = deployment.run().await;
        assert_eq!(totals(&answer), truth(&deployment, "2026-11-01T00:00:00Z"));
        assert_eq!((answer.get("unconfirmed"), answer.get("restated")), (None, None));
        deployment.later(1);
    }
    assert_eq!(deployment.aws.messages().await.len(), 1);
}

#[tokio::test]
async fn a_run_as_of_a_moment_of_the_past_and_a_dry_run_leave_the_daybook_alone() {
    let mut deployment = large().await;
    deployment.run().await;
    let before = items(&deployment).await;
    deployment.later(2);
    for event in
        [json!({ "as_of": "2026-11-10" }), json!({ "as_of": NOW, "publish": true }), json!({ "dry_run": true })]
    {
        deployment.ends(event.clone()).await.unwrap();
        assert_eq!(items(&deployment).await, before, "{event}");
    }
    let past = deployment.ends(json!({ "as_of": "2026-11-10" })).await.unwrap();
    assert_eq!(remembered_days(&past), 0);
    let truth =
        deployment.zoom.dataset().at(deployment.now).truth(at("2026-11-01T00:00:00Z"), at("2026-11-11T00:00:00Z"));
    assert_eq!(totals(&past), plain(truth));
}
