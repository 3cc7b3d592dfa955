//! One builder of what tests judge: a policy, sums by day, what could not be read, and a moment.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use super::alert::{Alert, Decision, Finding, Thread, Threads, decide};
use super::baselines::Maker;
use super::case::Case;
use super::charge::{Line, NONE};
use super::coverage::{Coverage, Gap, Receipt, Unconfirmed};
use super::dates::Dates;
use super::evaluate::{History, evaluate};
use super::money::{Amount, Currency};
use super::period::{Period, PeriodKind};
use super::policy::{Policy, Receiver};
use super::product::Product;
use super::totals::{DaySums, Sum, Totals};
use crate::error::Code;

/// A budget of 100 USD a month for every number, with three levels.
pub(crate) const NUMBERS: &str = r#"
    time_zone = "America/New_York"
    [[budget]]
    name = "every number"
    scope = "billing_number"
    currency = "USD"
    amount = "100.00"
    alert_at = [50, 80, 100]
"#;

/// The 22nd of November at eight in New York.
pub(crate) const NOW: &str = "2026-11-22T13:00:00Z";
/// An hour before.
pub(crate) const BEFORE: &str = "2026-11-22T12:00:00Z";

pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) totals: Totals,
    pub(crate) coverage: Coverage,
    pub(crate) receipt: Receipt,
    pub(crate) receiver: Receiver,
    pub(crate) periods: Vec<Period>,
    pub(crate) history: History,
    pub(crate) as_of: Timestamp,
    /// What the figures are of that are set from here on.
    product: Product,
}

pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn sent(number: &str, department: &str, currency: &str, money: &str, messages: u64) -> (Line, Sum) {
    let [number, department] =
        [number, department].map(|text| if text.is_empty() { NONE.into() } else { Arc::<str>::from(text) });
    let extension = if &*department == NONE { "1003" } else { NONE };
    let line = Line {
        number,
        department,
        cost_center: NONE.into(),
        extension: extension.into(),
        name: NONE.into(),
        currency: Currency::parse(currency).unwrap(),
    };
    (line, Sum { amount: amount(money), messages })
}

fn by_senders(number: &str, department: &str, of: &[(&str, &str, &str, u64)]) -> DaySums {
    let one = |(extension, name, money, messages): &(&str, &str, &str, u64)| {
        let (line, sum) = sent(number, department, "USD", money, *messages);
        let [extension, name] = [extension, name].map(|text| Arc::<str>::from(*text));
        (Line { extension, name, ..line }, sum)
    };
    let mut sums: DaySums = of.iter().map(one).collect();
    sums.sort_by(|(one, _), (other, _)| one.cmp(other));
    sums
}

impl World {
    pub(crate) fn new(policy: &str) -> World {
        let policy = Policy::parse(policy).unwrap_or_else(|faults| panic!("{faults}"));
        let receipt = Receipt { complete: true, rows: 1443, pages: 6, days: 22, ..Receipt::default() };
        let receiver = Receiver::default_at("arn:aws:sns:us-east-1:123456789012:alerts");
        let (coverage, history) = (Coverage::default(), History::default());
        let totals = Totals::of("acc".into(), &policy.products);
        World {
            policy,
            totals,
            coverage,
            receipt,
            receiver,
            periods: Vec::new(),
            history,
            as_of: Timestamp::UNIX_EPOCH,
            product: Product::Sms,
        }
        .at(NOW)
    }

    /// The figures that are set from here on are of this product.
    pub(crate) fn of(mut self, product: Product) -> World {
        self.product = product;
        self
    }

    /// At this moment, the running period of each kind is judged.
    pub(crate) fn at(mut self, now: &str) -> World {
        self.as_of = now.parse().unwrap();
        let (kinds, zone) = (self.policy.period_kinds(), &self.policy.time_zone);
        self.periods = kinds.into_iter().map(|kind| Period::containing(kind, self.as_of, zone).unwrap()).collect();
        self
    }

    /// The sums of a day of November: number, department, currency, money.
    pub(crate) fn day(mut self, day: i8, sums: &[(&str, &str, &str, &str)]) -> World {
        let sums: DaySums = sums
            .iter()
            .map(|(number, department, currency, money)| sent(number, department, currency, money, 3))
            .collect();
        self.totals.set(self.product, jiff::civil::date(2026, 11, day), &sums);
        self
    }

    /// What a number of Marketing sent on a day of November, in USD.
    pub(crate) fn sent(mut self, day: i8, number: &str, messages: u64, money: &str) -> World {
        self.totals.set(
            self.product,
            jiff::civil::date(2026, 11, day),
            &vec![sent(number, "Marketing", "USD", money, messages)],
        );
        self
    }

    /// In which hours of a day of November it did.
    pub(crate) fn in_hours(mut self, day: i8, number: &str, hours: &[(u32, u64)]) -> World {
        let (line, _) = sent(number, "Marketing", "USD", "0", 0);
        let hours = hours.iter().map(|(hour, messages)| ((line.clone(), *hour), *messages)).collect();
        self.totals.set_hours(self.product, jiff::civil::date(2026, 11, day), hours);
        self
    }

    /// What it sent on each of so many days before today, but for the days that are set; and what follows for today.
    pub(crate) fn usually(mut self, days: i64, number: &str, messages: u64, money: &str) -> World {
        let usual = vec![sent(number, "Marketing", "USD", money, messages)];
        self.fill(days, &usual);
        self.learned(days)
    }

