//! Bad input, for each kind of receiver: each fault is a typed error with a remedy, and no secret is in it, encoded or
//! not, nor in what is logged at any level. Secrets begin with `hush`, and receivers repeat them as nastily as they can.

use std::fmt::Write;

use serin_api::AlertProviderSpec;
use serin_core::plan::Severity;
use serin_notify::{AlertError, Receiver};
use serin_testkit::{logs::Logs, net::ClosedPort, tls::SelfSigned};
use wiremock::{MockServer, ResponseTemplate};

use super::{KINDS, client, credentials, message, provider, server};

/// What receivers repeat: the path, query and token as they are, as in URLs, and in base64.
const ECHO: &str = "no hook at /hush%2Fp@th?key=hush-key, nor hush/p@th, nor hush%2Fp%40th, for hush-token; aHVzaC10b2tlbg== \
                    QmVhcmVyIGh1c2gtdG9rZW4= me:hush-pass bWU6aHVzaC1wYXNz";

/// `hush` as it is, and in base64 at each of the places where it may begin.
const ENCODED: [&str; 4] = ["hush", "aHVza", "h1c2", "odXNo"];

/// A receiver whose URL and token are secret.
fn receiver(kind: &str, origin: &str) -> Receiver {
    let address = format!("{}/hush%2Fp@th?key=hush-key", origin.replace("://", "://me:hush-pass@"));
    let credentials = credentials(&[("address", &address), ("token", "hush-token")]).unwrap();
    Receiver::new(&provider(kind, ""), Some(credentials)).unwrap()
}

async fn failure(kind: &str, origin: &str) -> AlertError {
    client().send(&receiver(kind, origin), &message(Severity::Error)).await.unwrap_err()
}

fn assert_told(error: &AlertError, logs: &Logs) {
    let shown = format!("{error} {error:?} {}", error.remedy());
    for form in ENCODED {
        assert!(!shown.contains(form), "{form} in {shown}");
        assert!(!logs.text().contains(form), "{form} in {}", logs.text());
    }
    assert!(!error.remedy().is_empty());
}

async fn answering(status: u16) -> MockServer {
    server(ResponseTemplate::new(status).set_body_string(ECHO)).await
}

/// No name may be this long: nobody has to be asked for it.
fn unknown_host() -> String {
    format!("http://{}", "a".repeat(64))
}

#[tokio::test]
async fn refusals_tell_no_secret() {
    let logs = Logs::keep();
    for kind in KINDS {
        for status in [301, 302, 303, 304, 400, 401, 403, 404, 410, 413, 429, 500, 501, 502, 503] {
            let server = answering(status).await;
            let error = failure(kind, &server.uri()).await;
            assert!(matches!(error, AlertError::Refused { status: told, .. } if told == status), "{error:?}");
            assert_told(&error, &logs);
        }
    }
}

#[tokio::test]
async fn who_is_not_there_is_told() {
    let logs = Logs::keep();
    let port = ClosedPort::take().unwrap();
    let closed = port.address().unwrap();
    for kind in KINDS {
        for origin in [format!("http://{closed}"), unknown_host()] {
            let error = failure(kind, &origin).await;
            assert!(matches!(error, AlertError::Unreachable { .. }), "{error:?}");
            assert_told(&error, &logs);
        }
    }
}

#[tokio::test]
async fn a_bad_certificate_is_refused_and_not_tried_again() {
    let logs = Logs::keep();
    for kind in KINDS {
        let secure = SelfSigned::listen().await.unwrap();
        let url = secure.url().unwrap();
        let (error, handshake) = tokio::join!(failure(kind, &url), secure.serve_once(""));
        assert!(handshake.is_err());
        assert!(error.to_string().contains("tls: failed to verify certificate"), "{error}");
        assert!(error.remedy().contains("certificate"), "{}", error.remedy());
        assert_told(&error, &logs);
    }
}

