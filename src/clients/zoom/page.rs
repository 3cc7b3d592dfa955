//! One page of a report: its rows, its next token, and what it says of the question that it answers.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::reports::{MOST_FIELDS, Report};

/// The fields of a row that the report's table names, in its order, as they were written.
pub(super) type Fields<'a> = [Option<&'a RawValue>; MOST_FIELDS];

/// More records than a report has: a count beyond is none.
const MOST_ROWS: u64 = 15_000_000;

/// A page.
#[derive(Debug, Default)]
pub(super) struct Page<'a> {
    /// `None` for a row that is no object, or has a field twice.
    pub(super) rows: Vec<Option<Fields<'a>>>,
    /// The token of the next page; `None` if this is the last.
    pub(super) next_page_token: Option<String>,
    /// Zoom's number of records, if it is a whole number. Its meaning is not documented: good for planning, never for a decision.
    pub(super) total_records: Option<u64>,
    /// The dates that Zoom says it answered for.
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
}

/// The body is no page: not a JSON object with the report's array, not whole, or one that carries an error code, whatever else it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no page of the report")]
pub(super) struct NotAPage;

/// Reads a page.
pub(super) fn read<'a>(body: &'a [u8], report: &Report) -> Result<Page<'a>, NotAPage> {
    // Looked at once as a whole; serde_json would look at each text by itself.
    let text = std::str::from_utf8(body).map_err(|_| NotAPage)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let page = PageSeed(report).deserialize(&mut json).map_err(|_| NotAPage)?;
    json.end().map_err(|_| NotAPage)?;
    Ok(page)
}

/// The text of a JSON string, or the digits of a JSON number; `None` for null, blank text and all else.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let raw = raw.get();
    let text: Cow<'_, str> = match raw.as_bytes().first()? {
        b'"' => match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
            _ => Cow::Owned(serde_json::from_str(raw).or_else(|_| serde_json::from_str(&without_halves(raw))).ok()?),
        },
        b'-' | b'0'..=b'9' => Cow::Borrowed(raw),
        _ => return None,
    };
    match text {
        Cow::Borrowed(text) => Some(text.trim_ascii()).filter(|text| !text.is_empty()).map(Cow::Borrowed),
        Cow::Owned(text) => Some(text.trim_ascii().to_owned()).filter(|text| !text.is_empty()).map(Cow::Owned),
    }
}

/// A JSON string without the halves of characters that a text has if it was cut in the middle of one: each is replaced.
fn without_halves(raw: &str) -> String {
    let half = |at: usize| {
        raw.get(at..)?.strip_prefix("\\u")?.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok())
    };
    let (mut text, mut at) = (String::with_capacity(raw.len()), 0);
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let length = match (half(at), half(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                text.push('\u{FFFD}');
                at += 6;
                continue;
            }
            // What is escaped otherwise is two characters, of which the second may be a backslash.
            _ if rest.starts_with('\\') => 2,
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        text.push_str(rest.get(..length).unwrap_or(rest));
        at += length;
    }
    text
}

/// Whether a value is a text, a number or nothing. One that is anything else may stand for any text.
pub(super) fn is_readable(raw: &RawValue) -> bool {
    raw.get() == "null" || matches!(raw.get().as_bytes().first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

struct PageSeed<'r>(&'r Report);

impl<'de> DeserializeSeed<'de> for PageSeed<'_> {
    type Value = Page<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Page<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageSeed<'_> {
    type Value = Page<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a page of the report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Page<'de>, A::Error> {
        let mut page = Page::default();
        let (mut has_token, mut has_rows) = (false, false);
        while let Some(name) = members.next_key_seed(Name)? {
            let twice = match &*name {
                "next_page_token" => {
                    // A token of another type is no end of the report: it must not look like one.
                    let token = members.next_value::<Option<String>>()?;
                    page.next_page_token = token.filter(|token| !token.trim().is_empty());
                    std::mem::replace(&mut has_token, true)
                }
                "total_records" => {
                    let total = text(members.next_value()?).and_then(|text| text.parse().ok());
                    page.total_records = total.filter(|total| *total <= MOST_ROWS);
                    false
                }
                "from" => {
                    page.from = date(members.next_value()?);
                    false
                }
                "to" => {
                    page.to = date(members.next_value()?);
                    false
                }
                "code" => {
                    let code = members.next_value::<&RawValue>()?;
                    // Zoom's error envelope, though the status said otherwise.
                    if text(code).is_some_and(|code| !code.trim_start_matches('0').is_empty()) {
                        return Err(A::Error::custom("an error code"));
                    }
                    false
                }
                name if name == self.0.array => {
                    page.rows = members.next_value_seed(RowsSeed(self.0))?;
                    std::mem::replace(&mut has_rows, true)
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    false
                }
            };
            if twice {
                return Err(A::Error::custom("a field stands twice in a page"));
            }
        }
        if has_rows { Ok(page) } else { Err(A::Error::custom("no rows")) }
    }
}

/// The date that a date or a datetime begins with.
fn date(raw: &RawValue) -> Option<Date> {
    text(raw)?.get(..10)?.parse().ok()
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        #[derive(Deserialize)]
        struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
        Text::deserialize(deserializer).map(|text| text.0)
    }
}

struct RowsSeed<'r>(&'r Report);

impl<'de> DeserializeSeed<'de> for RowsSeed<'_> {
    type Value = Vec<Option<Fields<'de>>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowsSeed<'_> {
    type Value = Vec<Option<Fields<'de>>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the rows of a page")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::with_capacity(300);
        while let Some(row) = elements.next_element_seed(RowSeed(self.0))? {
            rows.push(row);
        }
        Ok(rows)
    }
}

