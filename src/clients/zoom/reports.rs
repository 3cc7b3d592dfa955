//! The reports that Zoom offers, a row each. Whatever reads a report reads it by this table and knows no field by name.
//!
//! Source: Zoom's API page "Get SMS/MMS charges usage report", and its OpenAPI document of the Phone API (2026).

use crate::domain::charge::Product;

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
        use Role::{Amount, Currency, Id, MessageId, Number, Party, Rate, Time};
        matches!(self, MessageId | Id | Party | Time | Number | Rate | Currency | Amount)
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
    /// What a row is, in words.
    pub noun: &'static str,
    pub(super) path: &'static str,
    pub(super) array: &'static str,
    pub(super) parameters: &'static [(&'static str, &'static str)],
    pub(super) fields: &'static [(&'static str, Role)],
}

/// SMS and MMS.
pub static SMS: Report = Report {
    product: Product::Sms,
    scope: "phone:read:sms_charges:admin",
    noun: "message",
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
