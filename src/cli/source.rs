//! Where `check`, `replay`, `init`, `report` and `export` take an account's past from.
//!
//! A past is daily sums in one time zone. Whoever wants another zone needs another past: sums of civil days cannot be regrouped.

mod days;
mod table;

use std::convert::Infallible;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

pub(super) use self::days::Days;
pub(super) use self::table::account;
use super::fault::Fault;
use super::progress::{Progress, Steps, months};
use super::whole::{WholeFile, is_in_a_directory, unwritten};
use super::{embedded, variable};
use crate::clients::ledger::{Ledger, Simulated};
use crate::clients::parameters::Parameters;
use crate::clients::secrets::Secrets;
use crate::clients::topic::Topic;
use crate::clients::zoom::Zoom;
use crate::clients::{Credentials, sdk_config};
use crate::config::{SecretSource, ZoomConfig};
use crate::daybook::{BEGINNING, FileFault, Saved, Store, read_file, write_file};
use crate::domain::period::start_of;
use crate::domain::text::did_you_mean;
use crate::error::{Code, RunError};
use crate::run::{Services, Wanted, past};

#[derive(Args)]
pub(super) struct Source {
    /// The past: the account's report at Zoom, a deployment's table, the sample account, or a file that --save has written
    #[arg(long = "source", value_name = "zoom|table|demo|FILE")]
    pub(super) place: Option<Place>,
    /// Zoom's credentials: name or ARN of a secret in AWS Secrets Manager, or ssm:NAME, a SecureString parameter
    #[arg(long, value_name = "ID", value_parser = SecretSource::parse)]
    pub(super) secret_id: Option<SecretSource>,
    /// Save the past in this file, to use it again as --source FILE
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Zoom,
    Table,
    Demo,
    File(PathBuf),
}

impl FromStr for Place {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Place, Infallible> {
        Ok(match text {
            "zoom" => Place::Zoom,
            "table" => Place::Table,
            "demo" => Place::Demo,
            file => Place::File(file.into()),
        })
    }
}

impl Place {
    /// Whether it can be read, as far as that can be seen before anything is.
    pub(super) fn look(&self) -> Result<(), Fault> {
        match self {
            Place::File(path) => open(path).map(drop),
            _ => Ok(()),
        }
    }
}

impl Source {
    /// The past that is wanted.
    pub(super) async fn load(&self, place: &Place, wanted: &Wanted<'_>, now: Timestamp) -> Result<Saved, Fault> {
        self.save.iter().try_for_each(|path| may_be_saved(path))?;
        let saved = match place {
            Place::Zoom => self.of_zoom(wanted, now).await?,
            Place::Demo => of_demo(wanted).await?,
            Place::Table => self.of_table(wanted).await?,
            Place::File(path) => of_file(path, wanted.zone)?,
        };
        let missing = wanted.products.iter().filter(|product| saved.past.days(**product).is_empty());
        let missing: Vec<_> = missing.map(|product| product.charged()).collect();
        if !missing.is_empty() {
            let missing = missing.join(" and no ");
            let message = format!("this past has no {missing}; leave them out of the products, or take another source");
            return Err(RunError::new(Code::ReportIncomplete, message).into());
        }
        if let Some(path) = &self.save {
            save(path, &saved)?;
        }
        Ok(saved)
    }

    /// Where Zoom's credentials come from.
    pub(super) async fn secrets(&self) -> Result<Secrets, RunError> {
        match self.secret_id {
            Some(_) => Ok(Secrets::aws(&sdk_config().await)),
            None => credentials().map(Secrets::Given),
        }
    }

    /// The place that goes with [`Source::secrets`], which credentials at hand do not ask for.
    pub(super) fn secret_id(&self) -> SecretSource {
        self.secret_id.clone().unwrap_or_else(|| SecretSource::Secret(String::new()))
    }

    async fn of_zoom(&self, wanted: &Wanted<'_>, now: Timestamp) -> Result<Saved, Fault> {
        let config = ZoomConfig::read(variable).map_err(Fault::used_wrongly)?;
        let secrets = self.secrets().await.map_err(Fault::used_wrongly)?;
        let services = offline(config, secrets, Parameters::Files)?;
        let progress = Progress::new("reading Zoom's report");
        let (months, all) = (Steps::default(), months(wanted.products));
        let on_page = |month: &str, page: u64| {
            let done = months.before(month);
            progress.at(&format!("reading Zoom's report of {month}, page {page}"), done, all);
        };
        let saved = past(&services, &self.secret_id(), wanted, now, &on_page).await;
        progress.end();
        Ok(saved?)
    }
}

/// The place of the credentials in the variable ZOOM_SECRET_ID, if it is set.
pub(super) fn secret_of_environment() -> Option<Result<SecretSource, RunError>> {
    let given = variable("ZOOM_SECRET_ID")?;
    Some(SecretSource::parse(&given).map_err(|problem| {
        RunError::new(Code::ConfigInvalid, format!("environment: ZOOM_SECRET_ID (not shown) {problem}"))
    }))
}

