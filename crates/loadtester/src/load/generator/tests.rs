use std::future::{pending, ready};

use axum::http::StatusCode;

use super::*;
use crate::{
    load::{parse, testing::Target},
    payload::Payload,
};

const LIMIT: Duration = Duration::from_secs(20);

fn load(metadata: &[(&str, &str)]) -> Load {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    parse(&Payload { metadata, ..Payload::default() }, LIMIT).unwrap()
}

fn aim() -> Aim {
    let labels = LoadLabels { namespace: "test".to_owned(), name: "podinfo".to_owned() };
    Aim { canary: "podinfo.test".to_owned(), labels }
}

async fn report(load: &Load) -> Report {
    generate(load, aim(), &Metrics::new(), LIMIT, &CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn an_open_load_sends_at_its_rate() {
    let target = Target::start(|_| ready(StatusCode::OK)).await;
    let report =
        report(&load(&[("url", &target.url), ("rate", "20"), ("duration", "2s"), ("concurrency", "8")]))
            .await;
    assert_eq!(report.ended, Ended::Complete);
    assert_eq!(report.requests + report.missed, 40);
    assert_eq!(report.statuses["2xx"], report.requests);
    assert_eq!(target.seen().len(), usize::try_from(report.requests).unwrap());
    assert!(report.latency_ms.max >= report.latency_ms.p50 && report.latency_ms.p50 > 0.0);
}

#[tokio::test]
async fn the_request_is_the_one_described() {
    let target = Target::start(|_| ready(StatusCode::OK)).await;
    let mut load = load(&[
        ("url", &target.url),
        ("host", "www.example.com"),
        ("headers", "cookie: type=insider"),
        ("method", "PUT"),
        ("body", "hello"),
    ]);
    load.count = Some(1);
    report(&load).await;
    let (method, path, headers, body) = target.seen().remove(0);
    assert_eq!((method.as_str(), path.as_str(), body.as_str()), ("PUT", "/", "hello"));
    assert!(headers.contains(&("host".to_owned(), "www.example.com".to_owned())));
    assert!(headers.contains(&("cookie".to_owned(), "type=insider".to_owned())));
}

#[tokio::test]
async fn answers_are_counted_by_class() {
    let target = Target::start(|number| {
        ready([StatusCode::OK, StatusCode::FOUND, StatusCode::NOT_FOUND, StatusCode::BAD_GATEWAY][number % 4])
    })
    .await;
    let mut load = load(&[("url", &target.url)]);
    load.pace = Pace::closed();
    load.count = Some(8);
    let report = report(&load).await;
    assert_eq!(report.statuses, [("2xx", 2), ("3xx", 2), ("4xx", 2), ("5xx", 2)].into());
    assert_eq!((report.requests, report.missed), (8, 0));
}

#[tokio::test]
async fn requests_that_found_no_place_are_missed() {
    let target = Target::start(|_| pending::<StatusCode>()).await;
    let load = load(&[
        ("url", &target.url),
        ("rate", "20"),
        ("duration", "500ms"),
        ("concurrency", "2"),
        // Long after the last one is due, on a busy machine too.
        ("timeout", "5s"),
    ]);
    let report = report(&load).await;
    assert_eq!(report.errors, [("timeout", 2)].into());
    assert_eq!(report.missed, 8);
}

#[tokio::test]
async fn a_refused_connection_is_an_error_of_its_own() {
    // Taken, so that no other test is given it, and nobody listens.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}/", taken.local_addr().unwrap());
    let mut load = load(&[("url", &url)]);
    load.count = Some(1);
    assert_eq!(report(&load).await.errors, [("connect", 1)].into());
}

#[tokio::test]
async fn the_limit_ends_a_load_that_hangs() {
    let target = Target::start(|_| pending::<StatusCode>()).await;
    let load = load(&[("url", &target.url)]);
    let limit = Duration::from_millis(100);
    let report = generate(&load, aim(), &Metrics::new(), limit, &CancellationToken::new()).await.unwrap();
    assert_eq!((report.ended, report.requests), (Ended::TimedOut, 0));
}

#[tokio::test]
async fn the_shutdown_ends_a_load() {
    let stop = CancellationToken::new();
    let canceller = stop.clone();
    let target = Target::start(move |_| {
        canceller.cancel();
        pending::<StatusCode>()
    })
    .await;
    let load = load(&[("url", &target.url)]);
    let report = generate(&load, aim(), &Metrics::new(), LIMIT, &stop).await.unwrap();
    assert_eq!(report.ended, Ended::Stopped);
}

#[tokio::test]
async fn the_report_is_one_line_of_json() {
    let target = Target::start(|_| ready(StatusCode::OK)).await;
    let mut load = load(&[("url", &target.url)]);
    load.count = Some(1);
    let line = report(&load).await.json();
    assert!(!line.contains('\n'));
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["canary"], "podinfo.test");
    assert_eq!(value["statuses"]["2xx"], 1);
    assert_eq!(value["ended"], "complete");
    assert!(value["latency_ms"]["p99"].is_number());
}
