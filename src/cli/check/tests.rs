//! What people read of a check, by width.

use super::*;
use crate::domain::world::World;

const POLICY: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = "100.00"
    alert_at = [50, 80, 100]
    [[budget]]
    name = "support lines"
    scope = "billing_number"
    only = ["+12025550112"]
    currency = "USD"
    amount = 500
    forecast_at = [100]
    [[budget]]
    name = "whole account"
    scope = "account"
    currency = "USD"
    amount = 1500
    alert_at = [40, 100]
    [[budget]]
    name = "sales in Europe"
    scope = "department"
    only = ["Sales"]
    currency = "EUR"
    amount = 25
    [[silence]]
    reason = "Black Friday campaign, agreed with finance"
    from = "2026-11-20"
    until = "2026-12-01"
    scope = "billing_number"
    only = ["+12025550165"]
"#;

fn world() -> World {
    World::new(POLICY)
        .day(
            5,
            &[
                ("+12025550187", "Marketing", "USD", "121.2313"),
                ("+12025550143", "Sales", "USD", "64.31"),
                ("+12025550165", "Marketing", "USD", "58.42"),
                ("+12025550109", "Front desk", "USD", "13.66"),
                ("+33199005521", "Sales", "EUR", "14.86"),
                ("+442079460018", "Sales", "GBP", "3.21"),
            ],
        )
        .usually(120, "+12025550112", 900, "20.00")
}

fn shown(world: &World, terminal: &Terminal) -> String {
    let (case, findings) = (world.case(), world.findings());
    let composed = compose_all(&findings, &Threads::default(), [case]);
    let sheet = Sheet::of(&case, &findings, &composed, &world.history);
    let receipt = show::receipt(case.receipt, 7, case.policy);
    view::lines(&sheet, &case, &receipt, terminal).join("\n")
}

#[test]
fn the_verdict_is_first_and_the_worst_budget_next() {
    insta::assert_snapshot!(shown(&world(), &Terminal::plain(80)), @r#"
    1 budget is over and 1 more will probably be by 30 November; 5 are within.
    Read whole: 1443 charged messages on 6 pages for 22 days, 7 requests.

    State       Budget                        Spent  Limit  Used   By 30 Nov
    ■ OVER      Marketing +12025550187   USD 121.23    100  121%  122 to 295
    ◆ FORECAST  Marketing +12025550112   USD 400.00    500   80%  543 to 598
    ◐ 50%       Sales +12025550143        USD 64.31    100   64%   65 to 157
      within    Department Sales          EUR 14.86     25   59%    15 to 37
    ‖ silenced  Marketing +12025550165    USD 58.42    100   58%   59 to 142
    ◐ 40%       The whole account        USD 657.62  1,500   43%  768 to 996
      within    Front desk +12025550109   USD 13.66    100   13%    14 to 34

    Not covered  GBP 3.21, +442079460018: no budget in this currency
    Silenced     1 alert until 1 December: Black Friday campaign, agreed with
                 finance
    "#);
}

#[test]
fn at_sixty_columns_the_limit_and_then_words_give_way() {
    let shown = shown(&world(), &Terminal::plain(60));
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    insta::assert_snapshot!(shown, @r#"
    1 budget is over and 1 more will probably be by 30
    November; 5 are within.
    Read whole: 1443 charged messages on 6 pages for 22 days, 7
    requests.

    Budget                          Spent  Used   By 30 Nov
    ■ Marketing +12025550187   USD 121.23  121%  122 to 295
    ◆ Marketing +12025550112   USD 400.00   80%  543 to 598
    ◐ Sales +12025550143        USD 64.31   64%   65 to 157
      Department Sales          EUR 14.86   59%    15 to 37
    ‖ Marketing +12025550165    USD 58.42   58%   59 to 142
    ◐ The whole account        USD 657.62   43%  768 to 996
      Front desk +12025550109   USD 13.66   13%    14 to 34

    ■ over  ◆ forecast  ◐ level reached  ‖ silenced

    Not covered  GBP 3.21, +442079460018
    Silenced     1 alert until 1 December
    "#);
}

#[test]
fn what_was_read_in_part_has_no_estimate() {
    let shown = shown(&world().unread(19, 19), &Terminal::plain(60));
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    insta::assert_snapshot!(shown, @r#"
    1 budget is over; 6 are within.
    21 of 22 days read: 19 November is missing; figures are at
    least what is shown.

    State       Budget                        Spent  Used
    ■ OVER      Marketing +12025550187   USD 121.23  121%
      within    Marketing +12025550112   USD 400.00   80%
    ◐ 50%       Sales +12025550143        USD 64.31   64%
      within    Department Sales          EUR 14.86   59%
    ‖ silenced  Marketing +12025550165    USD 58.42   58%
    ◐ 40%       The whole account        USD 657.62   43%
      within    Front desk +12025550109   USD 13.66   13%

    Not covered  GBP 3.21, +442079460018
    Silenced     1 alert until 1 December
    Not read     19 November (ZoomUnavailable)
    "#);
}

#[test]
fn without_utf8_signs_are_plain_and_colour_repeats_them() {
    let coloured = shown(&world(), &Terminal::coloured_ascii(64));
    let plain = coloured.replace('\u{1b}', "ESC");
    assert!(plain.is_ascii(), "{plain}");
    insta::assert_snapshot!(plain.lines().take(6).collect::<Vec<_>>().join("\n"), @"
    ESC[1mESC[31m1 budget is over and 1 more will probably be by 30 November; 5ESC[0m
    ESC[1mESC[31mare within.ESC[0m
    Read whole: 1443 charged messages on 6 pages for 22 days, 7
    requests.

    Budget                          Spent  Used   By 30 Nov
    ");
}

#[test]
fn the_verdict_says_no_more_than_is_known() {
    let verdict = |world: World| shown(&world, &Terminal::plain(100)).lines().next().unwrap().trim().to_owned();
    let spent = |money: &str| {
        World::new("[[budget]]\nname = \"n\"\nscope = \"billing_number\"\ncurrency = \"USD\"\namount = 100\nalert_at = [50, 100]")
            .spent(money)
    };
    let verdicts = [
        verdict(spent("120")),
        verdict(spent("60")),
        verdict(spent("10")),
        verdict(spent("10").unread(20, 22)),
        verdict(spent("120").unread(20, 22)),
        verdict(World::new("[[budget]]\nname = \"n\"\nscope = \"account\"\ncurrency = \"USD\"\namount = 100")),
    ];
    insta::assert_snapshot!(verdicts.join("\n"), @"
    1 budget is over.
    No budget is over; the only one has reached a level.
    No budget is over; the only one is within.
    As far as could be read, no budget is over; the only one is within.
    1 budget is over.
    No budget is over: nothing was charged that one covers.
    ");
}
