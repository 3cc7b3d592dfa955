//! The reports that Zoom offers, a row each. Whatever reads a report reads it by this table and knows no field by name.
//!
//! Source: Zoom's API pages "Get SMS/MMS charges usage report", "Get call charges usage report" and "Get fax charges usage report", and its
//! OpenAPI document of the Phone API (2026).

use crate::domain::product::Product;

/// What a field of a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Names the message, in errors.
    MessageId,
    /// Tells the row from others, and nothing else.
    Id,
    /// A telephone number that tells the row from others.
    Party,
    /// When it was sent: the row counts in the period of this moment.
    Time,
    /// The number that is billed.
    Number,
    /// The department.
    Department,
    /// The cost center.
    CostCenter,
    /// The extension of the sending side, if that is the company's own.
    FromExtension,
    /// The name of the sending side: the company's own if that side's extension is set.
    FromName,
    /// The extension of the receiving side, if that is the company's own.
    ToExtension,
    /// The name of the receiving side.
    ToName,
    /// Who called: a telephone number that tells the row from others, or the company's own extension.
    Caller,
    /// How many minutes or pages the charge is for; without it a row counts as one.
    Units,
    /// Whether the charge is final: `pending` if Zoom does not know the price yet.
    Status,
    /// Whether the plan includes it: `true` if nothing is charged.
    Included,
    /// A price that tells the row from others.
    Rate,
    /// The currency.
    Currency,
    /// What it cost.
    Amount,
}

impl Role {
    /// Whether the field belongs to the message and its charge, so that it tells a row from another. Names, departments and cost centers do
    /// not: they change between two answers.
    pub(super) fn identifies(self) -> bool {
        use Role::{Amount, Caller, Currency, Id, MessageId, Number, Party, Rate, Time};
        matches!(self, MessageId | Id | Party | Caller | Time | Number | Rate | Currency | Amount)
    }
}

/// How many roles there are.
pub(super) const ROLES: usize = Role::Amount as usize + 1;
/// The most fields of a report that are read.
pub(super) const MOST_FIELDS: usize = 16;

/// One of Zoom's reports.
#[derive(Debug)]
pub struct Report {
    /// What its rows are charges for.
    pub product: Product,
    /// The granular scope that the Zoom app needs.
    pub scope: &'static str,
    pub(super) path: &'static str,
    pub(super) array: &'static str,
    pub(super) parameters: &'static [(&'static str, &'static str)],
    pub(super) fields: &'static [(&'static str, Role)],
}

/// SMS and MMS.
pub static SMS: Report = Report {
    product: Product::Sms,
    scope: "phone:read:sms_charges:admin",
    path: "/phone/reports/sms_charges",
    array: "sms_charges",
    parameters: &[("show_charges_only", "true")],
    fields: &[
        ("session_id", Role::Id),
        ("message_id", Role::MessageId),
        ("message_type", Role::Id),
        ("from_number", Role::Party),
        ("from_extension_number", Role::FromExtension),
        ("from_display_name", Role::FromName),
        ("to_number", Role::Party),
        ("to_extension_number", Role::ToExtension),
        ("to_display_name", Role::ToName),
        ("sent_time", Role::Time),
        ("billing_number", Role::Number),
        ("cost_center", Role::CostCenter),
        ("department", Role::Department),
        ("rate", Role::Rate),
        ("currency", Role::Currency),
        ("total_charge", Role::Amount),
    ],
};

/// Calls. One call may have several charges.
static CALLS: Report = Report {
    product: Product::Call,
    scope: "phone:read:call_charges:admin",
    path: "/phone/reports/call_charges",
    array: "call_charges",
    parameters: &[("show_charges_only", "true")],
    fields: &[
        ("charge_id", Role::Id),
        ("call_id", Role::MessageId),
        ("call_log_id", Role::Id),
        ("call_type", Role::Id),
        ("service_type", Role::Id),
        ("caller_number", Role::Caller),
        ("calling_party_name", Role::FromName),
        // Which of its times the dates of the report go by is not documented; all of a call's times are near each other.
        ("end_time", Role::Time),
        ("duration", Role::Units),
        ("billing_number", Role::Number),
        ("cost_center", Role::CostCenter),
        ("department", Role::Department),
        ("rate", Role::Rate),
        ("currency", Role::Currency),
        ("total_charge", Role::Amount),
    ],
};

/// Faxes. They have no department and no cost center, and some have no price before the end of the billing cycle.
static FAXES: Report = Report {
    product: Product::Fax,
    scope: "phone:read:fax_charges:admin",
    path: "/phone/reports/fax_charges",
    array: "fax_charges",
    parameters: &[],
    fields: &[
        ("fax_id", Role::MessageId),
        ("sender_number", Role::Party),
        ("receiver_number", Role::Party),
        ("end_time", Role::Time),
        ("charged_pages", Role::Units),
        ("charge_status", Role::Status),
        ("unlimited", Role::Included),
        ("billing_number", Role::Number),
        ("rate", Role::Rate),
        ("currency", Role::Currency),
        ("total_charge", Role::Amount),
    ],
};

/// The report of a product.
#[must_use]
pub fn report(product: Product) -> &'static Report {
    match product {
        Product::Sms => &SMS,
        Product::Call => &CALLS,
        Product::Fax => &FAXES,
    }
}
