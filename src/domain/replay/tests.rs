//! A replay against runs at each day's end, which make their baselines as runs do.

use proptest::prelude::*;

use super::*;
use crate::domain::alert::decide;
use crate::domain::baselines::Maker;
use crate::domain::charge::{Line, NONE};
use crate::domain::money::Currency;
use crate::domain::product::Product;
use crate::domain::totals::Sum;

const POLICY: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "numbers"
    scope = "billing_number"
    currency = "USD"
    amount = 60
    alert_at = [50, 100]
    forecast_at = [80, 100]
    [[budget]]
    name = "sales"
    scope = "department"
    only = ["Sales"]
    currency = "USD"
    amount = 20
    period = "week"
    forecast_at = [100]
    owner = ["sales", "default"]
    [[spike]]
    name = "numbers"
    scope = "billing_number"
    currency = "USD"
    [[spike]]
    name = "everything"
    scope = "account"
    currency = "USD"
    min_extra = "0.5"
    owner = "sales"
    [[owner]]
    name = "sales"
    topic_arn = "arn:aws:sns:us-east-1:123456789012:sales"
    [[silence]]
    reason = "moving house"
    from = "2026-03-10"
    until = "2026-03-20"
    budget = "numbers"
"#;

fn first() -> Date {
    jiff::civil::date(2026, 1, 1)
}

/// Messages of three numbers by day, at 2 cents each.
fn past(counts: &[[u16; 3]]) -> Past {
    let line = |index: usize| Line {
        number: format!("+1202555010{index}").into(),
        department: if index == 0 { NONE.into() } else { "Sales".into() },
        cost_center: NONE.into(),
        extension: NONE.into(),
        name: NONE.into(),
        currency: Currency::parse("USD").unwrap(),
    };
    let day = |(day, counts): (Date, &[u16; 3])| {
        let sent = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let sum = |count: &u16| Sum {
            amount: Amount::parse(&format!("{}.{:02}", count * 2 / 100, count * 2 % 100)).unwrap(),
            messages: u64::from(*count),
        };
        (day, sent.map(|(index, count)| (line(index), sum(count))).collect())
    };
    let days = first().series(1.day()).zip(counts).map(day).collect();
    let products = [(Product::Sms, days)].into();
    Past { account: "acc".to_owned(), zone: "America/New_York".to_owned(), products }
}

/// What runs at each day's end send. Each makes its baselines from the days before, and judges late days again.
fn live(past: &Past, policy: &Policy, since: Date) -> Vec<String> {
    let account: Arc<str> = past.account.as_str().into();
    let (mut totals, mut threads, mut sent) =
        (Totals::of(Arc::clone(&account), &policy.products), Threads::default(), Vec::new());
    let receivers = policy.receivers("default");
    let (sms, known) = (Products::One(Product::Sms), past.days(Product::Sms));
    for (day, sums) in known {
        totals.set(Product::Sms, *day, sums);
        if *day < since {
            continue;
        }
        let judged = day.saturating_sub(6.days()).max(since);
        let mut maker = Maker::new(policy, sms, &account, *day, judged);
        known.range(..*day).for_each(|(day, sums)| maker.add(*day, sums.iter()));
        let baselines = [(sms, maker.finish(|| true).unwrap())].into();
        let zone = &policy.time_zone;
        let as_of = start_of(day.tomorrow().unwrap(), zone).unwrap() - SignedDuration::from_secs(1);
        let of_kind = |kind| Period::of_day(kind, *day, zone).unwrap();
        let mut periods: Vec<_> = policy.period_kinds().into_iter().map(of_kind).collect();
        // Closed periods are judged until they are settled, and while a silence holds a finding of theirs back.
        periods.extend(
            judged
                .series(1.day())
                .take_while(|late| late < day)
                .map(|late| Period::of_day(PeriodKind::Day, late, zone).unwrap()),
        );
        let month = Period::of_day(PeriodKind::Month, day.saturating_sub(1.month()), zone).unwrap();
        periods.extend((month.first_day() >= since).then_some(month));
        let (coverage, receipt) = (Coverage::default(), Receipt { complete: true, ..Receipt::default() });
        let history = History { baselines, ..History::default() };
        for receiver in receivers.iter() {
            let (periods, totals) = (&periods, &totals);
            let case = Case {
                policy,
                totals,
                coverage: &coverage,
                receipt: &receipt,
                periods,
                receiver,
                as_of,
                link: None,
                rerun: false,
            };
            for alert in decide(&evaluate(&case, &history), &threads, &case) {
                if alert.decision == Decision::Due {
                    threads.extend(after(&alert, &case));
                    sent.push(shown(&Sent::of(alert, &case, *day)));
                }
            }
        }
    }
    sent.sort();
    sent
}

