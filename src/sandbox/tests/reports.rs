//! The reports of calls and of faxes beside that of messages.

use jiff::ToSpan as _;

use super::readings::{at, days, ids};
use super::*;

const NOON: &str = "2026-11-09T12:00:00Z";

/// A message, a call and a fax of the same number and the same moment.
fn one_of_each() -> Vec<Row> {
    let number = |row| Row { billing_number: Some("+12025550143".to_owned()), ..row };
    let rows =
        [Row::new("M", at(NOON), 205), Row::call("C", at(NOON), 410, 3), Row::fax("F", at(NOON), 2_030, 5)].map(number);
    rows.into()
}

/// Status and body of one request for this report.
async fn ask_for(sandbox: &Sandbox, report: ReportKind, token: &str, query: &str) -> (u16, Value) {
    ask_at(sandbox, report.path(), token, query).await
}

/// The rows of this report in November, in one page.
async fn november(sandbox: &Sandbox, report: ReportKind) -> Vec<Value> {
    let (status, body) = ask_for(sandbox, report, &token(sandbox).await, NOVEMBER).await;
    assert_eq!(status, 200, "{body}");
    body[report.array()].as_array().unwrap().clone()
}

/// What identifies the rows of this report in November.
async fn found(sandbox: &Sandbox, report: ReportKind) -> String {
    let name = match report {
        ReportKind::Sms => "message_id",
        ReportKind::Call => "charge_id",
        ReportKind::Fax => "fax_id",
    };
    november(sandbox, report).await.iter().map(|row| row[name].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_report_is_answered_from_its_own_rows() {
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[], Switches::default()).await;
    for (report, id) in ReportKind::ALL.into_iter().zip(["M", "C", "F"]) {
        assert_eq!(found(&sandbox, report).await, id);
        let listed = sandbox.listed();
        assert_eq!((listed.last().unwrap().report, listed.last().unwrap().rows.len()), (report, 1));
        let of_account = format!("/accounts/{ACCOUNT_ID}{}", report.path());
        let (status, body) = ask_at(&sandbox, &of_account, &token(&sandbox).await, NOVEMBER).await;
        assert_eq!((status, body[report.array()].as_array().map(Vec::len)), (200, Some(1)), "{of_account}");
        assert_eq!(sandbox.observed().last().unwrap().report, Some(report));
    }
    let truth = |report| {
        let truth = sandbox.dataset().truth_of(report, at("2026-11-01T00:00:00Z"), at(NOW));
        truth.into_values().map(|truth| (truth.amount, truth.messages)).collect::<Vec<_>>()
    };
    assert_eq!(ReportKind::ALL.map(truth), ["0.0205", "0.041", "0.203"].map(|sum| vec![(sum.to_owned(), 1)]));
}

#[tokio::test]
async fn a_call_has_its_own_fields() {
    let mut rows = one_of_each();
    let call = Row {
        from_extension_number: Some("1001".to_owned()),
        from_number: Some("12025550143".to_owned()),
        from_display_name: Some("Dana Whitfield".to_owned()),
        to_number: Some("442079460123".to_owned()),
        department: Some("Sales".to_owned()),
        cost_center: Some("CC-100".to_owned()),
        employee_id: Some("E-7".to_owned()),
        rate: Some("0.0205".to_owned()),
        json: vec![("charge_mode", "\"per_call\"".to_owned())],
        ..rows.remove(1)
    };
    let sandbox = started(Dataset::of(vec![call], at(NOW)), &[], Switches::default()).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&november(&sandbox, ReportKind::Call).await[0]).unwrap(), @r#"
    {
      "answer_time": "2026-11-09T11:57:00Z",
      "billing_number": "+12025550143",
      "call_id": "call of C",
      "call_log_id": "call of C",
      "call_type": "local",
      "callee_number": "442079460123",
      "caller_number": "1001",
      "calling_party_name": "Dana Whitfield",
      "charge_id": "C",
      "charge_mode": "per_call",
      "cost_center": "CC-100",
      "currency": "USD",
      "department": "Sales",
      "direction": "outbound",
      "duration": 3,
      "employee_id": "E-7",
      "end_time": "2026-11-09T12:00:00Z",
      "rate": "0.0205",
      "service_type": "call",
      "start_time": "2026-11-09T11:56:40Z",
      "total_charge": "0.041"
    }
    "#);
}

