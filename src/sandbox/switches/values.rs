//! The values of the switches that have names.

use clap::ValueEnum;

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

/// Which time of a call the range of a question goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CallDates {
    /// when it began to ring
    Start,
    /// when it was answered
    Answer,
    /// when it ended
    #[default]
    End,
}

/// What happens to a range of more than a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LongRange {
    /// the month that starts with `from` is kept
    #[default]
    TruncatedStart,
    /// the month that ends with `to` is kept
    TruncatedEnd,
    /// HTTP 400
    Refused,
    /// all of it is served
    Served,
}

/// What happens to a range whose `from` is its `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SameDate {
    /// it is answered: that date, or nothing if `to` does not belong to the range
    #[default]
    Accepted,
    /// HTTP 400
    Refused,
}

/// What happens to a range that ends after today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FutureDates {
    /// it is answered as any other
    #[default]
    Answered,
    /// HTTP 400
    Refused,
    /// it is cut at today, and the answer's `to` says so
    Clamped,
}

/// What the answer's `from` and `to` say after a range of more than a month was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LongRangeEcho {
    /// the ends that were asked for
    #[default]
    Asked,
    /// the ends that are served
    Served,
}

/// How long the month is that a range may cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Month {
    /// to the same day of the next month
    #[default]
    Calendar,
    /// twenty-eight days
    #[value(name = "days28")]
    Days28,
    /// thirty days
    #[value(name = "days30")]
    Days30,
    /// thirty-one days
    #[value(name = "days31")]
    Days31,
    /// thirty-two days
    #[value(name = "days32")]
    Days32,
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
    /// always 0
    Zero,
    /// some number that has nothing to do with the rows, another on each page
    Random,
}

/// When rows without charge are left out, if only charged ones are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FreeRows {
    /// before the rows are put on pages
    #[default]
    BeforePaging,
    /// from each page: pages in the middle are short or empty
    AfterPaging,
}

/// How billing numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum NumberSpelling {
    /// as they are in the account
    #[default]
    AsIs,
    /// without their plus
    NoPlus,
    /// with a plus, without, or with brackets and hyphens: from one row to the next, the same in every answer
    ByRow,
    /// in the same ways, from one row to the next and from one answer to the next
    Mixed,
    /// every second row names the extension of the company's side behind the number, which makes it another number
    Extension,
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
    /// by the moment at which rows are listed, the earliest first
    ByListing,
}

/// Whether the headers of a limit are in a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RateHeaders {
    /// they are
    #[default]
    Sent,
    /// they are not
    Absent,
}

/// What the token's answer says of the API's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TokenApiUrl {
    /// `api_url` is the base of the API, with `/v2`
    Sent,
    /// there is no `api_url`
    Absent,
    /// `api_url` is the host alone, without `/v2`, as Zoom sends it
    #[default]
    #[value(name = "without-v2")]
    WithoutV2,
}

/// Where the token endpoint looks for the grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TokenGrant {
    /// in the form body, and in the query
    #[default]
    Either,
    /// in the form body alone
    Form,
    /// in the query alone
    Query,
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
