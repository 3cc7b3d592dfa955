//! `cost-alerts export`: the rows of both formats, where they come from, and what becomes of days that are not known.

use super::doctor::Practice;
use super::past::with_credentials;
use super::{Ended, Environment, run};
use crate::support::{Policy, setup};
use jiff::Timestamp;
use jiff::civil::date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tempfile::TempDir;
use zoom_sms_cost_alerts::daybook::{Saved, write_file};
use zoom_sms_cost_alerts::domain::charge::{Line, NONE};
use zoom_sms_cost_alerts::domain::money::{Amount, Currency};
use zoom_sms_cost_alerts::domain::product::Product;
use zoom_sms_cost_alerts::domain::replay::Past;
use zoom_sms_cost_alerts::domain::totals::Sum;

/// The cells of an export by the names of their columns.
fn rows(export: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(export.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn line(number: &str, department: &str, extension: &str, currency: &str) -> Line {
    Line {
        number: number.into(),
        department: department.into(),
        cost_center: if department == NONE { NONE.into() } else { "CC \"7\"".into() },
        extension: extension.into(),
        name: extension.into(),
        currency: Currency::parse(currency).unwrap(),
    }
}

/// Four days of which two are known and one has no charges, with a credit, an extension's number, and texts that somebody means ill with.
fn past() -> Saved {
    let sum = |amount: &str, messages| Sum { amount: Amount::parse(amount).unwrap(), messages };
    let mut first = vec![
        (line("+14085550000", "Sales", "1001", "USD"), sum("0.0205", 1)),
        (line("+14085550000", "Sales", "1002", "USD"), sum("-3.5", 2)),
        (line("+14085550000", "=HYPERLINK(\"https://example.com\")", NONE, "EUR"), sum("12", 40)),
        (line("+14085550001 Ext. 7", "@Sales, \"Süd\"", NONE, "JPY"), sum("100", 3)),
        (line(NONE, NONE, NONE, "USD"), sum("1.123456789012", 4)),
    ];
    first.sort_by(|(one, _), (other, _)| one.cmp(other));
    let last = vec![(line("+14085550000", "Sales", NONE, "USD"), sum("2", 1))];
    // Clocks go back on the first of these days.
    let days = BTreeMap::from([
        (date(2026, 11, 1), first),
        (date(2026, 11, 2), Vec::new()),
        (date(2026, 11, 5), last),
        (date(2026, 11, 7), Vec::new()),
    ]);
    let products = [(Product::Sms, days)].into();
    let past = Past { account: "acc".to_owned(), zone: "America/New_York".to_owned(), products };
    Saved { past, until: "2026-11-07T13:00:00Z".parse().unwrap() }
}

/// A directory, and the paths of files in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// The past above, saved.
    fn past(&self) -> String {
        let path = self.path("saved.past");
        write_file(std::fs::File::create(&path).unwrap(), &past()).unwrap();
        path
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.0.path()).unwrap().count()
    }
}

async fn export(arguments: &[&str]) -> Ended {
    run(&[&["export"], arguments].concat(), &Environment::new()).await
}

const NOTES: &str = "3 days are not known and not in the export: 2026-11-03 to 2026-11-04, 2026-11-06.\n\
                     2026-11-07 is not over: its figures go up to 2026-11-07T13:00:00Z.\n";

#[tokio::test]
async fn a_spreadsheet_gets_a_row_for_each_sum_and_none_for_days_that_are_not_known() {
    let desk = Desk::new();
    let ended = export(&["--format", "csv", "--source", &desk.past()]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, NOTES));
    assert_eq!(ended.out.matches('\n').count(), ended.out.matches("\r\n").count(), "lines end as RFC 4180 says");
    insta::assert_snapshot!(ended.out.replace("\r\n", "\n"), @r#"
    date,product,billing_number,department,cost_center,currency,amount,quantity,unit
    2026-11-01,sms,(none),(none),(none),USD,1.123456789012,4,messages
    2026-11-01,sms,+14085550000,"'=HYPERLINK(""https://example.com"")","CC ""7""",EUR,12,40,messages
    2026-11-01,sms,+14085550000,Sales,"CC ""7""",USD,-3.4795,3,messages
    2026-11-01,sms,'+14085550001 Ext. 7,"'@Sales, ""Süd""","CC ""7""",JPY,100,3,messages
    2026-11-05,sms,+14085550000,Sales,"CC ""7""",USD,2,1,messages
    "#);
}

