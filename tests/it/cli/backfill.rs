use super::doctor::Practice;
use super::run;

#[tokio::test]
async fn a_backfill_says_what_it_has_loaded_and_goes_on_where_it_was_stopped() {
    let practice = Practice::new(Some("rate-day@4")).await;
    let ended = run(&["backfill"], &practice.environment).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.starts_with("error[ZoomRateLimited]: "), "{}", ended.err);
    assert!(ended.err.contains("Zoom's daily rate limit is used up until "), "{}", ended.err);

    let ended = run(&["backfill", "--json"], &practice.environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let backfill = &ended.json()[0]["backfill"];
    assert_eq!(backfill["finished"], true);
    let number = |name: &str| backfill[name].as_u64().unwrap();
    let (days, read) = (number("days"), number("days_read"));
    assert!(days > 380 && read > 0 && days - read >= 28, "a month at least was loaded before: {backfill}");

    let ended = run(&["backfill"], &practice.environment).await;
    assert!(ended.out.starts_with(&format!("The daybook holds {days} days since ")), "{}", ended.out);
    assert!(ended.out.ends_with("; 0 of them were read now, with 0 requests.\n"), "{}", ended.out);
}
