//! A page held to the size of what it is stored in.

use super::{Page, Rest};

/// So many of the least used rows are left out at once.
const STEP: usize = 10;
/// Numbers and budgets that are kept in any case.
const LEAST_ROWS: usize = 10;

impl Page {
    /// The page in at most so many bytes of JSON: what is older or used least is left out first.
    #[must_use]
    pub fn fitting(mut self, most_bytes: usize) -> Page {
        let steps: [fn(&mut Page) -> bool; 6] =
            [without_messages, without_old_days, fewer_numbers, fewer_budgets, fewer_curves, fewer_alerts];
        for step in steps {
            while self.bytes() > most_bytes && step(&mut self) {}
        }
        self
    }

    /// How many bytes of JSON the page has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len())
    }

    fn rows(&mut self) -> impl Iterator<Item = &mut super::NumberRow> {
        self.departments.iter_mut().flat_map(|department| &mut department.numbers)
    }
}

/// Leaves the messages of each day out: the strip of days says nearly the same.
fn without_messages(page: &mut Page) -> bool {
    page.rows().for_each(|row| row.messages.clear());
    false
}

/// Leaves the days of months before the running one out.
fn without_old_days(page: &mut Page) -> bool {
    let old = page.day_months.split_last().map_or(0, |(_, old)| old.iter().map(|month| month.days).sum::<u32>());
    let drain = page.day_months.len().saturating_sub(1);
    page.day_months.drain(..drain);
    for row in page.rows() {
        row.days = row.days.chars().skip(old as usize).collect();
        row.spikes.retain_mut(|(place, _)| {
            let is_kept = *place >= old;
            *place = place.saturating_sub(old);
            is_kept
        });
    }
    false
}

fn fewer_numbers(page: &mut Page) -> bool {
    let all: usize = page.departments.iter().map(|department| department.numbers.len()).sum();
    if all <= LEAST_ROWS {
        return false;
    }
    for _ in 0..STEP.min(all - LEAST_ROWS) {
        let Some(department) = page.departments.last_mut() else { break };
        if let Some(row) = department.numbers.pop() {
            let rest =
                page.more_numbers.get_or_insert_with(|| Rest { count: 0, text: String::new(), sums: Vec::new() });
            rest.count += 1;
            let spent = row.spent.months.last().copied().flatten().unwrap_or_default();
            let sums = std::mem::take(&mut rest.sums).into_iter().chain([(row.spent.currency, spent)]);
            rest.sums = super::view::by_currency(sums);
        }
        if department.numbers.is_empty() {
            page.departments.pop();
        }
    }
    true
}

fn fewer_budgets(page: &mut Page) -> bool {
    if page.budgets.len() <= LEAST_ROWS {
        return false;
    }
    let kept = page.budgets.len().saturating_sub(STEP).max(LEAST_ROWS);
    let left_out = page.budgets.split_off(kept);
    let used = left_out.first().map_or(0, |row| row.used);
    let rest = page.more_budgets.get_or_insert_with(|| Rest { count: 0, text: String::new(), sums: Vec::new() });
    rest.count += left_out.len() as u64;
    rest.text = format!("each at {used}% of its limit or less");
    page.curves.retain(|curve| curve.budget < kept);
    true
}

fn fewer_curves(page: &mut Page) -> bool {
    page.curves.pop().is_some()
}

fn fewer_alerts(page: &mut Page) -> bool {
    page.alerts.pop().is_some()
}
