//! The Keptn provider. The objects have the shape of `KeptnMetric` and `Analysis` of `metrics.keptn.sh/v1beta1`.

use std::time::Duration;

use serde_json::{Value, json};
use serin_providers::{Limits, QueryError};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::externalmetrics::with_cluster;
use crate::stub::Stub;

const ANALYSES: &str = "/apis/metrics.keptn.sh/v1beta1/namespaces/web/analyses";

pub(crate) fn stub() -> Stub {
    Stub {
        query: "keptnmetric/web/response-time",
        answer: |value| {
            metric(&format!(
                r#"{{"value":"{value}","rawValue":"MS41","lastUpdated":"2026-11-21T15:00:00Z"}}"#
            ))
        },
        nan: Some("NaN"),
        infinite: Some("+Inf"),
        empty: &[
            r#"{"kind":"KeptnMetric","metadata":{"name":"response-time"}}"#,
            r#"{"kind":"KeptnMetric","status":{}}"#,
            r#"{"kind":"KeptnMetric","status":{"value":""}}"#,
        ],
        malformed: &[r#"{"status":{"value":"many"}}"#, r#"{"status":{"value":7}}"#],
        clients: with_cluster,
        ..Stub::new("keptn")
    }
}

fn metric(status: &str) -> String {
    format!(
        r#"{{"apiVersion":"metrics.keptn.sh/v1beta1","kind":"KeptnMetric","metadata":{{"name":"response-time",
            "namespace":"web"}},"spec":{{"provider":{{"name":"my-provider"}},"query":"q","fetchIntervalSeconds":10}},
            "status":{status}}}"#
    )
}

/// A provider that looks at an analysis ten times within twice this time.
fn patient(server: &MockServer, timeout: Duration) -> serin_providers::Provider {
    stub().limited(&server.uri(), Limits { timeout, ..Limits::default() })
}

/// Long enough for answers on a busy machine.
fn quick(server: &MockServer) -> serin_providers::Provider {
    patient(server, Duration::from_secs(5))
}

/// A cluster in which an analysis has these statuses, one after the other.
async fn analysing(statuses: &[Value]) -> MockServer {
    let server = MockServer::start().await;
    let answer = |code| ResponseTemplate::new(code).set_body_json(json!({"kind": "Analysis"}));
    Mock::given(method("POST")).and(path(ANALYSES)).respond_with(answer(201)).mount(&server).await;
    Mock::given(method("DELETE")).respond_with(answer(200)).mount(&server).await;
    for (index, status) in statuses.iter().enumerate() {
        let body = json!({"kind": "Analysis", "status": status});
        let mock = Mock::given(method("GET"))
            .and(path_regex(format!("^{ANALYSES}/rollout-[0-9a-f]{{6}}$")))
            .respond_with(ResponseTemplate::new(200).set_body_json(body));
        let last = index + 1 == statuses.len();
        if last { mock.mount(&server).await } else { mock.up_to_n_times(1).mount(&server).await }
    }
    server
}

fn sent(requests: &[Request], verb: &str) -> Vec<String> {
    let of_verb = requests.iter().filter(|request| request.method.as_str() == verb);
    of_verb.map(|request| request.url.path().to_owned()).collect()
}

#[tokio::test]
async fn the_value_of_a_metric_is_read() {
    let (request, result) =
        stub().exchange("KeptnMetric/web/response-time/2m/reporter=destination\n", "99.5").await;
    assert_eq!(result, Ok(99.5));
    assert_eq!(
        request.url.path(),
        "/apis/metrics.keptn.sh/v1beta1/namespaces/web/keptnmetrics/response-time"
    );
}

#[tokio::test]
async fn an_analysis_is_made_awaited_and_deleted() {
    let running = json!({"state": "Progressing"});
    let server = analysing(&[json!(null), running, json!({"state": "Completed", "pass": true})]).await;
    assert_eq!(quick(&server).query("analysis/web/rollout/2m/app=podinfo;env=test").await, Ok(1.0));

    let requests = server.received_requests().await.unwrap();
    let made: Value = serde_json::from_slice(&requests[0].body).unwrap();
    let name = made["metadata"]["name"].as_str().unwrap().to_owned();
    let expected = json!({
        "apiVersion": "metrics.keptn.sh/v1beta1",
        "kind": "Analysis",
        "metadata": {"name": name, "namespace": "web"},
        "spec": {
            "analysisDefinition": {"name": "rollout"},
            "timeframe": {"recent": "2m"},
            "args": {"app": "podinfo", "env": "test"},
        },
    });
    assert_eq!(made, expected);
    assert_eq!(sent(&requests, "POST"), [ANALYSES]);
    assert_eq!(
        sent(&requests, "GET"),
        [format!("{ANALYSES}/{name}"), format!("{ANALYSES}/{name}"), format!("{ANALYSES}/{name}")]
    );
    assert_eq!(sent(&requests, "DELETE"), [format!("{ANALYSES}/{name}")]);
}

#[tokio::test]
async fn an_analysis_that_does_not_pass_is_zero() {
    // Keptn leaves `pass` out when it is false.
    let server = analysing(&[json!({"state": "Completed", "raw": "{}"})]).await;
    assert_eq!(quick(&server).query("analysis/web/rollout").await, Ok(0.0));
}

#[tokio::test]
async fn an_analysis_that_does_not_end_is_given_up_and_deleted() {
    let server = analysing(&[json!({"state": "Progressing"})]).await;
    let error = patient(&server, Duration::from_secs(2)).query("analysis/web/rollout").await.unwrap_err();
    assert!(
        matches!(error, QueryError::Timeout { timeout, .. } if timeout == Duration::from_secs(4)),
        "{error}"
    );
    assert_eq!(sent(&server.received_requests().await.unwrap(), "DELETE").len(), 1);
}

#[tokio::test]
async fn an_analysis_that_may_not_be_made_is_a_refusal() {
    let server = MockServer::start().await;
    let body = json!({"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "analyses.metrics.keptn.sh is forbidden"});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(403).set_body_json(body))
        .mount(&server)
        .await;
    let error = quick(&server).query("analysis/web/rollout").await.unwrap_err();
    assert!(matches!(error, QueryError::Status { status: 403, .. }), "{error}");
    assert!(error.to_string().contains("analyses.metrics.keptn.sh is forbidden"), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn another_form_is_refused_before_it_is_sent() {
    let error = stub().at("http://127.0.0.1:1").query("metric/web/a").await.unwrap_err();
    assert!(matches!(error, QueryError::Query { .. }), "{error}");
    assert!(error.to_string().contains("unexpected resource kind provided in the query"), "{error}");
}

#[tokio::test]
async fn the_probe_looks_for_keptns_api() {
    let list = r#"{"kind":"APIResourceList","groupVersion":"metrics.keptn.sh/v1beta1","resources":[]}"#;
    let (request, result) = stub().probe(ResponseTemplate::new(200).set_body_string(list)).await;
    assert_eq!(result, Ok(()));
    assert_eq!(request.url.path(), "/apis/metrics.keptn.sh/v1beta1");
}
