//! The time of day. Decisions are made at a time that they are given; this is where it comes from.

use chrono::{DateTime, Utc};

/// The present time.
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
