//! A ledger for tests: a map behind a [`Script`] that makes its calls fail, lose their replies, take long, or never return.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::items::Items;
use super::{LedgerError, Write};
use crate::clients::script::Script;
use crate::domain::alert::{Thread, Threads};

/// A map that fails on command.
#[derive(Debug)]
pub struct Memory {
    script: Arc<Script>,
    items: Mutex<Items>,
}

impl Memory {
    pub(crate) fn new(script: Arc<Script>) -> Memory {
        Memory { script, items: Mutex::default() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.script.now()
    }

    async fn call<T>(&self, write: bool, call: impl FnOnce(&mut Items) -> T) -> Result<T, LedgerError> {
        let result = self.script.ledger(write, || call(&mut self.items.lock().unwrap())).await;
        result.ok_or_else(LedgerError::out_of_time)
    }

    pub(super) async fn load(&self, account: &str, owner: &str) -> (Threads, Option<LedgerError>) {
        match self.call(false, |items| items.threads(account, owner, self.now())).await {
            Ok(threads) => (threads, None),
            Err(error) => (Threads::new(Vec::new(), std::collections::BTreeSet::new(), true), Some(error)),
        }
    }

    pub(super) async fn write(&self, thread: &Thread, read: Option<u64>) -> Result<Write, LedgerError> {
        self.call(true, |items| items.write(thread, read, self.now())).await
    }

    pub(super) async fn put(&self, account: &str, key: &str, text: String) -> Result<(), LedgerError> {
        self.call(true, |items| items.put(account, key, text)).await
    }

    pub(super) async fn delete(&self, account: &str, key: &str) -> Result<(), LedgerError> {
        self.call(true, |items| items.delete(account, key)).await
    }

    pub(super) fn texts(&self, account: &str, prefix: &str) -> Vec<String> {
        self.items.lock().unwrap().texts(account, prefix)
    }

    pub(crate) fn keys(&self) -> Vec<String> {
        self.items.lock().unwrap().keys()
    }
}
