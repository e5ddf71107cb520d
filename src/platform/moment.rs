//! Moments as the database keeps them: milliseconds since 1970.

use chrono::{DateTime, Utc};

pub(super) fn column(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

pub(super) fn of_column(at: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}
