//! All kinds of messages in one document that a person can leaf through: docs/messages.md.

use std::fmt::Write as _;
use std::path::Path;

use super::digests::weekly;
use super::readers::campaign;
use super::*;
use crate::domain::evaluate::Freshness;
use crate::domain::product::Product;

const DOCUMENT: &str = "docs/messages.md";
const START: &str =
    "# Messages\n\nEvery kind of message as people get it, from invented figures. A test generates this page.\n\n";
const NUMBER: &str = "+12025550187";
const WATCHED: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "support lines"
    scope = "billing_number"
    currency = "USD"
    amount = "500.00"
    forecast_at = [100]
    [[spike]]
    name = "runaway sender"
    scope = "billing_number"
    currency = "USD"
"#;

fn section(title: &str, publication: &Publication, document: &mut String) {
    let (email, chat) = (email(publication), chat(publication));
    let (email, chat) = (email.trim_end(), chat.trim_end());
    _ = write!(document, "## {title}\n\nE-mail:\n\n```text\n{email}\n```\n\nSlack:\n\n```text\n{chat}\n```\n\n");
}

fn correction() -> Publication {
    let before = campaign(NUMBERS);
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let after = campaign(NUMBERS).senders_on(20, NUMBER, "Marketing", &[("1003", "Campaigns", "2.60", 16)]);
    let after = after.at("2026-11-23T13:00:00Z");
    let correction = composed(&after, &threads)
        .messages
        .into_iter()
        .map(|message| Publication::of(&message, false, Outcome::Sent))
        .next();
    correction.unwrap()
}

fn stale() -> World {
    let mut stale = World::new(NUMBERS);
    let newest_row = "2026-11-18T21:12:00Z".parse().unwrap();
    stale.history.freshness =
        vec![Freshness { product: Product::Sms, newest_row, longest_gap: jiff::SignedDuration::from_hours(31) }];
    stale
}

fn test() -> Publication {
    let world = World::new(NUMBERS);
    let (case, finding) = (world.case(), Finding::Test(Test { request: "r-1".to_owned() }));
    let composed = compose(vec![crate::domain::alert::decide_one(finding, None, &case)], &case);
    Publication::of(&composed.messages[0], false, Outcome::Sent)
}

/// Where it differs, what it should be is left beside it.
#[test]
fn the_document_shows_every_kind_of_message_as_it_is() {
    let mut document = START.to_owned();
    let one = |world: &World| published(world).remove(0);
    let bot = [("2001", "Ticket bot", "14.90", 750), ("2004", "Mara Lindqvist", "3.10", 151)];
    let likely = World::new(WATCHED).at("2026-11-18T13:00:00Z").senders(120, NUMBER, "Support", &bot).learned(120);
    let desk = [("1100", "Reception", "0.25", 12)];
    let wild = World::new(WATCHED).at("2026-11-24T19:00:00Z");
    let wild = wild.senders_on(24, NUMBER, "Reception", &[("1100", "Reception", "8.45", 412)]);
    let wild = wild.in_hours(24, NUMBER, &[(8, 5), (10, 140), (11, 160), (13, 107)]);
    let wild = wild.senders(120, NUMBER, "Reception", &desk).learned(120);
    let uncovered = World::new(NUMBERS).day(21, &[("+12025550199", "", "GBP", "3.21")]);
    for (title, publication) in [
        ("A budget is over", one(&campaign(NUMBERS))),
        ("Several at once", one(&several())),
        ("A forecast", one(&likely)),
        ("A spike", one(&wild)),
        ("A correction", correction()),
        ("From a report that was read in part", one(&campaign(NUMBERS).unread(20, 22))),
        ("A weekly digest", weekly()),
        ("A currency that no budget covers", one(&uncovered)),
        ("A report without new rows", one(&stale())),
        ("A test", test()),
    ] {
        section(title, &publication, &mut document);
    }
    let document = document.trim_end().to_owned() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    if std::fs::read_to_string(&path).unwrap_or_default() != document {
        std::fs::write(path.with_extension("md.new"), &document).unwrap();
        panic!("{DOCUMENT} differs; it should be as {DOCUMENT}.new is");
    }
}
