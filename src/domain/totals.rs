//! Exact sums, and how they were come by.
//!
//! Charges are summed at the finest grain that any budget or message asks for: civil day in the policy's zone, and [`Line`], which is billing
//! number, department, cost center, extension and currency. Every period is a union of civil days, so the sum of any period and scope is a
//! sum of such cells, and memory grows with the number of cells, not of rows. A [`Tally`] adds up rows as they are read; [`Totals`] holds
//! what tallies and the history came to.
//!
//! `Decimal` keeps 28 digits. A charge is refused with which all charges of its currency together, without regard to their sign, could not
//! be kept exactly any more; so every sum of a part of them is exact, and only adding can fail.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::charge::{Charge, IdentityHasher};
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
    pub(super) fn add(&mut self, other: Sum) {
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

/// What the charges of a day are summed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// The company's number that is billed, or [`NONE`].
    pub billing_number: Arc<str>,
    /// The department, or [`NONE`].
    pub department: Arc<str>,
    /// The cost center, or [`NONE`].
    pub cost_center: Arc<str>,
    /// The company's own extension, or [`NONE`].
    pub extension: Arc<str>,
    /// The currency of the sum.
    pub currency: Currency,
}

/// The sums of one civil day, each line once, in the order of the lines.
pub type DaySums = Vec<(Line, Sum)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name(u32);

/// Each text once, so that a row allocates only what is new.
#[derive(Clone, Debug, Default)]
struct Names {
    known: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
}

impl Names {
    fn of(&mut self, text: &str) -> Name {
        if let Some(name) = self.known.get(text) {
            return *name;
        }
        let (name, text) = (Name(small(self.texts.len())), Arc::<str>::from(text));
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, name);
        name
    }

    fn text(&self, name: Name) -> Arc<str> {
        self.texts.get(name.0 as usize).map_or_else(|| NONE.into(), Arc::clone)
    }
}

#[expect(clippy::expect_used, reason = "four thousand million lines do not fit into memory")]
fn small(count: usize) -> u32 {
    count.try_into().expect("fewer than 2^32 lines")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct LineId(u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct LineNames {
    billing_number: Name,
    department: Name,
    cost_center: Name,
    extension: Name,
    currency: Currency,
}

/// Each line once.
#[derive(Clone, Debug, Default)]
struct Lines {
    names: Names,
    known: HashMap<LineNames, LineId>,
    lines: Vec<LineNames>,
}

impl Lines {
    fn of(&mut self, texts: [&str; 4], currency: Currency) -> LineId {
        let [billing_number, department, cost_center, extension] = texts.map(|text| self.names.of(text));
        let line = LineNames { billing_number, department, cost_center, extension, currency };
        *self.known.entry(line).or_insert_with(|| {
            self.lines.push(line);
            LineId(small(self.lines.len() - 1))
        })
    }

    fn of_line(&mut self, line: &Line) -> LineId {
        self.of([&line.billing_number, &line.department, &line.cost_center, &line.extension], line.currency)
    }

    #[expect(clippy::expect_used, reason = "ids are made here, and lines are never removed")]
    fn names(&self, id: LineId) -> LineNames {
        *self.lines.get(id.0 as usize).expect("a known line")
    }

    fn line(&self, id: LineId) -> Line {
        let line = self.names(id);
        Line {
            billing_number: self.names.text(line.billing_number),
            department: self.names.text(line.department),
            cost_center: self.names.text(line.cost_center),
            extension: self.names.text(line.extension),
            currency: line.currency,
        }
    }
}

/// By currency, of which there are few.
#[derive(Clone, Debug, Default)]
struct Extents(Vec<(Currency, Extent)>);

impl Extents {
    fn add(&mut self, currency: Currency, extent: Extent) -> Result<(), SumTooLong> {
        match self.0.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, before)) => *before = before.with(extent)?,
            None => self.0.push((currency, Extent::default().with(extent)?)),
        }
        Ok(())
    }

    fn with(&self, other: &Extents) -> Result<Extents, SumTooLong> {
        let mut both = self.clone();
        other.0.iter().try_for_each(|(currency, extent)| both.add(*currency, *extent))?;
        Ok(both)
    }
}

/// The civil days of one zone. The offset from UTC is looked up once for all instants up to the next turn of the clock.
#[derive(Debug)]
struct Days {
    zone: TimeZone,
    /// The instants around the last one looked up in which the clock is not turned.
    known: Range<Timestamp>,
    offset: Offset,
}

