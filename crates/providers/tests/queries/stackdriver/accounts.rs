//! Whose token it is.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};
use serin_providers::{Clients, Limits, Provider, QueryError};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{PAIR, TOKEN, key, stub, token};
use crate::stub::{NOW, clients, credentials, parameters, provider, target};

const METADATA: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

/// Cloud Monitoring, which knows one token, beside a source of tokens that answers so.
async fn cloud(source: &str, answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(source)).respond_with(answer).mount(&server).await;
    Mock::given(method("POST"))
        .and(header("authorization", format!("Bearer {TOKEN}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_string((stub().answer)("1.5")))
        .mount(&server)
        .await;
    server
}

fn good() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(token())
}

fn own(clients: &Clients) -> Provider {
    provider(clients, &stub().spec(""), &credentials(&[("project", "my-project")])).unwrap()
}

fn with_key(clients: &Clients, server: &MockServer) -> Provider {
    let key = key(&format!("{}/token", server.uri())).to_string();
    let secret = credentials(&[("project", "my-project"), ("serviceAccountKey", key.as_str())]);
    provider(clients, &stub().spec(""), &secret).unwrap()
}

fn at(server: &MockServer) -> Clients {
    clients(Limits::default()).with_google(&server.uri())
}

#[tokio::test]
async fn without_a_key_the_metadata_server_says_who_the_pod_is() {
    let server = cloud(METADATA, good()).await;
    assert_eq!(own(&at(&server)).query("fetch a").await, Ok(1.5));
    let asked = &server.received_requests().await.unwrap()[0];
    let scopes = parameters(&[("scopes", "https://www.googleapis.com/auth/monitoring.read")]);
    assert_eq!(target(asked), (METADATA.to_owned(), scopes));
    assert_eq!(asked.headers["metadata-flavor"], "Google");
}

#[tokio::test]
async fn a_key_is_exchanged_for_a_token_by_a_signed_assertion() {
    let server = cloud("/token", good()).await;
    assert_eq!(with_key(&at(&server), &server).query("fetch a").await, Ok(1.5));

    let asked = &server.received_requests().await.unwrap()[0];
    assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
    assert_eq!(form[0], ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
    assert_eq!(form[1].0, "assertion");
    let public = DecodingKey::from_rsa_pem(PAIR.public_key_pem().as_bytes()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    let assertion = decode::<Value>(&form[1].1, &public, &rules).unwrap();
    assert_eq!(assertion.header.kid.as_deref(), Some("0123456789abcdef"));
    let expected = json!({
        "iss": "serin@my-project.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/monitoring.read",
        "aud": format!("{}/token", server.uri()),
        "iat": NOW,
        "exp": NOW + 3600,
    });
    assert_eq!(assertion.claims, expected);
}

#[tokio::test]
async fn a_token_serves_many_checks() {
    let server = cloud(METADATA, good()).await;
    let clients = at(&server);
    for _ in 0..3 {
        assert_eq!(own(&clients).query("fetch a").await, Ok(1.5));
    }
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.iter().filter(|request| request.url.path() == METADATA).count(), 1);
}

#[tokio::test]
async fn a_token_that_ends_soon_is_not_used_again() {
    let short = json!({"access_token": TOKEN, "expires_in": 59, "token_type": "Bearer"});
    let server = cloud(METADATA, ResponseTemplate::new(200).set_body_json(short)).await;
    let clients = at(&server);
    for _ in 0..2 {
        assert_eq!(own(&clients).query("fetch a").await, Ok(1.5));
    }
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.iter().filter(|request| request.url.path() == METADATA).count(), 2);
}

#[tokio::test]
async fn nobody_gets_the_token_of_another_key() {
    let server = cloud("/token", good()).await;
    let clients = at(&server);
    assert_eq!(with_key(&clients, &server).query("fetch a").await, Ok(1.5));
    let mut other = key(&format!("{}/other", server.uri()));
    other["private_key"] =
        json!(rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap().serialize_pem());
    let other = other.to_string();
    let secret = credentials(&[("project", "my-project"), ("serviceAccountKey", other.as_str())]);
    let error = provider(&clients, &stub().spec(""), &secret).unwrap().query("fetch a").await.unwrap_err();
    assert!(matches!(error, QueryError::Credentials { .. }), "{error}");
}

#[tokio::test]
async fn a_refused_key_is_told_with_a_remedy() {
    let refusal = json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."});
    let server = cloud("/token", ResponseTemplate::new(400).set_body_json(refusal)).await;
    let error = with_key(&at(&server), &server).query("fetch a").await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, QueryError::Credentials { .. }), "{text}");
    assert!(text.starts_with("stackdriver credentials cannot be loaded: http://127.0.0.1"), "{text}");
    assert!(text.contains("Status 400 Bad Request") && text.contains("Invalid JWT Signature"), "{text}");
    assert!(text.contains("check the service account's key") && !text.contains("PRIVATE"), "{text}");
}

#[tokio::test]
async fn a_pod_without_an_account_is_told_with_a_remedy() {
    let server = cloud(METADATA, ResponseTemplate::new(404).set_body_string("no account")).await;
    let error = own(&at(&server)).query("fetch a").await.unwrap_err();
    assert!(matches!(error, QueryError::Credentials { .. }), "{error}");
    assert!(error.to_string().contains("Workload Identity"), "{error}");
}

#[tokio::test]
async fn an_answer_without_a_token_is_not_repeated() {
    let server = cloud(METADATA, ResponseTemplate::new(200).set_body_string(r#"{"token":"hush"}"#)).await;
    let error = own(&at(&server)).query("fetch a").await.unwrap_err();
    assert!(error.to_string().contains("sent no token") && !error.to_string().contains("hush"), "{error}");
}
