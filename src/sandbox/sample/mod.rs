//! The account that comes with the sandbox: lines that send every day, at the rates of their destinations, what
//! happens to an account in a year, and the same lines' calls and faxes.
//!
//! Everything follows from the date alone, so that a later `now` adds rows and changes none.

mod calls;
mod faxes;
mod lines;
mod month;
mod story;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::data::Dataset;
use super::dice::Dice;
use lines::{Day, HOME, LINES};

/// The report goes back thirteen months from a date; so far back do the months of the account go.
const MONTHS: i32 = 13;

impl Dataset {
    /// The sample account: from the first of the month thirteen months ago up to `now`.
    pub fn sample(now: Timestamp) -> Dataset {
        let today = now.to_zoned(TimeZone::UTC).date();
        let start = today.first_of_month().saturating_sub(MONTHS.months());
        let mut rows = Vec::new();
        for date in start.series(1.day()).take_while(|date| *date <= today) {
            let day = Day::of(date);
            for (number, line) in (1_u64..).zip(LINES) {
                let campaign = line.name == "Campaigns";
                let tenths = if campaign { story::campaign_tenths(date) } else { 10 };
                line.day(day, tenths, &mut day.dice(number), &mut rows);
            }
            story::day(day, &mut rows);
            calls::day(day, &mut rows);
            faxes::day(day, &mut rows);
            if let Some(line) = LINES.first() {
                story::oddities(line, day, &mut rows);
            }
        }
        Dataset::of(rows, now)
    }

