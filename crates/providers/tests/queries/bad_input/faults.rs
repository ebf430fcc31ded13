//! The faults. Values of Secrets begin with `hush`, and servers repeat them as nastily as they can.

use std::time::Duration;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use serin_providers::{ConfigError, Credentials, Limits, QueryError};
use serin_testkit::{logs::Logs, net::ClosedPort, tls::SelfSigned};
use wiremock::ResponseTemplate;

use crate::stub::{Stub, answering, credentials};

/// Asserts that an error names the provider and holds no secret.
fn assert_told(stub: &Stub, error: &impl std::fmt::Display) {
    let text = error.to_string();
    assert_hidden(&text);
    assert!(text.contains(stub.kind), "no provider in {text}");
    assert!(text.chars().count() <= 1000, "{text}");
}

/// What `hush` looks like in base64, at each of the three places it may begin at.
const ENCODED: [&str; 4] = ["hush", "aHVza", "h1c2", "odXNo"];

/// Asserts that a text holds no secret, encoded or not.
fn assert_hidden(text: &str) {
    for form in ENCODED {
        assert!(!text.contains(form), "a secret in {text}");
    }
}

/// Asserts that nothing was logged that holds a secret.
pub(super) fn assert_silent(logs: &Logs) {
    assert!(!logs.text().contains("hush"), "a secret in {}", logs.text());
}

/// All values of the Secret, as a server may repeat them.
fn echo(stub: &Stub) -> String {
    let repeated = stub.secret.iter().map(|(_, value)| {
        let url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let header = STANDARD.encode(format!("Bearer {value}"));
        format!("{value} {url} {} {header}", URL_SAFE_NO_PAD.encode(value))
    });
    format!("go\naway, {}", repeated.collect::<Vec<_>>().join(" and "))
}

pub(super) async fn a_wrong_address_is_refused(stub: &Stub) {
    if stub.address_ignored {
        assert!(stub.with("http://host", &credentials(stub.secret)).is_ok());
        return;
    }
    let wrong = [
        "http://u:hush@[::1",
        "ftp://u:hush@host",
        "ftp://host/?key=hush",
        "host:9090?key=hush",
        "host:9090",
        "",
    ];
    for address in wrong.iter().filter(|address| !address.is_empty() || !stub.address_optional) {
        let error = stub.with(address, &credentials(stub.secret)).unwrap_err();
        assert!(matches!(error, ConfigError::Address { .. } | ConfigError::Scheme { .. }), "{error}");
        assert_told(stub, &error);
    }
}

pub(super) async fn a_missing_key_is_named(stub: &Stub) {
    for required in stub.required {
        let rest: Vec<_> = stub.secret.iter().copied().filter(|(key, _)| key != required).collect();
        for secret in [credentials(&rest), Credentials::default()] {
            let error = stub.with("http://host", &secret).unwrap_err();
            assert!(matches!(error, ConfigError::MissingCredential { .. }), "{error}");
            assert!(error.to_string().contains("provider.secretRef"), "{error}");
            assert_told(stub, &error);
        }
        let error = stub.with("http://host", &credentials(&rest)).unwrap_err();
        assert!(error.to_string().ends_with(&format!(" {required}")), "{error}");
    }
}

pub(super) async fn a_secret_that_cannot_be_sent_is_refused(stub: &Stub) {
    for bad in ["hush\u{7}hush", "hush\nhush"] {
        let data: Vec<_> = stub.secret.iter().map(|(key, _)| (*key, bad)).collect();
        if let Err(error) = stub.with("http://host", &credentials(&data)) {
            assert!(matches!(error, ConfigError::Unprintable { .. }), "{error}");
            assert_told(stub, &error);
        } else {
            assert!(stub.secret.is_empty(), "a header with a line break");
        }
    }
}

pub(super) async fn debug_texts_hold_no_secret(stub: &Stub) {
    let secret = credentials(stub.secret);
    assert_hidden(&format!("{:?} {secret:?}", stub.at("http://user:hush@host:80/path")));
    assert_hidden(&format!("{:?}", stub.spec("http://user:hush@host:80/path?key=hush")));
}

pub(super) async fn a_closed_port_is_unreachable(stub: &Stub) {
    let port = ClosedPort::take().unwrap();
    let free = port.address().unwrap();
    let error = stub.at(&format!("http://{free}")).query(stub.query).await.unwrap_err();
    assert!(matches!(error, QueryError::Unreachable { .. }), "{error}");
    assert_told(stub, &error);
}

pub(super) async fn a_refusal_is_typed(stub: &Stub) {
    for refusal in [400, 401, 403, 404, 429, 500, 502, 503] {
        let server = answering(ResponseTemplate::new(refusal).set_body_string(echo(stub))).await;
        let error = stub.at(&server.uri()).query(stub.query).await.unwrap_err();
        assert!(matches!(error, QueryError::Status { status, .. } if status == refusal), "{error}");
        assert_told(stub, &error);
        let own = error.to_string().contains("the cluster's API server");
        let remedy = match refusal {
            400 => "check the query",
            401 | 403 if own => "grant its ServiceAccount",
            401 | 403 => "refuses the credentials",
            404 if own => "has the API",
            404 => "is at the address",
            429 if own => "look at",
            429 => "a longer interval",
            _ => "look at its own logs",
        };
        assert!(error.to_string().contains(remedy), "{error}");
    }
}

