//! The Prometheus provider against a stub server.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod answers;
mod faults;
mod requests;
mod setup;

use std::collections::BTreeMap;

use serin_api::metric_template::{MetricTemplateProvider, SecretRef};
use serin_providers::{Clients, ConfigError, Credentials, Limits, Provider};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const QUERY_PATH: &str = "/api/v1/query";

/// A provider of type prometheus at `address`.
fn spec(address: &str) -> MetricTemplateProvider {
    MetricTemplateProvider { type_: "prometheus".into(), address: Some(address.into()), ..Default::default() }
}

/// The same with a Secret; its data is passed to [`Provider::new`].
fn with_secret(address: &str) -> MetricTemplateProvider {
    MetricTemplateProvider { secret_ref: Some(SecretRef { name: "login".into() }), ..spec(address) }
}

fn with_headers(address: &str, headers: &[(&str, &[&str])]) -> MetricTemplateProvider {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect();
    MetricTemplateProvider { headers: Some(headers), ..spec(address) }
}

fn secret(data: &[(&str, &str)]) -> Credentials {
    data.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

fn provider(spec: &MetricTemplateProvider, credentials: &Credentials) -> Result<Provider, ConfigError> {
    Provider::new(&Clients::new(Limits::default()).unwrap(), spec, credentials)
}

fn plain(address: &str) -> Provider {
    provider(&spec(address), &Credentials::default()).unwrap()
}

fn vector(value: &str) -> ResponseTemplate {
    let series = serde_json::json!({ "metric": {}, "value": [1719, value] });
    ResponseTemplate::new(200).set_body_json(
        serde_json::json!({ "status": "success", "data": { "resultType": "vector", "result": [series] } }),
    )
}

/// A server that gives `answer` to every instant query.
async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(QUERY_PATH)).respond_with(answer).mount(&server).await;
    server
}
