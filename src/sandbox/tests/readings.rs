//! What Zoom's documentation leaves open, each reading as a client meets it.

use std::collections::BTreeSet;

use super::*;

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["message_id"].as_str().unwrap()).collect()
}

/// A charged row for each id, sent at noon of that day of November.
pub(super) fn days(days: &[(&str, i8)]) -> Vec<Row> {
    let noon = |day: i8| jiff::civil::Date::constant(2026, 11, day).at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let row = |(id, day): &(&str, i8)| Row::new(id, noon(*day).unwrap().timestamp(), 100);
    days.iter().map(row).collect()
}

#[tokio::test]
async fn a_row_is_listed_under_another_date_than_it_was_sent_on() {
    let rows = days(&[("A", 9), ("B", 9), ("C", 9)]);
    let mut rows = rows.into_iter();
    let mut off = |listed| Row { listed, ..rows.next().unwrap() };
    let rows = vec![off(None), off(Some(Listing::Days(-2))), off(Some(Listing::At(at("2026-11-12T00:00:00Z"))))];
    let dataset = Dataset::of(rows, at(NOW));
    let month = (at("2026-11-01T00:00:00Z"), at(NOW));
    assert_eq!(dataset.truth(month.0, month.1)[&(NONE.to_owned(), "USD".to_owned())].messages, 3);
    let sandbox = started(dataset, &[], Switches::default()).await;
    for (date, listed) in [("07", "B"), ("09", "A"), ("12", "C")] {
        let rows = walk(&sandbox, &format!("from=2026-11-{date}&to=2026-11-{date}"), 1).await;
        assert_eq!(ids(&rows), [listed]);
        assert_eq!(rows[0]["sent_time"], "2026-11-09T12:00:00Z");
    }
}

#[tokio::test]
async fn dates_are_refused_or_clamped_as_the_switches_say() {
    let dataset = || Dataset::of(days(&[("A", 9), ("B", 22)]), at(NOW));
    let refusing = Switches { same_date: SameDate::Refused, future_dates: FutureDates::Refused, ..Switches::default() };
    let sandbox = started(dataset(), &[], refusing).await;
    let access = token(&sandbox).await;
    for (query, field) in [("from=2026-11-09&to=2026-11-09", "to"), ("from=2026-11-09&to=2026-11-23", "to")] {
        let (status, body) = ask(&sandbox, &access, query).await;
        assert_eq!((status, &body["code"]), (400, &300.into()), "{query}");
        assert_eq!(body["errors"][0]["field"], field);
    }
    let clamping = Switches { future_dates: FutureDates::Clamped, ..Switches::default() };
    let sandbox = started(dataset(), &[], clamping).await;
    let (status, body) = ask(&sandbox, &token(&sandbox).await, "from=2026-11-20&to=2026-11-27").await;
    assert_eq!((status, &body["from"], &body["to"]), (200, &"2026-11-20".into(), &"2026-11-22".into()));
    assert_eq!(ids(body["sms_charges"].as_array().unwrap()), ["B"]);
}

#[tokio::test]
async fn a_page_holds_no_more_than_the_limit_whatever_was_asked() {
    let dataset = Dataset::generated(250, 7, at(NOW));
    let sandbox = started(dataset, &[], Switches { page_limit: 100, ..Switches::default() }).await;
    let access = token(&sandbox).await;
    let page = ask(&sandbox, &access, "page_size=300").await.1;
    assert_eq!(page["page_size"], 300);
    assert_eq!(page["sms_charges"].as_array().unwrap().len(), 100);
    assert_eq!(walk(&sandbox, "page_size=300", 99).await.len(), 250);
}

#[tokio::test]
async fn free_rows_can_be_left_out_after_the_report_was_cut_into_pages() {
    let mut rows = days(&[("A", 9), ("B", 10), ("C", 11), ("D", 12), ("E", 13)]);
    for free in [1, 2, 4] {
        rows[free].charge = 0;
    }
    let switches =
        Switches { free_rows: FreeRows::AfterPaging, order: Order::OldestFirst, page_limit: 1, ..Switches::default() };
    let sandbox = started(Dataset::of(rows, at(NOW)), &[], switches).await;
    let access = token(&sandbox).await;
    let first = ask(&sandbox, &access, NOVEMBER).await.1;
    let token = first["next_page_token"].as_str().unwrap();
    let second = ask(&sandbox, &access, &format!("{NOVEMBER}&next_page_token={token}")).await.1;
    assert_eq!((second["sms_charges"].as_array().unwrap().len(), second["next_page_token"] != ""), (0, true));
    assert_eq!(ids(&walk(&sandbox, NOVEMBER, 5).await), ["A", "D"]);
    assert_eq!(walk(&sandbox, "from=2026-11-01&to=2026-11-22", 5).await.len(), 5);
}

#[tokio::test]
async fn total_records_can_mislead() {
    let dataset = || Dataset::generated(250, 7, at(NOW));
    let zero = started(dataset(), &[], Switches { total_records: TotalRecords::Zero, ..Switches::default() }).await;
    assert_eq!(ask(&zero, &token(&zero).await, "").await.1["total_records"], 0);
    let random = Switches { total_records: TotalRecords::Random, ..Switches::default() };
    let random = started(dataset(), &[], random).await;
    let access = token(&random).await;
    let mut counts = BTreeSet::new();
    for _ in 0..5 {
        counts.insert(ask(&random, &access, "").await.1["total_records"].as_u64().unwrap());
    }
    assert!(counts.len() > 3 && !counts.contains(&250), "{counts:?}");
}

