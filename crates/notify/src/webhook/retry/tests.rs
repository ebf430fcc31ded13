use std::{cell::RefCell, future::ready};

use reqwest::header::HeaderValue;
use rstest::rstest;
use tokio::time::Instant;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::{super::pause, *};

fn unavailable(pause: Option<Duration>) -> Failure {
    Failure::Unavailable { status: 503, body: String::new(), pause }
}

/// Seconds since the start at which each of the attempts is made.
async fn attempts(retries: usize, failure: impl Fn() -> Result<(), Failure>) -> (Vec<u64>, Option<u32>) {
    let start = Instant::now();
    let times = RefCell::new(Vec::new());
    let outcome = run(retries, || {
        times.borrow_mut().push(start.elapsed().as_secs());
        ready(failure())
    });
    let attempts = outcome.await.err().map(|(_, attempts)| attempts);
    (times.into_inner(), attempts)
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_thirty_seconds() {
    let (times, counted) = attempts(7, || Err(unavailable(None))).await;
    assert_eq!(times, [0, 1, 3, 7, 15, 31, 61, 91]);
    assert_eq!(counted, Some(8));
}

#[tokio::test(start_paused = true)]
async fn retry_after_replaces_the_pause() {
    let pause = Some(Duration::from_secs(40));
    assert_eq!(attempts(2, || Err(unavailable(pause))).await, (vec![0, 40, 80], Some(3)));
}

#[tokio::test(start_paused = true)]
async fn one_attempt_without_retries_or_when_it_is_no_use() {
    let refused = || Err(Failure::Refused { status: 404, body: String::new() });
    assert_eq!(attempts(0, || Err(unavailable(None))).await, (vec![0], Some(1)));
    assert_eq!(attempts(5, refused).await, (vec![0], Some(1)));
    assert_eq!(attempts(5, || Ok(())).await, (vec![0], None));
}

const NOON: &str = "Fri, 21 Nov 2025 12:00:00 GMT";

#[rstest]
#[case::seconds(503, "7", Some(7))]
#[case::none(429, "0", Some(0))]
#[case::not_for_this_status(500, "7", None)]
#[case::at_most_five_minutes(429, "86400", Some(300))]
#[case::date(503, "Fri, 21 Nov 2025 12:00:09 GMT", Some(9))]
#[case::past_date(503, "Fri, 21 Nov 2025 11:00:00 GMT", Some(0))]
#[case::nonsense(503, "soon", None)]
#[case::negative(503, "-1", None)]
fn reads_retry_after(#[case] status: u16, #[case] value: &'static str, #[case] seconds: Option<u64>) {
    let headers = HeaderMap::from_iter([
        (DATE, HeaderValue::from_static(NOON)),
        (RETRY_AFTER, HeaderValue::from_static(value)),
    ]);
    assert_eq!(pause::asked(status, &headers), seconds.map(Duration::from_secs));
}

#[test]
fn date_is_ignored_without_the_hooks_own() {
    let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(NOON))]);
    assert_eq!(pause::asked(503, &headers), None);
}
