//! From duration to text.

use chrono::TimeDelta;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// Prints a duration as Go's `Duration.String` does: `0s`, `500ms`, `1.515s`, `1m0s`, `2h30m0s`, `-5s`.
///
/// Durations beyond Go's range are printed as the longest that fits.
pub fn to_go_string(duration: TimeDelta) -> String {
    let sign = if duration < TimeDelta::zero() { "-" } else { "" };
    let nanos = magnitude(duration);
    if nanos < SECOND { format!("{sign}{}", below_second(nanos)) } else { format!("{sign}{}", clock(nanos)) }
}

fn magnitude(duration: TimeDelta) -> u64 {
    let longest = if duration < TimeDelta::zero() { i64::MIN } else { i64::MAX };
    duration.num_nanoseconds().unwrap_or(longest).unsigned_abs()
}

fn below_second(nanos: u64) -> String {
    match nanos {
        0 => "0s".to_owned(),
        1..MICRO => format!("{nanos}ns"),
        MICRO..MILLI => decimal(nanos, MICRO, 3) + "µs",
        _ => decimal(nanos, MILLI, 6) + "ms",
    }
}

/// From a second up: minutes and hours appear once there is something to count.
fn clock(nanos: u64) -> String {
    let minutes = nanos / SECOND / 60;
    let seconds = decimal(nanos % (60 * SECOND), SECOND, 9) + "s";
    match (minutes / 60, minutes % 60) {
        (0, 0) => seconds,
        (0, minutes) => format!("{minutes}m{seconds}"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
    }
}

/// `value / unit` without trailing zeros, where `unit` is ten to the power of `places`.
fn decimal(value: u64, unit: u64, places: usize) -> String {
    let fraction = format!("{:0places$}", value % unit);
    let digits = fraction.trim_end_matches('0');
    if digits.is_empty() { (value / unit).to_string() } else { format!("{}.{digits}", value / unit) }
}