#[tokio::test]
async fn a_finops_tool_gets_focus_with_periods_in_utc_and_what_is_not_known_empty() {
    let desk = Desk::new();
    let ended = export(&["--format", "focus", "--source", &desk.past()]).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, NOTES));
    let rows = rows(&ended.out);
    let shown = |row: &BTreeMap<String, String>| {
        let cells = row.iter().filter(|(_, cell)| !cell.is_empty());
        cells.map(|(name, cell)| format!("{name:<20} {cell}")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(shown(&rows[2]), @r#"
    BilledCost           -3.4795
    BillingAccountId     acc
    BillingCurrency      USD
    BillingPeriodEnd     2026-12-01T05:00:00Z
    BillingPeriodStart   2026-11-01T04:00:00Z
    ChargeCategory       Usage
    ChargeDescription    Zoom Phone SMS: 3 messages
    ChargeFrequency      Usage-Based
    ChargePeriodEnd      2026-11-02T05:00:00Z
    ChargePeriodStart    2026-11-01T04:00:00Z
    ChargeType           Usage
    ConsumedQuantity     3.0
    ConsumedUnit         Messages
    ContractedCost       -3.4795
    EffectiveCost        -3.4795
    InvoiceIssuer        Zoom
    InvoiceIssuerName    Zoom
    ListCost             -3.4795
    PricingCategory      Standard
    PricingQuantity      3.0
    PricingUnit          Messages
    Provider             Zoom
    ProviderName         Zoom
    Publisher            Zoom
    PublisherName        Zoom
    ResourceID           tel:+14085550000
    ResourceName         Phone number +14085550000
    ResourceType         Phone number
    ServiceCategory      Business Applications
    ServiceName          Zoom Phone
    SkuId                zoom-phone-sms
    SkuPriceId           zoom-phone-sms
    SubAccountId         tel:+14085550000
    SubAccountName       Phone number +14085550000
    Tags                 {"cost_center":"CC \"7\"","department":"Sales"}
    "#);
    let of = |name: &str| rows.iter().map(|row| row[name].as_str()).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(of("BilledCost"), @"
    1.123456789012
    12.0
    -3.4795
    100.0
    2.0
    ");
    insta::assert_snapshot!(of("ResourceID"), @"

    tel:+14085550000
    tel:+14085550000
    tel:+14085550001;ext=7
    tel:+14085550000
    ");
    insta::assert_snapshot!(of("Tags"), @r#"
    {}
    {"cost_center":"CC \"7\"","department":"=HYPERLINK(\"https://example.com\")"}
    {"cost_center":"CC \"7\"","department":"Sales"}
    {"cost_center":"CC \"7\"","department":"@Sales, \"Süd\""}
    {"cost_center":"CC \"7\"","department":"Sales"}
    "#);
}

#[tokio::test]
async fn sums_are_the_totals_to_the_last_digit_and_a_file_gives_what_its_source_gave() {
    let (desk, nothing) = (Desk::new(), Environment::new());
    let saved = desk.path("demo.past");
    let arguments = ["check", "--source", "demo", "--save", &saved, "--json"];
    let [checked] = run(&arguments, &nothing).await.json().try_into().unwrap();
    let totals: BTreeMap<(String, String), Decimal> = checked["totals"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|total| {
            let text = |name: &str| total[name].as_str().map(str::to_owned);
            let key = (text("billing_number")?, text("currency")?);
            (total["period"] == "2026-11").then(|| Some((key, text("amount")?.parse().ok()?))).flatten()
        })
        .collect();
    assert!(totals.len() > 3, "{checked}");
    for (format, number, currency, amount) in
        [("csv", "billing_number", "currency", "amount"), ("focus", "SubAccountName", "BillingCurrency", "BilledCost")]
    {
        let ended = export(&["--format", format, "--source", "demo", "--since", "2026-11"]).await;
        assert_eq!(ended.code, 0);
        assert_eq!(ended.err, "2026-11-22 is not over: its figures go up to 2026-11-22T13:00:00Z.\n");
        let mut sums = BTreeMap::<_, Decimal>::new();
        for row in rows(&ended.out) {
            let number = match row[number].trim_start_matches("Phone number ").trim_start_matches('\'') {
                "" => NONE.to_owned(),
                number => number.to_owned(),
            };
            *sums.entry((number, row[currency].clone())).or_default() += row[amount].parse::<Decimal>().unwrap();
        }
        assert_eq!(sums, totals, "{format}");
        let of_file = export(&["--format", format, "--source", &saved, "--since", "2026-11"]).await;
        assert_eq!((of_file.code, of_file.out, of_file.err), (0, ended.out, ended.err), "{format}");
    }
}

#[tokio::test]
async fn a_deployments_table_gives_what_zoom_gives() {
    const ZONE: &str = "America/New_York";
    let practice = Practice::of(setup().now(Timestamp::now()).sample()).await;
    practice.write_policy(&Policy::default().zone(ZONE).to_string());
    let environment = with_credentials(&practice);
    assert_eq!(run(&["backfill"], &practice.environment).await.code, 0);
    let of_table = run(&["export", "--format", "csv", "--source", "table"], &environment).await;
    // Where it takes longer than ten seconds, it says how far it is.
    let is_quiet = of_table.err.lines().all(|line| line.starts_with("exporting "));
    assert!(of_table.code == 0 && is_quiet, "{}", of_table.err);
    // Both from the table's first day on: midnight may lie between them.
    let first = &of_table.out.lines().nth(1).unwrap()[..10];
    let arguments = ["export", "--format", "csv", "--source", "zoom", "--time-zone", ZONE, "--since", first];
    let of_zoom = run(&arguments, &environment).await;
    assert_eq!(of_zoom.code, 0, "{}", of_zoom.err);
    // What is not settled yet is in no table after a backfill alone.
    let (settled, rest) = of_zoom.out.split_at(of_table.out.len());
    assert_eq!(settled, of_table.out);
    let (last, next) = (of_table.out.lines().last().unwrap(), rest.lines().next().unwrap());
    assert!(last[..10] < next[..10], "{last} {next}");
    assert!(of_table.out.lines().count() > 1_000, "{}", of_table.out.lines().count());

    let since = last[..10].to_owned();
    let arguments = ["export", "--format", "csv", "--source", "table", "--since", &since];
    let of_a_day = run(&arguments, &environment).await;
    assert_eq!(of_a_day.code, 0, "{}", of_a_day.err);
    assert!(of_a_day.out.lines().skip(1).all(|line| line.starts_with(&since)), "{}", of_a_day.out);
    assert!(of_table.out.ends_with(of_a_day.out.split_once("\r\n").unwrap().1));
}

#[tokio::test]
async fn a_file_is_written_whole_or_not_at_all() {
    let desk = Desk::new();
    let (past, out) = (desk.past(), desk.path("sms.csv"));
    let text = std::fs::read_to_string(&past).unwrap();
    let damaged = desk.path("damaged.past");
    std::fs::write(&damaged, text.replacen("\"2\"", "\"3\"", 1)).unwrap();
    // The last line shows it, and until then nothing is written, to a file or elsewhere.
    for arguments in [&["--out", &out][..], &[]] {
        let ended = export(&[&["--format", "csv", "--source", &damaged], arguments].concat()).await;
        assert_eq!((ended.code, ended.out.as_str()), (1, ""));
        assert!(ended.err.contains("does not fit what stands before it; save it again"), "{}", ended.err);
        assert_eq!(desk.files(), 2);
    }
    let written = export(&["--format", "csv", "--source", &past, "--out", &out]).await;
    assert_eq!((written.code, written.out.as_str(), written.err.as_str()), (0, "", NOTES));
    let printed = export(&["--format", "csv", "--source", &past, "--out", "-"]).await;
    assert_eq!(std::fs::read_to_string(&out).unwrap(), printed.out);

    let refused = export(&["--format", "focus", "--source", &past, "--out", &out]).await;
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("is there already; give --force"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), printed.out);
    let forced = export(&["--format", "focus", "--source", &past, "--out", &out, "--force"]).await;
    assert_eq!(forced.code, 0);
    assert!(std::fs::read_to_string(&out).unwrap().starts_with("AvailabilityZone,BilledCost,"));
    let nowhere = desk.path("no/such/sms.csv");
    let failed = export(&["--format", "csv", "--source", &past, "--out", &nowhere]).await;
    assert_eq!(failed.code, 2);
    assert!(failed.err.contains("there is no such directory; give another file with --out"), "{}", failed.err);
    assert_eq!(desk.files(), 3, "nothing else is left");
}

#[tokio::test]
async fn what_cannot_be_exported_says_why() {
    let desk = Desk::new();
    let past = desk.past();
    for (arguments, code, part) in [
        (&["--source", "demo"][..], 2, "--format <csv|focus>"),
        (&["--format", "xlsx"], 2, "possible values: csv, focus"),
        (
            &["--format", "csv", "--source", &past, "--since", "2026-12"],
            2,
            "begins on 2026-11-01 and ends on 2026-11-07",
        ),
        (&["--format", "csv", "--source", "zoom", "--since", "2024-01"], 2, "Zoom keeps its report for 13 months"),
        (&["--format", "csv", "--source", &past, "--time-zone", "Mars/Base"], 2, "is not known; give an IANA name"),
        (&["--format", "csv", "--source", &past, "--time-zone", "UTC"], 2, "sums of civil days cannot be regrouped"),
        (&["--format", "csv", "--source", "table"], 2, "LEDGER_TABLE missing"),
        (&["--format", "csv", "--source", "nowhere"], 2, "--source is zoom, table, demo, or a file"),
        (&["--format", "csv"], 2, "ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET missing"),
        (&["--format", "csv", "--source", &past, "--force"], 2, "--out <FILE>"),
    ] {
        let ended = export(arguments).await;
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(part), "{arguments:?}: {}", ended.err);
    }
    // Days before the first known one are not known either.
    let ended = export(&["--format", "csv", "--source", &past, "--since", "2026-10"]).await;
    assert!(
        ended.err.starts_with("34 days are not known and not in the export: 2026-10-01 to 2026-10-31, "),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn calls_and_faxes_follow_the_messages_in_their_own_units() {
    let desk = Desk::new();
    let mut saved = past();
    let of = |number: &str, money: &str, units: u64| {
        vec![(line(number, "Sales", NONE, "USD"), Sum { amount: Amount::parse(money).unwrap(), messages: units })]
    };
    saved.past.products.insert(Product::Call, [(date(2026, 11, 6), of("+14085550000", "7.25", 41))].into());
    saved.past.products.insert(Product::Fax, [(date(2026, 11, 7), of("+14085550000", "0.203", 5))].into());
    let path = desk.path("three.past");
    write_file(std::fs::File::create(&path).unwrap(), &saved).unwrap();
    let ended =
        export(&["--format", "csv", "--source", &path, "--products", "fax,call", "--since", "2026-11-05"]).await;
    let rows: Vec<_> = ended.out.lines().skip(1).collect();
    let department = "CC \"\"7\"\"";
    let expected = [
        format!("2026-11-06,call,+14085550000,Sales,\"{department}\",USD,7.25,41,minutes"),
        format!("2026-11-07,fax,+14085550000,Sales,\"{department}\",USD,0.203,5,pages"),
    ];
    assert_eq!((ended.code, rows), (0, expected.iter().map(String::as_str).collect()), "{}", ended.err);
    let messages = export(&["--format", "csv", "--source", &path]).await.out;
    assert!(messages.contains(",sms,") && !messages.contains(",call,"), "{messages}");
    let ended = export(&["--format", "csv", "--source", &desk.past(), "--products", "call"]).await;
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("has no calls; leave them out of --products"), "{}", ended.err);
    let ended = export(&["--format", "csv", "--source", &path, "--products", "telex"]).await;
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("is none of sms, call and fax"), "{}", ended.err);
}
