//! Sums of a product, or of all of them, by line, subject, day and period.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::{Cell, Day, Sum, Sums, Totals};
use crate::domain::charge::{Line, Scope};
use crate::domain::money::Currency;
use crate::domain::period::Period;
use crate::domain::product::Products;

/// The figures of one product, or of all that are read.
#[derive(Clone, Copy, Debug)]
pub struct Figures<'t> {
    pub(super) totals: &'t Totals,
    pub(super) products: Products,
}

impl<'t> Figures<'t> {
    /// Zoom's account id.
    #[must_use]
    pub fn account(self) -> &'t Arc<str> {
        &self.totals.account
    }

    /// Every cell of these days: day, line and sum, as read.
    pub fn cells(self, first: Date, last: Date) -> impl Iterator<Item = (Date, &'t Line, Sum)> {
        let lines = &self.totals.lines;
        let of_day = move |(day, sums): (Date, &'t Day)| {
            sums.cells.iter().map(move |cell| (day, lines.line(cell.line), cell.sum))
        };
        self.days((first, last)).flat_map(of_day)
    }

    /// The sums of a period by line, as read.
    #[must_use]
    pub fn by_line(self, period: &Period) -> Vec<(&'t Line, Sum)> {
        let mut sums = self.no_sums();
        for (_, day) in self.days(period.days()) {
            add_up(&mut sums, &day.cells);
        }
        self.lines().zip(sums).filter_map(|(line, sum)| Some((&**line, sum?))).collect()
    }

    /// How many messages, minutes or pages the sums are of, as read.
    #[must_use]
    pub fn messages(self, first: Date, last: Date) -> u64 {
        self.days((first, last)).flat_map(|(_, day)| &day.cells).map(|cell| cell.sum.messages).sum()
    }

    /// The subject of a scope that a line belongs to.
    pub(in crate::domain) fn subject(self, scope: Scope, line: &Line) -> Arc<str> {
        Arc::clone(scope.subject(line).unwrap_or(self.account()))
    }

    /// The sums of a period by the subjects of a scope.
    #[must_use]
    pub fn by_subject(self, period: &Period, scope: Scope) -> Sums {
        // A line is added up over the days before its subject is looked up.
        let mut of_lines = self.no_sums();
        let mut sums = Sums::new();
        for (_, day) in self.days(period.days()) {
            if day.before.is_some() {
                for (key, sum) in self.day_by_subject(day, scope) {
                    sums.entry(key).or_default().add(sum);
                }
                continue;
            }
            add_up(&mut of_lines, &day.cells);
        }
        for (line, sum) in self.lines().zip(of_lines) {
            if let Some(sum) = sum {
                sums.entry((self.subject(scope, line), line.currency)).or_default().add(sum);
            }
        }
        sums
    }

    /// Whether anything was read or remembered of a day, of each product; if not, its sums are unknown, not zero.
    #[must_use]
    pub fn knows(self, day: Date) -> bool {
        let mut each = self.by_product().peekable();
        each.peek().is_some() && each.all(|days| days.contains_key(&day))
    }

    /// Whether all days of a period are known.
    #[must_use]
    pub fn knows_all(self, period: &Period) -> bool {
        period.first_day().series(1.day()).take_while(|day| *day < period.end_day()).all(|day| self.knows(day))
    }

    /// The sums by civil day of those subjects of a scope that are wanted, in one pass.
    #[must_use]
    pub fn days_of(
        self,
        days: (Date, Date),
        scope: Scope,
        wanted: &HashSet<(Arc<str>, Currency)>,
    ) -> HashMap<(Arc<str>, Currency), BTreeMap<Date, Sum>> {
        let wanted: Vec<_> = wanted.iter().collect();
        let places: HashMap<_, _> = wanted.iter().zip(0_usize..).collect();
        // Which of them a line belongs to is looked up once.
        let key = |line: &Arc<Line>| (self.subject(scope, line), line.currency);
        let of_lines: Vec<_> = self.lines().map(|line| places.get(&&key(line)).copied()).collect();
        let mut sums = vec![BTreeMap::<Date, Sum>::new(); wanted.len()];
        let mut add = |place: Option<usize>, date: Date, sum: Sum| {
            if let Some(days) = place.and_then(|place| sums.get_mut(place)) {
                days.entry(date).or_default().add(sum);
            }
        };
        for (date, day) in self.days(days) {
            if day.before.is_some() {
                let of_day = self.day_by_subject(day, scope);
                of_day.into_iter().for_each(|(key, sum)| add(places.get(&&key).copied(), date, sum));
                continue;
            }
            for cell in &day.cells {
                add(of_lines.get(cell.line as usize).copied().flatten(), date, cell.sum);
            }
        }
        wanted.into_iter().cloned().zip(sums).filter(|(_, days)| !days.is_empty()).collect()
    }

    /// What a subject has in each hour of a day, counted from the day's start; empty for a day that is over.
    #[must_use]
    pub fn hours(self, day: Date, scope: Scope, (subject, currency): (&Arc<str>, Currency)) -> BTreeMap<u32, u64> {
        let mut hours = BTreeMap::new();
        for (line, hour, sent) in self.days((day, day)).flat_map(|(_, day)| &day.hours) {
            let line = self.totals.lines.line(*line);
            if line.currency == currency && scope.subject(line).unwrap_or(self.account()) == subject {
                *hours.entry(*hour).or_default() += sent;
            }
        }
        hours
    }

    fn by_product(self) -> impl Iterator<Item = &'t BTreeMap<Date, Day>> {
        let Figures { totals, products } = self;
        totals.products.iter().filter(move |(product, _)| products.include(**product)).map(|(_, days)| days)
    }

    fn days(self, (first, last): (Date, Date)) -> impl Iterator<Item = (Date, &'t Day)> {
        self.by_product().flat_map(move |days| days.range(first..=last)).map(|(date, day)| (*date, day))
    }

    fn lines(self) -> std::slice::Iter<'t, Arc<Line>> {
        self.totals.lines.lines.iter()
    }

    fn no_sums(self) -> Vec<Option<Sum>> {
        vec![None; self.totals.lines.lines.len()]
    }

    fn day_by_subject(self, day: &Day, scope: Scope) -> HashMap<(Arc<str>, Currency), Sum> {
        let mut sums = self.grouped(&day.cells, scope);
        if let Some(before) = &day.before {
            let mut before = self.grouped(before, scope);
            for key in sums.keys() {
                before.entry(key.clone()).or_default();
            }
            for (key, sum) in before {
                let read = sums.entry(key).or_default();
                *read = read.larger(sum);
            }
        }
        sums
    }

    fn grouped(self, cells: &[Cell], scope: Scope) -> HashMap<(Arc<str>, Currency), Sum> {
        let mut sums = HashMap::<_, Sum>::new();
        for cell in cells {
            let line = self.totals.lines.line(cell.line);
            sums.entry((self.subject(scope, line), line.currency)).or_default().add(cell.sum);
        }
        sums
    }
}

/// Adds cells to the sums of their lines.
fn add_up(sums: &mut [Option<Sum>], cells: &[Cell]) {
    for cell in cells {
        if let Some(sum) = sums.get_mut(cell.line as usize) {
            sum.get_or_insert_default().add(cell.sum);
        }
    }
}
