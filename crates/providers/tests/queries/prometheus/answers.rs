//! What a provider makes of an answer.

use rstest::rstest;
use serin_analysis::{Outcome, Value};
use serin_providers::{ProbeError, QueryError, outcome};
use wiremock::ResponseTemplate;

use super::{answering, plain, vector};

#[tokio::test]
async fn a_value_is_returned() {
    let server = answering(vector("99.5")).await;
    assert_eq!(plain(&server.uri()).query("up").await, Ok(99.5));
}

#[rstest]
#[case("scalar", r#"[1719,"0.5"]"#, Ok(0.5))]
#[case(
    "string",
    r#"[1719,"0.5"]"#,
    Err("a string, and a check needs one number: make the query an instant vector")
)]
#[case(
    "matrix",
    "[]",
    Err("a matrix, with a range of values for each series, and a check needs one number: put the")
)]
#[tokio::test]
async fn the_type_of_a_result_counts(
    #[case] kind: &str,
    #[case] result: &str,
    #[case] expected: Result<f64, &str>,
) {
    let body = format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#);
    let server = answering(ResponseTemplate::new(200).set_body_string(body)).await;
    match (outcome(plain(&server.uri()).query("up").await), expected) {
        (Outcome::Value(Value::Sample(value)), Ok(expected)) => {
            assert!((value - expected).abs() < f64::EPSILON);
        }
        (Outcome::Error(text), Err(expected)) => {
            assert!(text.starts_with(&format!("the result of the query is {expected}")), "{text}");
        }
        (found, _) => panic!("{found:?}"),
    }
}

#[tokio::test]
async fn not_a_number_is_no_value() {
    let server = answering(vector("NaN")).await;
    let result = plain(&server.uri()).query("up").await;
    assert_eq!(result, Err(QueryError::NoValues));
    assert_eq!(outcome(result), Outcome::NoData("no values found".into()));
}

#[rstest]
#[case(401, "Unauthorized")]
#[case(403, "Forbidden")]
#[case(404, "Not Found")]
#[case(429, "Too Many Requests")]
#[case(500, "Internal Server Error")]
#[tokio::test]
async fn a_refusal_repeats_status_and_body(#[case] status: u16, #[case] reason: &str) {
    let server = answering(ResponseTemplate::new(status).set_body_string("go\naway\n")).await;
    let result = plain(&server.uri()).query("up").await;
    let flaggers = format!("error response: Status {status} {reason}: go away; ");
    let Outcome::Error(text) = outcome(result) else { panic!("a value") };
    assert!(text.starts_with(&flaggers) && text.contains(&server.uri()), "{text}");
}

#[tokio::test]
async fn a_long_refusal_is_shortened() {
    let server = answering(ResponseTemplate::new(503).set_body_string("é".repeat(5000))).await;
    let text = plain(&server.uri()).query("up").await.unwrap_err().to_string();
    assert!(text.contains("éé…; prometheus at ") && text.chars().count() < 600, "{text}");
}

#[tokio::test]
async fn a_page_that_is_not_json_is_malformed() {
    let server = answering(ResponseTemplate::new(200).set_body_string("<html>login</html>")).await;
    let error = plain(&server.uri()).query("up").await.unwrap_err();
    assert!(matches!(&error, QueryError::Malformed { body, .. } if body == "<html>login</html>"), "{error}");
}

#[tokio::test]
async fn a_server_that_evaluates_the_probe_is_online() {
    let server = answering(vector("1")).await;
    assert_eq!(plain(&server.uri()).is_online().await, Ok(()));
    let asked = &server.received_requests().await.unwrap()[0];
    assert_eq!(asked.url.query(), Some("query=vector%281%29"));
}

#[tokio::test]
async fn a_server_that_evaluates_it_wrongly_is_not() {
    let server = answering(vector("2")).await;
    let error = plain(&server.uri()).is_online().await.unwrap_err();
    assert_eq!(error.to_string(), "value is not 1 for query: vector(1)");
}

#[tokio::test]
async fn a_server_that_refuses_the_probe_is_not() {
    let server = answering(ResponseTemplate::new(404)).await;
    let error = plain(&server.uri()).is_online().await.unwrap_err();
    assert!(matches!(error, ProbeError::Query(QueryError::Status { status: 404, .. })), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("running query failed: error response: Status 404 Not Found: ; "), "{text}");
}