#[tokio::test]
async fn a_fax_has_its_own_fields() {
    let [_, _, fax] = <[Row; 3]>::try_from(one_of_each()).unwrap();
    let fax = Row {
        from_number: Some("12025550143".to_owned()),
        to_number: Some("442079460123".to_owned()),
        department: Some("Sales".to_owned()),
        cost_center: Some("CC-100".to_owned()),
        rate: Some("0.0406".to_owned()),
        ..fax
    };
    let sandbox = started(Dataset::of(vec![fax.clone()], at(NOW)), &[], Switches::default()).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&november(&sandbox, ReportKind::Fax).await[0]).unwrap(), @r#"
    {
      "billing_number": "+12025550143",
      "charge_mode": "per_page",
      "charge_status": "calculated",
      "charged_pages": 5,
      "currency": "USD",
      "currency_sign": "$",
      "end_time": "2026-11-09T12:00:00Z",
      "fax_id": "F",
      "rate": "0.0406",
      "receiver_number": "442079460123",
      "sender_number": "12025550143",
      "total_charge": "0.203",
      "total_pages": 5,
      "unlimited": false
    }
    "#);
    let included = Row { unlimited: true, charge: 0, ..fax };
    sandbox.replace(Dataset::of(vec![included], at(NOW)));
    let row = &november(&sandbox, ReportKind::Fax).await[0];
    assert_eq!((&row["unlimited"], &row["total_charge"]), (&true.into(), &"0".into()));
}

#[tokio::test]
async fn a_pending_fax_is_listed_at_its_place_and_counts_once_it_is_priced() {
    let since = at("2026-11-12T00:00:00Z");
    let pending = Row { pending: true, charge: 0, ..Row::fax("F", at(NOON), 0, 5) };
    assert!(pending.is_charged(), "it stays when only charges are asked for");
    let rows = pending.revised(since, |row| Row { pending: false, charge: 2_030, ..row });
    let dataset = Dataset::of(rows.into(), at("2026-11-11T00:00:00Z"));
    // Where a row is listed off its time follows from its identity, which only messages are given anew.
    let switches = Switches { listed_off: 100, group_messages: GroupMessages::OwnIds, ..Switches::default() };
    let sandbox = started(dataset.clone(), &[], switches).await;
    let seen = async |today: Timestamp| {
        let dataset = dataset.clone().at(today);
        let sum = dataset.truth_of(ReportKind::Fax, Timestamp::UNIX_EPOCH, today).into_values().next();
        sandbox.replace(dataset);
        let access = token(&sandbox).await;
        let mut listed = Vec::new();
        for day in 1..=20 {
            let query = format!("from=2026-11-{day:02}&to=2026-11-{day:02}");
            let (_, body) = ask_for(&sandbox, ReportKind::Fax, &access, &query).await;
            for row in body["fax_charges"].as_array().unwrap() {
                assert_eq!(row["fax_id"], "F");
                listed.push((day, row["charge_status"].clone(), row.get("total_charge").cloned()));
            }
        }
        assert_eq!(listed.len(), 1);
        let (day, status, charge) = listed.remove(0);
        (day, status.as_str().unwrap().to_owned(), charge, sum.map(|truth| truth.amount))
    };
    let (day, status, charge, sum) = seen(at("2026-11-11T00:00:00Z")).await;
    assert_eq!((status.as_str(), charge, sum), ("pending", None, None));
    assert_ne!(day, 9);
    let priced = (day, "calculated".to_owned(), Some("0.203".into()), Some("0.203".to_owned()));
    assert_eq!(seen(since).await, priced);
}

#[tokio::test]
async fn the_dates_of_calls_go_by_the_time_that_the_switch_says() {
    // It rings before midnight, is answered after it, and ends after the next.
    let ended = at("2026-11-10T00:00:10Z");
    let rows = [Row::call("C", ended, 410, 24 * 60), Row::new("M", ended, 410), Row::fax("F", ended, 410, 1)];
    for (call_dates, call) in [(CallDates::Start, 8), (CallDates::Answer, 9), (CallDates::End, 10)] {
        let switches = Switches { call_dates, ..Switches::default() };
        let sandbox = started(Dataset::of(rows.clone().into(), at(NOW)), &[], switches).await;
        let access = token(&sandbox).await;
        for (report, listed) in [(ReportKind::Call, call), (ReportKind::Sms, 10), (ReportKind::Fax, 10)] {
            for day in 7..=11 {
                let query = format!("from=2026-11-{day:02}&to=2026-11-{day:02}");
                let (_, body) = ask_for(&sandbox, report, &access, &query).await;
                let rows = body[report.array()].as_array().unwrap().len();
                assert_eq!(rows, usize::from(day == listed), "{call_dates:?} {report:?} {day}");
            }
        }
    }
}

