//! The Google Cloud Monitoring provider. The answers have the shape of `projects.timeSeries.query` in the reference of
//! the Monitoring API v3, and of Google's token endpoints.

mod accounts;
mod federation;

use std::sync::LazyLock;
use std::time::Duration;

use axum::{Json, Router};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use rstest::rstest;
use serde_json::{Value, json};
use serin_providers::{ConfigError, Limits, QueryError};
use wiremock::ResponseTemplate;

use crate::stub::{Stub, answering, clients, credentials, header, target};

pub(crate) const TOKEN: &str = "hush.ya29.token";

/// The key pair of a service account.
pub(crate) static PAIR: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap());

/// A Secret whose key is exchanged at a server that always has a token.
static SECRET: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let key = key(&format!("{}/token", token_server())).to_string();
    vec![("project", "my-project"), ("serviceAccountKey", Box::leak(key.into_boxed_str()))]
});

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &SECRET,
        required: &["project"],
        address_optional: true,
        query: "fetch k8s_container | metric 'istio.io/service/server/response_latencies'",
        answer: |value| {
            series(&format!(
                r#"{{"values":[{{"doubleValue":{value}}}],"timeInterval":{{"startTime":
            "2026-11-21T15:00:00Z","endTime":"2026-11-21T15:00:00Z"}}}}"#
            ))
        },
        nan: Some(r#""NaN""#),
        infinite: Some(r#""Infinity""#),
        empty: &[
            r#"{"timeSeriesDescriptor":{"pointDescriptors":[{"key":"value.a","valueType":"DOUBLE"}]}}"#,
            r#"{"timeSeriesData":[{"pointData":[]}]}"#,
            r#"{"timeSeriesData":[{"pointData":[{"values":[]}]}]}"#,
            "{}",
        ],
        malformed: &[
            r#"{"timeSeriesData":[{"pointData":[{"values":[{"stringValue":"a"}]}]}]}"#,
            r#"{"timeSeriesData":[{"pointData":[{"values":[{"distributionValue":{"count":"1"}}]}]}]}"#,
        ],
        clients: |limits, address| clients(limits).with_google(address),
        ..Stub::new("stackdriver")
    }
}

fn series(points: &str) -> String {
    format!(
        r#"{{"timeSeriesDescriptor":{{"pointDescriptors":[{{"key":"value.a","valueType":"DOUBLE","metricKind":"GAUGE"}}]}},
            "timeSeriesData":[{{"labelValues":[],"pointData":[{points}]}}]}}"#
    )
}

/// A service account's key as Google Cloud hands it out.
pub(crate) fn key(token_uri: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "0123456789abcdef",
        "private_key": PAIR.serialize_pem(),
        "client_email": "serin@my-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    })
}

pub(crate) fn token() -> Value {
    json!({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
}

/// The address of a server that answers everything with a token, for as long as the tests run.
fn token_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().fallback(async || Json(token()))).await
        })
    });
    address
}

#[tokio::test]
async fn a_query_is_posted_for_the_project_with_a_token() {
    let query = "fetch k8s_container\n| every 1m";
    let (request, result) = stub().exchange(query, "99.5").await;
    assert_eq!(result, Ok(99.5));
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(target(&request), ("/v3/projects/my-project/timeSeries:query".to_owned(), Vec::new()));
    assert_eq!(header(&request, "authorization"), [format!("Bearer {TOKEN}")]);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({"query": query}));
}

#[rstest]
#[case::first_point(r#"{"values":[{"doubleValue":1.5}]},{"values":[{"doubleValue":2.5}]}"#, Ok(1.5))]
#[case::first_value(r#"{"values":[{"doubleValue":1.5},{"doubleValue":2.5}]}"#, Ok(1.5))]
#[case::whole(r#"{"values":[{"int64Value":"42"}]}"#, Ok(42.0))]
#[case::minus_infinite(r#"{"values":[{"doubleValue":"-Infinity"}]}"#, Ok(f64::NEG_INFINITY))]
#[case::not_a_number(r#"{"values":[{"doubleValue":"NaN"}]}"#, Err(QueryError::NoValues))]
#[tokio::test]
async fn the_newest_point_of_the_first_series_counts(
    #[case] points: &str,
    #[case] expected: Result<f64, QueryError>,
) {
    assert_eq!(stub().value(&series(points)).await, expected);
}

#[tokio::test]
async fn the_probe_is_an_empty_query_that_is_refused_as_such() {
    let refusal = json!({"error": {"code": 400, "message": "Request was missing field query.",
        "status": "INVALID_ARGUMENT"}});
    let (request, result) = stub().probe(ResponseTemplate::new(400).set_body_json(refusal)).await;
    assert_eq!(result, Ok(()));
    assert_eq!(request.url.path(), "/v3/projects/my-project/timeSeries:query");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({"query": ""}));
}

#[rstest]
#[case(403, "PERMISSION_DENIED")]
#[case(400, "FAILED_PRECONDITION")]
#[tokio::test]
async fn another_refusal_of_the_probe_is_told(#[case] code: u16, #[case] status: &str) {
    let refusal = json!({"error": {"code": code, "message": "no", "status": status}});
    let text = stub().probe(ResponseTemplate::new(code).set_body_json(refusal)).await.1.unwrap_err();
    assert!(text.contains(status) && text.contains(&code.to_string()), "{text}");
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    // Long enough for the exchange of the key on a busy machine.
    let limits = Limits { timeout: Duration::from_secs(5), ..Limits::default() };
    let error = stub().limited(&server.uri(), limits).query("fetch a").await.unwrap_err();
    assert!(matches!(error, QueryError::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn a_repeated_token_is_hidden() {
    let server = answering(ResponseTemplate::new(500).set_body_string(format!("bad token {TOKEN}"))).await;
    let error = stub().at(&server.uri()).query("fetch a").await.unwrap_err();
    assert!(error.to_string().contains("bad token ***"), "{error}");
}

#[test]
fn a_missing_project_has_flaggers_text() {
    let error = stub().with("", &credentials(&[])).unwrap_err();
    assert!(
        error.to_string().starts_with("stackdriver credentials does not contain a project id"),
        "{error}"
    );
}

#[rstest]
#[case::no_json("hush", "it is not the JSON of a key (line 1, column 1)")]
#[case::wrong_type(r#"{"type":"authorized_user","refresh_token":"hush"}"#, "its type is not service_account")]
#[case::no_key(r#"{"type":"service_account","client_email":"a"}"#, "it has no private_key")]
#[case::no_pem(r#"{"type":"service_account","client_email":"a","private_key":"hush"}"#, "not an RSA key")]
fn an_unusable_key_is_refused_without_being_shown(#[case] key: &str, #[case] expected: &str) {
    let error = stub().with("", &credentials(&[("project", "p"), ("serviceAccountKey", key)])).unwrap_err();
    assert!(matches!(error, ConfigError::Credential { key: "serviceAccountKey", .. }), "{error}");
    assert!(error.to_string().contains(expected) && !error.to_string().contains("hush"), "{error}");
}

#[test]
fn a_project_that_is_no_name_is_refused() {
    let error = stub().with("", &credentials(&[("project", "..")])).unwrap_err();
    assert!(matches!(error, ConfigError::Credential { key: "project", .. }), "{error}");
}

#[test]
fn debug_texts_hold_no_key() {
    let text = format!("{:?}", stub().at("http://host"));
    assert!(!text.contains("PRIVATE") && !text.contains("0123456789abcdef"), "{text}");
}
