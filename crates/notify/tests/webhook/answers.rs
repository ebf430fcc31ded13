use rstest::rstest;
use serin_notify::WebhookError;
use wiremock::ResponseTemplate;

use crate::{call, hook, server};

#[rstest]
#[case(200)]
#[case(201)]
#[case(202)]
#[tokio::test]
async fn agrees_up_to_202(#[case] status: u16) {
    let server = server(ResponseTemplate::new(status).set_body_string("whatever")).await;
    call(&hook(server.uri())).await.unwrap();
}

#[rstest]
#[case::other_success(203, "partly")]
#[case::redirect_to_nowhere(301, "moved")]
#[case::not_modified(304, "")]
#[case::bad_request(400, "bad <payload>")]
#[case::forbidden(403, "gate is closed\n")]
#[case::not_implemented(501, "no such hook")]
#[tokio::test]
async fn other_answers_are_refusals_with_the_body_as_text(#[case] status: u16, #[case] body: &str) {
    let server = server(ResponseTemplate::new(status).set_body_string(body)).await;
    let mut hook = hook(server.uri());
    hook.retries = Some(3);
    let error = call(&hook).await.unwrap_err();
    assert!(matches!(error, WebhookError::Refused { .. }), "{error:?}");
    let text = if body.is_empty() { format!("status {status}") } else { body.to_owned() };
    assert_eq!(error.to_string(), text);
    assert_eq!((error.status(), error.body()), (Some(status), Some(body)));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn no_content_is_a_refusal_that_tells_its_status() {
    let server = server(ResponseTemplate::new(204)).await;
    let error = call(&hook(server.uri())).await.unwrap_err();
    assert_eq!((error.to_string().as_str(), error.body()), ("status 204", Some("")));
    assert_eq!(error.redacted(), format!("{} refused with status 204: ", server.uri()));
}

#[tokio::test]
async fn huge_answers_are_cut() {
    let huge = "é".repeat(4 * 1024 * 1024);
    let refusing = server(ResponseTemplate::new(404).set_body_string(&huge)).await;
    let error = call(&hook(refusing.uri())).await.unwrap_err();
    assert_eq!(error.to_string(), "é".repeat(2048));

    let agreeing = server(ResponseTemplate::new(200).set_body_string(&huge)).await;
    call(&hook(agreeing.uri())).await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced() {
    let server = server(ResponseTemplate::new(400).set_body_bytes([b'a', 0xff, b'b'])).await;
    assert_eq!(call(&hook(server.uri())).await.unwrap_err().to_string(), "a\u{fffd}b");
}