impl Days {
    fn of(zone: TimeZone) -> Days {
        Days { zone, known: Timestamp::UNIX_EPOCH..Timestamp::UNIX_EPOCH, offset: Offset::UTC }
    }

    /// The civil day that holds `at`.
    fn day(&mut self, at: Timestamp) -> Date {
        if !self.known.contains(&at) {
            self.look_up(at);
        }
        self.offset.to_datetime(at).date()
    }

    #[cold]
    fn look_up(&mut self, at: Timestamp) {
        self.offset = self.zone.to_offset(at);
        let after = at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(at);
        let turned = self.zone.preceding(after).next().map_or(Timestamp::MIN, |turn| turn.timestamp());
        let turns = self.zone.following(at).next().map_or(Timestamp::MAX, |turn| turn.timestamp());
        self.known = turned..turns;
    }
}

/// A line's sums.
#[derive(Debug)]
struct Lane {
    line: LineId,
    /// By day, in order. Charges come nearly in the order of time, so that the last day is nearly always the one.
    days: Vec<(Date, Sum)>,
}

impl Lane {
    #[expect(clippy::indexing_slicing, reason = "the place was found, or made, just before")]
    fn of_day(&mut self, day: Date) -> &mut Sum {
        let place = match self.days.last() {
            Some((last, _)) if *last == day => self.days.len() - 1,
            _ => self.days.binary_search_by_key(&day, |(day, _)| *day).unwrap_or_else(|place| {
                self.days.insert(place, (day, Sum::default()));
                place
            }),
        };
        &mut self.days[place].1
    }
}

/// The sums of rows while they are read.
#[derive(Debug)]
pub struct Tally {
    civil: Days,
    lines: Lines,
    extents: Extents,
    /// By the digest of their line.
    lanes: HashMap<u128, Lane, BuildHasherDefault<IdentityHasher>>,
}

impl Tally {
    /// Nothing as yet, by the civil days of `zone`.
    #[must_use]
    pub fn of(zone: TimeZone) -> Tally {
        let (lines, extents, lanes) = (Lines::default(), Extents::default(), HashMap::default());
        Tally { civil: Days::of(zone), lines, extents, lanes }
    }

    /// Adds one charge.
    ///
    /// # Errors
    /// [`SumTooLong`]; the sums are then as before.
    pub fn add(&mut self, charge: &Charge<'_>) -> Result<(), SumTooLong> {
        self.extents.add(charge.currency, Extent { magnitude: charge.amount.abs(), places: charge.amount.places() })?;
        let names = [charge.billing_number, charge.department, charge.cost_center, charge.extension];
        let lane = match self.lanes.entry(digest(names, charge.currency)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let line = self.lines.of(names.map(|name| name.unwrap_or(NONE)), charge.currency);
                new.insert(Lane { line, days: Vec::new() })
            }
        };
        let sum = Sum { amount: charge.amount, messages: 1, has_credit: charge.amount.is_negative() };
        lane.of_day(self.civil.day(charge.sent)).add(sum);
        Ok(())
    }
}

/// What a line is known by while rows are read, so that a row need not look up each of its names.
fn digest(names: [Option<&str>; 4], currency: Currency) -> u128 {
    let names = names.into_iter().chain([Some(currency.code())]);
    // Charges without a name are one with those that are called `NONE`.
    let parts = (0..)
        .zip(names)
        .filter_map(|(seed, name)| Some(xxh3_128_with_seed(name.filter(|name| *name != NONE)?.as_bytes(), seed)));
    parts.fold(0, u128::wrapping_add)
}

/// A sum as it is kept: a year of days of ten thousand lines has to fit into a function's memory.
#[derive(Clone, Copy, Debug)]
struct Cell {
    line: LineId,
    messages: u32,
    amount: Amount,
}

#[derive(Clone, Debug, Default)]
struct Day {
    /// In the order of the lines' ids.
    cells: Vec<Cell>,
    /// The lines that have a credit.
    credited: HashSet<LineId>,
}

impl Day {
    fn sum(&self, cell: &Cell) -> Sum {
        let has_credit = self.credited.contains(&cell.line);
        Sum { amount: cell.amount, messages: cell.messages.into(), has_credit }
    }

