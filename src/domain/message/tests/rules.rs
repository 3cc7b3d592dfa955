//! What holds for every message, whatever it reports.

use super::*;

#[test]
fn money_is_shown_in_minor_units_unless_that_would_mislead() {
    use crate::domain::alert::money;
    use crate::domain::money::Currency;
    use crate::domain::world::amount;
    for (given, currency, beside, expected) in [
        ("66.2023", "USD", &[][..], "66.20"),
        ("66.2", "USD", &[], "66.20"),
        ("0.0205", "USD", &[], "0.02"),
        ("1234.5", "JPY", &[], "1,235"),
        ("1.2345", "KWD", &[], "1.235"),
        // Rounding must not touch a threshold.
        ("99.996", "USD", &["100"], "99.996"),
        ("99.994", "USD", &["100"], "99.99"),
        ("100", "USD", &["100"], "100.00"),
        ("100.004", "USD", &["100"], "100.004"),
        // Nor make two amounts one.
        ("5.001", "USD", &["5.002"], "5.001"),
        ("-0.004", "USD", &["0"], "-0.004"),
    ] {
        let beside: Vec<_> = beside.iter().map(|text| amount(text)).collect();
        assert_eq!(money(amount(given), Currency::parse(currency).unwrap(), &beside), expected, "{given} {currency}");
    }
}

/// Severity and amount of each alert of the first message.
fn in_order(world: &World) -> Vec<String> {
    let composed = composed(world, &Threads::default());
    let records = composed.messages[0].records(Outcome::Sent);
    records.iter().map(|record| format!("{:?} {}", record.severity, record.amount.unwrap())).collect()
}

#[test]
fn the_worst_by_spent_against_budget_is_first_whatever_the_currency() {
    assert_eq!(in_order(&several()), ["Over 14.86", "Over 121.23", "Warning 64.3149", "Info 3.21"]);
}

#[test]
fn what_a_silence_held_back_stands_by_its_weight_among_what_is_new() {
    let silence = "[[silence]]\nreason = \"a move\"\nscope = \"billing_number\"\nonly = [\"+12025550100\"]\nfrom = \"2026-11-01\"\nuntil = \"2026-11-22\"";
    let sums = [("+12025550100", "", "USD", "60"), ("+12025550101", "", "USD", "900")];
    let world = World::new(&format!("{NUMBERS}\n{silence}")).day(21, &sums);
    assert_eq!(in_order(&world), ["Over 900", "Warning 60"]);
}

#[test]
fn corrections_have_messages_of_their_own_and_subjects_too_where_the_policy_says_so() {
    let before = marketing().at(BEFORE);
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let numbers: Vec<String> = (0..3).map(|index| format!("+1202555010{index}")).collect();
    let mut sums: Vec<_> = numbers.iter().map(|number| (number.as_str(), "", "USD", "60")).collect();
    sums.push(("+12025550187", "Marketing", "USD", "60"));
    // What a silence has held back comes in one message, whatever it is.
    let silence = "[[silence]]\nreason = \"a move\"\nfrom = \"2026-11-01\"\nuntil = \"2026-11-22\"\nall = true";
    for (group_by, silence, expected) in
        [("run", "", &[3, 1][..]), ("subject", "", &[1, 1, 1, 1]), ("run", silence, &[4]), ("subject", silence, &[4])]
    {
        let world = World::new(&format!("group_by = {group_by:?}\n{NUMBERS}\n{silence}")).day(21, &sums);
        let composed = composed(&world, &threads);
        let sizes: Vec<_> = composed.messages.iter().map(|message| message.alerts.len()).collect();
        assert_eq!(sizes, expected, "{group_by}");
        let kinds: Vec<_> =
            composed.messages.last().unwrap().records(Outcome::Sent).iter().map(|record| record.kind).collect();
        assert_eq!(kinds.last(), Some(&Kind::Correction));
        assert_eq!(kinds.len(), *expected.last().unwrap());
    }
}