pub(super) async fn a_refused_probe_says_why(stub: &Stub) {
    for refusal in [401, 403, 404, 429, 500] {
        let server = answering(ResponseTemplate::new(refusal).set_body_string(echo(stub))).await;
        let error = stub.at(&server.uri()).is_online().await.unwrap_err();
        assert!(error.to_string().contains(&refusal.to_string()), "{error}");
        assert_told(stub, &error);
    }
}

pub(super) async fn silence_is_a_timeout(stub: &Stub) {
    let answer = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    let server = answering(answer).await;
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    let error = stub.limited(&server.uri(), limits).query(stub.query).await.unwrap_err();
    assert!(matches!(error, QueryError::Timeout { .. }), "{error}");
    assert_told(stub, &error);
}

pub(super) async fn a_malformed_answer_is_typed(stub: &Stub) {
    let page = format!("<html>{}</html>", echo(stub));
    let whole = (stub.answer)("1.5");
    // A table that ends early is an empty one.
    let half = if whole.starts_with('#') { "," } else { whole.split_at(whole.len() / 2).0 };
    for body in [page.as_str(), half].iter().chain(stub.malformed) {
        let error = stub.value(body).await.unwrap_err();
        assert!(matches!(error, QueryError::Malformed { .. }), "{body}: {error}");
        assert_told(stub, &error);
    }
}

pub(super) async fn an_empty_answer_is_no_value(stub: &Stub) {
    assert_eq!(stub.value(&(stub.answer)("1.5")).await, Ok(1.5));
    for body in stub.empty {
        assert_eq!(stub.value(body).await, Err(QueryError::NoValues), "{body}");
    }
}

pub(super) async fn not_a_number_is_no_value(stub: &Stub) {
    let expected = match stub.nan {
        Some(nan) => stub.value(&(stub.answer)(nan)).await == Err(QueryError::NoValues),
        None => {
            matches!(stub.value(&(stub.answer)("NaN")).await, Err(QueryError::Malformed { .. }))
        }
    };
    assert!(expected, "{:?}", stub.nan);
}

pub(super) async fn infinity_is_a_value_or_malformed(stub: &Stub) {
    let Some(infinite) = stub.infinite else {
        let error = stub.value(&(stub.answer)("1e999")).await.unwrap_err();
        return assert!(matches!(error, QueryError::Malformed { .. }), "{error}");
    };
    assert_eq!(stub.value(&(stub.answer)(infinite)).await, Ok(f64::INFINITY));
}

pub(super) async fn a_huge_answer_is_cut_off(stub: &Stub) {
    let body = format!("{}{}", (stub.answer)("1.5"), " ".repeat(100_000));
    let server = answering(ResponseTemplate::new(200).set_body_string(body)).await;
    let limits = Limits { body: 1000, ..Limits::default() };
    let error = stub.limited(&server.uri(), limits).query(stub.query).await.unwrap_err();
    assert!(matches!(error, QueryError::TooLarge { limit: 1000, .. }), "{error}");
    assert_told(stub, &error);
}

pub(super) async fn redirects_end(stub: &Stub) {
    let server = answering(ResponseTemplate::new(302).insert_header("location", "/again")).await;
    let error = stub.at(&server.uri()).query(stub.query).await.unwrap_err();
    let requests = server.received_requests().await.unwrap().len();
    assert!(requests <= 10, "{requests} requests: {error}");
    assert_told(stub, &error);
}

pub(super) async fn another_server_gets_no_credentials(stub: &Stub) {
    let other = answering(ResponseTemplate::new(200).set_body_string((stub.answer)("1.5"))).await;
    let answer = ResponseTemplate::new(307).insert_header("location", other.uri());
    let server = answering(answer).await;
    let _ = stub.at(&server.uri()).query(stub.query).await;
    for request in other.received_requests().await.unwrap() {
        assert!(!format!("{:?}", request.headers).contains("hush"), "{request:?}");
        assert!(request.headers.get("authorization").is_none(), "{request:?}");
    }
}

pub(super) async fn minus_infinity_is_a_value_or_malformed(stub: &Stub) {
    let Some(infinite) = stub.infinite else {
        let error = stub.value(&(stub.answer)("-1e999")).await.unwrap_err();
        return assert!(matches!(error, QueryError::Malformed { .. }), "{error}");
    };
    let quote = if infinite.starts_with('"') { "\"" } else { "" };
    let negative = format!("{quote}-{}", infinite.trim_start_matches(['"', '+']));
    assert_eq!(stub.value(&(stub.answer)(&negative)).await, Ok(f64::NEG_INFINITY));
}

pub(super) async fn a_bad_certificate_is_refused(stub: &Stub) {
    let server = SelfSigned::listen().await.unwrap();
    let address = server.url().unwrap();
    let body = (stub.answer)("1.5");
    let serving = tokio::spawn(async move { server.serve(&body).await });
    let error = stub.at(&address).query(stub.query).await.unwrap_err();
    serving.abort();
    assert!(matches!(&error, QueryError::Unreachable { .. } | QueryError::Credentials { .. }), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_told(stub, &error);
}

pub(super) async fn an_unknown_host_is_unreachable(stub: &Stub) {
    let error = stub.at(&unknown_host()).query(stub.query).await.unwrap_err();
    assert!(matches!(&error, QueryError::Unreachable { .. } | QueryError::Credentials { .. }), "{error}");
    assert_told(stub, &error);
}

/// A host that nobody has to be asked for: no name may be this long.
pub(super) fn unknown_host() -> String {
    format!("http://{}", "a".repeat(64))
}