    /// `rows` rows over the month of `now` up to `now`, seven in eight at a charge; the same for the same seed.
    pub fn generated(rows: usize, seed: u64, now: Timestamp) -> Dataset {
        let mut dice = Dice::new(seed);
        let month = Day::of(now.to_zoned(TimeZone::UTC).date().first_of_month());
        let length = u32::try_from(now.duration_since(month.second(0)).as_secs()).unwrap_or_default();
        let rows = (0..rows).filter_map(|_| {
            let sent = month.second(dice.below(length).into());
            let line = dice.pick(LINES)?;
            let to = if dice.below(8) == 0 { &HOME } else { dice.pick(line.to)? };
            let parts = 1 + dice.below(9);
            Some(line.row(sent, to, parts, &mut dice))
        });
        Dataset::of(rows.collect(), now)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::super::reports::ReportKind;
    use super::super::row::Row;
    use super::super::truth::billing_identity;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn november() -> Dataset {
        Dataset::sample(at("2026-11-22T13:00:00Z"))
    }

    #[test]
    fn the_sample_is_the_same_twice() {
        assert!(november().rows().eq(november().rows()));
    }

    #[test]
    fn a_later_sample_changes_no_row() {
        let later = Dataset::sample(at("2027-01-30T23:00:00Z"));
        let later: HashSet<_> = later.rows().collect();
        let start = at("2025-12-01T00:00:00Z");
        let sample = november();
        assert!(sample.rows().filter(|row| row.sent >= start).all(|row| later.contains(row)));
        let earlier = Dataset::sample(at("2026-11-03T01:00:00Z"));
        let rows: HashSet<_> = sample.rows().collect();
        assert!(earlier.rows().all(|row| rows.contains(row)));
    }

    #[test]
    fn the_sample_spends_what_the_demonstration_needs() {
        let truth = november().truth(at("2026-11-01T00:00:00Z"), at("2026-11-22T13:00:00Z"));
        let sums = truth
            .iter()
            .map(|((number, currency), truth)| format!("{number}: {} {currency} in {}", truth.amount, truth.messages));
        insta::assert_snapshot!(sums.collect::<Vec<_>>().join("\n"), @"
        (none): 2.753 USD in 20
        +12025550112: 10.6164 USD in 82
        +12025550131: 20.4583 USD in 172
        +12025550143: 69.0775 USD in 105
        +12025550187: 115.0931 USD in 180
        +12025550223: 35.1865 USD in 103
        +12025550224: 1.2797 USD in 8
        +12025550225: 0.9997 USD in 8
        +12025550303: 4.6513 USD in 35
        +2100000980 Ext. 1001: 1.6644 USD in 17
        +33199005521: 13.7901 EUR in 109
        +442079460018: 4.505 GBP in 27
        +493023125017: 3.6367 EUR in 36
        ");
    }

    #[test]
    fn the_sample_tells_a_story_of_thirteen_months() {
        let sample = november();
        let mut months: BTreeMap<&str, BTreeMap<i16, u32>> = BTreeMap::new();
        let utc = |row: &Row| row.sent.to_zoned(TimeZone::UTC).date();
        let messages = sample.rows().filter(|row| row.report == ReportKind::Sms);
        for row in messages.filter(|row| row.is_charged() && row.sent < sample.today()) {
            let month = utc(row).year() * 12 + i16::from(utc(row).month());
            *months.entry(row.billing_number.as_deref().unwrap_or("(none)")).or_default().entry(month).or_default() +=
                1;
        }
        let line = |(number, counts): (&&str, &BTreeMap<i16, u32>)| {
            let counts = (2026 * 12 - 2..=2026 * 12 + 11).map(|month| counts.get(&month).copied().unwrap_or_default());
            format!("{number:<20}{}", counts.map(|count| format!("{count:>5}")).collect::<String>())
        };
        insta::assert_snapshot!(months.iter().map(line).collect::<Vec<_>>().join("\n"), @"
        (none)                 29   19   26   20   23   24   20   19   22   19   20   22   21   20
        +12025550112          108  112  116  109   97  121  109  107  110  113  108  111  105   82
        +12025550131          219  235  260  271   44   65   80  111  126  149  165  203  206  172
        +12025550143          151  126  140  148  133  153  137  128  144  148  130  150  145  107
        +12025550187          288  278  521  303  253  469  262  254  439  305  295  543  276  180
        +12025550210          102    0    0    0    0    0    0    0    0    0    0    0    0    0
        +12025550211           11  102    0    0    0    0    0    0    0    0    0    0    0    0
        +12025550212            8   15  102    0    0    0    0    0    0    0    0    0    0    0
        +12025550213            0    8    8  106    0    0    0    0    0    0    0    0    0    0
        +12025550214            0    0    7   14  107    0    0    0    0    0    0    0    0    0
        +12025550215            0    0    0    7    5  104    0    0    0    0    0    0    0    0
        +12025550216            0    0    0    0   13    7  107    0    0    0    0    0    0    0
        +12025550217            0    0    0    0    0   12    7  107    0    0    0    0    0    0
        +12025550218            0    0    0    0    0    0    9    9  109    0    0    0    0    0
        +12025550219            0    0    0    0    0    0    0   10   12   99    0    0    0    0
        +12025550220            0    0    0    0    0    0    0    0    6   11  111    0    0    0
        +12025550221            0    0    0    0    0    0    0    0    0   11   10  103    0    0
        +12025550222            0    0    0    0    0    0    0    0    0    0   12   12  110    0
        +12025550223            0    0    0    0    0    0    0    0    0    0    0   14   14  103
        +12025550224            0    0    0    0    0    0    0    0    0    0    0    0    9    8
        +12025550225            0    0    0    0    0    0    0    0    0    0    0    0    0    8
        +12025550300           65    0    0    0    0    0    0    0    0    0    0    0    0    0
        +12025550301            0   50   73   77   67   70   68    0    0    0    0    0    0    0
        +12025550302            0    0    0    0    0    0    0   51   70   81   75   72   68    0
        +12025550303            0    0    0    0    0    0    0    0    0    0    0    0    0   35
        +33199005521          186  168  178  158  149  166  181  159  171  172  168  168  165  109
        +442079460018          41   43   41   40   38   38   44   39   41   47   43   46   42   27
        +493023125017          50   57   51   54   55   51   51   56   44   54   54   46   49   36
        2100000980 Ext. 1001   29   25   27   24   29   26   27   26   30   31   28   32   25   17
        ");
    }

    #[test]
    fn a_device_runs_away_at_14_o_clock_in_the_last_month() {
        let sample = november();
        let mut days: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in sample.rows().filter(|row| row.billing_number.as_deref() == Some("+12025550223")) {
            days.entry(row.sent.to_zoned(TimeZone::UTC).date()).or_default().push(row.sent);
        }
        let busiest = days.iter().max_by_key(|(_, sent)| sent.len()).map(|(date, sent)| (date.to_string(), sent.len()));
        assert_eq!(busiest, Some(("2026-11-19".to_owned(), 96)));
        let first = days.values().flatten().filter(|sent| **sent >= at("2026-11-19T00:00:00Z")).min();
        assert_eq!(first, Some(&at("2026-11-19T14:00:00Z")));
        let usual = days.values().filter(|sent| sent.len() < 50).map(Vec::len).max();
        assert!(usual < Some(5), "{usual:?}");
    }

    #[test]
    fn office_numbers_rest_on_weekends_and_names_of_customers_are_not_the_companys() {
        let sample = november();
        let (mut weekdays, mut sundays) = (0, 0);
        for row in sample.rows() {
            if row.billing_number.as_deref() == Some("+12025550143") && row.is_charged() {
                match row.sent.to_zoned(TimeZone::UTC).weekday() {
                    jiff::civil::Weekday::Sunday => sundays += 1,
                    jiff::civil::Weekday::Saturday => {}
                    _ => weekdays += 1,
                }
            }
            if row.delivery_status.as_deref() == Some("Received") {
                assert!(row.from_extension_number.is_none() && row.to_extension_number.is_some());
                assert!(row.from_display_name.is_some() && row.from_display_name != row.to_display_name);
            }
        }
        assert!(sundays > 0 && weekdays > 20 * sundays, "{weekdays} {sundays}");
    }

    /// Charged calls or faxes by number and currency: how many in each month, and what they cost in the last.
    fn by_month(report: ReportKind) -> String {
        let sample = november();
        let month = |back: i32| {
            let first = jiff::civil::date(2026, 11, 1).saturating_sub(back.months());
            let midnight = |date: jiff::civil::Date| date.to_zoned(TimeZone::UTC).unwrap().timestamp();
            sample.truth_of(report, midnight(first), midnight(first.saturating_add(1.month())))
        };
        let months: Vec<_> = (0..=MONTHS).rev().map(month).collect();
        let lines: std::collections::BTreeSet<_> = months.iter().flat_map(BTreeMap::keys).collect();
        let line = |line: &&(String, String)| {
            let counts = months.iter().map(|month| month.get(line).map_or(0, |truth| truth.messages));
            let last = months.last().and_then(|month| month.get(line)).map_or("0", |truth| truth.amount.as_str());
            let counts = counts.map(|count| format!("{count:>5}")).collect::<String>();
            format!("{:<23}{counts}{last:>10} {}", line.0, line.1)
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_same_lines_make_calls_and_a_toll_free_number_takes_most() {
        insta::assert_snapshot!(by_month(ReportKind::Call), @"
        (none)                     8    9   10    9   10    8   11   14    7    5    9   11    9    5     1.217 USD
        +12025550112              28   26   29   25   24   25   25   27   22   28   24   28   29   19     3.851 USD
        +12025550143              38   31   39   39   32   34   28   32   39   37   34   35   34   21    2.9035 USD
        +12025550187               7    6   12   10    8    7    7    8   10   13    9   10    6    6     0.707 USD
        +18335550100             196  188  196  205  176  192  184  197  201  198  187  173  212  131    53.037 USD
        +2100000980 Ext. 1001     20   15    9   10   12   13   17   12   13   14   12    8   16    6     1.046 USD
        +33199005521              29   29   37   33   26   27   32   26   30   28   30   27   28   18     3.231 EUR
        +442079460018              8   14   12   13   10   11   15   13   12   18   14   14   13    8    0.8085 GBP
        +493023125017             17   16   20   13   14   13   12   20   17   16   11   14   10   12    1.1695 EUR
        ");
        let sample = november();
        let numbers = |report: ReportKind| {
            let rows = sample.rows().filter(move |row| row.report == report);
            rows.map(|row| billing_identity(row.billing_number.as_deref())).collect::<HashSet<_>>()
        };
        let calls = numbers(ReportKind::Call);
        assert_eq!(calls.difference(&numbers(ReportKind::Sms)).collect::<Vec<_>>(), ["+18335550100"]);
        let incoming = sample.rows().filter(|row| row.message_type.as_deref() == Some("tollfree"));
        let is_a_customers = |row: &Row| row.from_extension_number.is_none() && row.to_extension_number.is_some();
        assert!(incoming.take(100).all(is_a_customers));
        let night = sample.rows().filter(|row| row.report == ReportKind::Call && row.billing_number.is_none());
        let date = |moment: Timestamp| moment.to_zoned(TimeZone::UTC).date();
        assert!(night.take(20).any(|row| date(row.started()) < date(row.sent)), "calls that end on the next date");
    }

    #[test]
    fn faxes_are_few_and_the_newest_are_pending() {
        insta::assert_snapshot!(by_month(ReportKind::Fax), @"
        +2100000980 Ext. 1001     16   11   10    9   11   12    7   10    6   10   16   14    9    3     0.406 USD
        +493023125017              2    3    3    3    3    5    1    2    3    5    4    2    4    2     0.203 EUR
        ");
        let sample = november();
        let faxes = sample.in_report(sample.today()).filter(|row| row.report == ReportKind::Fax);
        let (pending, priced): (Vec<_>, Vec<_>) = faxes.partition(|row| row.pending);
        assert!((2..=6).contains(&pending.len()), "{}", pending.len());
        let is_newer = |row: &Row| pending.iter().all(|pending| pending.sent > row.sent);
        assert!(priced.iter().filter(|row| !row.unlimited).all(|row| is_newer(row)));
        assert!(priced.iter().any(|row| row.unlimited && row.charge == 0));
        let distinct =
            |rows: &[_]| rows.iter().map(|row: &&std::sync::Arc<Row>| row.message_id.clone()).collect::<HashSet<_>>();
        assert!(distinct(&pending).is_disjoint(&distinct(&priced)));
        let later = sample.clone().at(at("2026-12-12T06:00:00Z"));
        let known = |row: &Row| distinct(&pending).contains(&row.message_id);
        let priced = later.in_report(later.today()).filter(|row| known(row) && !row.pending);
        assert_eq!(priced.count(), pending.len());
    }

    #[test]
    fn generated_rows_are_as_many_as_asked_and_depend_on_the_seed() {
        let rows = |seed| Dataset::generated(500, seed, at("2026-11-22T13:00:00Z"));
        assert_eq!(rows(1).rows().count(), 500);
        assert!(rows(1).rows().eq(rows(1).rows()));
        assert!(!rows(1).rows().eq(rows(2).rows()));
    }
}
