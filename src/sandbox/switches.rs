//! The sandbox's switches: one for each question about Zoom that public sources leave open, and for each fault that
//! was seen or must be feared.

use clap::{Args, FromArgMatches as _, ValueEnum};
use jiff::tz::TimeZone;

use super::fault::{self, Fault, FaultKind, TokenFault, TokenFaultKind};

/// How the sandbox reads what Zoom's documentation leaves open, and what goes wrong in it.
#[derive(Args, Clone, Debug)]
pub struct Switches {
    /// Whether a `to` given as a date belongs to the range
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub to_dates: Bound,
    /// Whether a `to` given as a datetime belongs to the range
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub to_datetimes: Bound,
    /// What happens to datetimes in `from` and `to`
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub datetimes: Datetimes,
    /// Zone in which dates in `from` and `to` are read (IANA name)
    #[arg(long, value_name = "ZONE", value_parser = zone, default_value = "UTC", help_heading = "Open questions")]
    pub date_zone: TimeZone,
    /// What happens to a range of more than a month
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub long_range: LongRange,
    /// How long a month is for that
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub month: Month,
    /// What happens to a page size above 300
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub big_page: BigPage,
    /// What `total_records` counts
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub total_records: TotalRecords,
    /// How the last page says that it is the last
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub last_page_token: Missing,
    /// How a field without a value is written
    #[arg(long, value_enum, default_value_t = Missing::Absent, help_heading = "Open questions")]
    pub missing_fields: Missing,
    /// Add fields that the documentation does not know
    #[arg(long, help_heading = "Open questions")]
    pub new_fields: bool,
    /// How `rate` and `total_charge` are written
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub numbers: Numbers,
    /// Whether the rows of a group message share their `message_id`
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub group_messages: GroupMessages,
    /// Order of the rows, by the time at which they came into the report
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub order: Order,
    /// Minutes after which a message comes into the report
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Open questions")]
    pub lag_minutes: u32,
    /// Come again at the head of the next page: the last N rows of each
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Open questions")]
    pub repeat_rows: usize,

    /// Requests for the report allowed in any second (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub rate_per_second: u32,
    /// Requests for the report allowed in all (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub rate_per_day: u32,
    /// Requests for the report allowed at the same time (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub concurrent: usize,
    /// Whether a refused request is told its limit in headers
    #[arg(long, value_enum, default_value_t, help_heading = "Limits")]
    pub rate_headers: Told,
    /// Milliseconds before each answer of the report
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub latency_ms: u64,
    /// A page token expires once N other pages were answered after it was given (unset: never)
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub page_token_lives: Option<u64>,
    /// Seconds that a page token lives
    #[arg(long, value_name = "N", default_value_t = 900, help_heading = "Limits")]
    pub page_token_seconds: u64,

    /// Accept any client, any account and any account in the path
    #[arg(long, help_heading = "Token")]
    pub any_credentials: bool,
    /// Seconds that an access token lives, as `expires_in` tells
    #[arg(long, value_name = "N", default_value_t = 3600, help_heading = "Token")]
    pub token_seconds: u64,
    /// Whether the token's answer holds `api_url`
    #[arg(long, value_enum, default_value_t, help_heading = "Token")]
    pub token_api_url: Told,
    /// Also read the grant from the query of the token request
    #[arg(long, help_heading = "Token")]
    pub token_query: bool,
    /// HTTP status of a refused token
    #[arg(long, value_enum, default_value_t, help_heading = "Token")]
    pub token_refusals: TokenRefusals,

    /// A fault of the report's K-th answer, N times in a row (--help: the kinds)
    #[arg(long = "fault", value_name = "KIND[@K[xN]]", long_help = fault::help::<FaultKind>("report"), help_heading = "Faults")]
    pub faults: Vec<Fault>,
    /// A fault of the K-th token answer, N times in a row (--help: the kinds)
    #[arg(long = "token-fault", value_name = "KIND[@K[xN]]", long_help = fault::help::<TokenFaultKind>("token endpoint"), help_heading = "Faults")]
    pub token_faults: Vec<TokenFault>,
}

