//! The rows of an export, whatever the format: a day's sums without extensions and names.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::money::Currency;
use crate::domain::product::Product;
use crate::domain::totals::{DaySums, Sum};

/// What a product cost on a day, by whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'d> {
    pub(super) day: Date,
    pub(super) product: Product,
    pub(super) number: &'d str,
    pub(super) department: &'d str,
    pub(super) cost_center: &'d str,
    pub(super) currency: Currency,
    pub(super) sum: Sum,
}

/// The rows of a day, in order. A day without charges has none.
pub(super) fn rows(product: Product, day: Date, sums: &DaySums) -> impl Iterator<Item = Row<'_>> {
    let mut rows = BTreeMap::<_, Sum>::new();
    for (line, sum) in sums {
        let key = (&*line.number, &*line.department, &*line.cost_center, line.currency);
        rows.entry(key).or_default().add(*sum);
    }
    rows.into_iter().map(move |((number, department, cost_center, currency), sum)| Row {
        day,
        product,
        number,
        department,
        cost_center,
        currency,
        sum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::charge::{Line, NONE};
    use crate::domain::money::Amount;

    #[test]
    fn extensions_and_names_are_added_up_and_nothing_else() {
        let line = |number: &str, department: &str, extension: &str, currency: &str| Line {
            number: number.into(),
            department: department.into(),
            cost_center: NONE.into(),
            extension: extension.into(),
            name: extension.into(),
            currency: Currency::parse(currency).unwrap(),
        };
        let sum = |amount: &str| Sum::of(Amount::parse(amount).unwrap());
        let mut sums: DaySums = vec![
            (line("+1", "Sales", "1001", "USD"), sum("0.0000000000000000000000000001")),
            (line("+1", "Sales", "1002", "USD"), sum("-0.5")),
            (line("+1", "Sales", "1001", "EUR"), sum("2")),
            (line("+1", "Ops", "1001", "USD"), sum("3")),
            (line("+2", NONE, NONE, "USD"), sum("4")),
        ];
        sums.sort_by(|(one, _), (other, _)| one.cmp(other));
        let shown = rows(Product::Sms, jiff::civil::date(2026, 11, 5), &sums).map(|row| {
            let Row { number, department, currency, sum, .. } = row;
            format!("{number} {department} {currency} {} in {}", sum.amount, sum.messages)
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "+1 Ops USD 3 in 1",
                "+1 Sales EUR 2 in 1",
                "+1 Sales USD -0.4999999999999999999999999999 in 2",
                "+2 (none) USD 4 in 1"
            ]
        );
    }
}
