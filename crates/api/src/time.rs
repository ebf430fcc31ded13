//! Points in time as Kubernetes writes them: RFC 3339 in UTC.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serializer;

/// Writes whole seconds, as Kubernetes' `Time`. What is below a second is cut off.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
pub(crate) fn seconds<S: Serializer>(time: &Option<DateTime<Utc>>, out: S) -> Result<S::Ok, S::Error> {
    write(time.as_ref(), SecondsFormat::Secs, out)
}

/// Writes microseconds, as Kubernetes' `MicroTime`.
#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
pub(crate) fn micros<S: Serializer>(time: &Option<DateTime<Utc>>, out: S) -> Result<S::Ok, S::Error> {
    write(time.as_ref(), SecondsFormat::Micros, out)
}

fn write<S: Serializer>(
    time: Option<&DateTime<Utc>>,
    digits: SecondsFormat,
    out: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => out.serialize_str(&time.to_rfc3339_opts(digits, true)),
        None => out.serialize_none(),
    }
}
