//! Bad input, for each type of webhook: each fault is a typed error, passwords and queries of URLs are in no error,
//! encoded or not, and nothing of a URL but its server is logged or shown for debugging. Secrets begin with `hush`.

use std::{fmt::Write, time::Duration};

use serin_api::canary::{CanaryWebhook, WebhookType};
use serin_notify::WebhookError;
use serin_testkit::{logs::Logs, net::ClosedPort, tls::SelfSigned};
use wiremock::ResponseTemplate;

use crate::{call, server, socket};

const TYPES: [WebhookType; 8] = [
    WebhookType::ConfirmRollout,
    WebhookType::PreRollout,
    WebhookType::Rollout,
    WebhookType::ConfirmTrafficIncrease,
    WebhookType::ConfirmPromotion,
    WebhookType::PostRollout,
    WebhookType::Rollback,
    WebhookType::Event,
];

/// What hooks repeat of their URL: as it is, decoded, and in base64.
const ECHO: &str = "no me:hush-pass, no hush%2Dkey%2F1, hush-key/1 bWU6aHVzaC1wYXNz aHVzaC1rZXkvMQ==";

/// `hush` as it is, and in base64 at each of the places where it may begin.
const ENCODED: [&str; 4] = ["hush", "aHVza", "h1c2", "odXNo"];

fn hook(type_: WebhookType, origin: &str) -> CanaryWebhook {
    let url = format!("{}/gate?key=hush%2Dkey%2F1", origin.replace("://", "://me:hush-pass@"));
    CanaryWebhook { type_: Some(type_), url, timeout: Some("5s".into()), ..super::hook("") }
}

fn assert_told(error: &WebhookError, logs: &Logs) {
    let shown = format!("{error} {error:?} {}", error.redacted());
    for form in ENCODED {
        assert!(!shown.contains(form), "{form} in {shown}");
        assert!(!logs.text().contains(form), "{form} in {}", logs.text());
    }
    assert!(!error.redacted().contains("/gate") && !format!("{error:?}").contains("/gate"), "{error:?}");
}

#[tokio::test]
async fn refusals_tell_no_secret() {
    let logs = Logs::keep();
    for type_ in TYPES {
        for status in [203, 204, 304, 400, 401, 403, 404, 429, 500, 501, 502, 503] {
            let server = server(ResponseTemplate::new(status).set_body_string(ECHO)).await;
            let error = call(&hook(type_, &server.uri())).await.unwrap_err();
            assert_eq!(error.status(), Some(status), "{type_}: {error:?}");
            let typed = match status {
                429 | 500 | 502.. => matches!(error, WebhookError::Unavailable { .. }),
                _ => matches!(error, WebhookError::Refused { .. }),
            };
            assert!(typed, "{type_} {status}: {error:?}");
            assert_told(&error, &logs);
        }
    }
}

#[tokio::test]
async fn a_hook_that_does_not_answer_is_told() {
    let logs = Logs::keep();
    let (silent, address) = socket().await;
    let port = ClosedPort::take().unwrap();
    let closed = port.address().unwrap();
    for type_ in TYPES {
        for origin in
            [format!("http://{closed}"), format!("http://{address}"), format!("http://{}", "a".repeat(64))]
        {
            let hook = CanaryWebhook { timeout: Some("50ms".into()), ..hook(type_, &origin) };
            let error = call(&hook).await.unwrap_err();
            assert!(matches!(error, WebhookError::Unreachable { .. }), "{type_}: {error:?}");
            assert_told(&error, &logs);
        }
    }
    drop(silent);
}

#[tokio::test]
async fn a_bad_certificate_and_an_endless_redirect_are_told() {
    let logs = Logs::keep();
    for type_ in TYPES {
        let secure = SelfSigned::listen().await.unwrap();
        let bad = hook(type_, &secure.url().unwrap());
        let (outcome, _) = tokio::join!(call(&bad), secure.serve_once(""));
        let error = outcome.unwrap_err();
        assert!(error.to_string().contains("tls: failed to verify certificate"), "{error}");
        assert_told(&error, &logs);
        let circle = server(ResponseTemplate::new(307).insert_header("location", "/again")).await;
        let error = call(&hook(type_, &circle.uri())).await.unwrap_err();
        assert!(error.to_string().contains("stopped after 10 redirects"), "{error}");
        assert_told(&error, &logs);
    }
}

/// Whoever a hook sends to does not learn the hook's own URL.
#[tokio::test]
async fn another_server_learns_nothing_of_the_url() {
    for status in [302, 307] {
        let other = server(ResponseTemplate::new(200)).await;
        let moved = server(ResponseTemplate::new(status).insert_header("location", other.uri())).await;
        call(&hook(WebhookType::Rollout, &moved.uri())).await.unwrap();
        let request = other.received_requests().await.unwrap().remove(0);
        let headers = format!("{:?}", request.headers);
        assert!(
            !ENCODED.iter().any(|form| headers.contains(form)) && !headers.contains("/gate"),
            "{headers}"
        );
    }
}

#[tokio::test]
async fn a_very_large_answer_is_cut() {
    let body = "no ".repeat(2 << 20);
    for type_ in TYPES {
        let server = server(ResponseTemplate::new(403).set_body_string(&body)).await;
        let error = call(&hook(type_, &server.uri())).await.unwrap_err();
        assert_eq!(error.to_string().len(), 4096);
    }
}

/// The event that people read, and the line in the log.
#[tokio::test]
async fn messages() {
    let mut told = String::new();
    let mut line = |what: &str, error: &WebhookError| {
        let _ = writeln!(told, "{what}\n    event: {error}\n    log: {}", error.redacted());
    };
    let gate = |origin: &str| hook(WebhookType::Rollout, origin);
    let closed = ClosedPort::take().unwrap();
    line("closed port", &call(&gate(&format!("http://{}", closed.address().unwrap()))).await.unwrap_err());
    line("unknown host", &call(&gate(&format!("http://{}", "a".repeat(64)))).await.unwrap_err());
    let slow = server(ResponseTemplate::new(200).set_delay(Duration::from_secs(30))).await;
    let slow = CanaryWebhook { timeout: Some("50ms".into()), ..gate(&slow.uri()) };
    line("no answer in time", &call(&slow).await.unwrap_err());
    let secure = SelfSigned::listen().await.unwrap();
    let bad = gate(&secure.url().unwrap());
    line("unknown certificate", &tokio::join!(call(&bad), secure.serve_once("")).0.unwrap_err());
    for status in [204, 302, 401, 403, 404, 429, 500, 503] {
        let server = server(ResponseTemplate::new(status).set_body_string("in its own words")).await;
        line(&status.to_string(), &call(&gate(&server.uri())).await.unwrap_err());
    }
    for url in ["", "gate/check", "ftp://gate/check", "http://gate:port/"] {
        line(&format!("url {url:?}"), &call(&super::hook(url)).await.unwrap_err());
    }
    let late = CanaryWebhook { timeout: Some("10".into()), ..gate("http://127.0.0.1:1") };
    line("timeout \"10\"", &call(&late).await.unwrap_err());
    insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d+", "HOST"), ("a{64}", "unknown-host")]}, {
        insta::assert_snapshot!(told);
    });
}
