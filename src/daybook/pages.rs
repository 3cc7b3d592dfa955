//! The page that each run leaves in the ledger's table, for the function behind the dashboard's widget.
//!
//! That function knows no Zoom account. So pages have a partition of their own, `page`, which is no account's id, and its rights can end
//! there. An account has two items in it: `account#…`, by which pages are listed, and `page#…` with the page itself.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::store::seconds;
use super::{Store, StoreError};
use crate::clients::table::{Item, key, text};

/// The partition of all pages of a table.
pub const PARTITION: &str = "page";
/// How long a page is kept that no run replaces.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 100);

/// A stored page, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Zoom's account id.
    pub account: String,
    /// The moment that the page shows.
    pub as_of: Timestamp,
    /// What it says first.
    pub verdict: String,
}

impl Listed {
    fn of(item: &Item) -> Option<Listed> {
        let account = text(item, "sk")?.strip_prefix("account#")?.to_owned();
        let as_of = text(item, "as_of")?.parse().ok()?;
        Some(Listed { account, as_of, verdict: text(item, "verdict").unwrap_or_default().to_owned() })
    }

    fn items(&self, page: &str) -> Vec<Item> {
        let item = |kind: &str, name: &str, value: &str| {
            let mut item = key(PARTITION, &format!("{kind}#{}", self.account));
            item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
            item.insert("as_of".to_owned(), AttributeValue::S(self.as_of.to_string()));
            item.insert("expires_at".to_owned(), seconds(self.as_of + LIFE));
            item
        };
        vec![item("page", "page", page), item("account", "verdict", &self.verdict)]
    }
}

impl Store {
    /// Stores an account's page, in JSON, in place of the one before.
    ///
    /// # Errors
    /// The table cannot be written.
    pub async fn keep_page(&self, listed: &Listed, page: &str) -> Result<(), StoreError> {
        self.put(listed.items(page)).await.map_err(StoreError::of_page)
    }

    /// The pages of all accounts, the newest last.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn pages(&self) -> Result<Vec<Listed>, StoreError> {
        let items = self.query(PARTITION, "account#").await.map_err(StoreError::of_page)?;
        let mut pages: Vec<_> = items.iter().filter_map(Listed::of).collect();
        pages.sort_by_key(|page| page.as_of);
        Ok(pages)
    }

    /// An account's page, in JSON; `None` without one.
    ///
    /// # Errors
    /// The table cannot be read.
    pub async fn page(&self, account: &str) -> Result<Option<String>, StoreError> {
        let sort_key = format!("page#{account}");
        // An account may begin with the id of another.
        let items = self.query(PARTITION, &sort_key).await.map_err(StoreError::of_page)?;
        let own = items.iter().find(|item| text(item, "sk") == Some(sort_key.as_str()));
        Ok(own.and_then(|item| text(item, "page")).map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(account: &str, as_of: &str) -> Listed {
        Listed { account: account.to_owned(), as_of: as_of.parse().unwrap(), verdict: format!("{account} is fine.") }
    }

    #[tokio::test]
    async fn an_account_has_its_last_page_and_the_newest_is_last() {
        let store = Store::memory();
        assert_eq!((store.pages().await.unwrap(), store.page("a").await.unwrap()), (Vec::new(), None));
        let (first, other) = (listed("a", "2026-11-22T12:00:00Z"), listed("ab", "2026-11-22T12:30:00Z"));
        let second = listed("a", "2026-11-22T13:00:00Z");
        for (page, text) in [(&first, "first"), (&other, "other"), (&second, "second")] {
            store.keep_page(page, text).await.unwrap();
        }
        assert_eq!(store.pages().await.unwrap(), [other, second]);
        assert_eq!(store.page("a").await.unwrap().as_deref(), Some("second"));
        assert_eq!(store.page("ab").await.unwrap().as_deref(), Some("other"));
        assert_eq!(store.page("b").await.unwrap(), None);
    }
}