#[tokio::test]
async fn a_report_whose_scope_is_missing_names_it() {
    let scopes = vec![ReportKind::Sms, ReportKind::Fax];
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[], Switches { scopes, ..Switches::default() }).await;
    let access = token(&sandbox).await;
    let statuses = ReportKind::ALL.map(|report| ask_for(&sandbox, report, &access, NOVEMBER));
    let answers = futures_util::future::join_all(statuses).await;
    assert_eq!(answers.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 400, 200]);
    let message = "Invalid access token, does not contain scopes:[phone:read:call_charges:admin].";
    assert_eq!((&answers[1].1["code"], &answers[1].1["message"]), (&4711.into(), &message.into()));
    let grant = [("grant_type", "account_credentials"), ("account_id", ACCOUNT_ID)];
    let post = reqwest::Client::new().post(sandbox.token_url()).basic_auth(CLIENT_ID, Some(CLIENT_SECRET));
    let body: Value = post.form(&grant).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["scope"], "phone:read:sms_charges:admin phone:read:fax_charges:admin");
}

#[tokio::test]
async fn a_fault_hits_one_report_or_counts_the_requests_for_all() {
    use ReportKind::{Call, Fax, Sms};
    let asked = [Sms, Call, Fax, Call, Sms, Call];
    for (faults, statuses) in [
        (&["call:server-500@2"][..], [200, 200, 200, 500, 200, 200]),
        (&["server-500@2"], [200, 500, 200, 200, 200, 200]),
        (&["sms:server-503@1xall", "fax:scope-missing"], [503, 200, 400, 200, 503, 200]),
    ] {
        let sandbox = started(Dataset::of(one_of_each(), at(NOW)), faults, Switches::default()).await;
        let access = token(&sandbox).await;
        for (report, status) in asked.into_iter().zip(statuses) {
            assert_eq!(ask_for(&sandbox, report, &access, NOVEMBER).await.0, status, "{faults:?} {report:?}");
        }
    }
}

#[tokio::test]
async fn a_fault_of_dates_hits_one_report() {
    let date_faults = vec!["2026-11-05=fax:silently-empty@2".parse().unwrap()];
    let switches = Switches { date_faults, ..Switches::default() };
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[], switches).await;
    for (report, rows) in
        [(ReportKind::Fax, 1), (ReportKind::Call, 1), (ReportKind::Call, 1), (ReportKind::Fax, 0), (ReportKind::Fax, 0)]
    {
        assert_eq!(november(&sandbox, report).await.len(), rows, "{report:?}");
    }
}

#[tokio::test]
async fn faults_spoil_the_fields_and_the_array_of_the_report_that_is_asked() {
    for (fault, report, field) in [
        ("bad-time", ReportKind::Call, "end_time"),
        ("no-time", ReportKind::Fax, "end_time"),
        ("bad-charge", ReportKind::Call, "total_charge"),
    ] {
        let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[fault], Switches::default()).await;
        let [spoiled, good] =
            [&november(&sandbox, report).await[0], &november(&sandbox, report).await[0]].map(Value::clone);
        let fields = good.as_object().unwrap().keys();
        let changed: Vec<_> = fields.filter(|name| spoiled[name.as_str()] != good[name.as_str()]).collect();
        assert_eq!(changed, [field], "{fault}");
    }
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &["envelope-200-empty"], Switches::default()).await;
    let (status, body) = ask_for(&sandbox, ReportKind::Fax, &token(&sandbox).await, NOVEMBER).await;
    assert_eq!((status, &body["code"], &body["fax_charges"]), (200, &300.into(), &Value::Array(Vec::new())));
}