/// Every receiver's limits, whatever stands in the data (AWS documentation of SNS and of Amazon Q Developer in chat applications).
fn within_limits(publication: &Publication) {
    let characters = |text: &Value| text.as_str().unwrap().chars().count();
    assert!(publication.message().len() <= MOST_BYTES, "{} bytes", publication.message().len());
    assert!(publication.subject.len() < 100 && publication.subject.chars().all(|c| c.is_ascii_graphic() || c == ' '));
    assert!(
        publication.email.lines().all(|line| line.chars().count() < 76 || line.contains("  https://")),
        "{}",
        publication.email
    );
    let chat: Value = serde_json::from_str(&publication.chat).unwrap();
    let content = &chat["content"];
    assert!(characters(&content["title"]) <= 250);
    assert!((1..=8_000).contains(&characters(&content["description"])));
    assert!(content["nextSteps"].as_array().unwrap().iter().all(|step| characters(step) <= 350));
    assert!(content["keywords"].as_array().unwrap().iter().all(|keyword| characters(keyword) <= 75));
    let machine: Value = serde_json::from_str(&publication.machine).unwrap();
    let id = machine["id"].as_str().unwrap();
    assert!(publication.email.contains(id) && content["description"].as_str().unwrap().contains(id));
}

#[test]
fn every_alert_is_named_in_some_machine_form_in_at_most_twenty_messages() {
    for (alerts, name, messages) in [
        (1, "Sales", 1..=1),
        (50, "Sales", 1..=1),
        (51, "Sales", 2..=2),
        (1_000, "Sales", 20..=20),
        (3_000, "Sales", 20..=20),
        (5_000, "Sales", 20..=40),
        (400, &*"名前 & <b>*`\"\\".repeat(30), 8..=40),
    ] {
        let numbers: Vec<String> = (0..alerts).map(|index| format!("+1202{index:07}")).collect();
        let sums: Vec<_> = numbers.iter().map(|number| (number.as_str(), name, "USD", "123.456789")).collect();
        let world = World::new(NUMBERS).day(21, &sums);
        let composed = composed(&world, &Threads::default());
        let count = composed.messages.len();
        assert!(messages.contains(&count), "{alerts} alerts in {count} messages");
        let mut named = std::collections::BTreeSet::new();
        for (message, number) in composed.messages.iter().zip(1..) {
            let publication = Publication::of(message, true, Outcome::Sent);
            within_limits(&publication);
            let machine: Value = serde_json::from_str(&publication.machine).unwrap();
            assert_eq!(machine["part"]["number"].as_u64(), (count > 1).then_some(number));
            assert_eq!(machine["part"]["of"].as_u64(), (count > 1).then_some(count as u64));
            named.extend(
                machine["alerts"].as_array().unwrap().iter().map(|alert| alert["subject"].as_str().unwrap().to_owned()),
            );
        }
        assert_eq!(named.len(), alerts);
    }
}

#[test]
fn no_text_from_zoom_is_markup_or_moves_the_text_around_it() {
    let hostile =
        "*bold* _it_ ~no~ `code` <!channel> [x](http://e.example) & <http://e.example|y>\u{202E}\u{2028}\u{85}\n# head";
    let policy = NUMBERS.replace("billing_number", "department");
    let world = World::new(&policy).day(21, &[("+1", hostile, "USD", "120")]);
    let publication = &published(&world)[0];
    within_limits(publication);
    let chat: Value = serde_json::from_str(&publication.chat).unwrap();
    let mut texts = vec![&chat["content"]["description"], &chat["content"]["title"], &chat["metadata"]["summary"]];
    texts.extend(chat["content"]["nextSteps"].as_array().unwrap());
    texts.extend(chat["content"]["keywords"].as_array().unwrap());
    for text in texts {
        // The one pair of stars is ours, and the one link.
        let text = text.as_str().unwrap().replacen("*OVER · ", "", 1).replacen("at 120%*", "", 1);
        let text = text.replace(&format!("<{}|Chart>", world.case().link.unwrap()), "");
        let text = text.replace(":rotating_light:", "").replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
        assert!(!text.contains(['*', '_', '~', '`', '<', '>', '&', '[']), "{text}");
    }
    for form in [&publication.email, &publication.machine, &publication.chat, &publication.subject] {
        assert!(!form.contains(['\u{202E}', '\u{2028}', '\u{85}']), "{form}");
        assert!(!form.contains("\\n#") && !form.contains("\n#"), "{form}");
    }
}

#[test]
fn one_publish_carries_every_form() {
    let publication = &published(&marketing())[0];
    let message: Value = serde_json::from_str(&publication.message()).unwrap();
    assert_eq!(message["default"], message["email"]);
    assert_eq!((&message["http"], &message["https"]), (&message["https"], &Value::from(publication.chat.clone())));
    assert_eq!((&message["sqs"], &message["lambda"]), (&message["lambda"], &Value::from(publication.machine.clone())));
}

