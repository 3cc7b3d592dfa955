//! A past day by day, in order. A table and a file are read as days are asked for, so that a long past of many numbers takes no more memory
//! than a few of its days. Zoom's report is read whole first: its questions overlap.

use std::collections::{VecDeque, btree_map};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::table::Table;
use super::{Fault, Place, Source, of_that_zone, open, unusable};
use crate::daybook::{FileDays, Saved, verify_file};
use crate::domain::past;
use crate::domain::product::Product;
use crate::domain::totals::DaySums;
use crate::error::{Code, RunError};
use crate::run::Wanted;

/// Days of a table that are in memory at once.
const DAYS_AT_ONCE: usize = 4;

/// A past that is read day by day.
pub(in crate::cli) struct Days {
    /// Zoom's account id.
    pub(in crate::cli) account: String,
    /// The IANA name of the zone in which its civil days turn.
    pub(in crate::cli) zone: String,
    /// Rows sent at this moment or later are not in it.
    pub(in crate::cli) until: Timestamp,
    /// The first and the last known day.
    pub(in crate::cli) ends: (Date, Date),
    /// Days before are passed over.
    since: Date,
    from: From,
}

enum From {
    Memory(btree_map::IntoIter<Date, DaySums>),
    Table(Box<TableDays>),
    File(PathBuf, Box<FileDays<BufReader<File>>>),
}

struct TableDays {
    table: Table,
    /// Days that are not loaded yet.
    known: VecDeque<Date>,
    loaded: btree_map::IntoIter<Date, DaySums>,
}

impl Source {
    /// The same past as [`Source::load`] gives, in the days of each product.
    pub(in crate::cli) async fn days(
        &self,
        place: &Place,
        wanted: &Wanted<'_>,
        now: Timestamp,
    ) -> Result<Vec<(Product, Days)>, Fault> {
        let mut all = Vec::new();
        match place {
            Place::Table if self.save.is_none() => {
                for product in wanted.products {
                    all.push((*product, Days::of_table(self.table(wanted.zone, *product).await?)?));
                }
            }
            // What is no regular file can be read only once.
            Place::File(path) if self.save.is_none() && path.is_file() => {
                verified(path)?;
                for product in wanted.products {
                    all.push((*product, Days::of_file(path, wanted.zone, *product)?));
                }
            }
            _ => {
                let Saved { mut past, until } = self.load(place, wanted, now).await?;
                for product in wanted.products {
                    let days = past.products.remove(product).unwrap_or_default();
                    let (account, zone) = (past.account.clone(), past.zone.clone());
                    all.push((*product, Days::of_past(account, zone, until, days)?));
                }
            }
        }
        Ok(all)
    }
}

impl Days {
    fn of_past(account: String, zone: String, until: Timestamp, days: past::Days) -> Result<Days, Fault> {
        let ends = days.keys().next().copied().zip(days.keys().next_back().copied());
        let ends = ends.ok_or_else(|| RunError::new(Code::ReportIncomplete, "the past has no day"))?;
        Ok(Days { account, zone, until, ends, since: ends.0, from: From::Memory(days.into_iter()) })
    }

    fn of_table(table: Table) -> Result<Days, Fault> {
        let known: VecDeque<_> = table.known.iter().copied().collect();
        let first = known.front().copied().unwrap_or(table.last);
        let (account, zone) = (table.account.clone(), table.zone.clone());
        let (until, ends) = (table.until()?, (first, table.last));
        let from = From::Table(Box::new(TableDays { table, known, loaded: btree_map::IntoIter::default() }));
        Ok(Days { account, zone, until, ends, since: first, from })
    }

    fn of_file(path: &Path, zone: Option<&str>, product: Product) -> Result<Days, Fault> {
        let days = FileDays::of(BufReader::new(open(path)?), product).map_err(|fault| unusable(path, &fault))?;
        let Some(days) = days else {
            return Err(Fault::wrong_use(format!(
                "{path:?} has no {}; leave them out of --products",
                product.charged()
            )));
        };
        of_that_zone(path, zone, &days.zone)?;
        let (account, zone, until, ends) = (days.account.clone(), days.zone.clone(), days.until, days.ends);
        Ok(Days { account, zone, until, ends, since: ends.0, from: From::File(path.to_owned(), Box::new(days)) })
    }

    /// Leaves out what is before a day.
    pub(in crate::cli) fn begin_with(&mut self, since: Date) {
        self.since = since;
        if let From::Table(days) = &mut self.from {
            days.known.retain(|day| *day >= since);
        }
    }

    /// The next known day. A day that the past does not know, or no longer as it was written, is passed over.
    pub(in crate::cli) async fn next(&mut self) -> Result<Option<(Date, DaySums)>, Fault> {
        loop {
            let next = match &mut self.from {
                From::Memory(days) => days.next(),
                From::Table(days) => days.next().await?,
                From::File(path, days) => days.next().transpose().map_err(|fault| unusable(path, &fault))?,
            };
            if next.as_ref().is_none_or(|(day, _)| *day >= self.since) {
                return Ok(next);
            }
        }
    }
}

/// The whole file is looked through first: what follows a day may show that the file is not as it was written.
fn verified(path: &Path) -> Result<(), Fault> {
    verify_file(BufReader::new(open(path)?)).map_err(|fault| unusable(path, &fault))
}

impl TableDays {
    async fn next(&mut self) -> Result<Option<(Date, DaySums)>, Fault> {
        loop {
            if let Some(day) = self.loaded.next() {
                return Ok(Some(day));
            }
            let batch: Vec<_> = self.known.drain(..DAYS_AT_ONCE.min(self.known.len())).collect();
            if batch.is_empty() {
                return Ok(None);
            }
            self.loaded = self.table.days(&batch).await?.into_iter();
        }
    }
}
