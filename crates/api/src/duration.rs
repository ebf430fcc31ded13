//! Durations as Go writes them, such as `1m30s`. All intervals and timeouts of the API are given so.
//!
//! The arithmetic is in whole nanoseconds and checked: no input panics, and what does not fit is an error. The
//! range is Go's, about 292 years to either side.

use chrono::TimeDelta;

mod parse;
mod print;

pub use parse::parse;
pub use print::to_go_string;

/// Why a text is not a duration. Each message begins with the one that Go would give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text is empty, has no digits, or holds something that cannot be there.
    #[error("time: invalid duration {text:?} (write it like 1m30s)")]
    Invalid {
        /// The text.
        text: String,
    },
    /// A number is not followed by a unit.
    #[error("time: missing unit in duration {text:?} (write it like {text}s or {text}m)")]
    MissingUnit {
        /// The text.
        text: String,
    },
    /// A number is followed by something that is not a unit.
    #[error("time: unknown unit {unit:?} in duration {text:?} (the units are h, m, s, ms, us and ns)")]
    UnknownUnit {
        /// The text.
        text: String,
        /// What stands where the unit should be.
        unit: String,
    },
    /// The duration is longer than 64 bits of nanoseconds can hold.
    #[error("time: invalid duration {text:?} (longer than 2562047h47m16s)")]
    OutOfRange {
        /// The text.
        text: String,
    },
}

/// `parse(text)`, or `default` where the text is absent, empty or not a duration.
///
/// Flagger falls back in this way wherever it reads an interval of an analysis.
pub fn parse_or(text: Option<&str>, default: TimeDelta) -> TimeDelta {
    text.and_then(|text| parse(text).ok()).unwrap_or(default)
}
