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
    Read whole: 902 charged messages on 4 pages for 22 days, 4 requests.
    ── E-mail ──────────────────────────────────────────────────────────────────
    Subject: OVER: department Sales at 137% (EUR 13.79 of 10), November; 3 more

    4 alerts, the worst first:

      OVER       137%  department Sales        EUR 13.79 of 10
      OVER       115%  Marketing +12025550187  USD 115.09 of 100
      50%         69%  Sales +12025550143      USD 69.08 of 100
      UNWATCHED        no budget covers GBP    GBP 4.51

    1. Department Sales has spent EUR 13.79 of its EUR 10 budget for November.
    That is 137%, with 8 days left.

      Yesterday     EUR 0.48 (3 messages); a usual day is EUR 0.67
      Sent by       Camille Roche, ext. 2001  EUR 13.79
      Budget        "sales in Europe": EUR 10 a month, alerts at 100%
      To do         if nobody expected it, ask Camille Roche (ext. 2001)

    2. Marketing's number +12025550187 has spent USD 115.09 of its USD 100
    budget for November. That is 115%, with 8 days left.

      Yesterday     USD 2.20 (3 messages); a usual day is USD 5.64
      Sent by       Campaigns, ext. 1002  USD 115.09
      Also reached  50%, 80%
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%
      To do         if nobody expected it, ask Campaigns (ext. 1002)

    3. Sales' number +12025550143 has spent USD 69.08 of its USD 100 budget for
    November. That is 69%, with 8 days left.

      Yesterday     USD 1.14 (1 message); a usual day is USD 3.25
      Sent by       Dana Whitfield, ext. 1001  USD 69.08
      Budget        "every number": USD 100 a month, alerts at 50, 80, 100%
      To do         if nobody expected it, ask Dana Whitfield (ext. 1001)

    4. Your account has spent GBP 4.51 in November, and no budget of the policy
    covers GBP.

      Sent by       Priya Nair, ext. 3001  GBP 4.51
      Messages      27
      To do         add a budget in GBP to the policy

      Zoom    https://zoom.us/pbx/page/report/system#/report/phone-system
      Why     cost-alerts explain 3e599a0b5605

    Complete as of 22 November, 08:00 EST. Message 3e599a0b5605.

    ── Slack ───────────────────────────────────────────────────────────────────
    :rotating_light: OVER · department Sales at 137%; 3 more

    *OVER · Department Sales at 137%* — EUR 13.79 of 10, November, 8 days left
    *OVER · Marketing +12025550187 at 115%* — USD 115.09 of 100, November, 8 days left
    *50% · Sales +12025550143 at 69%* — USD 69.08 of 100, November, 8 days left
    *UNWATCHED · GBP 4.51 spent that no budget covers* — November, 8 days left
    Complete as of 22 November, 08:00 EST · 3e599a0b5605

    Next steps
      - Department Sales: if nobody expected it, ask Camille Roche (ext. 2001)
      - Marketing +12025550187: if nobody expected it, ask Campaigns (ext. 1002)
      - Sales +12025550143: if nobody expected it, ask Dana Whitfield (ext. 1001)
      - No budget covers GBP: add a budget in GBP to the policy
    ────────────────────────────────────────────────────────────────────────────
    Sent 4 alerts in 1 message.

    Second run
    ════════════════════════════════════════════════════════════════════════════
    Read whole: 902 charged messages on 4 pages for 22 days, 4 requests.
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
