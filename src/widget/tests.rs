use super::*;
use crate::page::Theme;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:alerts-widget";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn kept(store: &Store, account: &str, as_of: &str, verdict: &str) {
    let page = Page { format: FORMAT, verdict: verdict.to_owned(), ..Page::default() };
    let listed = Listed { account: account.to_owned(), as_of: at(as_of), verdict: verdict.to_owned() };
    store.keep_page(&listed, &serde_json::to_string(&page).unwrap()).await.unwrap();
}

/// What is shown at noon of 22 November.
async fn shown(widget: &Widget, account: Option<&str>) -> String {
    let view = View { theme: Theme::Light, width: 1_200, account: account.map(str::to_owned) };
    widget.answer(&Question::Show(view), FUNCTION, at("2026-11-22T12:00:00Z"), Deadline::never()).await
}

#[tokio::test]
async fn before_the_first_run_it_says_what_to_do() {
    let widget = Widget { store: Store::memory() };
    insta::assert_snapshot!(shown(&widget, None).await, @"<h2>No run has stored a page yet</h2><p>The next run stores one. To have it now, start a run: the stack's output RunNowCommand says how. If runs fail, the alarms on this dashboard say why.</p>");
    assert_eq!(shown(&widget, Some("acc")).await, shown(&widget, None).await);
}

#[tokio::test]
async fn one_account_is_shown_without_being_named() {
    let widget = Widget { store: Store::memory() };
    kept(&widget.store, "acc", "2026-11-22T11:00:00Z", "No budget is over.").await;
    let html = shown(&widget, None).await;
    assert!(
        html.contains("No budget is over.") && !html.contains("hours old") && !html.contains("cwdb-action"),
        "{html}"
    );
    assert_eq!(shown(&widget, Some("acc")).await, html);
}

#[tokio::test]
async fn a_page_that_no_run_has_replaced_says_so() {
    let widget = Widget { store: Store::memory() };
    kept(&widget.store, "acc", "2026-11-21T10:00:00Z", "No budget is over.").await;
    let html = shown(&widget, None).await;
    assert!(html.starts_with("<p><b>This page is 26 hours old.</b> No later run has stored one"), "{html}");
    assert!(html.contains("No budget is over."), "{html}");
}

#[tokio::test]
async fn several_accounts_are_listed_the_newest_last_and_lead_to_their_pages() {
    let widget = Widget { store: Store::memory() };
    kept(&widget.store, "newer", "2026-11-22T11:00:00Z", "1 budget is over.").await;
    kept(&widget.store, "<older>", "2026-11-22T10:00:00Z", "No budget is over.").await;
    insta::assert_snapshot!(shown(&widget, None).await.replace("<tr>", "\n<tr>").replace("<p>", "\n<p>"), @r#"
        <h2>The pages of 2 Zoom accounts are stored</h2><table><thead>
        <tr><th scope="col">Zoom account</th><th scope="col">As of</th><th scope="col">State</th></tr></thead><tbody>
        <tr><th scope="row"><a>&lt;older&gt;</a><cwdb-action action="call" display="widget" endpoint="arn:aws:lambda:us-east-1:123456789012:function:alerts-widget">{&quot;account&quot;:&quot;&lt;older&gt;&quot;}</cwdb-action></th><td>22 November 2026, 10:00 UTC</td><td>No budget is over.</td></tr>
        <tr><th scope="row"><a>newer</a><cwdb-action action="call" display="widget" endpoint="arn:aws:lambda:us-east-1:123456789012:function:alerts-widget">{&quot;account&quot;:&quot;newer&quot;}</cwdb-action></th><td>22 November 2026, 11:00 UTC</td><td>1 budget is over.</td></tr></tbody></table>
        <p>To show one account always, give its id as the widget's parameter: <code>account: &quot;…&quot;</code></p>
        "#);
    let html = shown(&widget, Some("newer")).await;
    assert!(html.contains("1 budget is over.") && html.contains("All Zoom accounts"), "{html}");
    let html = shown(&widget, Some("<script>")).await;
    assert!(html.starts_with("<h2>No page of the Zoom account &lt;script&gt; is stored</h2>"), "{html}");
}

#[tokio::test]
async fn a_page_of_another_version_or_a_damaged_one_is_not_shown() {
    let widget = Widget { store: Store::memory() };
    let listed = Listed { account: "acc".to_owned(), as_of: at("2026-11-22T11:00:00Z"), verdict: String::new() };
    let other = serde_json::to_string(&Page { format: FORMAT + 1, ..Page::default() }).unwrap();
    for page in [other.as_str(), "{", "[]"] {
        widget.store.keep_page(&listed, page).await.unwrap();
        let html = shown(&widget, None).await;
        insta::allow_duplicates! { insta::assert_snapshot!(html, @"<h2>The stored page cannot be read</h2><p>Reason: the stored page has the format of another version; the next run stores it anew.</p><p>Alerts do not depend on it: runs, and what they send, are on the alarms and charts of this dashboard.</p>") }
    }
}

#[tokio::test]
async fn a_description_is_markdown() {
    let widget = Widget { store: Store::memory() };
    let text = widget.answer(&Question::Describe, FUNCTION, at("2026-11-22T12:00:00Z"), Deadline::never()).await;
    assert!(text.starts_with("## Zoom SMS charges\n") && text.contains("**account**"), "{text}");
}
