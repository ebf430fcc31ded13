//! The Dynatrace provider. The answers have the shape of "GET data points" in Dynatrace's Metrics API v2.

use rstest::rstest;
use serin_providers::QueryError;
use wiremock::ResponseTemplate;

use crate::stub::{Stub, credentials, header, parameters, target};

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("dynatrace_token", "hush.token")],
        required: &["dynatrace_token"],
        query: "builtin:service.response.time:percentile(95)",
        answer: |value| {
            series(&format!(r#"{{"dimensions":["SERVICE-1"],"timestamps":[1],"values":[{value}]}}"#))
        },
        empty: &[
            r#"{"totalCount":0,"nextPageKey":null,"resolution":"Inf","result":[]}"#,
            r#"{"result":[{"metricId":"builtin:service.response.time","data":[]}]}"#,
            r#"{"result":[{"data":[{"timestamps":[],"values":[]}]}]}"#,
            r#"{"result":[{"data":[{"timestamps":[1],"values":[null]}]}]}"#,
            "{}",
            r#"{"result":null}"#,
            r#"{"result":[{"data":null}]}"#,
            r#"{"result":[{"data":[{"values":null}]}]}"#,
        ],
        malformed: &[r#"{"result":[{"data":[{"values":["a"]}]}]}"#, r#"{"result":{}}"#],
        ..Stub::new("dynatrace")
    }
}

fn series(list: &str) -> String {
    format!(
        r#"{{"totalCount":1,"nextPageKey":null,"resolution":"Inf","result":[{{"metricId":
            "builtin:service.response.time:percentile(95)","dataPointCountRatio":0.0001,"dimensionCountRatio":0.0002,
            "data":[{list}]}}]}}"#
    )
}

#[tokio::test]
async fn a_query_asks_for_one_value_of_ten_intervals() {
    let query = r#"builtin:service.response.time:filter(eq("dt.entity.service",SERVICE-1)):percentile(95)"#;
    let (request, result) = stub().exchange(query, "99.5").await;
    assert_eq!(result, Ok(99.5));
    let expected = parameters(&[
        ("from", "1795272600000"),
        ("metricSelector", query),
        ("resolution", "Inf"),
        ("to", "1795273200000"),
    ]);
    assert_eq!(target(&request), ("/api/v2/metrics/query".to_owned(), expected));
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(header(&request, "authorization"), ["Api-Token hush.token"]);
}

#[rstest]
#[case::last_series(r#"{"values":[1.5]},{"values":[2.5]}"#, Ok(2.5))]
#[case::first_point(r#"{"values":[1.5, 2.5]}"#, Ok(1.5))]
#[case::whole(r#"{"values":[3]}"#, Ok(3.0))]
#[case::last_is_not_measured(r#"{"values":[1.5]},{"values":[null]}"#, Err(QueryError::NoValues))]
#[tokio::test]
async fn the_first_point_of_the_last_series_counts(
    #[case] list: &str,
    #[case] expected: Result<f64, QueryError>,
) {
    assert_eq!(stub().value(&series(list)).await, expected);
}

#[tokio::test]
async fn the_probe_lists_a_metric() {
    let page = r#"{"totalCount":2,"nextPageKey":"a","metrics":[{"metricId":"builtin:apps.count"}]}"#;
    let (request, result) = stub().probe(ResponseTemplate::new(200).set_body_string(page)).await;
    assert_eq!(result, Ok(()));
    assert_eq!(target(&request), ("/api/v2/metrics".to_owned(), parameters(&[("pageSize", "1")])));
    assert_eq!(header(&request, "authorization"), ["Api-Token hush.token"]);
}

#[test]
fn a_missing_key_has_flaggers_text() {
    let error = stub().with("http://host", &credentials(&[])).unwrap_err();
    assert!(
        error.to_string().starts_with("dynatrace credentials does not contain dynatrace_token"),
        "{error}"
    );
}

#[tokio::test]
async fn the_address_may_have_a_path() {
    let server =
        crate::stub::answering(ResponseTemplate::new(200).set_body_string((stub().answer)("1"))).await;
    let provider = stub().at(&format!("{}/e/environment-1", server.uri()));
    assert_eq!(provider.query("builtin:x").await, Ok(1.0));
    let request = server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.url.path(), "/e/environment-1/api/v2/metrics/query");
}
