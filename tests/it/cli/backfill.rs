use super::doctor::Practice;
use super::run;

#[tokio::test]
async fn a_backfill_tells_what_it_has_loaded_and_goes_on_where_it_was_stopped() {
    let practice = Practice::new(Some("rate-day@4")).await;
    let ended = run(&["backfill"], &practice.environment).await;
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    let told = ended.err.trim_end();
    assert!(told.starts_with("error[ZoomRateLimited]: Zoom's daily rate limit is used up until "), "{told}");
    assert!(told.ends_with(" days are in the history; another backfill goes on from there"), "{told}");
    let loaded = practice.world.aws.history_keys().await.len();
    assert!(loaded >= 28, "a month at least: {loaded}");

    let ended = run(&["backfill", "--json"], &practice.environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let backfill = &ended.json()[0]["backfill"];
    let number = |name: &str| usize::try_from(backfill[name].as_u64().unwrap()).unwrap();
    assert_eq!(number("days"), practice.world.aws.history_keys().await.len());
    assert_eq!(number("days_read"), number("days") - loaded);

    let ended = run(&["backfill"], &practice.environment).await;
    let days = number("days");
    assert!(ended.out.starts_with(&format!("The history holds {days} days, since ")), "{}", ended.out);
    assert!(ended.out.ends_with("; 0 of them were read now, with 0 requests.\n"), "{}", ended.out);
}
