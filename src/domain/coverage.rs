//! What was read of the report, and what was not.
//!
//! Whatever is not known is a value with its reason: a [`Gap`] cannot be built without the error that made it, so that a run that lacks
//! something cannot end well. From coverage follows how far a figure can be trusted ([`Certainty`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::charge::{Line, Scope};
use super::dates::Dates;
use super::money::Currency;
use super::period::Period;
use super::product::{Product, Products};
use super::totals::Sum;
use crate::error::Code;

/// Dates that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which of Zoom's reports.
    pub product: Product,
    /// The dates of the report.
    pub dates: Dates,
    /// What the failure is called.
    pub code: Code,
    /// The failure in words.
    pub problem: String,
}

/// A field of a row that cannot be read whole: what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// This value.
    Value(T),
    /// It may be any.
    Unknown,
}

impl<T: PartialEq> Known<T> {
    fn may_be(&self, value: &T) -> bool {
        match self {
            Known::Value(known) => known == value,
            Known::Unknown => true,
        }
    }
}

/// A row that might carry a charge and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the row of message {message_id}: {field} {problem}")]
pub struct RowFault {
    /// What the row is a charge for.
    pub product: Product,
    /// Zoom's id of the message, or `(no message_id)`.
    pub message_id: String,
    /// The field that cannot be read.
    pub field: &'static str,
    /// What is wrong with it, with what was given.
    pub problem: String,
    /// When the message was sent.
    pub sent: Known<Timestamp>,
    /// The billing number.
    pub number: Known<Arc<str>>,
    /// The department.
    pub department: Known<Arc<str>>,
    /// The cost center.
    pub cost_center: Known<Arc<str>>,
    /// The extension.
    pub extension: Known<Arc<str>>,
    /// The currency.
    pub currency: Known<Currency>,
}

impl RowFault {
    /// The fault of a row of which nothing is known: it may be anybody's.
    #[must_use]
    pub fn of_any(self) -> RowFault {
        let (number, department, cost_center, extension) =
            (Known::Unknown, Known::Unknown, Known::Unknown, Known::Unknown);
        RowFault { number, department, cost_center, extension, currency: Known::Unknown, ..self }
    }

    /// Whether the row may be one of this subject's in this period.
    fn may_belong_to(&self, period: &Period, scope: Scope, subject: &Arc<str>, currency: Currency) -> bool {
        self.may_lie_in(period)
            && self.currency.may_be(&currency)
            && match scope {
                Scope::BillingNumber => self.number.may_be(subject),
                Scope::Department => self.department.may_be(subject),
                Scope::CostCenter => self.cost_center.may_be(subject),
                Scope::Extension => self.extension.may_be(subject),
                Scope::Account => true,
            }
    }

    fn may_lie_in(&self, period: &Period) -> bool {
        match &self.sent {
            Known::Value(sent) => (period.from()..period.to()).contains(sent),
            Known::Unknown => true,
        }
    }
}

/// Rows of a day and a line whose price Zoom does not know yet: neither zero nor a fault. Their money is missing from the sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotPriced {
    /// What the rows are charges for.
    pub product: Product,
    /// The civil day.
    pub day: Date,
    /// Whose they are; of [`Currency::NONE`] if the currency is not known before the price.
    pub line: Line,
    /// How many.
    pub rows: u64,
}

/// A figure that fell and waits for a second reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unconfirmed {
    /// What is charged.
    #[serde(skip_serializing_if = "Product::is_sms")]
    pub product: Product,
    /// The civil day.
    pub day: Date,
    /// The currency.
    pub currency: Currency,
    /// What was believed.
    #[serde(serialize_with = "amount")]
    pub before: Sum,
    /// What was read.
    #[serde(serialize_with = "amount")]
    pub after: Sum,
}

fn amount<S: serde::Serializer>(sum: &Sum, serializer: S) -> Result<S::Ok, S::Error> {
    sum.amount.serialize(serializer)
}

/// How far a sum can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The report was read whole.
    Exact,
    /// A day's figure fell, and a later reading has yet to confirm it; the sum is the larger one.
    Unconfirmed,
    /// Something was not read. The sum is what was read or remembered; the whole may be more, or less, if a credit is missing.
    AtLeast,
}

