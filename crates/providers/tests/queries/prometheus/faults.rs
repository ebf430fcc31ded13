//! What a broken, slow or talkative server leads to, and that connections are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use serin_providers::{Clients, Credentials, Limits, Provider, QueryError};
use serin_testkit::net::ClosedPort;
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use super::{answering, plain, spec, vector};

fn limited(address: &str, limits: Limits) -> Provider {
    super::limited(&spec(address), &Credentials::default(), limits).unwrap()
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let server = answering(vector("1").set_delay(Duration::from_secs(60))).await;
    let timeout = Duration::from_millis(50);
    let error =
        limited(&server.uri(), Limits { timeout, ..Limits::default() }).query("up").await.unwrap_err();
    assert!(matches!(error, QueryError::Timeout { .. }), "{error}");
    assert!(error.to_string().contains("did not answer within 50ms"), "{error}");
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let server = answering(ResponseTemplate::new(200).set_body_string(" ".repeat(100_000))).await;
    let error =
        limited(&server.uri(), Limits { body: 1000, ..Limits::default() }).query("up").await.unwrap_err();
    assert!(matches!(error, QueryError::TooLarge { limit: 1000, .. }), "{error}");
}

#[tokio::test]
async fn a_huge_refusal_still_says_why() {
    let server = answering(ResponseTemplate::new(502).set_body_string("x".repeat(100_000))).await;
    let error =
        limited(&server.uri(), Limits { body: 1000, ..Limits::default() }).query("up").await.unwrap_err();
    assert!(matches!(error, QueryError::Status { status: 502, .. }), "{error}");
}

#[tokio::test]
async fn a_closed_port_is_named_without_credentials_or_query() {
    let port = ClosedPort::take().unwrap();
    let free = port.address().unwrap();
    let error = plain(&format!("http://someone:hush@{free}")).query("secret_series").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, QueryError::Unreachable { .. }), "{text}");
    assert!(
        text.starts_with(&format!("request failed: prometheus at http://{free}: Connection refused")),
        "{text}"
    );
    assert!(!text.contains("hush") && !text.contains("someone") && !text.contains("secret_series"), "{text}");
}

#[tokio::test]
async fn checks_share_one_connection() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&accepted);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let answer = r#"{"data":{"result":[{"value":[1,"1"]}]}}"#;
    let server = tokio::spawn(
        axum::serve(listener, Router::new().fallback(move || async move { answer })).into_future(),
    );

    let clients = Clients::new(Limits::default()).unwrap();
    for _ in 0..5 {
        let provider = Provider::metrics_server(&clients, &address).unwrap();
        assert_eq!(provider.query("up").await, Ok(1.0));
    }
    assert_eq!(accepted.load(Ordering::SeqCst), 1);
    server.abort();
}
