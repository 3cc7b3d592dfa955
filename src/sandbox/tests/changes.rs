//! Data that change, and answers that hold less than they should.

use super::readings::{at, days, ids};
use super::*;

/// The ids of the rows of November, in one question.
async fn november(sandbox: &Sandbox) -> String {
    let rows = walk(sandbox, NOVEMBER, 99).await;
    let mut ids = ids(&rows);
    ids.sort_unstable();
    ids.concat()
}

#[tokio::test]
async fn rows_are_relisted_revised_and_removed_as_time_goes_on() {
    let since = at("2026-11-12T00:00:00Z");
    let mut rows = days(&[("A", 9), ("B", 9)]);
    rows[0].relisted = vec![(since, Listing::Days(1))];
    rows[1].gone = Some(since);
    let [before, after] = days(&[("C", 9)]).remove(0).revised(since, |row| Row { charge: 700, ..row });
    rows.extend([before, after]);
    let dataset = Dataset::of(rows, at("2026-11-11T00:00:00Z"));
    let sandbox = started(dataset.clone(), &[], Switches { order: Order::ByListing, ..Switches::default() }).await;
    let of_the_9th = "from=2026-11-09&to=2026-11-09";
    let seen = async || {
        let rows = walk(&sandbox, of_the_9th, 1).await;
        let mut seen: Vec<_> =
            rows.iter().map(|row| format!("{} {}", row["message_id"], row["total_charge"])).collect();
        seen.sort();
        seen.join(", ").replace('"', "")
    };
    assert_eq!(seen().await, "A 0.01, B 0.01, C 0.01");
    sandbox.replace(dataset.clone().at(since));
    assert_eq!(seen().await, "C 0.07");
    assert_eq!(ids(&walk(&sandbox, "from=2026-11-10&to=2026-11-10", 1).await), ["A"]);
    let amount = |today| {
        let truth = dataset.clone().at(today).truth(Timestamp::UNIX_EPOCH, at(NOW));
        truth[&(NONE.to_owned(), "USD".to_owned())].amount.clone()
    };
    assert_eq!((amount(at("2026-11-11T00:00:00Z")), amount(since)), ("0.03".to_owned(), "0.08".to_owned()));
}

#[tokio::test]
async fn answers_flap_between_the_present_and_the_past() {
    let dataset = Dataset::of(days(&[("A", 9), ("B", 21)]), at(NOW));
    let sandbox = started(dataset, &[], Switches { flap: 2, flap_hours: 48, ..Switches::default() }).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(november(&sandbox).await);
    }
    assert_eq!(seen, ["AB", "AB", "A", "A", "AB", "AB"]);
}

#[tokio::test]
async fn a_stalled_report_shows_nothing_new() {
    let dataset = Dataset::of(days(&[("A", 9), ("B", 21)]), at("2026-11-15T00:00:00Z"));
    let stalled_at = Some(at("2026-11-20T00:00:00Z"));
    let sandbox = started(dataset.clone(), &[], Switches { stalled_at, ..Switches::default() }).await;
    assert_eq!(november(&sandbox).await, "A");
    sandbox.replace(dataset.at(at(NOW)));
    assert_eq!(november(&sandbox).await, "A");
}

#[tokio::test]
async fn rows_arrive_while_the_report_is_read() {
    let rows = days(&[("A", 9), ("B", 10), ("C", 11)]);
    let dataset = || Dataset::of(rows.clone(), at("2026-11-10T18:00:00Z"));
    let query = "page_size=1";
    let arriving = Switches { arrive_per_answer: 24 * 3_600, order: Order::OldestFirst, ..Switches::default() };
    let fixed = started(dataset(), &[], arriving.clone()).await;
    assert_eq!(ids(&walk(&fixed, query, 9).await), ["A", "B"]);
    assert_eq!(fixed.dataset().today(), at("2026-11-12T18:00:00Z"));
    assert_eq!(ids(&walk(&fixed, query, 9).await), ["A", "B", "C"]);

    let query = "from=2026-11-01&to=2026-11-22&page_size=1";
    let live = started(dataset(), &[], Switches { live_pages: true, ..arriving.clone() }).await;
    assert_eq!(ids(&walk(&live, query, 9).await), ["A", "B", "C"]);
    let newest_first = Switches { live_pages: true, order: Order::NewestFirst, ..arriving };
    let live = started(dataset(), &[], newest_first).await;
    assert_eq!(ids(&walk(&live, query, 9).await), ["B", "B", "A"]);
}

