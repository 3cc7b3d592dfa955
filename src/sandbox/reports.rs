//! The reports that the sandbox serves, a row each: where a report is, what it says in its own words, and which of a
//! row's facts each of its fields holds. Whatever serves a report serves it by this table.
//!
//! Source: Zoom's API pages "Get SMS/MMS charges usage report", "Get call charges usage report" and "Get fax charges usage
//! report", and its OpenAPI document of the Phone API (2026).

use clap::ValueEnum;

/// One of Zoom's reports of charges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub enum ReportKind {
    /// SMS and MMS messages
    #[default]
    Sms,
    /// calls
    Call,
    /// faxes
    Fax,
}

impl ReportKind {
    /// Every report.
    pub const ALL: [ReportKind; 3] = [ReportKind::Sms, ReportKind::Call, ReportKind::Fax];

    /// The name in switches and in faults.
    pub fn name(self) -> &'static str {
        match self {
            ReportKind::Sms => "sms",
            ReportKind::Call => "call",
            ReportKind::Fax => "fax",
        }
    }

    /// The path below the API's base URL.
    pub fn path(self) -> &'static str {
        self.report().path
    }

    /// The field of an answer that holds the rows.
    pub fn array(self) -> &'static str {
        self.report().array
    }

    /// The granular scope that a token needs.
    pub fn scope(self) -> &'static str {
        self.report().scope
    }

    pub(super) fn report(self) -> &'static Report {
        match self {
            ReportKind::Sms => &SMS,
            ReportKind::Call => &CALL,
            ReportKind::Fax => &FAX,
        }
    }
}

/// A fact of a row, or what follows from its facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Session,
    Id,
    Kind,
    FromNumber,
    FromExtension,
    FromName,
    FromEmail,
    ToNumber,
    ToExtension,
    ToName,
    ToEmail,
    /// The extension of the calling side, or its number if it has none.
    Caller,
    /// The same of the side that is called.
    Callee,
    /// Whether the company's side called.
    Direction,
    /// When a call began to ring, by its end and its minutes.
    Start,
    /// When it was answered.
    Answer,
    /// `sent`
    Time,
    BillingNumber,
    CostCenter,
    Department,
    Employee,
    Units,
    Rate,
    Currency,
    CurrencySign,
    Charge,
    /// Whether the charge is known.
    ChargeStatus,
    Unlimited,
    DeliveryStatus,
    DeliveryDetail,
    /// The same in every row.
    Always(&'static str),
}

/// One of the reports.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) kind: ReportKind,
    pub(super) path: &'static str,
    pub(super) array: &'static str,
    pub(super) scope: &'static str,
    /// Whether the report knows `show_charges_only`; what a report does not know it ignores.
    pub(super) knows_charges_only: bool,
    /// The parameter that asks for rows by this fact.
    pub(super) by_id: Option<(&'static str, Fact)>,
    /// Parameters whose every value is refused, since the account has nothing that they could name, and the message.
    pub(super) refused: &'static [(&'static str, &'static str)],
    /// What is answered to every `from` and `to` that is refused, if the report has one message for all.
    pub(super) bad_range: Option<&'static str>,
    /// The message for an account that does not exist, whose id is put in place of `{}`.
    pub(super) no_account: &'static str,
    pub(super) fields: &'static [(&'static str, Fact)],
}

static SMS: Report = Report {
    kind: ReportKind::Sms,
    path: "/phone/reports/sms_charges",
    array: "sms_charges",
    scope: "phone:read:sms_charges:admin",
    knows_charges_only: true,
    by_id: None,
    refused: &[],
    bad_range: None,
    no_account: "Account does not exist: {}.",
    fields: &[
        ("session_id", Fact::Session),
        ("message_id", Fact::Id),
        ("message_type", Fact::Kind),
        ("from_number", Fact::FromNumber),
        ("from_extension_number", Fact::FromExtension),
        ("from_display_name", Fact::FromName),
        ("from_email", Fact::FromEmail),
        ("to_number", Fact::ToNumber),
        ("to_extension_number", Fact::ToExtension),
        ("to_display_name", Fact::ToName),
        ("to_email", Fact::ToEmail),
        ("sent_time", Fact::Time),
        ("billing_number", Fact::BillingNumber),
        ("cost_center", Fact::CostCenter),
        ("department", Fact::Department),
        ("rate", Fact::Rate),
        ("currency", Fact::Currency),
        ("total_charge", Fact::Charge),
        ("delivery_status", Fact::DeliveryStatus),
        ("delivery_detail", Fact::DeliveryDetail),
    ],
};

static CALL: Report = Report {
    kind: ReportKind::Call,
    path: "/phone/reports/call_charges",
    array: "call_charges",
    scope: "phone:read:call_charges:admin",
    knows_charges_only: true,
    by_id: Some(("call_ids", Fact::Session)),
    refused: &[("billing_account_id", "The billing_account_id is invalid.")],
    bad_range: None,
    no_account: "Account does not exist.",
    fields: &[
        ("charge_id", Fact::Id),
        ("call_id", Fact::Session),
        ("call_log_id", Fact::Session),
        ("start_time", Fact::Start),
        ("answer_time", Fact::Answer),
        ("end_time", Fact::Time),
        ("billing_number", Fact::BillingNumber),
        ("caller_number", Fact::Caller),
        ("callee_number", Fact::Callee),
        ("calling_party_name", Fact::FromName),
        ("direction", Fact::Direction),
        ("department", Fact::Department),
        ("cost_center", Fact::CostCenter),
        ("employee_id", Fact::Employee),
        ("duration", Fact::Units),
        ("charge_mode", Fact::Always("per_min")),
        ("call_type", Fact::Kind),
        ("service_type", Fact::Always("call")),
        ("rate", Fact::Rate),
        ("currency", Fact::Currency),
        ("total_charge", Fact::Charge),
    ],
};

static FAX: Report = Report {
    kind: ReportKind::Fax,
    path: "/phone/reports/fax_charges",
    array: "fax_charges",
    scope: "phone:read:fax_charges:admin",
    knows_charges_only: false,
    by_id: Some(("fax_id", Fact::Id)),
    refused: &[],
    bad_range: Some("Invalid from/to time."),
    no_account: "Account does not exist.",
    fields: &[
        ("fax_id", Fact::Id),
        ("sender_number", Fact::FromNumber),
        ("receiver_number", Fact::ToNumber),
        ("end_time", Fact::Time),
        ("billing_number", Fact::BillingNumber),
        ("rate", Fact::Rate),
        ("currency", Fact::Currency),
        ("currency_sign", Fact::CurrencySign),
        ("total_pages", Fact::Units),
        ("charged_pages", Fact::Units),
        ("charge_mode", Fact::Always("per_page")),
        ("charge_status", Fact::ChargeStatus),
        ("unlimited", Fact::Unlimited),
        ("total_charge", Fact::Charge),
    ],
};
