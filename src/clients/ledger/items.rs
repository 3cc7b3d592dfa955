//! What a table holds, in a map: account → sort key → text. The demo's ledger, and that of tests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Write, intent_key, stored};
use crate::domain::alert::{AlertId, Thread, Threads};

/// Threads, intents and messages, by account and sort key.
#[derive(Debug, Default)]
pub(super) struct Items(BTreeMap<String, BTreeMap<String, String>>);

impl Items {
    #[cfg(test)]
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.values().flat_map(BTreeMap::keys).cloned().collect()
    }

    fn of(&self, account: &str) -> impl Iterator<Item = (&String, &String)> {
        self.0.get(account).into_iter().flatten()
    }

    pub(super) fn threads(&self, account: &str, owner: &str, now: Timestamp) -> Threads {
        let threads = self.of(account).filter(|(key, _)| key.starts_with("thread#"));
        let threads = threads.filter_map(|(_, text)| stored::thread(text)).filter(|thread| now < thread.expires_at);
        let own = intent_key(owner);
        let intents = self.of(account).filter(|(key, _)| key.starts_with("run#") && **key != own);
        let intended: BTreeSet<_> = intents.flat_map(|(_, ids)| ids.split(',')).map(AlertId::stored).collect();
        Threads::new(threads.collect(), intended, false)
    }

    pub(super) fn write(&mut self, thread: &Thread, read: Option<u64>, now: Timestamp) -> Write {
        let items = self.0.entry(thread.key.account.to_string()).or_default();
        let found = items.get(&thread.key.sort_key()).and_then(|text| stored::thread(text));
        let found = found.filter(|found| now < found.expires_at || read.is_some());
        if found.as_ref().map(|found| found.version) != read {
            return Write::Refused(found.map(Box::new));
        }
        items.insert(thread.key.sort_key(), stored::text(thread));
        Write::Done
    }

    pub(super) fn put(&mut self, account: &str, sort_key: &str, text: String) {
        self.0.entry(account.to_owned()).or_default().insert(sort_key.to_owned(), text);
    }

    pub(super) fn texts(&self, account: &str, prefix: &str) -> Vec<String> {
        let of_account = self.of(account).filter(|(key, _)| key.starts_with(prefix));
        of_account.map(|(_, text)| text.clone()).collect()
    }

    pub(super) fn delete(&mut self, account: &str, sort_key: &str) {
        self.0.entry(account.to_owned()).or_default().remove(sort_key);
    }
}
