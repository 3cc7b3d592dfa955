mod focus;
mod out;
mod rows;
mod sheet;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::focus::Frame;
use self::out::{Out, Unwritten};
use self::rows::rows;
use super::fault::Fault;
use super::init::LATE_CHARGES_DAYS;
use super::progress::Progress;
use super::replay::{first_day, kept_by_zoom};
use super::source::{Days, Place, Source, end_of, zone_of};
use super::whole::WholeFile;
use super::{Ending, complain, help};
use crate::domain::alert::{count, days_between};
use crate::domain::product::Product;
use crate::domain::totals::DaySums;
use crate::error::{Code, RunError};
use crate::run::Wanted;

/// Write daily sums for a spreadsheet, or for a FinOps tool
///
/// One row for each day, billing number, department, cost center, product and currency, in CSV. Amounts are exact. A day that is not known
/// has no row, and standard error names it. docs/export.md has the columns.
#[derive(Args)]
#[command(after_long_help = help::EXPORT)]
pub(super) struct Export {
    /// The columns
    #[arg(long, value_name = "csv|focus")]
    format: Format,
    /// What was charged: sms, call, fax, or several with commas between
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = product, default_value = "sms")]
    products: Vec<Product>,
    /// The first month (2026-03), or day [default: the first day of the past]
    #[arg(long, value_name = "MONTH", value_parser = first_day)]
    since: Option<Date>,
    /// Where days turn, such as America/New_York [default: the zone of the past; with --source zoom UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[command(flatten)]
    source: Source,
    /// Write to this file; - is standard output [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "out")]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Nine, for spreadsheets
    Csv,
    /// Those of FOCUS 1.0, the FinOps Foundation's cost and usage specification
    Focus,
}

impl Export {
    pub(super) async fn run(&self, now: Timestamp) -> Ending {
        match self.exported(now).await {
            Ok(()) | Err(Unwritten::Closed) => Ending::Fine,
            Err(Unwritten::Fault(fault)) => fault.end(false),
        }
    }

    async fn exported(&self, now: Timestamp) -> Result<(), Unwritten> {
        let path = self.out.as_deref().filter(|path| *path != Path::new("-"));
        path.map_or(Ok(()), |path| WholeFile::look(path, self.force))?;
        let all = self.days(now).await?;
        let mut sheet = None;
        let mut notes = Vec::new();
        for (product, days) in all {
            let sheet = match &mut sheet {
                Some(sheet) => sheet,
                none => none.insert(Sheet::begin(self.format, &days, Out::open(path, self.force)?)?),
            };
            notes.extend(self.product(product, days, sheet).await?);
        }
        if let Some(sheet) = sheet {
            sheet.end()?;
        }
        notes.iter().for_each(|note| complain(note));
        Ok(())
    }

    /// Adds the days of a product; returns what is to be said of them.
    async fn product(&self, product: Product, mut days: Days, sheet: &mut Sheet) -> Result<Vec<String>, Unwritten> {
        let mut seen = Seen::since(self.since.unwrap_or(days.ends.0));
        let progress = (!sheet.out.get_ref().is_terminal()).then(|| Progress::new("exporting"));
        while let Some((day, sums)) = days.next().await? {
            if let Some(progress) = &progress {
                let what = format!("exporting {}, {day}", product.charged());
                progress.at(&what, seen.days, seen.days_until(days.ends.1));
            }
            seen.add(day);
            sheet.add(product, day, &sums)?;
        }
        drop(progress);
        if seen.days == 0 {
            let (first, last) = (seen.first, days.ends.1);
            let message =
                format!("no day from {first} to {last} is known; give an earlier --since, or another --source");
            return Err(RunError::new(Code::ReportIncomplete, message).into());
        }
        seen.end(days.ends.1);
        let end = end_of(days.ends.1, &sheet.zone)?;
        let of = product.of_charged();
        let mut notes: Vec<_> = seen.note(&of).into_iter().collect();
        if days.until < end {
            let until = Timestamp::from_second(days.until.as_second()).unwrap_or(days.until);
            notes.push(format!("{} is not over: its figures{of} go up to {until}.", days.ends.1));
        }
        Ok(notes)
    }

