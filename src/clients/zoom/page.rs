//! A page of the report as Zoom writes it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::charge::Row;

/// What a page says besides its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PageEnd {
    pub(super) next_page_token: Option<String>,
    pub(super) total_records: Option<u64>,
}

/// The body is no JSON object with an array `sms_charges`.
#[derive(Debug)]
pub(super) struct NotAPage;

#[derive(Deserialize)]
struct Page<'a> {
    next_page_token: Option<String>,
    #[serde(borrow)]
    total_records: Option<&'a RawValue>,
    #[serde(borrow)]
    sms_charges: Vec<Row<'a>>,
}

/// Hands out a page's rows in their order, and says what follows.
pub(super) fn read(body: &[u8], each: impl FnMut(&Row<'_>)) -> Result<PageEnd, NotAPage> {
    let page: Page<'_> = serde_json::from_slice(body).map_err(|_| NotAPage)?;
    page.sms_charges.iter().for_each(each);
    Ok(PageEnd {
        next_page_token: page.next_page_token.filter(|token| !token.trim().is_empty()),
        total_records: page.total_records.and_then(|raw| raw.get().trim_matches('"').parse().ok()),
    })
}
