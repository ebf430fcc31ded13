//! What is on the wire.

use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{Clients, Credentials, Limits, Provider};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request};

use super::{answering, provider, secret, spec, vector, with_headers, with_secret};

/// The request that a provider makes for `query`; `address` may extend the server's.
async fn request(
    query: &str,
    extend: impl Fn(&str) -> MetricTemplateProvider,
    credentials: &Credentials,
) -> Request {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(vector("1")).mount(&server).await;
    provider(&extend(&server.uri()), credentials).unwrap().query(query).await.unwrap();
    server.received_requests().await.unwrap().remove(0)
}

fn header<'r>(request: &'r Request, name: &str) -> Vec<&'r str> {
    request.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

#[rstest::rstest]
#[case::comments("# a share of {{ }}\nvector(0.02)  # as\n\t* 100 # a percentage")]
#[case::line_breaks("sum(\n\trate(a{b=\"\u{fc}+&\"}[1m])\r\n)")]
#[case::blanks_in_strings("count(a{b=\"x  y\"})")]
#[tokio::test]
async fn a_query_is_sent_as_it_is_written(#[case] query: &str) {
    let request = request(query, spec, &Credentials::default()).await;
    assert_eq!(request.method.as_str(), "GET");
    let (name, value) = request.url.query_pairs().next().unwrap();
    assert_eq!((&*name, &*value), ("query", query));
}

#[tokio::test]
async fn a_query_that_is_too_long_for_a_url_is_posted() {
    let query = format!("vector(1) # {}\n+ 0", "\u{fc}&".repeat(40_000));
    let request = request(&query, with_secret, &secret(&[("token", "t")])).await;
    assert_eq!(
        (request.method.as_str(), request.url.path(), request.url.query()),
        ("POST", "/api/v1/query", None)
    );
    assert_eq!(header(&request, "content-type"), ["application/x-www-form-urlencoded"]);
    assert_eq!(header(&request, "authorization"), ["Bearer t"]);
    let (name, value) = url::form_urlencoded::parse(&request.body).next().unwrap();
    assert_eq!((&*name, &*value), ("query", query.as_str()));
}

#[rstest::rstest]
#[case("", "/api/v1/query")]
#[case("/", "/api/v1/query")]
#[case("/select/0/prometheus", "/select/0/prometheus/api/v1/query")]
#[case("/prefix//?tenant=a#top", "/prefix/api/v1/query")]
#[tokio::test]
async fn the_path_of_the_address_is_a_prefix(#[case] suffix: &str, #[case] expected: &str) {
    let request = request("up", |uri| spec(&format!("{uri}{suffix}")), &Credentials::default()).await;
    assert_eq!((request.url.path(), request.url.query()), (expected, Some("query=up")));
}

#[tokio::test]
async fn a_token_is_sent_as_bearer_and_wins_over_the_rest() {
    let credentials = secret(&[("token", "t0ken\n"), ("username", "u"), ("password", "p")]);
    let with = |uri: &str| MetricTemplateProvider {
        headers: with_headers(uri, &[("Authorization", &["Basic mine"])]).headers,
        ..with_secret(uri)
    };
    let request = request("up", with, &credentials).await;
    assert_eq!(header(&request, "authorization"), ["Bearer t0ken"]);
}

#[tokio::test]
async fn user_name_and_password_are_sent_as_basic() {
    let request = request("up", with_secret, &secret(&[("username", "u"), ("password", "p:w")])).await;
    assert_eq!(header(&request, "authorization"), ["Basic dTpwOnc="]);
}

#[tokio::test]
async fn credentials_in_the_address_are_sent_as_basic() {
    let with = |uri: &str| spec(&uri.replace("://", "://u:p%3Aw@"));
    let request = request("up", with, &Credentials::default()).await;
    assert_eq!(header(&request, "authorization"), ["Basic dTpwOnc="]);
}

#[tokio::test]
async fn a_secret_that_is_not_referred_to_is_not_sent() {
    let request = request("up", spec, &secret(&[("token", "t")])).await;
    assert!(header(&request, "authorization").is_empty());
}

#[tokio::test]
async fn headers_are_sent_with_all_their_values() {
    let headers: &[(&str, &[&str])] = &[("X-Scope-OrgID", &["a", "b"]), ("Authorization", &["Custom c"])];
    let request = request("up", |uri| with_headers(uri, headers), &Credentials::default()).await;
    assert_eq!(header(&request, "x-scope-orgid"), ["a", "b"]);
    assert_eq!(header(&request, "authorization"), ["Custom c"]);
}

#[tokio::test]
async fn an_unverified_provider_asks_all_the_same() {
    let server = answering(vector("1")).await;
    let insecure = MetricTemplateProvider { insecure_skip_verify: true, ..spec(&server.uri()) };
    let provider = provider(&insecure, &Credentials::default()).unwrap();
    assert_eq!(provider.query("up").await, Ok(1.0));
}

#[tokio::test]
async fn the_metrics_server_needs_an_address_only() {
    let server = answering(vector("1")).await;
    let clients = Clients::new(Limits::default()).unwrap();
    let provider = Provider::metrics_server(&clients, &server.uri()).unwrap();
    assert_eq!(provider.is_online().await, Ok(()));
}