    async fn days(&self, now: Timestamp) -> Result<Vec<(Product, Days)>, Fault> {
        let place = self.source.place.clone().unwrap_or(Place::Zoom);
        let zone = self.time_zone.as_deref();
        let known = zone.map(zone_of).transpose()?;
        if place == Place::Zoom {
            kept_by_zoom(self.since, known.unwrap_or(TimeZone::UTC).to_datetime(now).date())?;
        }
        let mut products = self.products.clone();
        products.sort_unstable();
        products.dedup();
        let wanted = Wanted { zone, late_charges_days: LATE_CHARGES_DAYS, products: &products };
        let mut all = self.source.days(&place, &wanted, now).await?;
        for (_, days) in &mut all {
            let Some(since) = self.since else { break };
            let (first, last) = days.ends;
            if since > last {
                return Err(Fault::wrong_use(format!(
                    "--since {since}: the past begins on {first} and ends on {last}; give a month or a day between"
                )));
            }
            days.begin_with(since);
        }
        Ok(all)
    }
}

fn product(name: &str) -> Result<Product, String> {
    Product::named(name.trim()).ok_or_else(|| "is none of sms, call and fax".to_owned())
}

fn internal(error: &jiff::Error) -> Fault {
    RunError::new(Code::Internal, format!("a day of the past: {error}")).into()
}

/// An export on its way out.
struct Sheet {
    format: Format,
    account: Arc<str>,
    zone: TimeZone,
    out: csv::Writer<Out>,
}

impl Sheet {
    fn begin(format: Format, days: &Days, out: Out) -> Result<Sheet, Unwritten> {
        // RFC 4180.
        let out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let mut sheet = Sheet { format, account: days.account.as_str().into(), zone: zone_of(&days.zone)?, out };
        sheet.write(&match format {
            Format::Csv => sheet::columns(),
            Format::Focus => focus::columns(),
        })?;
        Ok(sheet)
    }

    fn add(&mut self, product: Product, day: Date, sums: &DaySums) -> Result<(), Unwritten> {
        let frame = Frame::of(Arc::clone(&self.account), day, &self.zone).map_err(|error| internal(&error))?;
        for row in rows(product, day, sums) {
            let record = match self.format {
                Format::Csv => sheet::record(&row),
                Format::Focus => frame.record(&row),
            };
            self.write(&record)?;
        }
        Ok(())
    }

    fn write(&mut self, record: &csv::StringRecord) -> Result<(), Unwritten> {
        self.out.write_record(record).map_err(|error| {
            let error = match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                other => std::io::Error::other(format!("{other:?}")),
            };
            self.out.get_ref().unwritten(&error)
        })
    }

    fn end(mut self) -> Result<(), Unwritten> {
        let flushed = self.out.flush();
        flushed.map_err(|error| self.out.get_ref().unwritten(&error))?;
        match self.out.into_inner() {
            Ok(out) => out.end(),
            Err(_) => Err(RunError::new(Code::Internal, "rows are left in memory").into()),
        }
    }
}

/// Which days an export has, and which of those between are missing.
struct Seen {
    first: Date,
    /// The day that comes next if none is missing.
    next: Date,
    days: u64,
    /// First and last days of what is missing.
    unknown: Vec<(Date, Date)>,
}

impl Seen {
    fn since(first: Date) -> Seen {
        Seen { first, next: first, days: 0, unknown: Vec::new() }
    }

    fn days_until(&self, last: Date) -> u64 {
        length(self.first, last)
    }

    fn add(&mut self, day: Date) {
        self.days += 1;
        self.up_to(day);
        self.next = day.tomorrow().unwrap_or(day);
    }

    fn up_to(&mut self, day: Date) {
        if self.next < day {
            self.unknown.push((self.next, day.yesterday().unwrap_or(day)));
        }
    }

    fn end(&mut self, last: Date) {
        self.up_to(last.tomorrow().unwrap_or(last));
    }

    /// What is missing: nobody may take it for nothing.
    fn note(&self, of: &str) -> Option<String> {
        let days = self.unknown.iter().map(|(from, to)| length(*from, *to)).sum::<u64>();
        if days == 0 {
            return None;
        }
        let are = if days == 1 { "is" } else { "are" };
        let mut text = format!("{}{of} {are} not known and not in the export: ", count(days, "day"));
        for (place, (from, to)) in self.unknown.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            let to = if from == to { String::new() } else { format!(" to {to}") };
            _ = write!(text, "{separator}{from}{to}");
        }
        Some(text + ".")
    }
}

/// How many days there are, the first and the last included.
fn length(first: Date, last: Date) -> u64 {
    last.tomorrow().map_or(0, |end| days_between(first, end).into())
}
