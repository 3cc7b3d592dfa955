use super::{Environment, run};
use serde_json::Value;

fn environment(directory: &tempfile::TempDir) -> Environment {
    Environment::from([("TMPDIR", directory.path().to_str().unwrap().to_owned())])
}

fn outcomes(answer: &Value) -> Vec<&str> {
    let alerts = answer["alerts"].as_array().unwrap().iter();
    alerts.map(|alert| alert["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_demo_does_the_job_twice_and_sends_once() {
    let directory = tempfile::tempdir().unwrap();
    let ended = run(&["demo"], &environment(&directory)).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let mut shown = String::new();
    for line in ended.out.lines() {
        // Port and process id are of the day.
        let line = match line.split_once("http://127.0.0.1:") {
            Some((before, after)) => format!("{before}http://127.0.0.1:PORT/{}", after.split_once('/').unwrap().1),
            None => line.replace(directory.path().to_str().unwrap(), "DIRECTORY"),
        };
        let line = match line.split_once("cost-alerts-demo-") {
            Some((before, after)) => {
                format!("{before}cost-alerts-demo-PID{}", after.trim_start_matches(char::is_numeric))
            }
            None => line,
        };
        shown += &(line + "\n");
    }
    insta::assert_snapshot!(shown, @r#"
    An embedded Zoom answers on http://127.0.0.1:PORT/v2. The moment judged is 2026-11-22T13:00:00Z.
    The policy is events/policy.toml; the ledger of what was sent is DIRECTORY/cost-alerts-demo-PID.json.

    First run
    ════════════════════════════════════════════════════════════════════════════
    Zoom's report was read whole: 580 charged messages on 3 pages for 22 days, 3 requests.
    ┌─────────┬──────────────────────┬──────────────┬──────────┬──────┬────────────────────────────┐
    │ Period  ┆ Who                  ┆        Spent ┆   Budget ┆ Used ┆ Reached                    │
    ╞═════════╪══════════════════════╪══════════════╪══════════╪══════╪════════════════════════════╡
    │ 2026-11 ┆ (none)               ┆   USD 1.6756 ┆  USD 100 ┆   1% ┆                            │
    │ 2026-11 ┆ +12025550112         ┆  USD 10.1763 ┆  USD 500 ┆   2% ┆                            │
    │ 2026-11 ┆ +12025550143         ┆  USD 64.3146 ┆  USD 100 ┆  64% ┆ 50% of "every number"      │
    │ 2026-11 ┆ +12025550187         ┆ USD 121.2324 ┆  USD 100 ┆ 121% ┆ 100% of "every number"     │
    │ 2026-11 ┆ 2100000980 Ext. 1001 ┆   USD 2.6914 ┆  USD 100 ┆   2% ┆                            │
    │ 2026-11 ┆ department Sales     ┆  EUR 14.8629 ┆   EUR 10 ┆ 148% ┆ 100% of "sales in Europe"  │
    │ 2026-11 ┆ the whole account    ┆   GBP 3.2132 ┆     none ┆      ┆ no budget in this currency │
    │ 2026-11 ┆ the whole account    ┆ USD 200.0903 ┆ USD 1000 ┆  20% ┆                            │
    └─────────┴──────────────────────┴──────────────┴──────────┴──────┴────────────────────────────┘
    ── E-mail ──────────────────────────────────────────────────────────────────
    Subject: Zoom SMS cost: 3 alerts; +12025550187: USD 121.2324, 100% of USD 100 reached (2026-11)

    +12025550187 has spent USD 121.2324 on SMS and MMS in November 2026: 121%
    of its budget of USD 100.

      Reached    100% = USD 100 (passed too: 50%, 80%)
      Budget     "every number", USD 100 a month
      Left       over by USD 21.2324
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   176
      Share      61% of all that the account spent in USD
      Spent by   department Marketing: USD 121.2324
      Alert id   6228f9c63a0981bab5223c9943f8fdbd

    Department Sales has spent EUR 14.8629 on SMS and MMS in November 2026:
    148% of its budget of EUR 10.

      Reached    100% = EUR 10
      Budget     "sales in Europe", EUR 10 a month
      Left       over by EUR 4.8629
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   117
      Share      72% of all that the account spent in EUR
      Spent by   number +33199005521: EUR 14.8629
      Alert id   d47c5c5987537f0db2eea38fd51b3034

    +12025550143 has spent USD 64.3146 on SMS and MMS in November 2026: 64% of
    its budget of USD 100.

      Reached    50% = USD 50
      Budget     "every number", USD 100 a month
      Left       USD 35.6854
      Since      1 November 2026 (America/New_York), 8 days left
      Messages   105
      Share      32% of all that the account spent in USD
      Spent by   department Sales: USD 64.3146
      Alert id   e2cf64471eeef9b65e148f0e9a206f7b

    What to do
      - Expected? Nothing to do: each level is told once a period. To allow
        more, raise the budget in the policy.
      - Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web
        portal, and speak with those named above.

    How far to trust the figures
      Zoom's report was read whole as of 22 November 2026 08:00 EST: 580
      charged messages on 3 pages for 22 days. The newest was sent 22 November
      2026 07:38 EST. Zoom may still add late charges.

    Zoom account  sandbox-account
    Alert id      01ba30b6afd6f33be0f317686aa38935

    ── Slack ───────────────────────────────────────────────────────────────────
    :rotating_light: Zoom SMS cost: 3 alerts; +12025550187: USD 121.2324, 100% of USD 100 reached (2026-11)

    • *+12025550187* spent *USD 121.2324* in November 2026: reached *100%* of USD 100 (budget every number)
       by department: Marketing USD 121.2324
    • *Department Sales* spent *EUR 14.8629* in November 2026: reached *100%* of EUR 10 (budget sales in Europe)
       by number: +33199005521 EUR 14.8629
    • *+12025550143* spent *USD 64.3146* in November 2026: reached *50%* of USD 100 (budget every number)
       by department: Sales USD 64.3146
    _Zoom's report was read whole as of 22 November 2026 08:00 EST: 580 charged messages on 3 pages for 22 days. The newest was sent 22 November 2026 07:38 EST. Zoom may still add late charges._
    Alert id `01ba30b6afd6f33be0f317686aa38935`

    Next steps
      - Expected? Nothing to do, or raise the budget in the policy.
      - Not expected? See the SMS/MMS Charges Usage Report in Zoom's web portal, and speak with those named.
    ────────────────────────────────────────────────────────────────────────────
    ── E-mail ──────────────────────────────────────────────────────────────────
    Subject: Zoom SMS cost: GBP 3.2132 spent that no budget covers (2026-11)

    Your account has spent GBP 3.2132 on SMS and MMS in November 2026, and no
    budget covers GBP.

      Since      1 November 2026 (America/New_York), 8 days left
      Messages   27
      Spent by   number +442079460018: GBP 3.2132

    What to do
      - Expected? Add a budget in this currency to the policy, or set unwatched
        = "ignore".
      - Not expected? Open the SMS/MMS Charges Usage Report in Zoom's web
        portal and see who sends.

    How far to trust the figures
      Zoom's report was read whole as of 22 November 2026 08:00 EST: 580
      charged messages on 3 pages for 22 days. The newest was sent 22 November
      2026 07:38 EST. Zoom may still add late charges.

    Zoom account  sandbox-account
    Alert id      3918da4b6ac6a81bd2589448b6d91dea

    ── Slack ───────────────────────────────────────────────────────────────────
    :grey_question: Zoom SMS cost: GBP 3.2132 spent that no budget covers (2026-11)

    • *The whole account* spent *GBP 3.2132* in November 2026; no budget covers GBP
       by number: +442079460018 GBP 3.2132
    _Zoom's report was read whole as of 22 November 2026 08:00 EST: 580 charged messages on 3 pages for 22 days. The newest was sent 22 November 2026 07:38 EST. Zoom may still add late charges._
    Alert id `3918da4b6ac6a81bd2589448b6d91dea`

    Next steps
      - Add a budget in this currency to the policy, or set unwatched to ignore.
    ────────────────────────────────────────────────────────────────────────────
    Sent 4 alerts in 2 messages.

    Second run
    ════════════════════════════════════════════════════════════════════════════
    Zoom's report was read whole: 580 charged messages on 3 pages for 22 days, 3 requests.
    Sent nothing: the 4 alerts that are due were sent before.
    "#);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left behind");
}

#[tokio::test]
async fn the_demo_for_machines_is_two_answers() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    let arguments = ["demo", "--json", "--state", state.to_str().unwrap()];
    let environment = environment(&directory);
    let ended = run(&arguments, &environment).await;
    let answers = ended.json();
    assert_eq!((ended.code, answers.len()), (0, 2));
    assert_eq!(answers[0]["totals"], answers[1]["totals"]);
    let (first, second) = (outcomes(&answers[0]), outcomes(&answers[1]));
    assert!(!first.is_empty());
    assert!(first.iter().all(|outcome| *outcome == "sent"), "{first:?}");
    assert!(second.iter().all(|outcome| *outcome == "already_sent"), "{second:?}");
    assert_eq!(first.len(), second.len());

    // What was sent stays sent as long as the state is kept.
    let again = run(&arguments, &environment).await.json();
    assert_eq!(outcomes(&again[0]), second);
}
