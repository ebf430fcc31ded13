//! Webhooks against real sockets on loopback.

#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

mod answers;
mod bad_input;
mod failures;
mod redirects;
mod retries;
mod tls;

use std::{collections::BTreeMap, net::SocketAddr};

use serin_api::{Phase, canary::CanaryWebhook};
use serin_notify::{Payload, Subject, WebhookClient, WebhookError};
use tokio::net::TcpListener;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

/// A hook at `url` that is given up after five seconds.
fn hook(url: impl Into<String>) -> CanaryWebhook {
    CanaryWebhook {
        name: "gate".into(),
        url: url.into(),
        timeout: Some("5s".into()),
        ..CanaryWebhook::default()
    }
}

fn payload(hook: &CanaryWebhook) -> Payload {
    let subject = Subject { name: "podinfo".into(), namespace: "test".into(), checksum: "5f66847b4b".into() };
    Payload::for_hook(&subject, Phase::Progressing, hook)
}

async fn call(hook: &CanaryWebhook) -> Result<(), WebhookError> {
    WebhookClient::new().unwrap().call(hook, &payload(hook)).await
}

/// A server that gives every request the same answer.
async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A socket that listens, and its address.
async fn socket() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn the_request_is_flaggers_to_the_byte() {
    let server = server(ResponseTemplate::new(200)).await;
    let mut hook = hook(format!("{}/gate/check?a=1", server.uri()));
    hook.metadata = Some(BTreeMap::from([("cmd".into(), "a <b> & c".into()), ("Zone".into(), "é".into())]));
    call(&hook).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.url.path(), "/gate/check");
    assert_eq!(request.url.query(), Some("a=1"));
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(
        std::str::from_utf8(&request.body).unwrap(),
        concat!(
            r#"{"name":"podinfo","namespace":"test","phase":"Progressing","checksum":"5f66847b4b","#,
            r#""metadata":{"Zone":"é","cmd":"a \u003cb\u003e \u0026 c"}}"#
        )
    );
}

#[tokio::test]
async fn user_and_password_of_the_url_are_sent() {
    let server = server(ResponseTemplate::new(200)).await;
    call(&hook(server.uri().replace("://", "://user:pass@"))).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers["authorization"], "Basic dXNlcjpwYXNz");
}

#[tokio::test]
async fn connections_are_used_again() {
    let (listener, address) = socket().await;
    let app = axum::Router::new().fallback(async || "ok");
    let (connected, mut connections) = tokio::sync::mpsc::unbounded_channel();
    let listener = axum::serve::ListenerExt::tap_io(listener, move |_| connected.send(()).unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let client = WebhookClient::new().unwrap();
    let hook = hook(format!("http://{address}/"));
    for _ in 0..5 {
        client.clone().call(&hook, &payload(&hook)).await.unwrap();
    }
    connections.recv().await.unwrap();
    assert!(connections.try_recv().is_err(), "a second connection was made");
}
