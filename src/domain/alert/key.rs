//! What makes a thread one thread, and what is sent in it one alert.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Kind;
use crate::domain::charge::Scope;
use crate::domain::money::Currency;
use crate::domain::product::Products;

/// Hexadecimal digits of a hash over texts.
pub(crate) fn hash(parts: &[&str], digits: usize) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut text: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(digits);
    text
}

/// What makes a thread one thread.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadKey {
    /// Zoom's account id.
    pub account: Arc<str>,
    /// The SNS topic of the receiver.
    pub topic_arn: Arc<str>,
    /// The kind of alert; a correction belongs to the thread of its budget.
    pub kind: Kind,
    /// What `subject` is.
    pub scope: Scope,
    /// The billing number, department, cost center or account.
    pub subject: Arc<str>,
    /// `None` for what is not about money.
    pub currency: Option<Currency>,
    /// What is counted.
    pub products: Products,
    /// The label of the period; empty for none.
    pub period: String,
}

impl ThreadKey {
    fn parts(&self) -> [&str; 8] {
        [
            &self.account,
            &self.topic_arn,
            self.kind.name(),
            self.scope.name(),
            &self.subject,
            self.currency.map_or("", Currency::code),
            self.products.name(),
            &self.period,
        ]
    }

    /// The sort key of the thread's item; its partition key is the account.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!("thread#{}", hash(&self.parts(), 32))
    }

    /// The id of what is sent: `what` is the level or the correction, `corrections` how many came before.
    pub(super) fn alert_id(&self, what: &str, corrections: u32) -> AlertId {
        let corrections = corrections.to_string();
        let mut parts = self.parts().to_vec();
        parts.extend([what, corrections.as_str()]);
        AlertId(hash(&parts, AlertId::DIGITS).into())
    }
}

/// The id of an alert or a message: twelve hexadecimal digits, the same in every form and in every repeat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AlertId(Arc<str>);

impl AlertId {
    const DIGITS: usize = 12;

    /// An id that was stored.
    #[must_use]
    pub fn stored(text: &str) -> AlertId {
        AlertId(text.into())
    }

    /// The id of a message that carries several alerts.
    #[must_use]
    pub fn of_group<'a>(ids: impl IntoIterator<Item = &'a AlertId>) -> AlertId {
        let mut ids: Vec<_> = ids.into_iter().map(AlertId::as_str).collect();
        ids.sort_unstable();
        match ids.as_slice() {
            [only] => AlertId((*only).into()),
            _ => AlertId(hash(&ids, AlertId::DIGITS).into()),
        }
    }

    /// The hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AlertId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
