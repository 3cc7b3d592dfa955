//! What a row is known by.
//!
//! Zoom has no identity for a row: rows of one group message may share their message id, and a row may come again on another page or in the
//! answer to another question. A row is therefore known by all that belongs to the message and its charge (see [`Role::identifies`]), numbers
//! and decimals written one way, as a digest of 128 bits.

use xxhash_rust::xxh3::xxh3_128;

use super::values::{Values, time};
use crate::clients::zoom::page::{is_readable, text};
use crate::clients::zoom::reports::Role;
use crate::domain::money::Amount;
use crate::domain::number::Number;

/// Tells a row from every other. `known_by` holds what the digest is made of.
pub(super) fn identity(row: &Values<'_>, known_by: &mut Vec<u8>) -> u128 {
    known_by.clear();
    for (place, (_, role)) in (0_u8..).zip(row.report.fields).filter(|(_, (_, role))| role.identifies()) {
        let Some(raw) = row.fields.get(usize::from(place)).copied().flatten() else { continue };
        let text = match text(raw) {
            Some(text) => text,
            None if is_readable(raw) => continue,
            None => raw.get().into(),
        };
        known_by.extend([0xFF, place]);
        match role {
            Role::Number | Role::Party | Role::Caller => write_number(known_by, &text),
            Role::Rate | Role::Amount => write_decimal(known_by, &text),
            Role::Time => write_time(known_by, &text),
            Role::Currency => known_by.extend(text.bytes().map(|byte| byte.to_ascii_uppercase())),
            _ => known_by.extend_from_slice(text.as_bytes()),
        }
    }
    xxh3_128(known_by)
}

fn write_number(known_by: &mut Vec<u8>, text: &str) {
    let plain = text.strip_prefix('+').unwrap_or(text);
    if plain.bytes().all(|byte| byte.is_ascii_digit()) {
        known_by.extend_from_slice(plain.as_bytes());
    } else if let Some(number) = Number::parse(text) {
        known_by.extend(number.digits().bytes());
        known_by
            .extend(number.extension().into_iter().flat_map(|extension| [b'x'].into_iter().chain(extension.bytes())));
    } else {
        known_by.extend_from_slice(text.as_bytes());
    }
}

fn write_decimal(known_by: &mut Vec<u8>, text: &str) {
    let is_short = text.len() < 20 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // As `Amount` writes it: no leading zero but one, no trailing zero behind the point.
    if is_short && !fraction.contains('.') && !whole.is_empty() && (whole.len() == 1 || !whole.starts_with('0')) {
        known_by.extend_from_slice(whole.as_bytes());
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() {
            known_by.push(b'.');
            known_by.extend_from_slice(fraction.as_bytes());
        }
        return;
    }
    match Amount::parse(text) {
        Ok(amount) => known_by.extend(amount.to_string().bytes()),
        Err(_) => known_by.extend_from_slice(text.as_bytes()),
    }
}

fn write_time(known_by: &mut Vec<u8>, text: &str) {
    let is_plain = text.len() == 20 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    match if is_plain { None } else { time(text) } {
        Some(time) => known_by.extend(time.to_string().bytes()),
        None => known_by.extend_from_slice(text.as_bytes()),
    }
}