/// The sample account of the embedded Zoom.
async fn of_demo(wanted: &Wanted<'_>) -> Result<Saved, Fault> {
    let embedded::Embedded { sandbox, zoom, credentials, as_of } = embedded::Embedded::start().await?;
    // Nobody shares its limit.
    let zoom = ZoomConfig { requests_per_second: 1_000, ..zoom };
    let services = offline(zoom, Secrets::Given(credentials), Parameters::Files)?;
    let wanted = Wanted { zone: wanted.zone.or(Some(embedded::ZONE)), ..*wanted };
    let saved = past(&services, &SecretSource::Secret("demo".to_owned()), &wanted, as_of, &|_, _| {}).await;
    drop(sandbox);
    Ok(saved?)
}

fn of_file(path: &Path, zone: Option<&str>) -> Result<Saved, Fault> {
    let saved = read_file(BufReader::new(open(path)?)).map_err(|fault| unusable(path, &fault))?;
    of_that_zone(path, zone, &saved.past.zone)?;
    Ok(saved)
}

fn open(path: &Path) -> Result<File, Fault> {
    File::open(path).map_err(|error| {
        let guess = did_you_mean(&path.to_string_lossy(), &["zoom", "table", "demo"]);
        Fault::wrong_use(format!(
            "{path:?} cannot be read: {error}{guess}; --source is zoom, table, demo, or a file that --save has written"
        ))
    })
}

fn unusable(path: &Path, fault: &FileFault) -> Fault {
    RunError::new(Code::ReportInvalid, format!("{path:?} {fault}")).into()
}

/// A file has the days of one zone.
fn of_that_zone(path: &Path, wanted: Option<&str>, zone: &String) -> Result<(), Fault> {
    match wanted.filter(|wanted| wanted != zone) {
        Some(wanted) => Err(other_zone(&format!("{path:?} has no days of {wanted}"), std::slice::from_ref(zone))),
        None => Ok(()),
    }
}

fn other_zone(problem: &str, zones: &[String]) -> Fault {
    Fault::wrong_use(format!(
        "{problem}, and sums of civil days cannot be regrouped; use a policy with time_zone = {:?}, or another past",
        zones.join("\" or \"")
    ))
}

fn save(path: &Path, saved: &Saved) -> Result<(), Fault> {
    let written = WholeFile::begin(path, true).and_then(|mut file| {
        write_file(&mut file, saved)?;
        file.place()
    });
    written.map_err(|error| unwritten(path, "--save", error))
}

/// Only a past may be replaced by one, since `--save` asks for no leave.
fn may_be_saved(path: &Path) -> Result<(), Fault> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_file() && is_saved_past(path) => Ok(()),
        Ok(_) => Err(unwritten(path, "--save", "it is there, and is no past that --save has written")),
        Err(_) if !is_in_a_directory(path) => Err(unwritten(path, "--save", "there is no such directory")),
        Err(_) => Ok(()),
    }
}

fn is_saved_past(path: &Path) -> bool {
    let mut start = [0; BEGINNING.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok_and(|()| start == *BEGINNING)
}

/// A time zone by its IANA name.
pub(super) fn zone_of(name: &str) -> Result<TimeZone, Fault> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| {
        Fault::wrong_use(format!("time zone {name:?} is not known; give an IANA name such as America/New_York"))
    })
}

/// The first moment after a day.
pub(super) fn end_of(day: jiff::civil::Date, zone: &TimeZone) -> Result<Timestamp, Fault> {
    let end = day.tomorrow().and_then(|next| start_of(next, zone));
    end.map_err(|error| RunError::new(Code::Internal, format!("the end of {day}: {error}")).into())
}

/// What reads Zoom's report and neither knows what was sent nor sends.
pub(super) fn offline(zoom: ZoomConfig, secrets: Secrets, parameters: Parameters) -> Result<Services, RunError> {
    Ok(Services {
        secrets,
        parameters,
        zoom: Zoom::new(zoom).map_err(|error| RunError::new(Code::Internal, error.to_string()))?,
        daybook: Store::memory(),
        ledger: Ledger::Simulated(Simulated::at(Timestamp::UNIX_EPOCH)),
        topic: Topic::kept(),
        full_read_every: SignedDuration::ZERO,
        late_read_every: SignedDuration::ZERO,
    })
}

/// Zoom's credentials from the environment.
fn credentials() -> Result<Credentials, RunError> {
    let names = ["ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"];
    if let [Some(account_id), Some(client_id), Some(client_secret)] = names.map(variable) {
        return Ok(Credentials { account_id, client_id, client_secret: SecretString::from(client_secret) });
    }
    let missing: Vec<_> = names.into_iter().filter(|name| variable(name).is_none()).collect();
    let message = format!(
        "environment: {} missing; set the credentials of the Zoom app there, or give --secret-id",
        missing.join(", ")
    );
    Err(RunError::new(Code::ConfigInvalid, message))
}
