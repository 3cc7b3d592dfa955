//! Rows for a FinOps tool: FOCUS 1.0, the open cost and usage specification of the FinOps Foundation.
//!
//! What Zoom's report does not say is null, which is an empty cell: no price list, no invoice, no region. A credit is a negative sum of the
//! day that it was sent for: FOCUS counts refunds of usage as `Usage`, and a day lies in its own month, so that it corrects no invoice of an
//! earlier one (`ChargeClass` stays null). A unit price is null too, since a day's messages have several.
//!
//! The Foundation's own validator (1.0.0) asks for five columns by other names than the specification has: they come last, and
//! `tests/focus` holds the export against it. It takes a column of whole numbers alone for no decimals, and one of numbers with a plus for
//! no texts. So decimals have a point, and numbers are URIs (RFC 3966), which no spreadsheet takes for formulas either.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::rows::Row;
use crate::domain::charge::NONE;
use crate::domain::number::Number;
use crate::domain::period::{Period, PeriodKind};
use crate::domain::text::capitalised;

/// What the rows of a day have in common.
pub(super) struct Frame {
    account: Arc<str>,
    month: [String; 2],
    day: [String; 2],
}

impl Frame {
    /// A civil day and its month begin and end when they do in their zone; FOCUS writes that in UTC.
    pub(super) fn of(account: Arc<str>, day: Date, zone: &TimeZone) -> Result<Frame, jiff::Error> {
        let ends = |kind| {
            let period = Period::of_day(kind, day, zone)?;
            Ok::<_, jiff::Error>([period.from().to_string(), period.to().to_string()])
        };
        Ok(Frame { account, month: ends(PeriodKind::Month)?, day: ends(PeriodKind::Day)? })
    }

    pub(super) fn record(&self, row: &Row<'_>) -> csv::StringRecord {
        let charge = Charge {
            frame: self,
            cost: decimal(row.sum.amount.to_string()),
            quantity: decimal(row.sum.messages.to_string()),
            number: known(row.number).map(|number| (uri(number), format!("Phone number {number}"))).unwrap_or_default(),
            row: *row,
        };
        COLUMNS.iter().map(|(_, cell)| cell(&charge)).collect()
    }
}

/// A row, and what several of its cells are made of.
struct Charge<'c> {
    frame: &'c Frame,
    row: Row<'c>,
    cost: String,
    quantity: String,
    /// The number's identifier and its name.
    number: (String, String),
}

type Cell = for<'c> fn(&'c Charge<'c>) -> Cow<'c, str>;

/// Columns in alphabetical order, as FOCUS wants them, and then those that the validator knows by other names.
const COLUMNS: [(&str, Cell); 47] = [
    ("AvailabilityZone", null),
    ("BilledCost", cost),
    ("BillingAccountId", |charge| (&*charge.frame.account).into()),
    ("BillingAccountName", null),
    ("BillingCurrency", |charge| charge.row.currency.code().into()),
    ("BillingPeriodEnd", |charge| charge.frame.month[1].as_str().into()),
    ("BillingPeriodStart", |charge| charge.frame.month[0].as_str().into()),
    ("ChargeCategory", |_| "Usage".into()),
    ("ChargeClass", null),
    ("ChargeDescription", description),
    ("ChargeFrequency", |_| "Usage-Based".into()),
    ("ChargePeriodEnd", |charge| charge.frame.day[1].as_str().into()),
    ("ChargePeriodStart", |charge| charge.frame.day[0].as_str().into()),
    ("CommitmentDiscountCategory", null),
    ("CommitmentDiscountId", null),
    ("CommitmentDiscountName", null),
    ("CommitmentDiscountStatus", null),
    ("CommitmentDiscountType", null),
    ("ConsumedQuantity", quantity),
    ("ConsumedUnit", in_units),
    ("ContractedCost", cost),
    ("ContractedUnitPrice", null),
    ("EffectiveCost", cost),
    ("InvoiceIssuerName", zoom),
    ("ListCost", cost),
    ("ListUnitPrice", null),
    ("PricingCategory", |_| "Standard".into()),
    ("PricingQuantity", quantity),
    ("PricingUnit", in_units),
    ("ProviderName", zoom),
    ("PublisherName", zoom),
    ("RegionId", null),
    ("RegionName", null),
    // FOCUS writes ResourceId. Both would be one column twice, wherever the case of names does not count.
    ("ResourceID", number),
    ("ResourceName", number_name),
    ("ResourceType", |charge| if charge.number.0.is_empty() { "".into() } else { "Phone number".into() }),
    ("ServiceCategory", |_| "Business Applications".into()),
    ("ServiceName", |_| "Zoom Phone".into()),
    ("SkuId", sku),
    ("SkuPriceId", sku),
    ("SubAccountId", number),
    ("SubAccountName", number_name),
    ("Tags", tags),
    ("ChargeType", |_| "Usage".into()),
    ("InvoiceIssuer", zoom),
    ("Provider", zoom),
    ("Publisher", zoom),
];