#[test]
fn a_long_name_does_not_push_the_figures_out_of_the_subject() {
    let policy = NUMBERS.replace("billing_number", "department");
    let department = "Customer Success for Europe, the Middle East, Africa and all of Asia, Team 4";
    let world = World::new(&policy).day(5, &[("+12025550187", department, "USD", "121.23")]);
    let subject = &published(&world)[0].subject;
    assert!(subject.len() < 100 && subject.contains("at 121% (USD 121.23 of 100), November"), "{subject}");
}

#[test]
fn a_subject_cuts_a_name_and_never_a_figure() {
    for department in
        ["Sales", "Customer Success", "Business Development and Partnerships, Europe", &"Very ".repeat(40)]
    {
        let day = ("+12025550187", department, "USD", "6172.835");
        let before = World::new(NUMBERS).day(5, &[day]).day(7, &[day]);
        let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
        let after = World::new(NUMBERS).day(5, &[(day.0, day.1, day.2, "60.50")]).at("2026-11-23T13:00:00Z");
        let subjects: Vec<_> = [composed(&before, &Threads::default()), composed(&after, &threads)]
            .iter()
            .map(|composed| Publication::of(&composed.messages[0], true, Outcome::Sent).subject)
            .collect();
        let [over, correction] = &subjects[..] else { panic!("{subjects:?}") };
        assert!(over.contains(" at 12345%") && over.len() < 100, "{over}");
        assert!(correction.contains(" spent USD 60.50"), "{correction}");
        let (_, was) = correction.split_once(", not ").unwrap();
        assert_eq!(was, "12,345.67 (possible repeat)");
    }
}

#[test]
fn a_correction_for_credits_of_later_days_does_not_call_what_was_written_wrong() {
    let day = ("+12025550187", "Marketing", "USD", "101");
    let before = World::new(NUMBERS).day(5, &[day]).at("2026-11-20T13:00:00Z");
    let threads = recorded(&Threads::default(), &before.decided(&Threads::default()), &before.case());
    let with = |day_of_credit, credit: &str| {
        let credit = (day.0, day.1, day.2, credit);
        let after = World::new(NUMBERS).day(5, &[day]).day(day_of_credit, &[credit]).at("2026-11-23T13:00:00Z");
        email(&Publication::of(&composed(&after, &threads).messages[0], true, Outcome::Sent))
    };
    let (later, earlier) = (with(21, "-30"), with(7, "-30"));
    assert!(later.contains("Zoom has listed credits since:"), "{later}");
    assert!(later.contains("Credits on    21 November (USD 30.00 less)"), "{later}");
    assert!(earlier.contains("Zoom has revised its report:"), "{earlier}");
    // A part of a cent is not nothing.
    let hardly = World::new(NUMBERS).day(5, &[(day.0, day.1, day.2, "100")]);
    let threads = recorded(&Threads::default(), &hardly.decided(&Threads::default()), &hardly.case());
    let below = World::new(NUMBERS).day(5, &[(day.0, day.1, day.2, "99.9999")]).at("2026-11-23T13:00:00Z");
    let below = email(&Publication::of(&composed(&below, &threads).messages[0], true, Outcome::Sent));
    assert!(below.contains("(USD 0.0001 less)"), "{below}");
}

#[test]
fn a_subject_keeps_the_number_that_tells_a_departments_numbers_apart_and_whole_dates() {
    let department = "Business Development and Partnerships, Europe";
    let sums = |currency| [("+12025550187", department, currency, "123456.78")];
    let over = &published(&World::new(NUMBERS).day(21, &sums("USD")))[0].subject;
    assert!(over.contains(" +12025550187 at 123456%"), "{over}");
    // Of what no budget covers there is no name to cut: the period goes.
    let policy = format!("products = [\"sms\", \"call\"]\n{NUMBERS}");
    let [canadian] = sums("CAD");
    let unwatched = World::new(&policy).day(21, &[canadian, ("+44", "Sales", "GBP", "1")]);
    let composed = composed(&unwatched, &Threads::default());
    let unwatched = Publication::of(&composed.messages[0], true, Outcome::Sent).subject;
    assert_eq!(
        unwatched,
        "UNWATCHED: CAD 123,456.78 spent on messages that no budget covers; 1 more (possible repeat)"
    );
}
