use rstest::rstest;
use serin_notify::WebhookError;
use wiremock::{Mock, ResponseTemplate, matchers::any};

use crate::{call, hook, server, socket};

fn unavailable(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).insert_header("Retry-After", "0").set_body_string("overloaded")
}

#[rstest]
#[case::too_many_requests(429)]
#[case::error(500)]
#[case::bad_gateway(502)]
#[case::unavailable(503)]
#[case::unassigned(599)]
#[tokio::test]
async fn one_attempt_unless_more_are_asked_for(#[case] status: u16) {
    let server = server(unavailable(status)).await;
    let url = format!("{}/gate", server.uri());
    let error = call(&hook(&url)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("POST {url} giving up after 1 attempt(s)"));
    assert_eq!((error.status(), error.body()), (Some(status), Some("overloaded")));
}

#[tokio::test]
async fn each_attempt_sends_the_whole_payload() {
    let server = server(unavailable(503)).await;
    let mut hook = hook(server.uri());
    hook.retries = Some(2);
    let error = call(&hook).await.unwrap_err();
    assert!(matches!(error, WebhookError::Unavailable { attempts: 3, .. }), "{error:?}");
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| request.body == requests[0].body && !request.body.is_empty()));
}

#[tokio::test]
async fn agrees_at_the_second_attempt() {
    let server = server(ResponseTemplate::new(200)).await;
    Mock::given(any()).respond_with(unavailable(429)).up_to_n_times(1).with_priority(1).mount(&server).await;
    let mut hook = hook(server.uri());
    hook.retries = Some(1);
    call(&hook).await.unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn negative_retries_are_none() {
    let server = server(unavailable(503)).await;
    let mut hook = hook(server.uri());
    hook.retries = Some(-1);
    call(&hook).await.unwrap_err();
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn missing_answers_are_tried_again() {
    let (listener, address) = socket().await;
    let mut hook = hook(format!("http://{address}/"));
    hook.retries = Some(1);
    let serve = async {
        drop(listener.accept().await.unwrap());
        axum::serve(listener, axum::Router::new().fallback(async || "ok")).await
    };
    tokio::select! {
        outcome = call(&hook) => outcome.unwrap(),
        ended = serve => panic!("{ended:?}"),
    }
}
