//! `cost-alerts report`: where the page goes, and what is in it.

use super::explain::alerted;
use super::{Environment, run};
use serde_json::Value;

#[tokio::test]
async fn without_a_terminal_the_page_is_standard_output_and_holds_no_address() {
    let nothing = Environment::new();
    let ended = run(&["report", "--source", "demo"], &nothing).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.starts_with("<!DOCTYPE html>") && ended.out.trim_end().ends_with("</html>"), "{}", ended.out);
    assert!(!ended.out.contains("http://") && !ended.out.contains("https://") && !ended.out.contains("<script"));
    let model = run(&["report", "--source", "demo", "--json"], &nothing).await;
    let [model] = model.json().try_into().unwrap();
    let of_model = |pointer: &str| model.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(of_model("/completeness/lead"), "22 of 22 days read.");
    assert!(ended.out.contains(&of_model("/completeness/text")), "{}", ended.out);
    // What no recipient and no sum of currencies can be in.
    assert_eq!(model["sums"].as_array().unwrap().len(), 3);
    assert!(!ended.out.contains("+4479"), "a recipient's number");
}

#[tokio::test]
async fn a_file_is_replaced_only_where_that_was_asked_for() {
    let (desk, nothing) = (tempfile::tempdir().unwrap(), Environment::new());
    let page = desk.path().join("page.html");
    let path = page.to_str().unwrap();
    let first = run(&["report", "--source", "demo", "--out", path], &nothing).await;
    assert_eq!((first.code, first.out.as_str()), (0, ""));
    assert!(first.err.contains("Open it in a browser."), "{}", first.err);
    std::fs::write(&page, "mine").unwrap();
    let second = run(&["report", "--source", "demo", "--out", path], &nothing).await;
    assert_eq!(second.code, 2);
    assert!(second.err.contains("is there already; give --force"), "{}", second.err);
    assert_eq!(std::fs::read_to_string(&page).unwrap(), "mine");
    let forced = run(&["report", "--source", "demo", "--out", path, "--force"], &nothing).await;
    assert_eq!(forced.code, 0);
    assert!(std::fs::read_to_string(&page).unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 1, "nothing else is left");
    let nowhere = desk.path().join("no/such/page.html");
    let failed = run(&["report", "--source", "demo", "--out", nowhere.to_str().unwrap()], &nothing).await;
    assert_eq!(failed.code, 2);
    assert!(failed.err.contains("there is no such directory; give another file with --out"), "{}", failed.err);
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_link_leads_to_is_replaced_with_its_rights_and_what_is_no_file_is_not() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (desk, nothing) = (tempfile::tempdir().unwrap(), Environment::new());
    let [page, link] = ["page.html", "link.html"].map(|name| desk.path().join(name));
    std::fs::write(&page, "old").unwrap();
    std::fs::set_permissions(&page, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&page, &link).unwrap();
    let replaced = run(&["report", "--source", "demo", "--out", link.to_str().unwrap(), "--force"], &nothing).await;
    assert_eq!(replaced.code, 0, "{}", replaced.err);
    assert!(link.is_symlink() && std::fs::read_to_string(&page).unwrap().starts_with("<!DOCTYPE html>"));
    assert_eq!(page.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let directory = desk.path().to_str().unwrap();
    let refused = run(&["report", "--source", "demo", "--out", directory, "--force"], &nothing).await;
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("it is no file; give another file with --out"), "{}", refused.err);
}

#[tokio::test]
async fn a_part_for_another_page_has_one_class_and_no_ids() {
    let ended = run(&["report", "--source", "demo", "--embed", "dark", "--width", "500"], &Environment::new()).await;
    assert_eq!(ended.code, 0);
    assert!(ended.out.contains("class=\"zc dark w narrow tiny\"") && !ended.out.contains(" id=\""), "{}", ended.out);
    let wrong = run(&["report", "--source", "demo", "--embed", "blue"], &Environment::new()).await;
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("write light or dark"), "{}", wrong.err);
}

#[tokio::test]
async fn of_a_deployment_it_shows_the_alerts_that_were_sent() {
    let practice = alerted().await;
    let [message] = &practice.world.aws.kept_messages().await[..] else { panic!("one message") };
    let policy = practice.environment["POLICY"].clone();
    let ended = run(&["report", "--source", "table", "--policy", &policy, "--json"], &practice.environment).await;
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let [page] = ended.json().try_into().unwrap();
    let alerts = page["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 1, "{page}");
    assert_eq!((&alerts[0]["id"], &alerts[0]["what"]), (&message["alerts"][0]["id"], &"50% of USD 100".into()));
    let words = page["words"]["alerts"].as_str().unwrap();
    assert!(words.starts_with("1 alert sent in "), "{words}");
}