/// What was read, and what was not.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Dates that were not read.
    pub gaps: Vec<Gap>,
    /// Rows that cannot be read.
    pub row_faults: Vec<RowFault>,
    /// Figures that fell.
    pub unconfirmed: Vec<Unconfirmed>,
    /// Rows without a price yet.
    pub not_priced: Vec<NotPriced>,
    /// The last runs that kept what they read.
    pub kept_at: BTreeMap<Product, Vec<Timestamp>>,
    /// When the figures of each day were read with which this run has compared its own. One that is not listed needs no second reading.
    pub read_before: BTreeMap<(Product, Date), Timestamp>,
    /// Whether figures were not compared with earlier ones, so that nobody knows whether one fell: nothing is corrected by them.
    pub is_blind: bool,
}

impl Coverage {
    /// Whether figures as of this moment are in the daybook, so that it knows of a fall from them.
    #[must_use]
    pub fn was_kept(&self, at: Timestamp, product: Product) -> bool {
        self.kept_at.get(&product).is_some_and(|kept| kept.contains(&at))
    }

    /// Whether a day was read twice since this moment: by this run, and before.
    #[must_use]
    pub fn was_read_twice(&self, since: Timestamp, product: Product, day: Date) -> bool {
        self.read_before.get(&(product, day)).is_none_or(|read_before| *read_before >= since)
    }

    /// Whether the report was read whole.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && self.row_faults.is_empty()
    }

    /// Whether all of a period was read, as far as it has passed.
    #[must_use]
    pub fn is_whole(&self, products: Products, period: &Period) -> bool {
        let may_lie_in = |fault: &RowFault| products.include(fault.product) && fault.may_lie_in(period);
        self.has_no_gap(products, period.from(), period.to()) && !self.row_faults.iter().any(may_lie_in)
    }

    /// Whether no gap can hold rows of these moments.
    #[must_use]
    pub fn has_no_gap(&self, products: Products, from: Timestamp, to: Timestamp) -> bool {
        let listing = Dates::listing(from, to);
        !self.gaps.iter().any(|gap| products.include(gap.product) && gap.dates.overlap(&listing))
    }

    /// How far the sum of a subject can be trusted.
    #[must_use]
    pub fn certainty(
        &self,
        products: Products,
        period: &Period,
        scope: Scope,
        (subject, currency): (&Arc<str>, Currency),
    ) -> Certainty {
        let fault =
            |fault: &RowFault| products.include(fault.product) && fault.may_belong_to(period, scope, subject, currency);
        let (first, last) = period.days();
        let fell = |fall: &Unconfirmed| {
            products.include(fall.product) && fall.currency == currency && (first..=last).contains(&fall.day)
        };
        if !self.has_no_gap(products, period.from(), period.to()) || self.row_faults.iter().any(fault) {
            Certainty::AtLeast
        } else if self.unconfirmed.iter().any(fell) {
            Certainty::Unconfirmed
        } else {
            Certainty::Exact
        }
    }

    /// The rows of a period without a price, by the subjects of a scope; `account` is the one of [`Scope::Account`].
    #[must_use]
    pub fn not_priced(
        &self,
        products: Products,
        period: &Period,
        scope: Scope,
        account: &Arc<str>,
    ) -> BTreeMap<(Arc<str>, Currency), u64> {
        let (first, last) = period.days();
        let mut counts = BTreeMap::new();
        for not_priced in &self.not_priced {
            if products.include(not_priced.product) && (first..=last).contains(&not_priced.day) {
                let subject = scope.subject(&not_priced.line).unwrap_or(account);
                *counts.entry((Arc::clone(subject), not_priced.line.currency)).or_default() += not_priced.rows;
            }
        }
        counts
    }
}

/// A sum of a past day that Zoom has changed since it was read before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restated {
    /// What is charged.
    #[serde(skip_serializing_if = "Product::is_sms")]
    pub product: Product,
    /// The civil day.
    pub day: Date,
    /// The number, or `(none)`.
    pub billing_number: Arc<str>,
    /// ISO 4217.
    pub currency: Currency,
    /// The exact sum as it was believed.
    #[serde(serialize_with = "amount")]
    pub before: Sum,
    /// The exact sum as it was read now.
    #[serde(serialize_with = "amount")]
    pub after: Sum,
}

