//! The month as it is really played, and its pictures.

use super::frame::{COLUMNS, LINES, frame, last};
use super::*;
use anstyle::{AnsiColor, RgbColor};
use anstyle_svg::Palette;

/// The runs whose pictures are held: the budgets fill, a number runs wild, a forecast crosses, a run dies, it is over, Zoom revises a day.
const MOMENTS: [u32; 6] = [257, 278, 336, 419, 421, 489];
/// The run whose picture stands in the README, in colours.
const STILL: (u32, &str) = (421, "docs/images/demo.svg");

/// The terminal of the still, from black to white, dark and bright: text has a contrast of 4.5 : 1 and more.
const PALETTE: [[u8; 3]; 16] = {
    let [black, white] = [[24, 28, 34], [222, 226, 230]];
    let [red, green, yellow, blue, magenta, cyan] =
        [[247, 120, 110], [110, 200, 120], [226, 178, 74], [96, 165, 250], [214, 140, 240], [86, 196, 204]];
    [black, red, green, yellow, blue, magenta, cyan, white, black, red, green, yellow, blue, magenta, cyan, white]
};

const PLAIN: Look = Look { utf8: true, colour: false };

#[tokio::test]
async fn the_pictures_show_the_month() {
    let play = Play::begin().await.unwrap();
    let policy = play::policy().unwrap();
    let mut state = State::new(&policy, play::start(&policy.time_zone).unwrap());
    let (mut pictures, mut still) = (String::new(), String::new());
    for run in 1..=RUNS {
        state.add(&play.step(run).await.unwrap());
        let picture = frame(&state, PLAIN);
        assert!(picture.len() == LINES && picture.iter().all(|line| line.chars().count() < COLUMNS), "{picture:#?}");
        if MOMENTS.contains(&run) {
            pictures += &format!("{}\n{}\n", picture.join("\n"), "~".repeat(COLUMNS));
        }
        if run == STILL.0 {
            still = frame(&state, Look { colour: true, ..PLAIN }).join("\n");
        }
    }
    insta::assert_snapshot!(pictures, @r#"
     cost-alerts demo: a month in half a minute             space next event  q end
     Wed 11 Nov 17:00   ███████████░░░░░░░░░░░░░░░░░░░  day 11 of 30  run 257

                              0%        50%      100%      150%    used  by 30 Nov
    ◐ Marketing +12025550187  ██████████·····░░░░░│                 51%  76 to 107
      Support +12025550112    █████████·········░░│                 42% 452 to 532
      Sales +12025550143      ███████·······░░░░  │                 35%  86 to 107
      The whole account, USD  ██████·······░░     │                 31% 633 to 736
      Sales, EUR              ██████········░░░░  │                 31%   17 to 23
      Front desk +12025550109 ·░                  │                  2%     5 to 6

     ◐ Marketing has spent 50% of USD 100: one message to the budget's owner. The
       next runs find the same and say nothing.

     1 message sent, 256 runs with nothing to say
     11 Nov 17:00  50%         Marketing +12025550187: USD 51.79 of 100







     Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded.
    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
     cost-alerts demo: a month in half a minute             space next event  q end
     Thu 12 Nov 14:00   ████████████░░░░░░░░░░░░░░░░░░  day 12 of 30  run 278

                              0%        50%      100%      150%    used  by 30 Nov
    ◐ Marketing +12025550187  ████████████····░░░░│░░               57%  81 to 115
      Support +12025550112    █████████··········░│░                46% 463 to 543
      Sales +12025550143      ████████······░░░░  │                 38%  87 to 107
      The whole account, USD  ███████······░░     │                 34% 657 to 763
      Sales, EUR              ███████·······░░░░  │                 33%   17 to 23
    ▲ Front desk +12025550109 ██·░                │                 10%   13 to 14

     ▲ Front desk has sent 167 messages today; a usual day has 4. It began at
       13:00. That is USD 7.87 more: far from any limit, so no budget would have
       noticed. The message says what to do.

     2 messages sent, 276 runs with nothing to say
     11 Nov 17:00  50%         Marketing +12025550187: USD 51.79 of 100
     12 Nov 14:00  SPIKE       Front desk +12025550109: 167 messages, usually 4





     Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded.
    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
     cost-alerts demo: a month in half a minute             space next event  q end
     Sun 15 Nov 00:00   ██████████████░░░░░░░░░░░░░░░░  day 14 of 30  run 336

                              0%        50%      100%      150%    used  by 30 Nov
    ◐ Marketing +12025550187  ██████████████····░░│░░░░░            69%  91 to 129
    ◆ Support +12025550112    ████████████········│░░               57% 501 to 581
      Sales +12025550143      █████████······░░░  │                 44%  90 to 110
      The whole account, USD  ████████······░░    │                 42% 709 to 823
      Sales, EUR              ████████······░░░░  │                 38%   18 to 23
      Front desk +12025550109 ██·░                │                 10%   14 to 19

     ◆ Support has spent 54% of USD 500, and will pass it by the 30th in 4 cases of
       5. 17 days are left to act, today included: about USD 13.39 a day keeps it
       within.

     3 messages sent, 333 runs with nothing to say
     11 Nov 17:00  50%         Marketing +12025550187: USD 51.79 of 100
     12 Nov 14:00  SPIKE       Front desk +12025550109: 167 messages, usually 4
     14 Nov 00:00  FORECAST    Support +12025550112: likely over USD 500




     Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded.
    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
     cost-alerts demo: a month in half a minute             space next event  q end
     Wed 18 Nov 11:00   ██████████████████░░░░░░░░░░░░  day 18 of 30  run 419

                              0%        50%      100%      150%    used  by 30 Nov
    ■ Marketing +12025550187  ████████████████████│···░░░░░░░░░    101% 118 to 165
    ◆ Support +12025550112    ██████████████······│░░               70% 515 to 587
    ◐ Sales +12025550143      ███████████·····░░  │                 54%  95 to 111
    ◐ The whole account, USD  ███████████····░░   │                 53% 755 to 865
      Sales, EUR              ██████████·····░░░  │                 48%   18 to 23
      Front desk +12025550109 ██·░                │                 11%   13 to 19

     11:00  ✗ run 419 was killed: 6956d2b9b63d was published, not yet recorded.

     7 messages sent, 412 runs with nothing to say
     14 Nov 00:00  FORECAST    Support +12025550112: likely over USD 500
     16 Nov 16:00  50%         Sales +12025550143: USD 60.03 of 120
     16 Nov 17:00  80%         Marketing +12025550187: USD 80.56 of 100
     17 Nov 13:00  50%         The whole account: USD 500.52 of 1,000
     18 Nov 11:00  OVER        Marketing +12025550187: USD 101.65 of 100




     Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded.
    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
     cost-alerts demo: a month in half a minute             space next event  q end
     Wed 18 Nov 13:00   ██████████████████░░░░░░░░░░░░  day 18 of 30  run 421

                              0%        50%      100%      150%    used  by 30 Nov
    ■ Marketing +12025550187  ████████████████████│···░░░░░░░░░    101% 118 to 165
    ◆ Support +12025550112    ██████████████······│░░░              71% 518 to 589
    ◐ Sales +12025550143      ███████████·····░░  │                 54%  94 to 110
    ◐ The whole account, USD  ███████████····░░   │                 53% 757 to 867
      Sales, EUR              ██████████·····░░░  │                 48%   18 to 22
      Front desk +12025550109 ██·░                │                 11%   14 to 19

     11:00  ✗ run 419 was killed: 6956d2b9b63d was published, not yet recorded.
     12:00    run 420 finds a claim that nobody confirmed. Was it published? Nobody
              can know, so it goes out again: same id, marked "possible repeat".
            ✓ Going by the id, the mailbox shows it once. Run 421 sends nothing.

     7 alerts in the mailbox, each shown once
     14 Nov 00:00  FORECAST    Support +12025550112: likely over USD 500
     16 Nov 16:00  50%         Sales +12025550143: USD 60.03 of 120
     16 Nov 17:00  80%         Marketing +12025550187: USD 80.56 of 100
     17 Nov 13:00  50%         The whole account: USD 500.52 of 1,000
     18 Nov 11:00  OVER        Marketing +12025550187: USD 101.65 of 100

     Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded.
    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
     cost-alerts demo: a month in half a minute             space next event  q end
     Sat 21 Nov 09:00   █████████████████████░░░░░░░░░  day 21 of 30  run 489

                              0%        50%      100%      150%    used  by 30 Nov
    ◐ Marketing +12025550187  ███████████████████▒▒▒░░░░░░░         93% 104 to 147
    ◆ Support +12025550112    ████████████████····│░░░              81% 526 to 589
    ◐ Sales +12025550143      ████████████····░░  │                 61%  94 to 109
    ◐ The whole account, USD  ████████████···░░   │                 58% 747 to 848
      Sales, EUR              ████████████···░░░  │                 59%   19 to 23
      Front desk +12025550109 ██·░                │                 11%   13 to 18

     08:00    Zoom now lists USD 17.58 less for 17 November. One answer is no
              proof: the larger figure stands.
     09:00    A second reading says the same. One correction goes to those who got
              the wrong figure; if 100% is passed again, they hear of it again.

     8 alerts in the mailbox, each shown once
     16 Nov 16:00  50%         Sales +12025550143: USD 60.03 of 120
     16 Nov 17:00  80%         Marketing +12025550187: USD 80.56 of 100
     17 Nov 13:00  50%         The whole account: USD 500.52 of 1,000
     18 Nov 11:00  OVER        Marketing +12025550187: USD 101.65 of 100
     21 Nov 09:00  CORRECTION  Marketing +12025550187: USD 93.66, not 101.65

     Nothing leaves this machine: Zoom, the ledger and the mailbox are embedded.
    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    "#);
    insta::assert_snapshot!(last(&state, Some(29), Look { utf8: false, colour: false }).join("\n"), @"
    cost-alerts demo: done, 30 days in 29 seconds

      720 runs     10 alerts     0 lost     0 unmarked repeats

      ! OVER        3   Marketing +12025550187, again after the correction
                        Support +12025550112, as forecast
      > FORECAST    1   Support +12025550112, 13 days before it was over
      ^ SPIKE       1   Front desk +12025550109: 167 messages, usually 4
      * levels      4   50% and 80% on the way
      < CORRECTION  1   after two readings that agree

    Read the alerts as their readers got them:
      cost-alerts demo --messages

    See an account as a page in your browser:
      cost-alerts report --source demo --out report.html

    Your own account, read only, nothing is sent:
      export ZOOM_ACCOUNT_ID=... ZOOM_CLIENT_ID=... ZOOM_CLIENT_SECRET=...
      cost-alerts init > policy.toml
      cost-alerts check
    ");
    insta::assert_snapshot!(counts(&state).to_string(), @r#"{"demo":{"alerts":10,"by_kind":{"correction":1,"forecast":1,"level":4,"over":3,"spike":1},"lost":0,"marked_repeats":1,"messages":11,"runs":720,"unmarked_repeats":0}}"#);
    is_up_to_date(&still);
}

/// The still in the repository is what the code draws; if not, the new one is left beside it.
fn is_up_to_date(still: &str) {
    let term =
        anstyle_svg::Term::new().palette(Palette::from(PALETTE.map(|[red, green, blue]| RgbColor(red, green, blue))));
    let drawn = term.fg_color(AnsiColor::White.into()).bg_color(AnsiColor::Black.into()).render_svg(still);
    // What is faint is still to be read.
    let drawn = drawn.replace("opacity: 0.4", "opacity: 0.65");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(STILL.1);
    if std::fs::read_to_string(&path).ok().as_deref() != Some(drawn.as_str()) {
        let new = path.with_extension("svg.new");
        std::fs::write(&new, drawn).unwrap();
        panic!("{} is out of date; look at {}, and rename it", STILL.1, new.display());
    }
}