struct RowSeed<'r>(&'r Report);

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Option<Fields<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Option<Fields<'de>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a row of the report")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut fields: Fields<'de> = [None; MOST_FIELDS];
        let (mut expected, mut is_twice) = (0, false);
        while let Some(place) = members.next_key_seed(FieldName(self.0, expected))? {
            expected = place.map_or(expected, |place| place + 1);
            match place.and_then(|place| fields.get_mut(place)) {
                None => _ = members.next_value::<IgnoredAny>()?,
                Some(field @ None) => *field = Some(members.next_value()?),
                Some(Some(_)) => {
                    members.next_value::<IgnoredAny>()?;
                    is_twice = true;
                }
            }
        }
        Ok((!is_twice).then_some(fields))
    }
}

/// The place of a field's name in the report's table, and the place that it has if fields come in the table's order.
struct FieldName<'r>(&'r Report, usize);

impl<'de> DeserializeSeed<'de> for FieldName<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<usize>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName<'_> {
    type Value = Option<usize>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Option<usize>, E> {
        if self.0.fields.get(self.1).is_some_and(|(known, _)| *known == name) {
            return Ok(Some(self.1));
        }
        Ok(self.0.fields.iter().position(|(known, _)| *known == name))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reports::SMS;
    use super::*;

    fn page(body: &str) -> Result<(usize, Option<String>), NotAPage> {
        read(body.as_bytes(), &SMS).map(|page| (page.rows.len(), page.next_page_token))
    }

    const FIRST: &str = r#"{"message_id":"1","total_charge":"0.5"}"#;
    const SECOND: &str = r#"{"message_id":"2","total_charge":0.5,"new":{"a":[1,{"b":null}]}}"#;

    #[test]
    fn rows_are_read_wherever_they_stand() {
        for body in [
            format!(r#"{{"sms_charges":[{FIRST},{SECOND}],"next_page_token":"T","new":[{{}}],"code":0}}"#),
            format!(
                " {{ \"new\" : {{\"sms_charges\":[1]}} , \"next_page_token\":\"T\", \"sms_charges\" : [ {FIRST} ,\n{SECOND} ] }} "
            ),
        ] {
            assert_eq!(page(&body), Ok((2, Some("T".to_owned()))), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_no_page_is_refused() {
        for body in [
            "",
            "null",
            "[]",
            "<html>",
            "{}",
            r#"{"code":300,"message":"no"}"#,
            // Success by the status, an error by its code.
            r#"{"code":300,"message":"Internal failure","sms_charges":[]}"#,
            r#"{"sms_charges":[],"code":"300"}"#,
            r#"{"sms_charges":null}"#,
            r#"{"sms_charges":{}}"#,
            r#"{"sms_charges":[]"#,
            r#"{"sms_charges":[],}"#,
            r#"{"sms_charges":[{},]}"#,
            r#"{"sms_charges":[]}{}"#,
            r#"{"sms_charges":[],"sms_charges":[]}"#,
            // Of another type, or twice, a token does not prove the end.
            r#"{"sms_charges":[],"next_page_token":7}"#,
            r#"{"sms_charges":[],"next_page_token":"T","next_page_token":""}"#,
        ] {
            assert_eq!(page(body), Err(NotAPage), "{body}");
        }
        assert_eq!(read(b"{\"sms_charges\":[],\"new\":\"\xFF\"}", &SMS).err(), Some(NotAPage));
    }

    #[test]
    fn a_row_that_is_no_object_is_one_among_others() {
        for odd in ["null", "1", "-1", "0.5", "true", "\"row\"", "[{\"rate\":1}]", r#"{"rate":null,"rate":"1"}"#] {
            let body = format!(r#"{{"sms_charges":[{FIRST},{odd},{SECOND}],"next_page_token":"T"}}"#);
            let page = read(body.as_bytes(), &SMS).unwrap();
            let is_row: Vec<_> = page.rows.iter().map(Option::is_some).collect();
            assert_eq!((is_row, page.next_page_token.as_deref()), (vec![true, false, true], Some("T")), "{odd}");
        }
    }

    #[test]
    fn a_text_that_was_cut_within_a_character_is_a_text() {
        for (written, expected) in [
            (r#""Sales \ud83c""#, "Sales \u{FFFD}"),
            (r#""\udf89 party""#, "\u{FFFD} party"),
            (r#""\ud83c\ud83c\udf89""#, "\u{FFFD}\u{1F389}"),
            (r#""\\ud83c \" \u00e9\ud83c""#, "\\ud83c \" \u{e9}\u{FFFD}"),
            (r#""\ud83cé""#, "\u{FFFD}é"),
        ] {
            let raw: &RawValue = serde_json::from_str(written).unwrap();
            assert_eq!(text(raw).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn a_page_says_what_it_answers() {
        let body = r#"{"sms_charges":[],"from":"2026-11-01","to":"2026-11-02T00:00:00Z","total_records":"580","next_page_token":" "}"#;
        let page = read(body.as_bytes(), &SMS).unwrap();
        assert_eq!((page.from, page.to), (Some(Date::constant(2026, 11, 1)), Some(Date::constant(2026, 11, 2))));
        assert_eq!((page.total_records, page.next_page_token), (Some(580), None));
        let odd = read(br#"{"sms_charges":[],"from":"","to":null,"total_records":"many"}"#, &SMS).unwrap();
        assert_eq!((odd.from, odd.to, odd.total_records), (None, None, None));
    }
}