#[tokio::test]
async fn an_answer_is_silently_empty_or_short() {
    let rows = days(&[("A", 1), ("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)]);
    let oldest_first = Switches { order: Order::OldestFirst, ..Switches::default() };
    for (fault, left) in [("silently-empty@2", ""), ("silently-short@2", "ABCD")] {
        let sandbox = started(Dataset::of(rows.clone(), at(NOW)), &[fault], oldest_first.clone()).await;
        assert_eq!(november(&sandbox).await, "ABCDEF");
        let body = ask(&sandbox, &token(&sandbox).await, NOVEMBER).await.1;
        assert_eq!(ids(body["sms_charges"].as_array().unwrap()).concat(), left);
        assert_eq!((&body["total_records"], &body["next_page_token"]), (&left.len().into(), &"".into()), "{fault}");
        assert_eq!(november(&sandbox).await, "ABCDEF");
        let listed = sandbox.listed();
        let counts: Vec<_> = listed.iter().map(|asked| (asked.rows.len(), asked.without_faults.len())).collect();
        assert_eq!(counts, [(6, 6), (left.len(), 6), (6, 6)]);
    }
}

#[tokio::test]
async fn a_later_page_ends_the_report_silently() {
    let rows = days(&[("A", 1), ("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)]);
    let oldest_first = Switches { order: Order::OldestFirst, ..Switches::default() };
    for (fault, left) in [("silently-empty@2", "AB"), ("silently-short@2", "ABCD")] {
        let sandbox = started(Dataset::of(rows.clone(), at(NOW)), &[fault], oldest_first.clone()).await;
        let query = "from=2026-11-01&to=2026-11-22&page_size=2";
        assert_eq!(ids(&walk(&sandbox, query, 9).await).concat(), left, "{fault}");
    }
}

#[tokio::test]
async fn a_narrow_answer_says_what_it_covers() {
    let rows = days(&[("A", 1), ("B", 4), ("C", 19), ("D", 22)]);
    for (fault, said, covered) in [
        ("narrow", ("2026-11-04", "2026-11-19"), "BC"),
        ("narrow-from", ("2026-11-04", "2026-11-22"), "BCD"),
        ("narrow-to", ("2026-11-01", "2026-11-19"), "ABC"),
    ] {
        let sandbox = started(Dataset::of(rows.clone(), at(NOW)), &[fault], Switches::default()).await;
        let query = "from=2026-11-01&to=2026-11-22&page_size=1";
        let mut seen = walk(&sandbox, query, 9).await;
        seen.reverse();
        assert_eq!(ids(&seen).concat(), covered, "{fault}");
        let listed = &sandbox.listed()[0];
        assert_eq!((listed.said.0.as_str(), listed.said.1.as_str()), said, "{fault}");
        assert_eq!(november(&sandbox).await, "ABCD");
    }
}

#[tokio::test]
async fn an_error_with_http_200_may_hold_what_looks_like_a_page() {
    let body = async |fault: &str| {
        let sandbox = started(Dataset::of(days(&[("A", 9)]), at(NOW)), &[fault], Switches::default()).await;
        let (status, body) = ask(&sandbox, &token(&sandbox).await, NOVEMBER).await;
        assert_eq!(status, 200, "{fault}");
        (body, sandbox.listed().first().map_or(0, |asked| asked.rows.len()))
    };
    let failure = |code: Value| serde_json::json!({"code": code, "message": "Internal failure", "sms_charges": []});
    assert_eq!(body("envelope-200-empty").await, (failure(300.into()), 0));
    assert_eq!(body("envelope-200-text").await, (failure("300".into()), 0));
    let (page, listed) = body("envelope-200-page").await;
    assert_eq!((&page["code"], &page["next_page_token"], &page["total_records"]), (&300.into(), &"".into(), &0.into()));
    assert_eq!((page["sms_charges"].as_array().unwrap().len(), listed), (0, 0));
    let (page, listed) = body("envelope-200-rows").await;
    assert_eq!((&page["code"], page["sms_charges"].as_array().unwrap().len(), listed), (&300.into(), 1, 0));
    let (page, listed) = body("code-zero").await;
    assert_eq!((&page["code"], page["sms_charges"].as_array().unwrap().len(), listed), (&0.into(), 1, 1));
}

#[tokio::test]
async fn questions_that_cover_a_date_fail_and_others_do_not() {
    let seen = async |fault: &str, questions: &[(u8, u8)]| {
        let date_faults = vec![fault.parse().unwrap()];
        let dataset = Dataset::of(days(&[("A", 4), ("B", 12)]), at(NOW));
        let sandbox = started(dataset, &[], Switches { date_faults, ..Switches::default() }).await;
        let access = token(&sandbox).await;
        let mut seen = Vec::new();
        for (from, to) in questions {
            let (status, body) = ask(&sandbox, &access, &format!("from=2026-11-{from:02}&to=2026-11-{to:02}")).await;
            seen.push((status, body["sms_charges"].as_array().map_or(0, Vec::len)));
        }
        seen
    };
    let (fine, failed) = ((200, 1), (500, 0));
    let questions = [(1, 4), (4, 5), (1, 20), (7, 8), (8, 12), (4, 5)];
    assert_eq!(
        seen("2026-11-05..2026-11-07=server-500", &questions).await,
        [fine, failed, failed, failed, fine, failed]
    );
    let empty = (200, 0);
    let questions = [(8, 12), (1, 4), (8, 12), (8, 12)];
    assert_eq!(seen("2026-11-12=silently-empty@2x1", &questions).await, [fine, fine, empty, fine]);
}

#[tokio::test]
async fn what_was_listed_is_known_question_by_question() {
    let dataset = Dataset::of(days(&[("A", 4), ("B", 5), ("C", 12)]), at(NOW));
    let sandbox = started(dataset, &[], Switches::default()).await;
    let access = token(&sandbox).await;
    walk(&sandbox, "from=2026-11-01&to=2026-11-05&page_size=1", 9).await;
    walk(&sandbox, "from=2026-11-01&to=2026-11-22&page_size=2", 1).await;
    ask(&sandbox, &access, "from=2026-11-22&to=2026-11-01").await;
    let listed = sandbox.listed();
    let brief: Vec<_> = listed
        .iter()
        .map(|asked| {
            let ids: Vec<_> = asked.rows.iter().filter_map(|row| row.message_id.as_deref()).collect();
            (asked.from.as_str(), asked.to.as_str(), ids.concat(), asked.ended)
        })
        .collect();
    assert_eq!(
        brief,
        [("2026-11-01", "2026-11-05", "BA".to_owned(), true), ("2026-11-01", "2026-11-22", "CB".to_owned(), false)]
    );
    assert_eq!((listed[0].today, listed[0].shown), (at(NOW), at(NOW)));
    assert_eq!((listed[0].start, listed[0].end), (at("2026-11-01T00:00:00Z"), at("2026-11-06T00:00:00Z")));
    let truth = Truth::of(listed.iter().flat_map(|asked| &asked.rows).map(AsRef::as_ref), Timestamp::MIN, at(NOW));
    assert_eq!(truth[&(NONE.to_owned(), "USD".to_owned())], Truth { amount: "0.03".to_owned(), messages: 3 });
}
