//! Which reports are read, and what budgets and spikes count of them.

use toml::de::DeTable;

use super::{Reader, Value};
use crate::domain::product::{Product, Products};

const FIX: &str = "list one or more of sms, call, fax, such as [\"sms\", \"call\"], or leave the key out for sms";

/// What may be read, by name.
pub(in crate::domain::policy) fn readable() -> [(&'static str, Product); 3] {
    Product::ALL.map(|product| (product.name(), product))
}

/// What a budget may count, by name.
pub(in crate::domain::policy) fn countable() -> [(&'static str, Products); 4] {
    Products::EACH.map(|products| (products.name(), products))
}

impl<'d> Reader<'d> {
    /// The reports that are read.
    pub(super) fn products(&mut self, value: &Value<'d>) -> Option<Vec<Product>> {
        let Some(entries) = value.get_ref().as_array() else {
            let message = format!("products = {} is not a list", self.written(value));
            self.fault(value.span(), "wrong_type", message, FIX);
            return None;
        };
        if entries.is_empty() {
            self.fault(value.span(), "bad_value", "products = [] names no report, so nothing would be read", FIX);
            return None;
        }
        let mut products = Vec::new();
        for entry in entries.iter() {
            let product = self.one_of(entry, "products", &readable())?;
            if products.contains(&product) {
                let message = format!("products has {:?} twice", product.name());
                self.fault(entry.span(), "bad_value", message, "keep one of them");
            }
            products.push(product);
        }
        products.sort_unstable();
        Some(products)
    }

    /// What a budget counts, of what is read.
    pub(super) fn counted(&mut self, table: &DeTable<'d>, read: Option<&[Product]>) -> Option<Products> {
        let counted = table.get("product").map_or(Some(Products::All), |value| {
            let counted = self.one_of(value, "product", &countable())?;
            if let Products::One(product) = counted {
                self.refuse_unread(value, product, read);
            }
            Some(counted)
        })?;
        // The only product that is read is all that is read.
        Some(match (counted, read) {
            (Products::All, Some([only])) => Products::One(*only),
            _ => counted,
        })
    }

    /// What a spike counts.
    pub(super) fn watched(
        &mut self,
        table: &DeTable<'d>,
        read: Option<&[Product]>,
        place: std::ops::Range<usize>,
    ) -> Option<Product> {
        let Some(value) = table.get("product") else {
            let other = read.filter(|read| !read.contains(&Product::Sms)).and_then(<[Product]>::first);
            if let Some(other) = other {
                let message = "the spike counts sms, which the policy does not read";
                self.fault(place, "missing_key", message, format!("add product = {:?}", other.name()));
            }
            return Some(Product::Sms);
        };
        let product = self.one_of(value, "product", &readable())?;
        self.refuse_unread(value, product, read);
        Some(product)
    }

    fn refuse_unread(&mut self, value: &Value<'d>, product: Product, read: Option<&[Product]>) {
        if read.is_some_and(|read| !read.contains(&product)) {
            let name = product.name();
            let message = format!("product {name:?} is not among the products that the policy reads");
            self.fault(
                value.span(),
                "bad_value",
                message,
                format!("add {name:?} to products at the top of the policy"),
            );
        }
    }
}
