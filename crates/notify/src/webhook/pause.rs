//! How long a hook asks to be left alone.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// The longest pause that a hook may ask for with `Retry-After`: a rollout must not be held for a day by a header.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// The pause that an answer with status 429 or 503 asks for. A date counts from the answer's own, so that no clock
/// needs to agree with the hook's.
pub(crate) fn asked(status: u16, headers: &HeaderMap) -> Option<Duration> {
    let after = text(headers, RETRY_AFTER).filter(|_| matches!(status, 429 | 503))?;
    let pause = after.parse().map(Duration::from_secs).ok().or_else(|| until(after, headers))?;
    Some(pause.min(LONGEST_PAUSE))
}

/// From the answer's own date to the one of `Retry-After`; none when that has passed.
fn until(after: &str, headers: &HeaderMap) -> Option<Duration> {
    let end = DateTime::parse_from_rfc2822(after).ok()?;
    let start = DateTime::parse_from_rfc2822(text(headers, DATE)?).ok()?;
    Some((end - start).to_std().unwrap_or_default())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}