pub(super) fn columns() -> csv::StringRecord {
    COLUMNS.iter().map(|(name, _)| *name).collect()
}

fn null<'c>(_: &'c Charge<'c>) -> Cow<'c, str> {
    "".into()
}

fn zoom<'c>(_: &'c Charge<'c>) -> Cow<'c, str> {
    "Zoom".into()
}

/// Zoom lists what is billed, and nothing before discounts or spread over time.
fn cost<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    charge.cost.as_str().into()
}

fn quantity<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    charge.quantity.as_str().into()
}

fn in_units<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    capitalised(&charge.row.product.units()).into()
}

fn number<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    charge.number.0.as_str().into()
}

fn number_name<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    charge.number.1.as_str().into()
}

fn sku<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    format!("zoom-phone-{}", charge.row.product.name()).into()
}

/// `Zoom Phone SMS: 12 messages`.
fn description<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    let Row { product, sum, .. } = charge.row;
    format!("Zoom Phone {}: {} {}", product.name().to_uppercase(), sum.messages, product.units()).into()
}

/// A JSON object of what is known.
fn tags<'c>(charge: &'c Charge<'c>) -> Cow<'c, str> {
    let tags = [("cost_center", charge.row.cost_center), ("department", charge.row.department)];
    let tags = tags.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Value::from(known(text)?))));
    Value::Object(tags.collect::<Map<_, _>>()).to_string().into()
}

fn known(text: &str) -> Option<&str> {
    (text != NONE).then_some(text)
}

/// `tel:+14085550000`, `tel:+2100000980;ext=1001`. A text without digits is no telephone number.
fn uri(number: &str) -> String {
    match Number::parse(number) {
        Some(number) => {
            let extension = number.extension().map_or_else(String::new, |extension| format!(";ext={extension}"));
            format!("tel:+{}{extension}", number.digits())
        }
        None => format!("number:{number}"),
    }
}

fn decimal(number: String) -> String {
    if number.contains('.') { number } else { number + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::product::Product;
    use crate::domain::totals::Sum;

    #[test]
    fn a_day_begins_and_ends_as_in_its_zone_and_so_does_its_month() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let Frame { month, day, .. } = Frame::of("acc".into(), jiff::civil::date(2026, 11, 1), &zone).unwrap();
        assert_eq!(month, ["2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"]);
        assert_eq!(day, ["2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"]);
    }

    #[test]
    fn a_number_is_a_uri_a_decimal_has_a_point_and_no_text_begins_a_formula() {
        for (number, expected) in [
            ("+14085550000", "tel:+14085550000"),
            ("+2100000980 Ext. 1001", "tel:+2100000980;ext=1001"),
            ("=anonymous", "number:=anonymous"),
        ] {
            assert_eq!(uri(number), expected);
        }
        for (number, expected) in [("12", "12.0"), ("-3", "-3.0"), ("0", "0.0"), ("0.0205", "0.0205")] {
            assert_eq!(decimal(number.to_owned()), expected);
        }
        let (day, currency) = (jiff::civil::date(2026, 11, 5), Currency::parse("USD").unwrap());
        let frame = Frame::of("acc".into(), day, &TimeZone::UTC).unwrap();
        let (number, department, cost_center) = ("=anonymous", "=1+1", "@x");
        let sum = Sum { amount: Amount::parse("-1").unwrap(), messages: 2 };
        let row = Row { day, product: Product::Sms, number, department, cost_center, currency, sum };
        let record = frame.record(&row);
        let names = columns();
        for (name, cell) in names.iter().zip(&record) {
            assert!(name.ends_with("Cost") || !cell.starts_with(['=', '+', '-', '@']), "{name}: {cell}");
        }
    }
}