fn shown(sent: &Sent) -> String {
    format!("{} {} {}", sent.day, sent.alert.receiver, sent.headline)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_replay_says_what_runs_at_each_days_end_send(
        levels in proptest::array::uniform3(0_u16..60),
        noise in proptest::collection::vec(proptest::array::uniform3(0_u16..12), 100),
        bursts in proptest::collection::vec((30_usize..100, 0_usize..3, 30_u16..1_500), 0..6),
        starts in proptest::array::uniform3(0_usize..40),
    ) {
        let mut counts: Vec<[u16; 3]> = noise;
        for (day, counts) in counts.iter_mut().enumerate() {
            for (index, count) in counts.iter_mut().enumerate() {
                let weekend = day % 7 > 4;
                let level = if day < starts[index] { 0 } else if weekend { levels[index] / 4 } else { levels[index] };
                *count = if day < starts[index] { 0 } else { *count + level };
            }
        }
        for (day, index, count) in bursts {
            counts[day][index] += count;
        }
        let (past, policy) = (past(&counts), Policy::parse(POLICY).unwrap());
        let since = first().saturating_add(31.days());
        let mut replayed: Vec<_> = replay(&past, &policy, since, &|_| {}).unwrap().sent.iter().map(shown).collect();
        replayed.sort();
        prop_assert_eq!(replayed, live(&past, &policy, since));
    }
}

#[test]
fn a_replay_tells_what_was_spent_at_each_alert_and_in_the_end() {
    let counts: Vec<_> = (0..90).map(|day| [if day == 75 { 2_000 } else { 100 }, 0, 0]).collect();
    let policy = Policy::parse(POLICY).unwrap();
    let replay = replay(&past(&counts), &policy, jiff::civil::date(2026, 3, 1), &|_| {}).unwrap();
    let shown = |sent: &Sent| {
        let (at, end) = sent.spent.unwrap();
        format!("{} {at} {end}", shown(sent))
    };
    insta::assert_snapshot!(replay.sent.iter().map(shown).collect::<Vec<_>>().join("\n"), @r#"
    2026-03-03 default FORECAST: +12025550100 likely over USD 48 by 31 March 6 100
    2026-03-17 default SPIKE: +12025550100 sent 2000 messages today, usually 100 40 40
    2026-03-17 sales SPIKE: the whole account sent 2000 messages today, usually 100 40 40
    2026-03-20 default OVER: +12025550100 at 130% (USD 78.00 of 60), March 78 100
    "#);
}

#[test]
fn a_summary_counts_the_money_of_a_subject_and_period_once() {
    let counts: Vec<_> = (0..90).map(|day| [if day == 75 { 2_000 } else { 100 }, 0, 0]).collect();
    let replay =
        replay(&past(&counts), &Policy::parse(POLICY).unwrap(), jiff::civil::date(2026, 3, 1), &|_| {}).unwrap();
    let (months, all) = replay.summaries(crate::domain::policy::GroupBy::Run).unwrap();
    assert_eq!(months, std::slice::from_ref(&all));
    let shown = |row: &Row| {
        let Row { receiver, kind, scope, alerts, at_alert, after_alert, .. } = row;
        format!("{receiver} {} {} {alerts} {at_alert} {after_alert}", kind.name(), scope.unwrap().name())
    };
    insta::assert_snapshot!(all.rows.iter().map(shown).collect::<Vec<_>>().join("\n"), @"
    default budget billing_number 1 78 22
    default spike billing_number 1 40 0
    default forecast billing_number 1 6 94
    sales spike account 1 40 0
    ");
    assert_eq!((all.alerts, all.messages), (4, 4));
}

#[test]
fn of_two_policies_alerts_are_new_gone_earlier_or_later() {
    let counts: Vec<_> = (0..90).map(|_| [100, 0, 0]).collect();
    let policy = |levels: &str, amount: u32| {
        let budget = format!(
            "[[budget]]\nname = 'n'\nscope = 'billing_number'\ncurrency = 'USD'\namount = {amount}\nalert_at = [{levels}]"
        );
        replay(&past(&counts), &Policy::parse(&budget).unwrap(), jiff::civil::date(2026, 3, 1), &|_| {}).unwrap()
    };
    let (one, other) = (policy("50, 100", 40), policy("80, 100", 20));
    let difference = one.against(&other);
    let levels = |list: &[&Sent]| list.iter().map(|sent| sent.alert.level.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!((levels(&difference.new), levels(&difference.gone)), (vec!["50%".to_owned()], vec!["80%".to_owned()]));
    assert_eq!((difference.later.len(), difference.later[0].days), (1, 10));
    let back = other.against(&one);
    assert_eq!((back.earlier.len(), back.earlier[0].days, back.later.len()), (1, 10, 0));
    assert_eq!(one.against(&one).counts().unchanged, 2);
}
