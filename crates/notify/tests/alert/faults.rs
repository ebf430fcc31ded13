//! Receivers that do not take an alert: the error says why and what to do, and gives no secret away.

use std::time::{Duration, Instant};

use rstest::rstest;
use serin_core::plan::Severity;
use serin_notify::{AlertError, Receiver};
use serin_testkit::net::ClosedPort;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wiremock::ResponseTemplate;

use super::{KINDS, client, message, provider, server};

/// The error for one kind of receiver whose URL has a secret in it.
async fn refused(kind: &str, origin: &str) -> AlertError {
    let receiver = Receiver::new(&provider(kind, &format!("{origin}/hooks/S3cretPath?key=S3cretKey")), None);
    client().send(&receiver.unwrap(), &message(Severity::Info)).await.unwrap_err()
}

fn keeps_secrets(error: &AlertError) {
    let shown = format!("{error} {error:?} {}", error.remedy());
    assert!(!shown.contains("S3cret"), "{shown}");
}

#[rstest]
#[case::wrong_message(400, 1, "check that the kind")]
#[case::wrong_secret(401, 1, "make new ones, and update the Secret")]
#[case::forbidden(403, 1, "make new ones, and update the Secret")]
#[case::hook_is_gone(404, 1, "make a new one")]
#[case::proxy_wants_a_name(407, 1, "put name and password")]
#[case::gone(410, 1, "make a new one")]
#[case::too_many(429, 3, "limits how many")]
#[case::broken(500, 3, "broken for the moment")]
#[case::not_implemented(501, 1, "broken for the moment")]
#[case::no_backend(503, 3, "broken for the moment")]
#[tokio::test]
async fn refusals(#[case] status: u16, #[case] attempts: usize, #[case] remedy: &str) {
    for kind in KINDS {
        let echo = "no hook at /hooks/S3cretPath?key=S3cretKey";
        let server = server(ResponseTemplate::new(status).set_body_string(echo)).await;
        let error = refused(kind, &server.uri()).await;
        assert_eq!(server.received_requests().await.unwrap().len(), attempts, "{kind}");
        assert!(error.to_string().starts_with("sending notification failed: no hook at /"), "{error}");
        assert!(error.remedy().contains(remedy), "{kind}: {}", error.remedy());
        keeps_secrets(&error);
    }
}

#[tokio::test]
async fn a_refusal_without_a_body_tells_its_status() {
    let server = server(ResponseTemplate::new(403)).await;
    let error = refused("slack", &server.uri()).await;
    assert_eq!(error.to_string(), "sending notification failed: status 403");
}

#[tokio::test]
async fn a_very_large_refusal_is_cut() {
    let server = server(ResponseTemplate::new(400).set_body_string("x".repeat(4 << 20))).await;
    let error = refused("gchat", &server.uri()).await;
    assert_eq!(error.to_string().len(), "sending notification failed: ".len() + 512);
}

#[rstest]
#[case::wrong_token(
    "slack",
    r#"{"ok":false,"error":"invalid_auth"}"#,
    "invalid_auth",
    "update the key token"
)]
#[case::no_channel(
    "slack",
    r#"{"ok":false,"error":"channel_not_found"}"#,
    "channel_not_found",
    "invite the bot"
)]
#[case::connector(
    "msteams",
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 404",
    "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 404",
    "check that the kind"
)]
#[tokio::test]
async fn a_refusal_with_status_200_is_none_the_less_one(
    #[case] kind: &str,
    #[case] body: &str,
    #[case] why: &str,
    #[case] remedy: &str,
) {
    let server = server(ResponseTemplate::new(200).set_body_string(body)).await;
    let error = refused(kind, &server.uri()).await;
    assert_eq!(error.to_string(), format!("sending notification failed: {why}"));
    assert!(error.remedy().contains(remedy), "{}", error.remedy());
}

#[rstest]
#[case::empty("")]
#[case::not_json("<html>")]
#[case::cut_off("{\"ok\":fal")]
#[tokio::test]
async fn what_a_receiver_says_beside_success_does_not_matter(#[case] body: &str) {
    for kind in KINDS {
        let server = server(ResponseTemplate::new(200).set_body_string(body)).await;
        let receiver = Receiver::new(&provider(kind, &server.uri()), None).unwrap();
        client().send(&receiver, &message(Severity::Info)).await.unwrap();
    }
}

#[tokio::test]
async fn the_pause_that_a_receiver_asks_for_is_made() {
    let server = wiremock::MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "1");
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(busy).up_to_n_times(1).mount(&server).await;
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let receiver = Receiver::new(&provider("slack", &server.uri()), None).unwrap();
    let start = Instant::now();
    client().send(&receiver, &message(Severity::Info)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.received_requests().await.unwrap().len(), 2);
}

#[tokio::test]
async fn nobody_listens() {
    let port = ClosedPort::take().unwrap();
    let address = port.address().unwrap();
    for kind in KINDS {
        let error = refused(kind, &format!("http://{address}")).await;
        let text = format!("sending notification failed: dial tcp {address}: connect: connection refused");
        assert_eq!(error.to_string(), text);
        assert!(error.remedy().contains("network policies"), "{}", error.remedy());
        keeps_secrets(&error);
    }
}

/// After a timeout the message may have arrived: it is not sent again.
#[tokio::test]
async fn a_receiver_that_never_answers_gets_the_message_once() {
    let server = server(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let error = refused("slack", &server.uri()).await;
    assert!(error.to_string().contains("context deadline exceeded"), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
    keeps_secrets(&error);
}

#[tokio::test]
async fn an_answer_that_is_not_http() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let talking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"220 mail ESMTP\r\n").await.unwrap();
    });
    let error = refused("webhook", &format!("http://{address}")).await;
    assert!(error.to_string().starts_with("sending notification failed: "), "{error}");
    keeps_secrets(&error);
    talking.await.unwrap();
}
