//! Instants ⇄ the text a sync file stores: UTC wall clock, a space, no zone, no trailing zeros.

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::types::ValueRef;

/// The text of an instant. Its order as text is its order in time.
pub fn format(at: &DateTime<Utc>) -> String {
    // A leap second has no text of its own in this layout; it ends the second before.
    let nanos = at.timestamp_subsec_nanos().min(999_999_999);
    let mut text = at.format("%Y-%m-%d %H:%M:").to_string();
    text.push_str(&format!("{:02}", at.timestamp().rem_euclid(60)));
    if nanos > 0 {
        text.push_str(format!(".{nanos:09}").trim_end_matches('0'));
    }
    text
}

/// Reads an instant back, also in the layouts of other writers: RFC 3339, a zone after a space,
/// a date alone, seconds since 1970. Text without a zone is taken as UTC.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return DateTime::from_timestamp(seconds, 0);
    }
    for layout in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, layout) {
            return Some(at.and_utc());
        }
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    // `2026-11-21 01:46:38.37 +0000 UTC`: the zone's name says nothing its offset does not.
    let zoned = text.split_inclusive(' ').take(3).collect::<String>();
    if let Ok(at) = DateTime::parse_from_str(zoned.trim(), "%Y-%m-%d %H:%M:%S%.f %z") {
        return Some(at.to_utc());
    }
    let midnight = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()?
        .and_hms_opt(0, 0, 0)?;
    Some(midnight.and_utc())
}

/// Reads a column that should hold an instant. `None` when it is empty or tells no time.
pub(super) fn from_column(value: ValueRef<'_>) -> Option<DateTime<Utc>> {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => None,
        ValueRef::Integer(seconds) => DateTime::from_timestamp(seconds, 0),
        ValueRef::Real(seconds) => DateTime::from_timestamp_millis((seconds * 1000.0) as i64),
        ValueRef::Text(text) => parse(std::str::from_utf8(text).ok()?),
    }
}
