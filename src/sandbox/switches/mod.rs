//! The sandbox's switches: one for each question about Zoom that public sources leave open, and for each fault that
//! was seen or must be feared.

mod values;

use clap::{Args, FromArgMatches as _};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::fault::{self, DateFault, Fault, TokenFault, TokenFaultKind};
use super::reports::ReportKind;

pub use values::{
    BigPage, Bound, CallDates, Datetimes, FreeRows, FutureDates, GroupMessages, LongRange, LongRangeEcho, Missing,
    Month, NumberSpelling, Numbers, Order, RateHeaders, SameDate, TokenApiUrl, TokenGrant, TokenRefusals, TotalRecords,
};

const LISTED_OFF_DAYS: std::ops::RangeInclusive<i64> = -31..=31;

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
    /// Which time of a call the range of dates goes by
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub call_dates: CallDates,
    /// What happens to a range whose `from` is its `to`, a date
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub same_date: SameDate,
    /// What happens to a range that ends after today
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub future_dates: FutureDates,
    /// What happens to a range of more than a month
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub long_range: LongRange,
    /// How long a month is for that
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub month: Month,
    /// What `from` and `to` of the answer say after a range was cut to a month
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub long_range_echo: LongRangeEcho,
    /// Percent of the rows that are listed under another date than that of their `sent_time`, always the same rows
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100), help_heading = "Open questions")]
    pub listed_off: u8,
    /// How many days later that date is, or earlier if negative (unset: 1 to 3 in either direction, from row to row)
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(i8).range(LISTED_OFF_DAYS), help_heading = "Open questions")]
    pub listed_off_days: Option<i8>,
    /// What happens to a page size above 300
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub big_page: BigPage,
    /// Rows on a page at most, whatever page size is asked for (0: as asked)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Open questions")]
    pub page_limit: usize,
    /// When rows without charge are left out, if only charged ones are asked for
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub free_rows: FreeRows,
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
    /// How billing numbers are written
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub number_spelling: NumberSpelling,
    /// Whether the rows of a group message share their `message_id`
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub group_messages: GroupMessages,
    /// Order of the rows, by the time at which they came into the report unless it says otherwise
    #[arg(long, value_enum, default_value_t, help_heading = "Open questions")]
    pub order: Order,
    /// Minutes after which a message comes into the report
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Open questions")]
    pub lag_minutes: u32,
    /// Repeat the last N rows of each page at the head of the next
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Open questions")]
    pub repeat_rows: usize,

    /// Seconds by which each page that is answered moves the account's present on, so that rows arrive meanwhile
    #[arg(long, value_name = "SECONDS", default_value_t = 0, help_heading = "Data that change")]
    pub arrive_per_answer: u32,
    /// Take every page from the rows that are there when it is asked for, not from those of the first page
    #[arg(long, help_heading = "Data that change")]
    pub live_pages: bool,
    /// Show the present to N questions of a report, then older data to N questions, and so on (0: always the present)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Data that change")]
    pub flap: u32,
    /// How many hours old those data are
    #[arg(long, value_name = "N", default_value_t = 24, help_heading = "Data that change")]
    pub flap_hours: u32,
    /// Never show what changes in the report after this moment (2026-11-20T00:00:00Z)
    #[arg(long, value_name = "TIME", help_heading = "Data that change")]
    pub stalled_at: Option<Timestamp>,

    /// Requests for all reports allowed in any second (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub rate_per_second: u32,
    /// Requests for all reports allowed in all (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub rate_per_day: u32,
    /// Requests for all reports allowed at the same time (0: no limit)
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Limits")]
    pub concurrent: usize,
    /// Whether headers of a refusal name the limit
    #[arg(long, value_enum, default_value_t, help_heading = "Limits")]
    pub rate_headers: RateHeaders,
    /// Milliseconds before each answer of a report
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
    /// Seconds that an access token lives; `expires_in` says the same
    #[arg(long, value_name = "N", default_value_t = 3600, help_heading = "Token")]
    pub token_seconds: u64,
    /// Reports whose scope a token has; the others are refused
    #[arg(long, value_name = "REPORT,...", value_enum, value_delimiter = ',', default_values_t = ReportKind::ALL, help_heading = "Token")]
    pub scopes: Vec<ReportKind>,
    /// What the token's answer says of the API's address
    #[arg(long, value_enum, default_value_t, help_heading = "Token")]
    pub token_api_url: TokenApiUrl,
    /// Where the token endpoint looks for the grant
    #[arg(long, value_enum, default_value_t, help_heading = "Token")]
    pub token_grant: TokenGrant,
    /// HTTP status of a refused token
    #[arg(long, value_enum, default_value_t, help_heading = "Token")]
    pub token_refusals: TokenRefusals,

    /// A fault of the K-th answer of all reports, or of REPORT (sms, call or fax), N times in a row (--help: the kinds)
    #[arg(long = "fault", value_name = "[REPORT:]KIND[@K[xN]]", long_help = fault::help_of_reports(), help_heading = "Faults")]
    pub faults: Vec<Fault>,
    /// A fault of every answer to a question that covers one of these dates; K counts the requests for them (default 1),
    /// N is how many of those in a row have it (default: all)
    #[arg(long = "fail-dates", value_name = "FROM[..TO]=[REPORT:]KIND[@K[xN]]", help_heading = "Faults")]
    pub date_faults: Vec<DateFault>,
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
        let line = "--same-date refused --future-dates clamped --month days32 --listed-off 2 --listed-off-days -3 \
                    --stalled-at 2026-11-20T00:00:00Z --fail-dates 2026-11-05..2026-11-07=server-500@1xall \
                    --number-spelling mixed --token-api-url without-v2 --total-records random --order by-listing";
        let switches = read(line).unwrap();
        assert_eq!((switches.same_date, switches.future_dates), (SameDate::Refused, FutureDates::Clamped));
        assert_eq!((switches.listed_off, switches.listed_off_days), (2, Some(-3)));
        assert_eq!(switches.stalled_at.map(|stall| stall.to_string()).as_deref(), Some("2026-11-20T00:00:00Z"));
        assert_eq!(switches.date_faults.len(), 1);
        assert!(read("--listed-off 101").is_err());
        assert!(read("--date-zone Nowhere").unwrap_err().contains("IANA name"));
    }
}