    /// What senders (extension, name, money and messages) of a department sent from a number on each of so many days before today, but for the
    /// days that are set.
    pub(crate) fn senders(
        mut self,
        days: i64,
        number: &str,
        department: &str,
        of: &[(&str, &str, &str, u64)],
    ) -> World {
        self.fill(days, &by_senders(number, department, of));
        self
    }

    /// What they sent on a day of November.
    pub(crate) fn senders_on(
        mut self,
        day: i8,
        number: &str,
        department: &str,
        of: &[(&str, &str, &str, u64)],
    ) -> World {
        self.totals.set(self.product, jiff::civil::date(2026, 11, day), &by_senders(number, department, of));
        self
    }

    fn fill(&mut self, days: i64, usual: &DaySums) {
        for day in self.past(days) {
            if self.totals.believed(self.product, day).is_empty() {
                self.totals.set(self.product, day, usual);
            }
        }
    }

    fn past(&self, days: i64) -> Vec<Date> {
        let today = self.policy.time_zone.to_datetime(self.as_of).date();
        today.saturating_sub(days.days()).series(1.day()).take_while(|day| *day < today).collect()
    }

    /// What follows for today from so many days before it.
    pub(crate) fn learned(mut self, days: i64) -> World {
        let today = self.policy.time_zone.to_datetime(self.as_of).date();
        let judged = self.periods.iter().filter(|period| period.kind() == PeriodKind::Day).map(Period::first_day).min();
        for products in Maker::needed(&self.policy) {
            let mut maker = Maker::new(&self.policy, products, self.totals.account(), today, judged.unwrap_or(today));
            for day in self.past(days) {
                let counted = self.policy.products.iter().filter(|product| products.include(**product));
                let sums: Vec<_> = counted.map(|product| self.totals.believed(*product, day)).collect();
                maker.add(day, sums.iter().flatten());
            }
            self.history.baselines.insert(products, maker.finish(|| true).unwrap());
        }
        self
    }

    /// One number has spent so much on the 5th.
    pub(crate) fn spent(self, money: &str) -> World {
        self.day(5, &[("+12025550187", "", "USD", money)])
    }

    /// Dates of November could not be read.
    pub(crate) fn unread(mut self, from: i8, to: i8) -> World {
        let [from, to] = [from, to].map(|day| jiff::civil::date(2026, 11, day));
        let problem = "HTTP 500".to_owned();
        self.coverage.gaps.push(Gap {
            product: Product::Sms,
            dates: Dates { from, to },
            code: Code::ZoomUnavailable,
            problem,
        });
        self.receipt.complete = false;
        self
    }

    /// A figure fell, and no second reading has confirmed it.
    pub(crate) fn unconfirmed(mut self) -> World {
        let (day, currency) = (jiff::civil::date(2026, 11, 5), Currency::parse("USD").unwrap());
        self.coverage.unconfirmed.push(Unconfirmed {
            product: Product::Sms,
            day,
            currency,
            before: Sum::of(amount("2")),
            after: Sum::of(amount("1")),
        });
        self
    }

    pub(crate) fn topic(mut self, name: &str) -> World {
        self.receiver.topic_arn = format!("arn:aws:sns:us-east-1:123456789012:{name}").into();
        self
    }

    pub(crate) fn case(&self) -> Case<'_> {
        Case {
            policy: &self.policy,
            totals: &self.totals,
            coverage: &self.coverage,
            receipt: &self.receipt,
            periods: &self.periods,
            receiver: &self.receiver,
            as_of: self.as_of,
            link: Some("https://console.aws.amazon.com/cloudwatch/home#dashboards:name=costs"),
            rerun: false,
        }
    }

    pub(crate) fn findings(&self) -> Vec<Finding<'_>> {
        evaluate(&self.case(), &self.history)
    }

    pub(crate) fn decided(&self, threads: &Threads) -> Vec<Alert<'_>> {
        decide(&self.findings(), threads, &self.case())
    }
}

/// The ledger after all that is due was sent, and all notes were taken.
pub(crate) fn recorded(threads: &Threads, alerts: &[Alert<'_>], case: &Case<'_>) -> Threads {
    let mut after: Vec<Thread> = threads.iter().cloned().collect();
    for alert in alerts {
        let Some(record) = alert.next.clone() else { continue };
        after.retain(|thread| thread.key != alert.key);
        after.push(Thread::after(alert.thread.as_deref(), &alert.key, record, None, alert.finding.ends(case)));
    }
    Threads::new(after, std::collections::BTreeSet::new(), false)
}

/// `50% of 50, also 30%`, or why nothing is sent.
pub(crate) fn shown(alert: &Alert<'_>, case: &Case<'_>) -> String {
    let record = alert.finding.wording(alert, case).machine;
    let level = record.level.unwrap_or_default();
    match (alert.decision, &alert.finding) {
        (Decision::Due, Finding::Correction(correction)) => {
            let days: Vec<_> = correction.days.iter().map(|day| day.day().to_string()).collect();
            format!(
                "correct {} to {}, still [{level}], no longer [{}], days [{}]",
                correction.previous.amount,
                correction.spent.sum.amount,
                record.no_longer_reached.join(" "),
                days.join(" ")
            )
        }
        (Decision::Due, _) => {
            let least = if record.at_least { "at least " } else { "" };
            format!("send {least}{level}, also [{}]", record.also_reached.join(" "))
        }
        (Decision::WaitsToCorrect { since }, _) => format!("waits since {since}"),
        (decision, _) => format!("{decision:?}"),
    }
}