    /// Adds sums that lie within the extents. `sums` has each line once.
    fn add(&mut self, sums: impl IntoIterator<Item = (LineId, Sum)>) -> Result<(), SumTooLong> {
        let (mut before, mut after) = (std::mem::take(&mut self.cells).into_iter().peekable(), Vec::new());
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_unstable_by_key(|(line, _)| *line);
        after.reserve_exact(before.len().max(sums.len()));
        for (line, mut sum) in sums {
            after.extend(std::iter::from_fn(|| before.next_if(|cell| cell.line < line)));
            if let Some(cell) = before.next_if(|cell| cell.line == line) {
                sum.add(Sum { amount: cell.amount, messages: cell.messages.into(), has_credit: false });
            }
            if sum.has_credit {
                self.credited.insert(line);
            }
            let messages = u32::try_from(sum.messages).map_err(|_| SumTooLong)?;
            after.push(Cell { line, messages, amount: sum.amount });
        }
        after.extend(before);
        self.cells = after;
        Ok(())
    }
}

/// The sums of all that was read and remembered.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    lines: Lines,
    extents: Extents,
    days: BTreeMap<Date, Day>,
}

impl Totals {
    /// Adds all the sums of a tally.
    ///
    /// # Errors
    /// [`SumTooLong`]; the sums are then good for nothing.
    pub fn add(&mut self, tally: &Tally) -> Result<(), SumTooLong> {
        self.extents = self.extents.with(&tally.extents)?;
        let mut days = BTreeMap::<Date, Vec<(LineId, Sum)>>::new();
        for lane in tally.lanes.values() {
            let line = self.lines.of_line(&tally.lines.line(lane.line));
            for (day, sum) in &lane.days {
                days.entry(*day).or_default().push((line, *sum));
            }
        }
        days.into_iter().try_for_each(|(day, sums)| self.days.entry(day).or_default().add(sums))
    }

    /// Puts these sums in the place of those of a day.
    ///
    /// # Errors
    /// [`SumTooLong`]; the day then has no sums.
    pub fn replace_day(&mut self, day: Date, sums: &[(Line, Sum)]) -> Result<(), SumTooLong> {
        self.days.remove(&day);
        let extent = |sum: &Sum| Extent { magnitude: sum.amount.abs(), places: sum.amount.places() };
        sums.iter().try_for_each(|(line, sum)| self.extents.add(line.currency, extent(sum)))?;
        let mut kept = Day::default();
        kept.add(sums.iter().map(|(line, sum)| (self.lines.of_line(line), *sum)))?;
        self.days.insert(day, kept);
        Ok(())
    }

    /// The sums of a day.
    #[must_use]
    pub fn day(&self, day: Date) -> DaySums {
        let mut sums: DaySums = self
            .days
            .get(&day)
            .map(|day| day.cells.iter().map(|cell| (self.lines.line(cell.line), day.sum(cell))).collect())
            .unwrap_or_default();
        sums.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        sums
    }

    /// How many charged rows the sums are of.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.days.values().flat_map(|day| &day.cells).map(|cell| u64::from(cell.messages)).sum()
    }

    /// The sums of a period by the subjects of a scope. `account` is the one subject of [`Scope::Account`].
    #[must_use]
    pub fn by_subject(&self, period: &Period, scope: Scope, account: &Arc<str>) -> Sums {
        let sums = self.sums(period, |line| (line.subject(scope), line.currency));
        let text =
            |subject: Option<Name>| subject.map_or_else(|| Arc::clone(account), |name| self.lines.names.text(name));
        sums.into_iter().map(|((subject, currency), sum)| ((text(subject), currency), sum)).collect()
    }

    fn sums<K: Eq + std::hash::Hash>(&self, period: &Period, key: impl Fn(&LineNames) -> K) -> HashMap<K, Sum> {
        let mut sums = HashMap::new();
        for day in self.days.range(period.first_day()..=period.last_day()).map(|(_, day)| day) {
            for cell in &day.cells {
                sums.entry(key(&self.lines.names(cell.line))).or_insert_with(Sum::default).add(day.sum(cell));
            }
        }
        sums
    }
}

impl LineNames {
    /// `None`: the account.
    fn subject(&self, scope: Scope) -> Option<Name> {
        match scope {
            Scope::BillingNumber => Some(self.billing_number),
            Scope::Department => Some(self.department),
            Scope::CostCenter => Some(self.cost_center),
            Scope::Account => None,
        }
    }