/// What the sums rest on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Whether all of the report was read, to its last row.
    pub complete: bool,
    /// Distinct rows with a charge.
    pub rows: u64,
    /// Pages read.
    pub pages: u64,
    /// Civil days, in the policy's zone, that are judged.
    pub days: u64,
    /// How many of these were read by earlier runs, and are taken from the daybook.
    pub days_from_history: u64,
    /// When the newest of the rows was sent.
    pub newest_row: Option<Timestamp>,
    /// The last date that Zoom answered for.
    pub read_to: Option<Date>,
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::period::PeriodKind;
    use super::*;

    fn november() -> Period {
        Period::containing(PeriodKind::Month, "2026-11-05T12:00:00Z".parse().unwrap(), &TimeZone::UTC).unwrap()
    }

    fn gap(from: &str, to: &str) -> Coverage {
        let dates = Dates { from: from.parse().unwrap(), to: to.parse().unwrap() };
        let gap = Gap { product: Product::Sms, dates, code: Code::ZoomUnavailable, problem: "HTTP 500".to_owned() };
        Coverage { gaps: vec![gap], ..Coverage::default() }
    }

    #[test]
    fn a_gap_touches_the_periods_whose_rows_it_may_hold() {
        let listing = Dates::listing(november().from(), november().to());
        assert_eq!(
            (listing.from.to_string(), listing.to.to_string()),
            ("2026-10-28".to_owned(), "2026-12-04".to_owned())
        );
        for (from, to, whole) in [
            ("2026-10-01", "2026-10-27", true),
            ("2026-10-01", "2026-10-28", false),
            ("2026-11-10", "2026-11-10", false),
            ("2026-12-04", "2026-12-09", false),
            ("2026-12-05", "2026-12-09", true),
        ] {
            assert_eq!(gap(from, to).is_whole(Products::All, &november()), whole, "{from} {to}");
            // A gap in one report is none in another.
            assert!(gap(from, to).is_whole(Products::One(Product::Call), &november()), "{from} {to}");
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_makes_only_those_unproven_that_it_can_belong_to() {
        let [one, other] = ["+1", "+2"].map(Arc::<str>::from);
        let [usd, eur] = ["USD", "EUR"].map(|code| Currency::parse(code).unwrap());
        let fault = RowFault {
            product: Product::Sms,
            message_id: "M-1".to_owned(),
            field: "total_charge",
            problem: "is missing".to_owned(),
            sent: Known::Value("2026-11-05T10:00:00Z".parse().unwrap()),
            number: Known::Value(Arc::clone(&one)),
            department: Known::Unknown,
            cost_center: Known::Unknown,
            extension: Known::Unknown,
            currency: Known::Value(usd),
        };
        let coverage = |fault: RowFault| Coverage { row_faults: vec![fault], ..Coverage::default() };
        let of = |coverage: &Coverage, scope, subject, currency| {
            coverage.certainty(Products::All, &november(), scope, (subject, currency))
        };
        let known = coverage(fault.clone());
        assert_eq!(of(&known, Scope::BillingNumber, &one, usd), Certainty::AtLeast);
        assert_eq!(of(&known, Scope::BillingNumber, &other, usd), Certainty::Exact);
        assert_eq!(of(&known, Scope::BillingNumber, &one, eur), Certainty::Exact);
        assert_eq!(of(&known, Scope::Department, &other, usd), Certainty::AtLeast);
        assert_eq!(of(&known, Scope::Account, &other, usd), Certainty::AtLeast);
        let elsewhere =
            coverage(RowFault { sent: Known::Value("2026-12-05T10:00:00Z".parse().unwrap()), ..fault.clone() });
        assert_eq!(of(&elsewhere, Scope::BillingNumber, &one, usd), Certainty::Exact);
        let anywhere =
            coverage(RowFault { sent: Known::Unknown, number: Known::Unknown, currency: Known::Unknown, ..fault });
        assert_eq!(of(&anywhere, Scope::BillingNumber, &other, eur), Certainty::AtLeast);
    }
}