#[tokio::test]
async fn unusable_settings_are_told() {
    let logs = Logs::keep();
    for kind in KINDS {
        for address in ["hush", "ftp://hush/hush", "http://me:hush@[::1", "/hush", ""] {
            let receiver = Receiver::new(&provider(kind, address), None).unwrap();
            let error = client().send(&receiver, &message(Severity::Error)).await.unwrap_err();
            assert!(matches!(error, AlertError::Url { .. }), "{error:?}");
            assert_told(&error, &logs);
        }
        let spec = AlertProviderSpec { proxy: Some("http://me:hush@[".into()), ..provider(kind, "http://a") };
        let receiver = Receiver::new(&spec, None).unwrap();
        let error = client().send(&receiver, &message(Severity::Error)).await.unwrap_err();
        assert_eq!(error, AlertError::Proxy);
        assert_told(&error, &logs);
    }
}

/// A message that went astray did not arrive, whatever the page there says; and nobody else learns the URL.
#[tokio::test]
async fn a_message_is_not_lost_to_another_page() {
    let logs = Logs::keep();
    for kind in KINDS {
        for status in [301, 302, 303] {
            let page = server(ResponseTemplate::new(200).set_body_string("<html>Log in</html>")).await;
            let astray = server(ResponseTemplate::new(status).insert_header("location", page.uri())).await;
            let error = failure(kind, &astray.uri()).await;
            assert!(error.remedy().contains("sends elsewhere"), "{}", error.remedy());
            assert!(page.received_requests().await.unwrap().is_empty(), "{kind} {status}");
            assert_told(&error, &logs);
        }
    }
}

#[tokio::test]
async fn a_message_that_is_sent_on_as_it_is_arrives_without_credentials() {
    for kind in KINDS {
        for status in [307, 308] {
            let page = server(ResponseTemplate::new(200)).await;
            let moved = server(ResponseTemplate::new(status).insert_header("location", page.uri())).await;
            client().send(&receiver(kind, &moved.uri()), &message(Severity::Error)).await.unwrap();
            let request = page.received_requests().await.unwrap().remove(0);
            assert_eq!(request.method.as_str(), "POST", "{kind}");
            assert!(!request.body.is_empty());
            assert!(!format!("{:?}", request.headers).contains("hush"), "{kind}: {:?}", request.headers);
        }
        let circle = server(ResponseTemplate::new(307).insert_header("location", "/again")).await;
        let error = failure(kind, &circle.uri()).await;
        assert!(error.to_string().contains("stopped after 10 redirects"), "{error}");
    }
}

/// The lines that people read in the log, and what they are told to do.
#[tokio::test]
async fn messages() {
    let mut told = String::new();
    let mut line = |what: &str, error: &AlertError| {
        let _ = writeln!(told, "{what}: {error}\n    {}", error.remedy());
    };
    let port = ClosedPort::take().unwrap();
    let closed = port.address().unwrap();
    line("closed port", &failure("slack", &format!("http://{closed}")).await);
    line("unknown host", &failure("slack", &unknown_host()).await);
    let secure = SelfSigned::listen().await.unwrap();
    let url = secure.url().unwrap();
    line("unknown certificate", &tokio::join!(failure("slack", &url), secure.serve_once("")).0);
    for status in [302, 400, 401, 403, 404, 407, 410, 413, 429, 500, 503] {
        line(
            &status.to_string(),
            &failure("gchat", &server(ResponseTemplate::new(status)).await.uri()).await,
        );
    }
    for code in
        ["invalid_auth", "token_revoked", "channel_not_found", "not_in_channel", "is_archived", "ratelimited"]
    {
        let body = format!(r#"{{"ok":false,"error":"{code}"}}"#);
        let server = server(ResponseTemplate::new(200).set_body_string(body)).await;
        line("Slack's API", &failure("slack", &server.uri()).await);
    }
    line("no key address", &credentials(&[("token", "a")]).unwrap_err());
    line("unknown type", &Receiver::new(&provider("pager", "http://a"), None).unwrap_err());
    let unusable = Receiver::new(&provider("discord", "hooks/1"), None).unwrap();
    line("no URL", &client().send(&unusable, &message(Severity::Info)).await.unwrap_err());
    insta::with_settings!({filters => vec![(r"127\.0\.0\.1:\d+", "HOST"), ("a{64}", "unknown-host")]}, {
        insta::assert_snapshot!(told);
    });
}
