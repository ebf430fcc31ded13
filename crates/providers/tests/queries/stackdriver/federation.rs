//! Identities of other clouds and clusters.

use std::io::Write;

use rstest::rstest;
use serde_json::{Value, json};
use serin_providers::{Limits, Provider, QueryError};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{TOKEN, stub};
use crate::stub::{NOW, clients, credentials, parameters, provider, target};

const SUBJECT: &str = "hush.subject.jwt";
const STS: &str = "hush.sts.token";
const READ: &str = "https://www.googleapis.com/auth/monitoring.read";
const ACCOUNT: &str =
    "/v1/projects/-/serviceAccounts/serin@my-project.iam.gserviceaccount.com:generateAccessToken";

/// Cloud Monitoring, which knows one token, the exchange, which answers so, and a service account.
async fn cloud(exchange: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    let lives = chrono::DateTime::from_timestamp(i64::try_from(NOW).unwrap() + 3600, 0).unwrap();
    let account = json!({"accessToken": TOKEN, "expireTime": lives.to_rfc3339()});
    Mock::given(path("/v1/token")).respond_with(exchange).mount(&server).await;
    Mock::given(path(ACCOUNT))
        .and(header("authorization", format!("Bearer {STS}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_json(account))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(header("authorization", format!("Bearer {TOKEN}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_string((stub().answer)("1.5")))
        .mount(&server)
        .await;
    server
}

fn granted(token: &str) -> ResponseTemplate {
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    ResponseTemplate::new(200).set_body_json(
        json!({"access_token": token, "issued_token_type": kind, "token_type": "Bearer", "expires_in": 3600}),
    )
}

/// A file as `gcloud iam workload-identity-pools create-cred-config` writes it.
fn file(server: &MockServer, source: &Value, more: &Value) -> Value {
    let mut file = json!({
        "universe_domain": "googleapis.com",
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/v1/token", server.uri()),
        "credential_source": source,
    });
    file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    file
}

fn of(server: &MockServer, file: &Value) -> Provider {
    let clients = clients(Limits::default()).with_google(&server.uri());
    let clients = clients.with_google_credentials(file.to_string().as_bytes());
    provider(&clients, &stub().spec(""), &credentials(&[("project", "my-project")])).unwrap()
}

fn token_file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

fn form(request: &Request) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

#[tokio::test]
async fn a_token_in_a_file_is_exchanged() {
    let server = cloud(granted(TOKEN)).await;
    let token = token_file(&format!("{SUBJECT}\n"));
    let asker = of(&server, &file(&server, &json!({"file": token.path()}), &json!({})));
    assert_eq!(asker.query("fetch a").await, Ok(1.5));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].headers["content-type"], "application/x-www-form-urlencoded");
    let expected = parameters(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        (
            "audience",
            "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster",
        ),
        ("scope", READ),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("subject_token", SUBJECT),
    ]);
    assert_eq!(form(&requests[0]), expected);
    // The token serves until it ends.
    assert_eq!(asker.query("fetch a").await, Ok(1.5));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.iter().filter(|request| request.url.path() == "/v1/token").count(), 1);
}

