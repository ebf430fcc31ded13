//! The external metrics provider. The answers have the shape of `ExternalMetricValueList` in Kubernetes' API reference.

use kube::{Client, Config};
use rstest::rstest;
use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{Clients, ConfigError, Credentials, Limits, QueryError};
use wiremock::ResponseTemplate;

use crate::stub::{Stub, answering, clients, credentials, header, parameters, provider, target};

/// At an address of its own.
pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("token", "hush.token")],
        address_optional: true,
        query: "web/job-success-rate?labelSelector=env%3Dproduction",
        answer: |value| {
            list(&format!(
                r#"{{"metricName":"job-success-rate","metricLabels":{{"env":"production"}},
            "timestamp":"2026-11-21T15:00:00Z","windowSeconds":60,"value":"{value}"}}"#
            ))
        },
        empty: &[
            r#"{"kind":"ExternalMetricValueList","apiVersion":"external.metrics.k8s.io/v1beta1","metadata":{},"items":[]}"#,
            r#"{"kind":"ExternalMetricValueList"}"#,
            // As the metric adapters write an empty list.
            r#"{"kind":"ExternalMetricValueList","metadata":{},"items":null}"#,
        ],
        malformed: &[
            r#"{"items":[{"metricName":"a"}]}"#,
            r#"{"items":[{"value":7}]}"#,
            r#"{"items":[{"value":"7x"}]}"#,
        ],
        ..Stub::new("externalmetrics")
    }
}

/// Of the operator's cluster.
pub(crate) fn of_cluster() -> Stub {
    Stub { secret: &[], spec: |stub, _| stub.own_spec(""), clients: with_cluster, ..stub() }
}

/// With the API server at this address for the cluster.
pub(crate) fn with_cluster(limits: Limits, address: &str) -> Clients {
    let address = address.replace("user:hush@", "");
    let mut cluster = Config::new(address.parse().unwrap());
    cluster.default_retry = false;
    clients(limits).with_cluster(Client::try_from(cluster).unwrap())
}

fn list(items: &str) -> String {
    format!(
        r#"{{"kind":"ExternalMetricValueList","apiVersion":"external.metrics.k8s.io/v1beta1","metadata":{{}},
            "items":[{items}]}}"#
    )
}

#[tokio::test]
async fn a_query_names_namespace_metric_and_selector() {
    for stub in [stub(), of_cluster()] {
        let (request, result) = stub.exchange(stub.query, "99500m").await;
        assert_eq!(result, Ok(99.5));
        let path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/web/job-success-rate".to_owned();
        assert_eq!(target(&request), (path, parameters(&[("labelSelector", "env=production")])));
        assert_eq!(request.method.as_str(), "GET");
    }
}

#[tokio::test]
async fn the_token_goes_to_the_address() {
    let (request, _) = stub().exchange("rate", "1").await;
    assert_eq!(header(&request, "authorization"), ["Bearer hush.token"]);
    let path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/rate".to_owned();
    assert_eq!(target(&request), (path, Vec::new()));
}

#[tokio::test]
async fn the_operators_own_account_is_not_shown_to_an_address() {
    let server = answering(ResponseTemplate::new(200).set_body_string((stub().answer)("1"))).await;
    let mut cluster = Config::new(server.uri().parse().unwrap());
    cluster.auth_info.token = Some("hush".to_owned().into());
    let clients = clients(Limits::default()).with_cluster(Client::try_from(cluster).unwrap());
    let at = |address: Option<String>| MetricTemplateProvider {
        type_: "externalmetrics".into(),
        address,
        ..MetricTemplateProvider::default()
    };
    for spec in [at(Some(server.uri())), at(None)] {
        let provider = provider(&clients, &spec, &Credentials::default()).unwrap();
        assert_eq!(provider.query("rate").await, Ok(1.0));
    }
    let requests = server.received_requests().await.unwrap();
    assert!(header(&requests[0], "authorization").is_empty());
    assert_eq!(header(&requests[1], "authorization"), ["Bearer hush"]);
}

#[rstest]
#[case::first(r#"{"value":"1"},{"value":"2"}"#, Ok(1.0))]
#[case::milli(r#"{"value":"2500m"}"#, Ok(2.5))]
#[case::binary(r#"{"value":"2Ki"}"#, Ok(2048.0))]
#[case::none("", Err(QueryError::NoValues))]
#[tokio::test]
async fn the_first_item_counts(#[case] items: &str, #[case] expected: Result<f64, QueryError>) {
    assert_eq!(stub().value(&list(items)).await, expected);
}

#[rstest]
#[case("a/b/c", "too many slashes")]
#[case("web/", "metric name cannot be empty")]
#[case("../secrets", "malformed query string")]
#[tokio::test]
async fn another_form_is_refused_before_it_is_sent(#[case] query: &str, #[case] expected: &str) {
    let error = stub().at("http://127.0.0.1:1").query(query).await.unwrap_err();
    assert!(matches!(error, QueryError::Query { .. }), "{error}");
    assert!(error.to_string().contains(expected) && error.to_string().contains("externalmetrics"), "{error}");
}

#[tokio::test]
async fn the_probe_asks_for_a_metric_that_nobody_has() {
    for stub in [stub(), of_cluster()] {
        let (request, result) = stub.probe(ResponseTemplate::new(200).set_body_string(list(""))).await;
        assert_eq!(result, Ok(()));
        assert_eq!(
            request.url.path(),
            "/apis/external.metrics.k8s.io/v1beta1/namespaces/kube-system/dummy-metric"
        );
    }
}

#[test]
fn without_a_cluster_an_address_is_needed() {
    let error = stub().with("", &credentials(&[])).unwrap_err();
    assert_eq!(error, ConfigError::NoCluster { provider: "externalmetrics".into() });
}
