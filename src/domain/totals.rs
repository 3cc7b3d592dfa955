//! Exact sums, and how they were come by.
//!
//! Charges are summed as they are read, at the finest grain that any budget or message asks for: civil day in the policy's zone, billing
//! number, department, cost center, extension, currency. Every period is a union of civil days, so the sum of any period and scope is a sum
//! of cells, and memory grows with the number of cells, not of rows.
//!
//! `Decimal` keeps 28 digits. [`Totals::add`] refuses a charge with which all charges of its currency together, without regard to their
//! sign, could not be kept exactly any more; so every sum of a part of them is exact, and only adding and merging can fail.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::charge::Charge;
use super::money::{Amount, Currency};
use super::period::Period;

/// What a subject without a value is called: charges without a department are a department's.
pub const NONE: &str = "(none)";

/// What a budget is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each billing number.
    BillingNumber,
    /// Each department.
    Department,
    /// Each cost center.
    CostCenter,
    /// The Zoom account as a whole.
    Account,
}

impl Scope {
    /// The name in the policy and in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scope::BillingNumber => "billing_number",
            Scope::Department => "department",
            Scope::CostCenter => "cost_center",
            Scope::Account => "account",
        }
    }

    /// A subject of this scope in words: `+14085550000`, `department Sales`, `the whole account`.
    #[must_use]
    pub fn of(self, subject: &str) -> String {
        match self {
            Scope::BillingNumber => subject.to_owned(),
            Scope::Department => format!("department {subject}"),
            Scope::CostCenter => format!("cost center {subject}"),
            Scope::Account => "the whole account".to_owned(),
        }
    }
}

/// A sum of charges in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The exact sum.
    pub amount: Amount,
    /// How many distinct charged rows it is of.
    pub messages: u64,
    /// Whether a credit is among them, so that fewer rows need not mean a smaller sum.
    pub has_credit: bool,
}

/// A charge that cannot be added to the others exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the charges would add up to more digits than can be kept exactly (28)")]
pub struct SumTooLong;

impl Sum {
    #[expect(
        clippy::expect_used,
        reason = "the extent of each currency is checked; a wrong figure is worse than a crash"
    )]
    fn add(&mut self, other: Sum) {
        self.amount = self.amount.checked_add(other.amount).expect("a sum within the extent of its currency");
        self.messages += other.messages;
        self.has_credit |= other.has_credit;
    }
}

/// How many digits the charges of a currency take up together.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    /// The sum of all charges without their signs.
    magnitude: Amount,
    /// The most decimal places of any charge.
    places: u32,
}

impl Extent {
    fn with(self, other: Extent) -> Result<Extent, SumTooLong> {
        let magnitude = self.magnitude.checked_add(other.magnitude).ok_or(SumTooLong)?;
        let places = self.places.max(other.places);
        if magnitude.fits(places) { Ok(Extent { magnitude, places }) } else { Err(SumTooLong) }
    }
}

/// Sums of one period by subject and currency.
pub type Sums = BTreeMap<(Arc<str>, Currency), Sum>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell {
    day: Date,
    billing_number: Name,
    department: Name,
    cost_center: Name,
    extension: Name,
    currency: Currency,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Name(usize);

/// Each text once, so that a row allocates only what is new.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
}

impl Names {
    fn of(&mut self, text: &str) -> Name {
        if let Some(name) = self.known.get(text) {
            return *name;
        }
        let (name, text) = (Name(self.texts.len()), Arc::<str>::from(text));
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, name);
        name
    }

    fn text(&self, name: Name) -> Arc<str> {
        self.texts.get(name.0).map_or_else(|| NONE.into(), Arc::clone)
    }
}

/// The sums of all charges read.
#[derive(Debug, Default)]
pub struct Totals {
    names: Names,
    extents: HashMap<Currency, Extent>,
    cells: HashMap<Cell, Sum>,
}

impl Totals {
    /// Adds one charge, in the civil day of `zone` on which it was sent.
    ///
    /// # Errors
    /// [`SumTooLong`]; the sums are then as before.
    pub fn add(&mut self, charge: &Charge<'_>, zone: &TimeZone) -> Result<(), SumTooLong> {
        let extent = Extent { magnitude: charge.amount.abs(), places: charge.amount.places() };
        let before = self.extents.get(&charge.currency).copied().unwrap_or_default();
        self.extents.insert(charge.currency, before.with(extent)?);
        let mut name = |text: Option<&str>| self.names.of(text.unwrap_or(NONE));
        let cell = Cell {
            day: zone.to_datetime(charge.sent).date(),
            billing_number: name(charge.billing_number),
            department: name(charge.department),
            cost_center: name(charge.cost_center),
            extension: name(charge.extension),
            currency: charge.currency,
        };
        let sum = Sum { amount: charge.amount, messages: 1, has_credit: charge.amount.is_negative() };
        self.cells.entry(cell).or_default().add(sum);
        Ok(())
    }

