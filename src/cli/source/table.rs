//! The past in a deployment's table.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Fault, Source, end_of, other_zone, secret_of_environment, zone_of};
use crate::cli::progress::Progress;
use crate::cli::variable;
use crate::clients::sdk_config;
use crate::clients::secrets::Secrets;
use crate::config::SecretSource;
use crate::daybook::{Head, Saved, Store, StoreError, Texts, Whose};
use crate::domain::past::{self, Past};
use crate::domain::product::{Product, Products};
use crate::domain::totals::DaySums;
use crate::error::{Code, RunError};
use crate::run::Wanted;

/// Days that are in memory as items at once, if all are wanted.
const DAYS_OF_ALL: usize = 16;

/// A deployment's history.
pub(super) struct Table {
    store: Store,
    product: Product,
    pub(super) account: String,
    pub(super) zone: String,
    head: Head,
    /// The days that are known, in order.
    pub(super) known: Vec<Date>,
    /// The last of them, and when it was read.
    pub(super) last: Date,
    read_at: Timestamp,
}

impl Table {
    pub(super) async fn days(&self, days: &[Date]) -> Result<BTreeMap<Date, DaySums>, StoreError> {
        let whose = Whose { account: &self.account, products: Products::One(self.product), zone: &self.zone };
        self.store.days(whose, &self.head, days).await
    }

    /// All of them, each text once.
    pub(super) async fn all_days(&self, texts: &mut Texts) -> Result<past::Days, Fault> {
        let mut days = past::Days::new();
        let progress = Progress::new("reading the deployment's history");
        for batch in self.known.chunks(DAYS_OF_ALL) {
            for (day, mut sums) in self.days(batch).await? {
                texts.share(&mut sums);
                days.insert(day, sums);
            }
            let what = format!("reading the deployment's history, {} of {} days", days.len(), self.known.len());
            progress.at(&what, days.len() as u64, self.known.len() as u64);
        }
        progress.end();
        Ok(days)
    }

    /// Rows sent at this moment or later are not in it.
    pub(super) fn until(&self) -> Result<Timestamp, Fault> {
        Ok(self.read_at.min(end_of(self.last, &zone_of(&self.zone)?)?))
    }
}

impl Source {
    pub(super) async fn of_table(&self, wanted: &Wanted<'_>) -> Result<Saved, Fault> {
        let (mut past, mut until) = (Past::default(), Timestamp::MAX);
        let mut texts = Texts::default();
        for product in wanted.products {
            let table = self.table(wanted.zone, *product).await?;
            until = until.min(table.until()?);
            past.products.insert(*product, table.all_days(&mut texts).await?);
            (past.account, past.zone) = (table.account, table.zone);
        }
        Ok(Saved { past, until })
    }

    /// A deployment's history of a product, before its days are read.
    pub(super) async fn table(&self, zone: Option<&str>, product: Product) -> Result<Table, Fault> {
        let Some(table) = variable("LEDGER_TABLE") else {
            return Err(Fault::wrong_use(
                "environment: LEDGER_TABLE missing; --source table reads a deployment's history: set it to the name of its table",
            ));
        };
        let aws = sdk_config().await;
        let account = account(self.secret_id.as_ref(), &aws).await?;
        let store = Store::table(&aws, &table);
        let zones = store.zones(&account, product).await?;
        let history = format!("table {table:?} has no history{} of account {account}", product.of_charged());
        let zone = match (zone, zones.as_slice()) {
            (_, []) => {
                let message = format!("{history} yet; run cost-alerts backfill, or set LEDGER_TABLE to another table");
                return Err(RunError::new(Code::ReportIncomplete, message).into());
            }
            (Some(zone), zones) if zones.iter().any(|known| known == zone) => zone.to_owned(),
            (Some(zone), zones) => return Err(other_zone(&format!("{history} by the days of {zone}"), zones)),
            (None, [zone]) => zone.clone(),
            (None, zones) => {
                return Err(Fault::wrong_use(format!(
                    "table {table:?} has the days of several time zones; give --time-zone {}",
                    zones.join(" or ")
                )));
            }
        };
        let whose = Whose { account: &account, products: Products::One(product), zone: &zone };
        let head = store.load(whose).await?.head.unwrap_or_default();
        let Some((last, read_at)) = head.known_days().last() else {
            let message = format!("{history} yet; run cost-alerts backfill");
            return Err(RunError::new(Code::ReportIncomplete, message).into());
        };
        let known = head.known_days().map(|(day, _)| day).collect();
        Ok(Table { store, product, account, zone, head, known, last, read_at })
    }
}

/// The Zoom account whose part of a deployment's table is meant: that of ZOOM_ACCOUNT_ID, or of the secret.
pub(in crate::cli) async fn account(
    given: Option<&SecretSource>,
    aws: &aws_config::SdkConfig,
) -> Result<String, Fault> {
    if let Some(account) = variable("ZOOM_ACCOUNT_ID") {
        return Ok(account);
    }
    let Some(id) = given.cloned().map(Ok).or_else(secret_of_environment) else {
        return Err(Fault::wrong_use(
            "environment: ZOOM_ACCOUNT_ID missing; it tells whose history of the table is meant; ZOOM_SECRET_ID or --secret-id will do as well",
        ));
    };
    let credentials = Secrets::aws(aws).read(&id.map_err(Fault::used_wrongly)?).await;
    let credentials = credentials.map_err(|error| RunError::new(Code::SecretUnreadable, error.to_string()))?;
    Ok(credentials.account_id)
}
