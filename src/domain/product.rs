//! What is charged: messages, calls and faxes, each in a report of its own at Zoom.

use serde::{Deserialize, Serialize};

/// What is charged. Each product has a report of its own at Zoom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// SMS and MMS messages.
    Sms,
    /// Calls, by their minutes.
    Call,
    /// Faxes, by their pages.
    Fax,
}

impl Product {
    /// All products.
    pub const ALL: [Product; 3] = [Product::Sms, Product::Call, Product::Fax];

    /// The name in the policy, in answers and in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Product::Sms => "sms",
            Product::Call => "call",
            Product::Fax => "fax",
        }
    }

    /// The product of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Product> {
        Product::ALL.into_iter().find(|product| product.name() == name)
    }

    /// Whether it is the one that answers do not name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn is_sms(&self) -> bool {
        *self == Product::Sms
    }

    /// What its charges are for, in words.
    #[must_use]
    pub fn charged(self) -> &'static str {
        match self {
            Product::Sms => "messages",
            Product::Call => "calls",
            Product::Fax => "faxes",
        }
    }

    /// ` of calls`, behind what is said of a report; nothing for messages, which are meant where nothing is named.
    #[must_use]
    pub fn of_charged(self) -> String {
        if self == Product::Sms { String::new() } else { format!(" of {}", self.charged()) }
    }

    /// What Zoom's web portal calls its report.
    #[must_use]
    pub fn report(self) -> &'static str {
        match self {
            Product::Sms => "SMS/MMS",
            Product::Call => "Call",
            Product::Fax => "Fax",
        }
    }

    /// Whether each row of the report counts as one.
    #[must_use]
    pub fn counts_rows(self) -> bool {
        self == Product::Sms
    }

    /// What somebody does who has such charges: `sent`, `sends`.
    #[must_use]
    pub fn verbs(self) -> [&'static str; 2] {
        match self {
            Product::Sms | Product::Fax => ["sent", "sends"],
            Product::Call => ["used", "uses"],
        }
    }

    /// What is counted, for one.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Product::Sms => "message",
            Product::Call => "minute",
            Product::Fax => "page",
        }
    }

    /// What is counted, for several: `messages`, `minutes`, `pages`.
    #[must_use]
    pub fn units(self) -> String {
        format!("{}s", self.unit())
    }
}

/// What a budget counts: the charges of one product, or of all that the policy reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Products {
    /// Those of this product.
    One(Product),
    /// Those of all that are read.
    All,
}

impl Products {
    /// Each of them.
    pub const EACH: [Products; 4] =
        [Products::One(Product::Sms), Products::One(Product::Call), Products::One(Product::Fax), Products::All];

    /// The name in the policy, in answers and in keys.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Products::One(product) => product.name(),
            Products::All => "all",
        }
    }

    /// What is counted under this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Products> {
        Products::EACH.into_iter().find(|products| products.name() == name)
    }

    /// Whether charges of this product are counted.
    #[must_use]
    pub fn include(self, product: Product) -> bool {
        match self {
            Products::One(one) => one == product,
            Products::All => true,
        }
    }
}
