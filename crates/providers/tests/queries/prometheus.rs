//! The Prometheus provider.

mod answers;
mod faults;
mod requests;
mod setup;

use std::collections::BTreeMap;

use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{ConfigError, Credentials, Limits, Provider};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stub::{self, Stub};

const QUERY_PATH: &str = "/api/v1/query";

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("token", "hush-token")],
        query: "up",
        answer: |value| {
            format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[1719,"{value}"]}}]}}}}"#
            )
        },
        nan: Some("NaN"),
        infinite: Some("+Inf"),
        empty: &[r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#],
        malformed: &[r#"{"data":{"resultType":"scalar","result":[1719]}}"#],
        ..Stub::new("prometheus")
    }
}

/// A provider of type prometheus at `address`.
fn spec(address: &str) -> MetricTemplateProvider {
    MetricTemplateProvider { type_: "prometheus".into(), address: Some(address.into()), ..Default::default() }
}

/// The same with a Secret; its data is passed to [`provider`].
fn with_secret(address: &str) -> MetricTemplateProvider {
    MetricTemplateProvider { secret_ref: Some(stub::secret_ref()), ..spec(address) }
}

fn with_headers(address: &str, headers: &[(&str, &[&str])]) -> MetricTemplateProvider {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let headers: BTreeMap<_, _> =
        headers.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect();
    MetricTemplateProvider { headers: Some(headers), ..spec(address) }
}

fn secret(data: &[(&str, &str)]) -> Credentials {
    stub::credentials(data)
}

fn provider(spec: &MetricTemplateProvider, credentials: &Credentials) -> Result<Provider, ConfigError> {
    limited(spec, credentials, Limits::default())
}

fn limited(
    spec: &MetricTemplateProvider,
    credentials: &Credentials,
    limits: Limits,
) -> Result<Provider, ConfigError> {
    stub::provider(&stub::clients(limits), spec, credentials)
}

fn plain(address: &str) -> Provider {
    provider(&spec(address), &Credentials::default()).unwrap()
}

fn vector(value: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string((stub().answer)(value))
}

/// A server that gives `answer` to every instant query.
async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET")).and(path(QUERY_PATH)).respond_with(answer).mount(&server).await;
    server
}
