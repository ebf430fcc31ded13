use serde_json::Value;
use serin_api::Phase;
use serin_core::plan::Level;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use super::*;

async fn server(status: u16) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(status)).mount(&server).await;
    server
}

/// The messages that a server was sent, in order.
async fn messages(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let message = |body: &[u8]| {
        let payload: Value = serde_json::from_slice(body).unwrap();
        payload["metadata"]["eventMessage"].as_str().unwrap().to_owned()
    };
    requests.iter().map(|request| message(&request.body)).collect()
}

fn hook(type_: WebhookType, server: &MockServer) -> CanaryWebhook {
    CanaryWebhook { type_: Some(type_), url: server.uri(), ..CanaryWebhook::default() }
}

fn events(messages: &[&str]) -> Vec<Event> {
    let event = |message: &&str| Event {
        level: Level::Normal,
        message: (*message).into(),
        phase: Phase::Progressing,
    };
    messages.iter().map(event).collect()
}

fn sink(global_url: &str) -> EventSink {
    EventSink::new(WebhookClient::new().unwrap(), global_url)
}

fn deliver(sink: &EventSink, hooks: &[CanaryWebhook], messages: &[&str]) -> impl Future<Output = ()> + use<> {
    let subject = Subject { name: "podinfo".into(), namespace: "test".into(), checksum: String::new() };
    sink.deliver(&subject, hooks, &events(messages), DateTime::UNIX_EPOCH)
}

#[tokio::test]
async fn a_canarys_own_hooks_come_instead_of_the_global_one() {
    let (global, one, two, gate) = tokio::join!(server(200), server(500), server(200), server(200));
    let hooks =
        [hook(WebhookType::Event, &one), hook(WebhookType::Rollout, &gate), hook(WebhookType::Event, &two)];
    deliver(&sink(&global.uri()), &hooks, &["first", "second"]).await;
    assert_eq!(messages(&one).await, ["first", "second"], "a failure does not end the delivery");
    assert_eq!(messages(&two).await, ["first", "second"]);
    assert!(messages(&gate).await.is_empty());
    assert!(messages(&global).await.is_empty());
}

#[tokio::test]
async fn the_global_hook_is_for_canaries_without_their_own() {
    let (global, gate) = tokio::join!(server(200), server(200));
    deliver(&sink(&global.uri()), &[hook(WebhookType::Rollout, &gate)], &["first", "second"]).await;
    assert_eq!(messages(&global).await, ["first", "second"]);
    assert!(messages(&gate).await.is_empty());
    deliver(&sink(""), &[], &["nobody listens"]).await;
}

#[tokio::test]
async fn deliveries_beyond_the_bound_are_dropped() {
    let server = server(200).await;
    let hooks = [hook(WebhookType::Event, &server)];
    let sink = sink("");
    let waiting: Vec<_> = (0..PLACES).map(|_| deliver(&sink, &hooks, &["kept"])).collect();
    deliver(&sink, &hooks, &["dropped"]).await;
    assert!(messages(&server).await.is_empty());
    drop(waiting);
    deliver(&sink, &hooks, &["sent"]).await;
    assert_eq!(messages(&server).await, ["sent"]);
}
