//! What is counted, in words: messages, minutes or pages. A policy that reads messages alone says nothing of products.

use super::words::count;
use crate::domain::case::Case;
use crate::domain::product::Products;
use crate::domain::totals::Sum;

/// `messages`, `calls and faxes`: what the charges are for.
#[must_use]
pub fn charged(products: Products, case: &Case<'_>) -> String {
    let read = case.policy.products.iter().filter(|product| products.include(**product));
    let names: Vec<_> = read.map(|product| product.charged()).collect();
    match names.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

/// ` on calls`; nothing where the policy reads messages alone.
pub(super) fn on(products: Products, case: &Case<'_>) -> String {
    if case.policy.names_products() { format!(" on {}", charged(products, case)) } else { String::new() }
}

/// The same for a headline, which says nothing of a budget for all that is read.
#[must_use]
pub fn on_one(products: Products, case: &Case<'_>) -> String {
    if products == Products::All { String::new() } else { on(products, case) }
}

/// `12 messages`, `3 minutes`; `None` where minutes and pages would be added.
#[must_use]
pub fn units(products: Products, sum: Sum) -> Option<String> {
    match products {
        Products::One(product) => Some(count(sum.messages, product.unit())),
        Products::All => None,
    }
}

/// The count in the machine form; `None` where minutes and pages would be added.
#[must_use]
pub fn number_of_units(products: Products, sum: Sum) -> Option<u64> {
    matches!(products, Products::One(_)).then_some(sum.messages)
}

/// `3 faxes, so the sum is so far`: of all that is read, only faxes wait for a price.
pub(super) fn not_priced(rows: u64) -> Option<String> {
    let faxes = if rows == 1 { "1 fax".to_owned() } else { format!("{rows} faxes") };
    (rows > 0).then(|| format!("{faxes}; Zoom sets the price at the end of its billing cycle, so the sum is so far"))
}