#[tokio::test]
async fn the_limits_are_shared_by_all_reports() {
    let limits = Switches { rate_per_day: 2, ..Switches::default() };
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[], limits).await;
    let access = token(&sandbox).await;
    for (report, status) in ReportKind::ALL.into_iter().zip([200, 200, 429]) {
        assert_eq!(ask_for(&sandbox, report, &access, NOVEMBER).await.0, status, "{report:?}");
    }
    let limits = Switches { rate_per_second: 2, ..Switches::default() };
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[], limits).await;
    let access = token(&sandbox).await;
    let asked = ReportKind::ALL.map(|report| ask_for(&sandbox, report, &access, NOVEMBER));
    let mut statuses: Vec<_> =
        futures_util::future::join_all(asked).await.into_iter().map(|(status, _)| status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn each_report_flaps_by_itself() {
    let rows = [("A", 9), ("B", 21)].map(|(id, day)| {
        let ended = at(&format!("2026-11-{day:02}T12:00:00Z"));
        [Row::new(id, ended, 1), Row::call(id, ended, 1, 1), Row::fax(id, ended, 1, 1)]
    });
    let switches = Switches { flap: 1, flap_hours: 48, order: Order::OldestFirst, ..Switches::default() };
    let sandbox = started(Dataset::of(rows.concat(), at(NOW)), &[], switches).await;
    for seen in ["AB", "A", "AB"] {
        for report in ReportKind::ALL {
            assert_eq!(found(&sandbox, report).await, seen, "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_page_token_is_good_for_its_report_alone() {
    let calls = (0..3).map(|place| Row::call(&format!("C{place}"), at(NOON), 410, 1));
    let messages = days(&[("A", 9), ("B", 10)]);
    let sandbox = started(Dataset::of(calls.chain(messages).collect(), at(NOW)), &[], Switches::default()).await;
    let access = token(&sandbox).await;
    let query = "from=2026-11-01&to=2026-11-22&page_size=2";
    let first = ask_for(&sandbox, ReportKind::Call, &access, query).await.1;
    let next = format!("{query}&next_page_token={}", first["next_page_token"].as_str().unwrap());
    let elsewhere = ask_for(&sandbox, ReportKind::Sms, &access, &next).await;
    assert_eq!((elsewhere.0, &elsewhere.1["code"]), (400, &400.into()));
    let second = ask_for(&sandbox, ReportKind::Call, &access, &next).await.1;
    assert_eq!((&second["total_records"], &second["next_page_token"]), (&3.into(), &"".into()));
    assert_eq!(second["call_charges"].as_array().unwrap().len(), 1);
    assert_eq!(ids(&walk(&sandbox, NOVEMBER, 1).await), ["B", "A"]);
}

#[tokio::test]
async fn what_a_report_refuses_it_refuses_in_its_own_words() {
    let datetimes = "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z";
    let switches = Switches { datetimes: Datetimes::Refused, ..Switches::default() };
    let sandbox = started(Dataset::of(one_of_each(), at(NOW)), &[], switches).await;
    let access = token(&sandbox).await;
    let refused = async |report: ReportKind, path: &str, query: &str| {
        let (status, body) = ask_at(&sandbox, &format!("{path}{}", report.path()), &access, query).await;
        format!("{status} {} {}", body["code"], body["message"].as_str().unwrap_or_default())
    };
    let too_old = "from=2025-09-01&to=2025-09-02";
    let start = "400 400 Invalid start date. Report is provided only for recent 13 months";
    for (report, path, query, answer) in [
        (ReportKind::Call, "", too_old, start),
        (ReportKind::Call, "", datetimes, "400 300 Validation Failed."),
        (ReportKind::Call, "", "billing_account_id=B-1", "400 400 The billing_account_id is invalid."),
        (ReportKind::Call, "", "show_charges_only=yes", "400 300 Validation Failed."),
        (ReportKind::Call, "/accounts/nobody", "", "404 2001 Account does not exist."),
        (ReportKind::Fax, "", too_old, "400 400 Invalid from/to time."),
        (ReportKind::Fax, "", datetimes, "400 400 Invalid from/to time."),
        (ReportKind::Fax, "", "from=2026-11-01", "400 400 Invalid from/to time."),
        (ReportKind::Fax, "/accounts/nobody", "", "404 2001 Account does not exist."),
        (ReportKind::Sms, "", "billing_account_id=B-1", "200 null "),
    ] {
        assert_eq!(refused(report, path, query).await, answer, "{report:?} {path} {query}");
    }
}

#[tokio::test]
async fn calls_and_faxes_are_found_by_their_ids() {
    let calls =
        ["C1", "C2", "C3"].map(|id| Row { session_id: Some(id.to_lowercase()), ..Row::call(id, at(NOON), 410, 1) });
    let faxes = ["F1", "F2"].map(|id| Row::fax(id, at(NOON), 410, 1));
    let rows = calls.into_iter().chain(faxes).collect();
    let sandbox = started(Dataset::of(rows, at(NOW)), &[], Switches::default()).await;
    let access = token(&sandbox).await;
    let found = async |report: ReportKind, query: &str| {
        let (status, body) = ask_for(&sandbox, report, &access, query).await;
        (status, body[report.array()].as_array().map_or(0, Vec::len))
    };
    assert_eq!(found(ReportKind::Call, "call_ids=c1,c3").await, (200, 2));
    assert_eq!(found(ReportKind::Call, "call_ids=c1&call_ids=c4").await, (200, 1));
    assert_eq!(found(ReportKind::Fax, "fax_id=F2").await, (200, 1));
    assert_eq!(found(ReportKind::Call, &format!("call_ids={}", "c,".repeat(101))).await, (400, 0));
}

#[tokio::test]
async fn free_calls_are_left_out_and_the_fax_report_does_not_know_that_parameter() {
    let rows = vec![
        Row::call("paid", at(NOON), 410, 1),
        Row::call("free", at(NOON) + 1.second(), 0, 1),
        Row::fax("paid", at(NOON), 410, 1),
        Row::fax("free", at(NOON) + 1.second(), 0, 1),
    ];
    let sandbox = started(Dataset::of(rows, at(NOW)), &[], Switches::default()).await;
    assert_eq!(found(&sandbox, ReportKind::Call).await, "paid");
    assert_eq!(found(&sandbox, ReportKind::Fax).await, "freepaid");
}
