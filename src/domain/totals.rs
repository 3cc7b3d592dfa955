//! Exact sums of charges.
//!
//! Charges are summed by civil day in the policy's zone and by [`Line`], the finest grain that any budget or message asks for. Every period
//! is a union of civil days, so the sum of any period and scope is a sum of such cells, and memory grows with cells, not with rows.
//!
//! A day may be **doubtful**: it was read in part, or its figure fell and waits for a second reading. Then the figure that was believed
//! before stands beside the one that was read, and each subject is judged by the larger of its two sums, so that the fall of one subject
//! cannot hide the rise of another.
//!
//! A charge has at most [`MOST_PLACES`] decimal places and is smaller than [`MOST_MAGNITUDE`], so that no sum of fewer than 10^7 of them, in
//! whatever combination, needs more than the 28 digits that `Decimal` keeps exactly.

mod figures;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;

pub use figures::Figures;

use super::charge::Line;
use super::money::{Amount, Currency};
use super::product::{Product, Products};

/// Decimal places of a charge.
pub const MOST_PLACES: u32 = 12;
/// A charge, without its sign, is below this.
pub const MOST_MAGNITUDE: u32 = 1_000_000_000;

/// A sum of charges in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The exact sum.
    pub amount: Amount,
    /// How many messages it is of, minutes of calls, or pages of faxes.
    pub messages: u64,
}

impl Sum {
    /// One charged message.
    #[must_use]
    pub fn of(amount: Amount) -> Sum {
        Sum { amount, messages: 1 }
    }

    /// Adds another sum.
    #[expect(
        clippy::expect_used,
        reason = "charges are bounded (see the module); a wrong figure is worse than a crash"
    )]
    pub fn add(&mut self, other: Sum) {
        self.amount = self.amount.checked_add(other.amount).expect("a sum of bounded charges");
        self.messages += other.messages;
    }

    /// Whether messages or money are fewer than in `before`.
    #[must_use]
    pub fn fell_from(self, before: Sum) -> bool {
        self.messages < before.messages || self.amount < before.amount
    }

    /// The sum of more money.
    #[must_use]
    pub fn larger(self, other: Sum) -> Sum {
        if other.amount > self.amount { other } else { self }
    }
}

/// The sums of one civil day, each line once, in the order of the lines.
pub type DaySums = Vec<(Line, Sum)>;

/// How many messages, minutes or pages each line has in each hour of a day, counted from the day's start.
pub type Hours = BTreeMap<(Line, u32), u64>;

/// Sums of a period by subject and currency.
pub type Sums = BTreeMap<(Arc<str>, Currency), Sum>;

/// The sums of a day by currency, over all that counts.
#[must_use]
pub fn by_currency(sums: &DaySums) -> BTreeMap<Currency, Sum> {
    let mut totals = BTreeMap::<Currency, Sum>::new();
    for (line, sum) in sums {
        totals.entry(line.currency).or_default().add(*sum);
    }
    totals
}

/// A day's sums of two origins in one.
#[must_use]
pub fn merged(one: &DaySums, other: &DaySums) -> DaySums {
    let mut sums: BTreeMap<&Line, Sum> = BTreeMap::new();
    for (line, sum) in one.iter().chain(other) {
        sums.entry(line).or_default().add(*sum);
    }
    sums.into_iter().map(|(line, sum)| (line.clone(), sum)).collect()
}

/// Each text once, and each line once: a year of days of ten thousand lines has to fit into a function's memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    known: HashMap<Arc<Line>, u32>,
    lines: Vec<Arc<Line>>,
}

impl Lines {
    #[expect(clippy::expect_used, reason = "four thousand million lines do not fit into memory")]
    pub(crate) fn id(&mut self, line: &Line) -> u32 {
        if let Some(id) = self.known.get(line) {
            return *id;
        }
        let (id, line) = (u32::try_from(self.lines.len()).expect("fewer than 2^32 lines"), Arc::new(line.clone()));
        self.lines.push(Arc::clone(&line));
        self.known.insert(line, id);
        id
    }

    #[expect(clippy::expect_used, reason = "ids are made here, and lines are never removed")]
    pub(crate) fn line(&self, id: u32) -> &Line {
        self.lines.get(id as usize).expect("a known line")
    }
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    line: u32,
    sum: Sum,
}

