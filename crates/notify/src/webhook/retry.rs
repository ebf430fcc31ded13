//! When a hook is called again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

use super::attempt::Failure;

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

#[cfg(test)]
mod tests;
