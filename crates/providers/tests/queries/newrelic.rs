//! The New Relic provider. The answers have the shape of New Relic's Insights query API.

use rstest::rstest;
use serin_providers::QueryError;
use wiremock::ResponseTemplate;

use crate::stub::{Stub, credentials, header, parameters, target};

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("newrelic_account_id", "1234567"), ("newrelic_query_key", "hush-query")],
        required: &["newrelic_account_id", "newrelic_query_key"],
        address_optional: true,
        query: "SELECT filter(count(*), WHERE status >= '500') / count(*) * 100 FROM Metric",
        answer: |value| results(&format!(r#"{{"result":{value}}}"#)),
        empty: &[
            r#"{"results":[]}"#,
            r#"{"results":[{"result":null}]}"#,
            r#"{"results":[{"average":1.5}]}"#,
            "{}",
            r#"{"results":null}"#,
        ],
        malformed: &[r#"{"results":[{"result":"1.5"}]}"#],
        ..Stub::new("newrelic")
    }
}

fn results(list: &str) -> String {
    format!(
        r#"{{"results":[{list}],"performanceStats":{{"inspectedCount":1432,"wallClockTime":24}},"metadata":
            {{"eventTypes":["Metric"],"eventType":"Metric","openEnded":true,"beginTime":"2026-11-21T14:59:00Z",
            "endTime":"2026-11-21T15:00:00Z","beginTimeMillis":1795273140000,"endTimeMillis":1795273200000,
            "rawSince":"60 SECONDS AGO","rawUntil":"`now`","rawCompareWith":"","accounts":[1234567]}}}}"#
    )
}

#[tokio::test]
async fn a_query_asks_for_one_interval_of_the_account() {
    let (request, result) = stub().exchange("SELECT average(x)\nFROM Metric\n", "0.5").await;
    assert_eq!(result, Ok(0.5));
    let nrql = "SELECT average(x)\nFROM Metric\n SINCE 60 seconds ago";
    assert_eq!(target(&request), ("/v1/accounts/1234567/query".to_owned(), parameters(&[("nrql", nrql)])));
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(header(&request, "x-query-key"), ["hush-query"]);
}

#[rstest]
#[case::zero(r#"{"result":0}"#, Ok(0.0))]
#[case::several(r#"{"result":1},{"result":2}"#, Err(QueryError::MultipleValues))]
#[tokio::test]
async fn the_only_result_counts(#[case] list: &str, #[case] expected: Result<f64, QueryError>) {
    assert_eq!(stub().value(&results(list)).await, expected);
}

#[tokio::test]
async fn the_probe_is_a_query() {
    let (request, result) = stub().probe(ResponseTemplate::new(200).set_body_string("{}")).await;
    assert_eq!(result, Ok(()));
    let nrql = "SELECT * FROM Metric SINCE 60 seconds ago";
    assert_eq!(target(&request), ("/v1/accounts/1234567/query".to_owned(), parameters(&[("nrql", nrql)])));
    assert_eq!(header(&request, "x-query-key"), ["hush-query"]);
}

#[test]
fn without_an_address_it_is_new_relics_own() {
    let provider = stub().with("", &credentials(stub().secret)).unwrap();
    assert!(format!("{provider:?}").contains("insights-api.newrelic.com"), "{provider:?}");
}

#[test]
fn a_missing_key_has_flaggers_text() {
    let error = stub().with("", &credentials(&[])).unwrap_err();
    let expected = "newrelic credentials does not contain the key 'newrelic_account_id'";
    assert!(error.to_string().starts_with(expected), "{error}");
}
