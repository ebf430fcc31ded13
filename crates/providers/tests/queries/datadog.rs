//! The Datadog provider. The answers have the shape of "Query timeseries points" in Datadog's API reference.

use rstest::rstest;
use serin_providers::QueryError;
use wiremock::ResponseTemplate;

use crate::stub::{Stub, credentials, header, parameters, target};

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("datadog_api_key", "hush-api"), ("datadog_application_key", "hush-application")],
        required: &["datadog_api_key", "datadog_application_key"],
        address_optional: true,
        query: "avg:system.cpu.idle{*}",
        answer: |value| points(&format!("[1795272600000.0, {value}], [1795272660000.0, 7.25]")),
        empty: &[
            r#"{"status":"ok","series":[],"query":"avg:system.cpu.idle{*}"}"#,
            r#"{"status":"ok","series":[{"metric":"system.cpu.idle","pointlist":[]}]}"#,
            r#"{"status":"ok","series":[{"metric":"system.cpu.idle","pointlist":[[1795272600000.0,null]]}]}"#,
            "{}",
            r#"{"series":null}"#,
            r#"{"series":[{"pointlist":null}]}"#,
        ],
        malformed: &[
            r#"{"series":[{"pointlist":[[1795272600000.0]]}]}"#,
            r#"{"series":[{"pointlist":[[1,"a"]]}]}"#,
        ],
        ..Stub::new("datadog")
    }
}

fn points(list: &str) -> String {
    format!(
        r#"{{"status":"ok","res_type":"time_series","resp_version":1,"query":"avg:system.cpu.idle{{*}}",
            "from_date":1795272600000,"to_date":1795273200000,"values":[],"times":[],"message":"","group_by":[],
            "series":[{{"metric":"system.cpu.idle","display_name":"system.cpu.idle","scope":"*","expression":
            "avg:system.cpu.idle{{*}}","aggr":"avg","interval":60,"length":2,"start":1795272600000,"end":1795273199000,
            "attributes":{{}},"unit":[{{"family":"percentage","id":17,"scale_factor":1.0}},null],"query_index":0,
            "tag_set":[],"pointlist":[{list}]}}]}}"#
    )
}

#[tokio::test]
async fn a_query_asks_for_ten_intervals_with_both_keys() {
    let query = "100 - (\n  sum:errors{app:podinfo}.as_count()\n) * 100";
    let (request, result) = stub().exchange(query, "99.5").await;
    assert_eq!(result, Ok(99.5));
    let expected = parameters(&[("from", "1795272600"), ("query", query), ("to", "1795273200")]);
    assert_eq!(target(&request), ("/api/v1/query".to_owned(), expected));
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(header(&request, "dd-api-key"), ["hush-api"]);
    assert_eq!(header(&request, "dd-application-key"), ["hush-application"]);
}

#[rstest]
#[case::oldest("[1, 3.5], [2, 4.5]", Ok(3.5))]
#[case::oldest_that_was_measured("[1, null], [2, 4.5]", Ok(4.5))]
#[case::whole("[1, 3]", Ok(3.0))]
#[case::none("[1, null], [2, null]", Err(QueryError::NoValues))]
#[tokio::test]
async fn the_oldest_point_counts(#[case] list: &str, #[case] expected: Result<f64, QueryError>) {
    assert_eq!(stub().value(&points(list)).await, expected);
}

#[tokio::test]
async fn the_first_of_several_series_counts() {
    let body = r#"{"series":[{"pointlist":[[1,1.0]]},{"pointlist":[[1,2.0]]}]}"#;
    assert_eq!(stub().value(body).await, Ok(1.0));
}

#[tokio::test]
async fn an_error_with_a_good_status_is_told() {
    let error =
        stub().value(r#"{"status":"error","error":"Error parsing query: unable"}"#).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("error response: Error parsing query: unable; check the query for datadog at")
    );
}

#[tokio::test]
async fn the_probe_validates_the_keys() {
    let (request, result) =
        stub().probe(ResponseTemplate::new(200).set_body_string(r#"{"valid":true}"#)).await;
    assert_eq!(result, Ok(()));
    assert_eq!(target(&request), ("/api/v1/validate".to_owned(), Vec::new()));
    assert_eq!(header(&request, "dd-api-key"), ["hush-api"]);
    assert_eq!(header(&request, "dd-application-key"), ["hush-application"]);
}

#[tokio::test]
async fn a_refused_probe_has_flaggers_text() {
    let refusal = ResponseTemplate::new(403).set_body_string(r#"{"errors":["Forbidden"]}"#);
    let text = stub().probe(refusal).await.1.unwrap_err();
    assert!(
        text.starts_with(r#"error response: Status 403 Forbidden: {"errors":["Forbidden"]}; datadog at "#),
        "{text}"
    );
}

#[test]
fn without_an_address_it_is_datadogs_own() {
    let provider = stub().with("", &credentials(stub().secret)).unwrap();
    assert!(format!("{provider:?}").contains("api.datadoghq.com"), "{provider:?}");
}

#[test]
fn a_missing_key_has_flaggers_text() {
    let error = stub().with("", &credentials(&[])).unwrap_err();
    assert!(error.to_string().starts_with("datadog credentials does not contain datadog_api_key"), "{error}");
}