    /// Adds all the sums of `other`.
    ///
    /// # Errors
    /// [`SumTooLong`]; the sums are then as before.
    pub fn merge(&mut self, other: &Totals) -> Result<(), SumTooLong> {
        let mut extents = self.extents.clone();
        for (currency, extent) in &other.extents {
            let before = extents.get(currency).copied().unwrap_or_default();
            extents.insert(*currency, before.with(*extent)?);
        }
        self.extents = extents;
        for (cell, sum) in &other.cells {
            let mut name = |theirs| self.names.of(&other.names.text(theirs));
            let cell = Cell {
                billing_number: name(cell.billing_number),
                department: name(cell.department),
                cost_center: name(cell.cost_center),
                extension: name(cell.extension),
                ..*cell
            };
            self.cells.entry(cell).or_default().add(*sum);
        }
        Ok(())
    }

    /// The sums of a period by the subjects of a scope. `account` is the one subject of [`Scope::Account`].
    #[must_use]
    pub fn by_subject(&self, period: &Period, scope: Scope, account: &Arc<str>) -> Sums {
        let subject = |cell: &Cell| match scope {
            Scope::BillingNumber => self.names.text(cell.billing_number),
            Scope::Department => self.names.text(cell.department),
            Scope::CostCenter => self.names.text(cell.cost_center),
            Scope::Account => Arc::clone(account),
        };
        self.sums(period, |cell| Some(subject(cell)))
    }

    /// Who spent what a subject of a scope spent, largest first: the departments of a billing number (its extensions, if it has no
    /// department), and the billing numbers of all else.
    #[must_use]
    pub fn spenders(&self, period: &Period, scope: Scope, subject: &str, currency: Currency) -> Vec<Spender> {
        let subject = self.names.known.get(subject).copied();
        let of_subject = |cell: &Cell| {
            cell.currency == currency
                && match scope {
                    Scope::BillingNumber => Some(cell.billing_number) == subject,
                    Scope::Department => Some(cell.department) == subject,
                    Scope::CostCenter => Some(cell.cost_center) == subject,
                    Scope::Account => true,
                }
        };
        let by = |kind: SpenderKind| {
            let sums = self.sums(period, |cell| {
                of_subject(cell).then(|| match kind {
                    SpenderKind::Department => self.names.text(cell.department),
                    SpenderKind::Extension => self.names.text(cell.extension),
                    SpenderKind::BillingNumber => self.names.text(cell.billing_number),
                })
            });
            let mut spenders: Vec<_> =
                sums.into_iter().map(|((name, _), sum)| Spender { kind, name, amount: sum.amount }).collect();
            spenders.sort_by_key(|spender| std::cmp::Reverse(spender.amount));
            spenders
        };
        if scope != Scope::BillingNumber {
            return by(SpenderKind::BillingNumber);
        }
        let departments = by(SpenderKind::Department);
        match departments.as_slice() {
            [only] if &*only.name == NONE => by(SpenderKind::Extension),
            _ => departments,
        }
    }

    fn sums(&self, period: &Period, subject: impl Fn(&Cell) -> Option<Arc<str>>) -> Sums {
        let mut sums = Sums::new();
        for (cell, sum) in self.cells.iter().filter(|(cell, _)| period.holds(cell.day)) {
            if let Some(subject) = subject(cell) {
                sums.entry((subject, cell.currency)).or_default().add(*sum);
            }
        }
        sums
    }
}

/// Part of a sum, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spender {
    /// What `name` is the name of.
    pub kind: SpenderKind,
    /// The department, extension or billing number.
    pub name: Arc<str>,
    /// Its part.
    pub amount: Amount,
}

/// What a sum is split by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpenderKind {
    /// A department.
    Department,
    /// An extension of the company's.
    Extension,
    /// A billing number.
    BillingNumber,
}

impl SpenderKind {
    /// The name in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SpenderKind::Department => "department",
            SpenderKind::Extension => "extension",
            SpenderKind::BillingNumber => "billing_number",
        }
    }

    /// The name in messages for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            SpenderKind::Department => "department",
            SpenderKind::Extension => "extension",
            SpenderKind::BillingNumber => "number",
        }
    }
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
    /// Civil days, in the policy's zone, that were asked for.
    pub days: u64,
    /// When the newest of the rows was sent.
    pub newest_row: Option<Timestamp>,
    /// What Zoom said of the number of records, added up over the windows read. Its meaning is not documented; nothing rests on it.
    pub total_records: Option<u64>,
}