impl Default for Switches {
    /// What the command line has without any switch: the defaults are written once, above.
    fn default() -> Switches {
        let command = Switches::augment_args(clap::Command::new("sandbox")).no_binary_name(true);
        let matches = command.get_matches_from(std::iter::empty::<&str>());
        Switches::from_arg_matches(&matches).unwrap_or_else(|fault| fault.exit())
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|fault| format!("{fault}; give an IANA name such as Europe/Paris"))
}

/// Whether the end of a range belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Bound {
    /// the end belongs to the range: the whole day, or the second
    #[default]
    Inclusive,
    /// the range ends before it
    Exclusive,
}

/// What happens to datetimes in a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Datetimes {
    /// read to the second
    #[default]
    Accepted,
    /// HTTP 400
    Refused,
    /// their dates are taken and their times ignored
    CutToDates,
}

/// What happens to a range of more than a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LongRange {
    /// the month that begins with `from` is kept
    #[default]
    TruncatedStart,
    /// the month that ends with `to` is kept
    TruncatedEnd,
    /// HTTP 400
    Refused,
    /// all of it is served
    Served,
}

/// How long the month is that a range may cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Month {
    /// to the same day of the next month
    #[default]
    Calendar,
    /// thirty days
    #[value(name = "days30")]
    Days30,
    /// twenty-eight days
    #[value(name = "days28")]
    Days28,
}

/// What happens to a page size above the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BigPage {
    /// the maximum is served
    #[default]
    Clamped,
    /// HTTP 400
    Refused,
}

/// What `total_records` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TotalRecords {
    /// the rows of the whole report
    #[default]
    Overall,
    /// the rows of the page
    PerPage,
    /// the field is absent
    Absent,
    /// the rows of the whole report and those without charge, whether asked for or not
    UnchargedToo,
}

/// How a missing value is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Missing {
    /// the empty string
    #[default]
    Empty,
    /// no field at all
    Absent,
    /// null
    Null,
}

/// How charges and rates are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Numbers {
    /// as strings, like everything in a row
    #[default]
    Strings,
    /// as JSON numbers with the same digits
    Json,
}

/// What identifies the rows of a group message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GroupMessages {
    /// one message_id for all recipients
    #[default]
    SharedId,
    /// one message_id for each recipient
    OwnIds,
}

/// Order of the rows in a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// the newest row is the first
    #[default]
    NewestFirst,
    /// the oldest row is the first
    OldestFirst,
    /// in no order at all
    Shuffled,
}

/// Whether something optional is in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Told {
    /// it is
    #[default]
    Sent,
    /// it is not
    Absent,
}

/// HTTP status of a refused token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TokenRefusals {
    /// HTTP 400, as seen
    #[default]
    #[value(name = "400")]
    BadRequest,
    /// HTTP 401, as the OAuth standard has it
    #[value(name = "401")]
    Unauthorized,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Switches, String> {
        let command = Switches::augment_args(clap::Command::new("sandbox")).no_binary_name(true);
        let matches = command.try_get_matches_from(line.split_whitespace());
        let switches = matches.and_then(|matches| Switches::from_arg_matches(&matches));
        switches.map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_switches_are_well_formed_and_explain_every_fault() {
        let mut command = Switches::augment_args(clap::Command::new("sandbox"));
        command.clone().debug_assert();
        let help = command.render_long_help().to_string();
        for name in ["retry-after-http-date:", "page-token-expired-300:", "no-token-field:"] {
            assert!(help.contains(name), "{help}");
        }
    }

    #[test]
    fn switches_are_read_by_their_names() {
        let line = "--to-dates exclusive --datetimes cut-to-dates --date-zone Asia/Kolkata --month days30 \
                    --fault rate-second@2x3 --fault drop@9 --token-fault html --token-refusals 401";
        let switches = read(line).unwrap();
        assert_eq!(switches.to_dates, Bound::Exclusive);
        assert_eq!(switches.datetimes, Datetimes::CutToDates);
        assert_eq!(switches.date_zone.iana_name(), Some("Asia/Kolkata"));
        assert_eq!(switches.month, Month::Days30);
        assert_eq!(switches.token_refusals, TokenRefusals::Unauthorized);
        assert_eq!((switches.faults.len(), switches.token_faults.len()), (2, 1));
        assert!(read("--date-zone Nowhere").unwrap_err().contains("IANA name"));
    }
}
