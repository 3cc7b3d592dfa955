//! A past day by day, in order. A table and a file are read as days are asked for, so that a long past of many numbers takes no more memory
//! than a few of its days. Zoom's report is read whole first: its questions overlap.

use std::collections::{BTreeMap, VecDeque, btree_map};
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Fault, Place, Source, end_of, of_that_zone, open, unusable};
use crate::clients::zoom::SMS;
use crate::daybook::{FileDays, Head, Saved, Store, StoreError, Whose, verify_file};
use crate::domain::totals::DaySums;
use crate::error::{Code, RunError};

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

/// A deployment's history.
pub(super) struct Table {
    pub(super) store: Store,
    pub(super) account: String,
    pub(super) zone: String,
    pub(super) head: Head,
    /// The days that are known, in order.
    pub(super) known: Vec<Date>,
    /// The last of them, and when it was read.
    pub(super) last: Date,
    pub(super) read_at: Timestamp,
}

impl Table {
    pub(super) async fn days(&self, days: &[Date]) -> Result<BTreeMap<Date, DaySums>, StoreError> {
        let whose = Whose { account: &self.account, product: SMS.product, zone: &self.zone };
        self.store.days(whose, &self.head, days).await
    }

    /// Rows sent at this moment or later are not in it.
    pub(super) fn until(&self) -> Result<Timestamp, Fault> {
        Ok(self.read_at.min(end_of(self.last, &self.zone)?))
    }
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
    /// The same past as [`Source::load`] gives, in days.
    pub(in crate::cli) async fn days(
        &self,
        place: &Place,
        zone: Option<&str>,
        late_charges_days: u32,
        now: Timestamp,
    ) -> Result<Days, Fault> {
        match place {
            Place::Table if self.save.is_none() => Days::of_table(self.table(zone).await?),
            // What is no regular file can be read only once.
            Place::File(path) if self.save.is_none() && path.is_file() => Days::of_file(path, zone),
            _ => Days::of_past(self.load(place, zone, late_charges_days, now).await?),
        }
    }
}

impl Days {
    fn of_past(Saved { past, until }: Saved) -> Result<Days, Fault> {
        let ends = past.ends().ok_or_else(|| RunError::new(Code::ReportIncomplete, "the past has no day"))?;
        let from = From::Memory(past.days.into_iter());
        Ok(Days { account: past.account, zone: past.zone, until, ends, since: ends.0, from })
    }

    fn of_table(table: Table) -> Result<Days, Fault> {
        let known: VecDeque<_> = table.known.iter().copied().collect();
        let first = known.front().copied().unwrap_or(table.last);
        let (account, zone) = (table.account.clone(), table.zone.clone());
        let (until, ends) = (table.until()?, (first, table.last));
        let from = From::Table(Box::new(TableDays { table, known, loaded: btree_map::IntoIter::default() }));
        Ok(Days { account, zone, until, ends, since: first, from })
    }

    /// The whole file is looked through first: what follows a day may show that the file is not as it was written.
    fn of_file(path: &Path, zone: Option<&str>) -> Result<Days, Fault> {
        let mut input = BufReader::new(open(path)?);
        verify_file(&mut input).map_err(|fault| unusable(path, &fault))?;
        input.rewind().map_err(|error| unusable(path, &error.into()))?;
        let days = FileDays::new(input).map_err(|fault| unusable(path, &fault))?;
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