    fn spender(&self, kind: SpenderKind) -> Name {
        match kind {
            SpenderKind::Department => self.department,
            SpenderKind::Extension => self.extension,
            SpenderKind::BillingNumber => self.billing_number,
        }
    }
}

/// Who spent what each subject of a scope spent in a period. All subjects are found in one pass, when the first is asked for.
#[derive(Debug)]
pub struct Spenders<'t> {
    totals: &'t Totals,
    known: HashMap<(Period, Scope, SpenderKind), SpendersBySubject>,
}

type SpendersBySubject = HashMap<(Option<Name>, Currency), Vec<Spender>>;

impl<'t> Spenders<'t> {
    /// The spenders behind these totals.
    #[must_use]
    pub fn of(totals: &'t Totals) -> Spenders<'t> {
        Spenders { totals, known: HashMap::new() }
    }

    /// Who spent what a subject of a scope spent, largest first: the departments of a billing number (its extensions, if it has no
    /// department), and the billing numbers of all else.
    pub fn behind(&mut self, period: &Period, scope: Scope, subject: &str, currency: Currency) -> Vec<Spender> {
        let subject = match scope {
            Scope::Account => None,
            _ => match self.totals.lines.names.known.get(subject) {
                Some(name) => Some(*name),
                None => return Vec::new(),
            },
        };
        let mut by = |kind| self.by_subject(period, scope, kind).get(&(subject, currency)).cloned().unwrap_or_default();
        if scope != Scope::BillingNumber {
            return by(SpenderKind::BillingNumber);
        }
        let departments = by(SpenderKind::Department);
        match departments.as_slice() {
            [only] if &*only.name == NONE => by(SpenderKind::Extension),
            _ => departments,
        }
    }

    fn by_subject(&mut self, period: &Period, scope: Scope, kind: SpenderKind) -> &SpendersBySubject {
        let totals = self.totals;
        self.known.entry((*period, scope, kind)).or_insert_with(|| {
            let mut spenders = SpendersBySubject::new();
            let sums = totals.sums(period, |line| (line.subject(scope), line.currency, line.spender(kind)));
            for ((subject, currency, name), sum) in sums {
                let spender = Spender { kind, name: totals.lines.names.text(name), amount: sum.amount };
                spenders.entry((subject, currency)).or_default().push(spender);
            }
            for spenders in spenders.values_mut() {
                spenders.sort_by(|one, other| other.amount.cmp(&one.amount).then_with(|| one.name.cmp(&other.name)));
            }
            spenders
        })
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Civil days, in the policy's zone, that are judged.
    pub days: u64,
    /// How many of these were read by earlier runs, and are taken from the history.
    #[serde(skip_serializing_if = "is_zero")]
    pub days_from_history: u64,
    /// When the newest of the rows was sent.
    pub newest_row: Option<Timestamp>,
    /// What Zoom said of the number of records, added up over the windows read. Its meaning is not documented; nothing rests on it.
    pub total_records: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_civil_day_is_the_same_whether_its_offset_is_known_or_looked_up(
            seconds in proptest::collection::vec(1_700_000_000_i64..1_900_000_000, 1..40),
            zone in proptest::sample::select(vec!["UTC", "America/St_Johns", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe"]),
        ) {
            let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
            let mut days = Days::of(zone.clone());
            for second in seconds {
                let at = Timestamp::from_second(second).unwrap();
                prop_assert_eq!(days.day(at), zone.to_datetime(at).date());
            }
        }
    }

    fn line(number: &str) -> Line {
        let none = || Arc::from(NONE);
        let currency = Currency::parse("USD").unwrap();
        Line { billing_number: number.into(), department: none(), cost_center: none(), extension: none(), currency }
    }

    fn sum(amount: &str, messages: u64) -> Sum {
        let amount = Amount::parse(amount).unwrap();
        Sum { amount, messages, has_credit: amount.is_negative() }
    }

    #[test]
    fn a_replaced_day_has_the_new_sums_alone() {
        let day = "2026-11-05".parse().unwrap();
        let mut totals = Totals::default();
        totals.replace_day(day, &[(line("+1"), sum("1.5", 3)), (line("+2"), sum("-0.5", 1))]).unwrap();
        let new = vec![(line("+2"), sum("7", 2)), (line("+3"), sum("0.25", 1))];
        totals.replace_day(day, &new).unwrap();
        assert_eq!(totals.day(day), new);
        assert_eq!(totals.messages(), 3);
    }
}
