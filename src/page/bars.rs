//! Budgets as bars on one scale: percent of the limit.

use maud::{Markup, html};

use super::geometry::{percent, scaled};
use crate::domain::money::Amount;
use crate::domain::page::{BudgetRow, Sign};

/// The scale ends between these percents; what is beyond is cut there.
const SCALE_ENDS: std::ops::RangeInclusive<i64> = 120..=200;
/// Room behind the longest bar, in percent of the limit.
const ROOM: i64 = 8;

/// One scale for all bars of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// The percent of the limit at the right end.
    end: i64,
}

impl Scale {
    pub(super) fn of(rows: &[BudgetRow]) -> Scale {
        let high = |row: &BudgetRow| row.estimate.map_or(0, |estimate| scaled(estimate.high, row.limit, 100));
        let longest = rows.iter().map(|row| row.used.max(high(row))).max().unwrap_or_default();
        Scale { end: longest.saturating_add(ROOM).clamp(*SCALE_ENDS.start(), *SCALE_ENDS.end()) }
    }

    /// The place of so many thousandths of the limit, in thousandths of the width.
    fn place(self, thousandths: i64) -> i64 {
        (thousandths.saturating_mul(100) / self.end).clamp(0, 1_000)
    }

    fn amount(self, amount: Amount, limit: Amount) -> i64 {
        self.place(scaled(amount, limit, 1_000))
    }

    /// The labels above the bars.
    pub(super) fn labels(self, height: u32) -> Markup {
        html! {
            svg.bar width="100%" height=(height) aria-hidden="true" {
                @for tick in (0..=self.end).step_by(50).filter(|tick| tick + 12 < self.end) {
                    @let anchor = if tick == 0 { "start" } else { "middle" };
                    @let class = (tick == 100).then_some("strong");
                    text x=(percent(self.place(tick * 10))) y=(height - 4) text-anchor=(anchor) class=[class] { (tick) "%" }
                }
            }
        }
    }

    /// The bar of a budget; hidden from readers, since its row has the figures.
    pub(super) fn bar(self, row: &BudgetRow, height: u32) -> Markup {
        let (middle, half) = (height / 2, if height > 30 { 6 } else { 5 });
        let (top, bottom) = (middle - half, middle + half);
        let spent = self.amount(row.spent, row.limit);
        let fill = match row.sign {
            Sign::Silenced => "o-hold",
            _ if row.used >= 100 => "f-over",
            _ => "f-bar",
        };
        let limit = percent(self.place(1_000));
        html! {
            svg.bar width="100%" height=(height) aria-hidden="true" {
                // Longer than its row, and moved up by the stylesheet, so that it is one line through rows of several lines.
                line.limit x1=(limit) x2=(limit) y1="0" y2=(height + 16) {}
                @if let Some(estimate) = &row.estimate {
                    @let [low, likely, high] = [estimate.low, estimate.likely, estimate.high].map(|end| self.amount(end, row.limit));
                    @if low > spent { line.lead x1=(percent(spent)) x2=(percent(low)) y1=(middle) y2=(middle) {} }
                    rect.band x=(percent(low)) width=(percent((high - low).max(4))) y=(middle - 4) height="8" {}
                    line.likely x1=(percent(likely)) x2=(percent(likely)) y1=(middle - half - 1) y2=(middle + half + 1) {}
                }
                rect class=(fill) width=(percent(spent)) y=(top) height=(2 * half) {}
                @for level in &row.levels {
                    @let place = self.amount(*level, Amount::HUNDRED);
                    @if place + 6 < spent { line.notch x1=(percent(place)) x2=(percent(place)) y1=(top) y2=(bottom) {} }
                }
                @if spent >= 1_000 { text.strong x="100%" y=(top - 2) text-anchor="end" { "›" } }
            }
        }
    }
}