#[tokio::test]
async fn a_service_account_is_impersonated() {
    let server = cloud(granted(STS)).await;
    let token = token_file(&json!({"value": SUBJECT}).to_string());
    let source =
        json!({"file": token.path(), "format": {"type": "json", "subject_token_field_name": "value"}});
    let more = json!({
        "service_account_impersonation_url": format!("{}{ACCOUNT}", server.uri()),
        "service_account_impersonation": {"token_lifetime_seconds": 600},
        "workforce_pool_user_project": "billed",
    });
    assert_eq!(of(&server, &file(&server, &source, &more)).query("fetch a").await, Ok(1.5));
    let requests = server.received_requests().await.unwrap();
    let exchange = form(&requests[0]);
    let scope = "https://www.googleapis.com/auth/cloud-platform".to_owned();
    assert!(exchange.contains(&("scope".to_owned(), scope)), "{exchange:?}");
    assert!(exchange.contains(&("subject_token".to_owned(), SUBJECT.to_owned())), "{exchange:?}");
    let options = ("options".to_owned(), r#"{"userProject":"billed"}"#.to_owned());
    assert!(exchange.contains(&options), "{exchange:?}");
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(body, json!({"scope": [READ], "lifetime": "600s"}));
}

#[tokio::test]
async fn a_token_at_a_url_is_asked_for_with_its_headers_and_query() {
    let server = cloud(granted(TOKEN)).await;
    Mock::given(path("/metadata/identity/oauth2/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"access_token": SUBJECT})))
        .with_priority(1)
        .mount(&server)
        .await;
    let source = json!({
        "url": format!("{}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=api://x", server.uri()),
        "headers": {"Metadata": "True"},
        "format": {"type": "json", "subject_token_field_name": "access_token"},
    });
    assert_eq!(of(&server, &file(&server, &source, &json!({}))).query("fetch a").await, Ok(1.5));
    let requests = server.received_requests().await.unwrap();
    let query = parameters(&[("api-version", "2018-02-01"), ("resource", "api://x")]);
    assert_eq!(target(&requests[0]), ("/metadata/identity/oauth2/token".to_owned(), query));
    assert_eq!(requests[0].headers["metadata"], "True");
    assert!(form(&requests[1]).contains(&("subject_token".to_owned(), SUBJECT.to_owned())));
}

#[tokio::test]
async fn a_token_that_changes_is_read_again() {
    let short = json!({"access_token": TOKEN, "token_type": "Bearer"});
    let server = cloud(ResponseTemplate::new(200).set_body_json(short)).await;
    let mut token = token_file("first");
    let asker = of(&server, &file(&server, &json!({"file": token.path()}), &json!({})));
    assert_eq!(asker.query("fetch a").await, Ok(1.5));
    token.as_file_mut().set_len(0).unwrap();
    std::fs::write(token.path(), "second").unwrap();
    assert_eq!(asker.query("fetch a").await, Ok(1.5));
    let requests = server.received_requests().await.unwrap();
    let exchanges = requests.iter().filter(|request| request.url.path() == "/v1/token");
    let subjects: Vec<String> = exchanges.map(|request| form(request).pop().unwrap().1).collect();
    assert_eq!(subjects, ["first", "second"]);
}

#[tokio::test]
async fn a_refusal_is_told_with_a_remedy_and_without_the_token() {
    let refusal = json!({"error": "invalid_grant", "error_description": format!("bad {SUBJECT}")});
    let server = cloud(ResponseTemplate::new(400).set_body_json(refusal)).await;
    let token = token_file(SUBJECT);
    let asker = of(&server, &file(&server, &json!({"file": token.path()}), &json!({})));
    let error = asker.query("fetch a").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, QueryError::Credentials { .. }), "{text}");
    assert!(text.contains("invalid_grant") && text.contains("bad ***"), "{text}");
    assert!(text.contains("workload identity pool") && !text.contains("hush"), "{text}");
}

#[rstest]
#[case::aws(json!({"environment_id": "aws1", "url": "http://169.254.169.254/"}), "has environment_id")]
#[case::program(json!({"executable": {"command": "/bin/hush"}}), "has executable")]
#[case::certificate(json!({"certificate": {}}), "has certificate")]
#[case::none(json!({}), "needs file or url")]
#[case::both(json!({"file": "/a", "url": "http://a"}), "needs file or url")]
#[case::no_field(json!({"file": "/a", "format": {"type": "json"}}), "needs subject_token_field_name")]
#[case::other_format(json!({"file": "/a", "format": {"type": "xml"}}), "neither text nor json")]
#[case::no_file(json!({"file": "/no/such/token"}), "cannot read /no/such/token")]
#[case::empty(json!({"file": "/dev/null"}), "/dev/null holds no token")]
#[tokio::test]
async fn what_cannot_be_used_is_told(#[case] source: Value, #[case] expected: &str) {
    let server = cloud(granted(TOKEN)).await;
    let error = of(&server, &file(&server, &source, &json!({}))).query("fetch a").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, QueryError::Credentials { .. }), "{text}");
    assert!(text.contains(expected) && !text.contains("hush"), "{text}");
}

/// Who may write a Secret must not learn what files of the operator hold.
#[tokio::test]
async fn a_secret_cannot_name_a_file_to_be_read() {
    let server = cloud(granted(TOKEN)).await;
    let file = file(&server, &json!({"file": "/etc/passwd"}), &json!({})).to_string();
    let secret = credentials(&[("project", "my-project"), ("serviceAccountKey", file.as_str())]);
    let clients = clients(Limits::default()).with_google(&server.uri());
    let error = provider(&clients, &stub().spec(""), &secret).unwrap_err();
    assert!(error.to_string().contains("its type is not service_account"), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}
