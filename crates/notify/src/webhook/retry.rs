//! When a hook is called again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use super::attempt::Failure;

/// The longest pause that a hook may ask for with `Retry-After`: a rollout must not be held for a day by a header.
const LONGEST_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Attempts until one succeeds, fails for good, or `retries` are used up; fails with the number of attempts made.
///
/// The pauses are 1 s, 2 s, 4 s and so on up to 30 s, unless the answer asks for another one.
pub(super) async fn run<F>(retries: usize, attempt: impl FnMut() -> F) -> Result<(), (Failure, u32)>
where
    F: Future<Output = Result<(), Failure>>,
{
    let pauses = ExponentialBuilder::new()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(Duration::from_secs(30))
        .with_factor(2.0)
        .with_max_times(retries);
    let mut attempts = 1;
    let outcome = attempt
        .retry(pauses)
        .sleep(tokio::time::sleep)
        .when(Failure::is_passing)
        .adjust(|failure, pause| pause.map(|pause| failure.asked_pause().unwrap_or(pause)))
        .notify(|_, _| attempts += 1)
        .await;
    outcome.map_err(|failure| (failure, attempts))
}

/// The pause that an answer with status 429 or 503 asks for. A date counts from the answer's own, so that no clock
/// needs to agree with the hook's.
pub(crate) fn asked_pause(status: u16, headers: &HeaderMap) -> Option<Duration> {
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

#[cfg(test)]
mod tests;
