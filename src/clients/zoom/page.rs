//! One page of the report, read in a single pass: its rows are handed out as they come, and never kept.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::charge::{Row, RowReader};

/// What a page says besides its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PageEnd {
    /// The token of the next page; `None` if this is the last.
    pub next_page_token: Option<String>,
    /// Zoom's number of records, if it is a whole number.
    pub total_records: Option<u64>,
}

/// The body is no page: not a JSON object with an array `sms_charges`, or not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no page of the report")]
pub struct NotAPage;

/// Reads a page, and hands out each row as it comes.
///
/// What turns out to be no page only at its end has handed out rows by then. They are rows all the same, and known when they come again.
pub(super) fn read(body: &[u8], each: impl FnMut(&Row<'_>)) -> Result<PageEnd, NotAPage> {
    // Looked at once as a whole; serde_json would look at each text by itself.
    let text = std::str::from_utf8(body).map_err(|_| NotAPage)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let end = PageReader(each).deserialize(&mut json).map_err(|_| NotAPage)?;
    json.end().map_err(|_| NotAPage)?;
    Ok(end)
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    NextPageToken,
    TotalRecords,
    SmsCharges,
    #[serde(other)]
    Other,
}

struct PageReader<F>(F);

impl<'de, F: FnMut(&Row<'_>)> DeserializeSeed<'de> for PageReader<F> {
    type Value = PageEnd;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PageEnd, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&Row<'_>)> Visitor<'de> for PageReader<F> {
    type Value = PageEnd;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a page of the report")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<PageEnd, A::Error> {
        let mut end = PageEnd::default();
        let (mut has_token, mut has_rows) = (false, false);
        let twice = || A::Error::custom("a field stands twice in a page");
        while let Some(name) = members.next_key()? {
            match name {
                // A token of another type is no end of the report: it must not look like one.
                Name::NextPageToken if has_token => return Err(twice()),
                Name::NextPageToken => {
                    let token = members.next_value::<Option<String>>()?;
                    end.next_page_token = token.filter(|token| !token.trim().is_empty());
                    has_token = true;
                }
                Name::TotalRecords => {
                    let raw = members.next_value::<&RawValue>()?;
                    end.total_records = raw.get().trim_matches('"').parse().ok();
                }
                Name::SmsCharges if has_rows => return Err(twice()),
                Name::SmsCharges => {
                    members.next_value_seed(RowsReader(&mut self.0))?;
                    has_rows = true;
                }
                Name::Other => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        if has_rows { Ok(end) } else { Err(A::Error::missing_field("sms_charges")) }
    }
}

struct RowsReader<'f, F>(&'f mut F);

impl<'de, F: FnMut(&Row<'_>)> DeserializeSeed<'de> for RowsReader<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&Row<'_>)> Visitor<'de> for RowsReader<'_, F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the rows of a page")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        loop {
            let mut row = Row::default();
            if rows.next_element_seed(RowReader(&mut row))?.is_none() {
                return Ok(());
            }
            (self.0)(&row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The identities of the rows handed out, and the page's end.
    fn read_all(body: &str) -> (Vec<u128>, Result<PageEnd, NotAPage>) {
        let mut rows = Vec::new();
        let end = read(body.as_bytes(), |row| rows.push(row.identity()));
        (rows, end)
    }

    fn identity(row: &str) -> u128 {
        serde_json::from_str::<Row<'_>>(row).unwrap().identity()
    }

    fn end(fields: &str) -> Result<PageEnd, NotAPage> {
        read_all(&format!(r#"{{{fields}"sms_charges":[]}}"#)).1
    }

    const FIRST: &str = r#"{"message_id":"1","total_charge":"0.5"}"#;
    const SECOND: &str = r#"{"message_id":"2","total_charge":0.5,"new":{"a":[1,{"b":null}]}}"#;

    #[test]
    fn rows_are_handed_out_in_their_order_wherever_they_stand() {
        let expected = vec![identity(FIRST), identity(SECOND)];
        for body in [
            format!(r#"{{"sms_charges":[{FIRST},{SECOND}],"next_page_token":"T","new":[{{}}]}}"#),
            format!(
                " {{ \"new\" : {{\"sms_charges\":[1]}} , \"next_page_token\":\"T\", \"sms_charges\" : [ {FIRST} ,\n{SECOND} ] }} "
            ),
        ] {
            let (rows, end) = read_all(&body);
            assert_eq!(rows, expected, "{body}");
            assert_eq!(end.unwrap().next_page_token.as_deref(), Some("T"), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_page_is_refused() {
        for body in [
            "",
            "null",
            "[]",
            "\"sms_charges\"",
            "<html>",
            "{}",
            r#"{"code":300,"message":"no"}"#,
            r#"{"sms_charges":null}"#,
            r#"{"sms_charges":{}}"#,
            r#"{"sms_charges":"none"}"#,
            r#"{"sms_charges":[null]}"#,
            r#"{"sms_charges":[[]]}"#,
            r#"{"sms_charges":[1]}"#,
            r#"{"sms_charges":[]"#,
            r#"{"sms_charges":[],}"#,
            r#"{"sms_charges":[{},]}"#,
            r#"{"sms_charges":[]}{}"#,
            r#"{"sms_charges":[]} x"#,
            r#"{"sms_charges":[],"sms_charges":[]}"#,
            // Of another type, or twice, a token does not prove the end.
            r#"{"sms_charges":[],"next_page_token":7}"#,
            r#"{"sms_charges":[],"next_page_token":"T","next_page_token":""}"#,
        ] {
            assert_eq!(read_all(body).1, Err(NotAPage), "{body}");
        }
        assert_eq!(read(b"{\"sms_charges\":[],\"new\":\"\xFF\"}", |_| ()), Err(NotAPage));
    }

    #[test]
    fn a_page_cut_anywhere_hands_out_only_whole_rows() {
        let body = format!(r#"{{"next_page_token":"T","sms_charges":[{FIRST},{SECOND}],"total_records":2}}"#);
        let ends = [FIRST, SECOND].map(|row| body.find(row).unwrap() + row.len());
        for length in 0..body.len() {
            let (rows, end) = read_all(&body[..length]);
            assert_eq!(end, Err(NotAPage), "{length}");
            let whole = ends.iter().filter(|end| **end <= length).count();
            assert_eq!(rows, [identity(FIRST), identity(SECOND)][..whole], "{length}");
        }
        assert!(read_all(&body).1.is_ok());
    }

    #[test]
    fn a_token_that_is_absent_null_or_blank_is_none() {
        for none in ["", r#""next_page_token":null,"#, r#""next_page_token":"","#, r#""next_page_token":" ","#] {
            assert_eq!(end(none).unwrap().next_page_token, None, "{none}");
        }
        let escaped = end(r#""next_page_token":"a\u002fb","#).unwrap();
        assert_eq!(escaped.next_page_token.as_deref(), Some("a/b"));
    }

    #[test]
    fn the_number_of_records_is_a_whole_number_or_none() {
        for (fields, expected) in [
            ("", None),
            (r#""total_records":580,"#, Some(580)),
            (r#""total_records":"580","#, Some(580)),
            (r#""total_records":null,"#, None),
            (r#""total_records":"","#, None),
            (r#""total_records":"many","#, None),
            (r#""total_records":-1,"#, None),
            (r#""total_records":1.5,"#, None),
            (r#""total_records":99999999999999999999,"#, None),
            (r#""total_records":{"of":[1]},"#, None),
        ] {
            assert_eq!(end(fields).unwrap().total_records, expected, "{fields}");
        }
    }
}