#[tokio::test]
async fn rows_come_in_the_order_in_which_they_are_listed() {
    let mut rows = days(&[("A", 9), ("B", 10), ("C", 11)]);
    rows[0].listed = Some(Listing::Days(3));
    let switches = Switches { order: Order::ByListing, ..Switches::default() };
    let sandbox = started(Dataset::of(rows, at(NOW)), &[], switches).await;
    assert_eq!(ids(&walk(&sandbox, NOVEMBER, 1).await), ["B", "C", "A"]);
}

#[tokio::test]
async fn billing_numbers_are_spelled_from_row_to_row_and_from_answer_to_answer() {
    let numbered = |mut row: Row| {
        row.billing_number = Some("+14085550000".to_owned());
        row.from_extension_number = Some("1001".to_owned());
        row
    };
    let ids: Vec<_> = (0..20).map(|place| (format!("M-{place}"), 9)).collect();
    let ids: Vec<_> = ids.iter().map(|(id, day)| (id.as_str(), *day)).collect();
    let dataset = Dataset::of(days(&ids).into_iter().map(numbered).collect(), at(NOW));
    let spelled = async |number_spelling| {
        let sandbox = started(dataset.clone(), &[], Switches { number_spelling, ..Switches::default() }).await;
        let mut answers = Vec::new();
        for _ in 0..2 {
            let rows = walk(&sandbox, NOVEMBER, 1).await;
            let numbers = rows.iter().map(|row| row["billing_number"].as_str().unwrap().to_owned());
            answers.push(numbers.collect::<Vec<_>>());
        }
        (answers, sandbox)
    };
    let (mixed, _) = spelled(NumberSpelling::Mixed).await;
    assert_ne!(mixed[0], mixed[1]);
    assert!(mixed.iter().flatten().all(|number| billing_identity(Some(number)) == "+14085550000"), "{mixed:?}");
    let (extension, sandbox) = spelled(NumberSpelling::Extension).await;
    assert_eq!(extension[0], extension[1]);
    let truth = sandbox.dataset().truth(Timestamp::UNIX_EPOCH, at(NOW));
    let numbers: Vec<_> = truth.keys().map(|(number, _)| number.as_str()).collect();
    assert_eq!(numbers, ["+14085550000", "+14085550000 Ext. 1001"]);
}

#[tokio::test]
async fn long_texts_are_served_as_they_are() {
    let department = "Abteilung \u{1F4E8} \"<&>\"\n".repeat(200);
    assert!(department.len() > 3_000);
    let row = Row { department: Some(department.clone()), ..days(&[("A", 9)]).remove(0) };
    let sandbox = started(Dataset::of(vec![row], at(NOW)), &[], Switches::default()).await;
    assert_eq!(walk(&sandbox, NOVEMBER, 1).await[0]["department"], department);
}

#[tokio::test]
async fn the_token_answer_names_the_api_as_the_switch_says() {
    for (token_api_url, path) in
        [(TokenApiUrl::Sent, Some("/v2")), (TokenApiUrl::WithoutV2, Some("")), (TokenApiUrl::Absent, None)]
    {
        let switches = Switches { token_api_url, ..Switches::default() };
        let sandbox = started(Dataset::of(Vec::new(), at(NOW)), &[], switches).await;
        let grant = [("grant_type", "account_credentials"), ("account_id", ACCOUNT_ID)];
        let post = reqwest::Client::new().post(sandbox.token_url()).basic_auth(CLIENT_ID, Some(CLIENT_SECRET));
        let body: Value = post.form(&grant).send().await.unwrap().json().await.unwrap();
        let origin = sandbox.api_url().replace("/v2", "");
        assert_eq!(body["api_url"].as_str().map(str::to_owned), path.map(|path| origin + path));
    }
}

#[tokio::test]
async fn the_grant_is_read_from_where_the_switch_says() {
    for (token_grant, of_form, of_query) in
        [(TokenGrant::Either, 200, 200), (TokenGrant::Form, 200, 400), (TokenGrant::Query, 400, 200)]
    {
        let switches = Switches { token_grant, ..Switches::default() };
        let sandbox = started(Dataset::of(Vec::new(), at(NOW)), &[], switches).await;
        let grant = [("grant_type", "account_credentials"), ("account_id", ACCOUNT_ID)];
        let post = || reqwest::Client::new().post(sandbox.token_url()).basic_auth(CLIENT_ID, Some(CLIENT_SECRET));
        let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
        assert_eq!(status(post().form(&grant)).await, of_form, "{token_grant:?}");
        assert_eq!(status(post().query(&grant)).await, of_query, "{token_grant:?}");
    }
}

#[tokio::test]
async fn an_address_without_its_version_is_not_recognized() {
    let sandbox = sample(&[]).await;
    let address = sandbox.api_url().replace("/v2", "/phone/reports/sms_charges");
    let answer = reqwest::Client::new().get(address).bearer_auth(token(&sandbox).await).send().await.unwrap();
    assert_eq!(answer.status(), 404);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["message"], "This API endpoint is not recognized.");
}