#[derive(Clone, Debug, Default)]
struct Day {
    cells: Vec<Cell>,
    /// Of a doubtful day: what was believed before it was read.
    before: Option<Vec<Cell>>,
    /// Of the day that is not over: by line and hour.
    hours: Vec<(u32, u32, u64)>,
}

/// The sums of all that was read or remembered, of each product by itself. What budgets and messages ask for is a view of it: [`Figures`].
#[derive(Clone, Debug)]
pub struct Totals {
    account: Arc<str>,
    lines: Lines,
    products: BTreeMap<Product, BTreeMap<Date, Day>>,
}

impl Totals {
    /// No sums as yet of these products; `account` is the one subject of [`super::charge::Scope::Account`].
    #[must_use]
    pub fn of(account: Arc<str>, products: &[Product]) -> Totals {
        let products = products.iter().map(|product| (*product, BTreeMap::new())).collect();
        Totals { account, lines: Lines::default(), products }
    }

    /// Zoom's account id.
    #[must_use]
    pub fn account(&self) -> &Arc<str> {
        &self.account
    }

    /// The figures of these products.
    #[must_use]
    pub fn figures(&self, products: Products) -> Figures<'_> {
        Figures { totals: self, products }
    }

    /// Sets the sums of a day.
    pub fn set(&mut self, product: Product, day: Date, sums: &DaySums) {
        let cells = self.cells_of(sums);
        self.products.entry(product).or_default().insert(day, Day { cells, ..Day::default() });
    }

    /// Makes a day doubtful: `before` was believed, `read` is what was read of it now.
    pub fn set_doubtful(&mut self, product: Product, day: Date, before: &DaySums, read: &DaySums) {
        let (before, cells) = (Some(self.cells_of(before)), self.cells_of(read));
        self.products.entry(product).or_default().insert(day, Day { cells, before, hours: Vec::new() });
    }

    /// Adds the hours of a day whose sums are set.
    pub fn set_hours(&mut self, product: Product, day: Date, hours: Hours) {
        let Some(day) = self.products.get_mut(&product).and_then(|days| days.get_mut(&day)) else { return };
        day.hours = hours.into_iter().map(|((line, hour), sent)| (self.lines.id(&line), hour, sent)).collect();
    }

    /// Forgets the days before one.
    #[cfg(any(test, feature = "cli"))]
    pub(super) fn forget_before(&mut self, day: Date) {
        self.products.values_mut().for_each(|days| *days = days.split_off(&day));
    }

    /// The sums of a day: of a doubtful one, what was believed before it was read.
    #[must_use]
    pub fn believed(&self, product: Product, day: Date) -> DaySums {
        let Some(day) = self.products.get(&product).and_then(|days| days.get(&day)) else { return DaySums::new() };
        let cells = day.before.as_ref().unwrap_or(&day.cells);
        cells.iter().map(|cell| (self.lines.line(cell.line).clone(), cell.sum)).collect()
    }

    fn cells_of(&mut self, sums: &DaySums) -> Vec<Cell> {
        sums.iter().map(|(line, sum)| Cell { line: self.lines.id(line), sum: *sum }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::tz::TimeZone;

    use super::super::charge::{NONE, Scope};
    use super::super::period::{Period, PeriodKind};
    use super::*;

    fn line(number: &str, department: &str, currency: &str) -> Line {
        let [number, department] = [number, department].map(Arc::from);
        let currency = Currency::parse(currency).unwrap();
        Line { number, department, cost_center: NONE.into(), extension: NONE.into(), name: NONE.into(), currency }
    }

    fn sum(amount: &str, messages: u64) -> Sum {
        Sum { amount: Amount::parse(amount).unwrap(), messages }
    }

    fn date(day: i8) -> Date {
        Date::constant(2026, 11, day)
    }

    fn november() -> Period {
        Period::containing(PeriodKind::Month, "2026-11-05T12:00:00Z".parse().unwrap(), &TimeZone::UTC).unwrap()
    }

    fn shown(sums: &Sums) -> Vec<String> {
        let one = |((subject, currency), sum): (&(Arc<str>, Currency), &Sum)| {
            format!("{subject} {currency} {} in {}", sum.amount, sum.messages)
        };
        sums.iter().map(one).collect()
    }

    #[test]
    fn a_period_is_the_sum_of_its_days() {
        let mut totals = Totals::of("acc".into(), &[Product::Sms]);
        totals.set(
            Product::Sms,
            date(1),
            &vec![(line("+1", "Sales", "USD"), sum("0.0205", 1)), (line("+2", NONE, "USD"), sum("1", 2))],
        );
        totals.set(
            Product::Sms,
            date(2),
            &vec![(line("+1", "Ops", "USD"), sum("0.041", 2)), (line("+1", "Ops", "EUR"), sum("3", 1))],
        );
        totals.set(Product::Sms, Date::constant(2026, 12, 1), &vec![(line("+1", "Ops", "USD"), sum("9", 1))]);
        let of = |scope| shown(&totals.figures(Products::All).by_subject(&november(), scope));
        assert_eq!(of(Scope::BillingNumber), ["+1 EUR 3 in 1", "+1 USD 0.0615 in 3", "+2 USD 1 in 2"]);
        assert_eq!(
            of(Scope::Department),
            ["(none) USD 1 in 2", "Ops EUR 3 in 1", "Ops USD 0.041 in 2", "Sales USD 0.0205 in 1"]
        );
        assert_eq!(of(Scope::Account), ["acc EUR 3 in 1", "acc USD 1.0615 in 5"]);
        let first = (Arc::from("+1"), Currency::parse("USD").unwrap());
        let days = totals.figures(Products::All).days_of(
            (date(1), date(30)),
            Scope::BillingNumber,
            &HashSet::from([first.clone()]),
        );
        let expected = BTreeMap::from([(date(1), sum("0.0205", 1)), (date(2), sum("0.041", 2))]);
        assert_eq!(days, HashMap::from([(first, expected)]));
    }

    #[test]
    fn each_subject_of_a_doubtful_day_is_judged_by_its_larger_sum() {
        let mut totals = Totals::of("acc".into(), &[Product::Sms]);
        let before = vec![(line("+1", NONE, "USD"), sum("100", 9)), (line("+2", NONE, "USD"), sum("1", 1))];
        let read = vec![(line("+2", NONE, "USD"), sum("50", 5)), (line("+3", NONE, "USD"), sum("-4", 1))];
        totals.set_doubtful(Product::Sms, date(1), &before, &read);
        let of = |scope| shown(&totals.figures(Products::All).by_subject(&november(), scope));
        assert_eq!(of(Scope::BillingNumber), ["+1 USD 100 in 9", "+2 USD 50 in 5", "+3 USD 0 in 0"]);
        assert_eq!(of(Scope::Account), ["acc USD 101 in 10"]);
    }

    #[test]
    fn each_product_is_summed_by_itself_and_all_together() {
        let mut totals = Totals::of("acc".into(), &[Product::Sms, Product::Call]);
        totals.set(Product::Sms, date(1), &vec![(line("+1", NONE, "USD"), sum("1", 1))]);
        totals.set(Product::Call, date(1), &vec![(line("+1", NONE, "USD"), sum("20", 9))]);
        totals.set(Product::Sms, date(2), &DaySums::new());
        let read = vec![(line("+1", NONE, "USD"), sum("3", 1))];
        totals.set_doubtful(Product::Call, date(3), &vec![(line("+1", NONE, "USD"), sum("7", 2))], &read);
        let of = |products| shown(&totals.figures(products).by_subject(&november(), Scope::BillingNumber));
        assert_eq!(of(Products::One(Product::Sms)), ["+1 USD 1 in 1"]);
        assert_eq!(of(Products::One(Product::Call)), ["+1 USD 27 in 11"]);
        assert_eq!(of(Products::All), ["+1 USD 28 in 12"]);
        assert_eq!(of(Products::One(Product::Fax)), [""; 0]);
        // A day that is known of one product only is not known of all.
        let known = |products| [1, 2, 3].map(|day| totals.figures(products).knows(date(day)));
        assert_eq!(known(Products::One(Product::Sms)), [true, true, false]);
        assert_eq!(known(Products::All), [true, false, false]);
        assert!(!totals.figures(Products::One(Product::Fax)).knows(date(1)));
    }
}
