//! The Graphite provider. The answers have the shape of the render API's documentation.

use rstest::rstest;
use serin_providers::QueryError;
use wiremock::ResponseTemplate;

use crate::stub::{Stub, credentials, header, parameters, target};

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("username", "ops"), ("password", "hush-password")],
        required: &["username", "password"],
        query: "target=sumSeries(app.http.*.*.count)&from=-2min",
        answer: |value| series(&format!("[null, 1795273180], [{value}, 1795273190], [null, 1795273200]")),
        nan: Some("\"NaN\""),
        infinite: Some("\"inf\""),
        empty: &[
            "[]",
            r#"[{"target":"a","datapoints":[]}]"#,
            r#"[{"target":"a","datapoints":null}]"#,
            r#"[{"target":"a","datapoints":[[null,1795273200]]}]"#,
        ],
        malformed: &["{}", r#"[{"datapoints":[[1]]}]"#, r#"[{"datapoints":[[true,1795273200]]}]"#],
        ..Stub::new("graphite")
    }
}

fn series(points: &str) -> String {
    format!(
        r#"[{{"target":"sumSeries(app.http.*.*.count)","tags":{{"aggregatedBy":"sum","name":
            "sumSeries(app.http.*.*.count)"}},"datapoints":[{points}]}}]"#
    )
}

#[tokio::test]
async fn a_query_is_part_of_the_url_in_the_order_of_names() {
    let query = "\n target=summarize(\n  a.{b,c}.*,\n  '1min  x'\n)\n&target=d\n & from=-2min\n&format=png\n";
    let (request, result) = stub().exchange(query, "25").await;
    assert_eq!(result, Ok(25.0));
    let expected = parameters(&[
        ("format", "json"),
        ("from", "-2min"),
        ("target", "summarize(\n  a.{b,c}.*,\n  '1min  x'\n)"),
        ("target", "d"),
    ]);
    assert_eq!(target(&request), ("/render".to_owned(), expected));
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(header(&request, "authorization"), ["Basic b3BzOmh1c2gtcGFzc3dvcmQ="]);
}

#[tokio::test]
async fn encoded_parameters_are_kept() {
    let (request, _) = stub().exchange("target=alias(a%26b%2Bc,+'d')", "1").await;
    assert_eq!(request.url.query(), Some("format=json&target=alias%28a%26b%2Bc%2C+%27d%27%29"));
}

#[rstest]
#[case::last("[10, 1], [75, 2], [100, 3]", Ok(100.0))]
#[case::last_that_is_there("[10, 1], [75, 2], [null, 3]", Ok(75.0))]
#[case::text(r#"["12.5", "1621348400"]"#, Ok(12.5))]
#[case::no_number(r#"["many", 1]"#, Err(()))]
#[tokio::test]
async fn the_last_point_counts(#[case] points: &str, #[case] expected: Result<f64, ()>) {
    assert_eq!(stub().value(&series(points)).await.map_err(drop), expected);
}

#[tokio::test]
async fn the_last_of_several_series_counts() {
    let body = r#"[{"datapoints":[[1,1]]},{"datapoints":[[2,1]]},{"datapoints":[[null,1]]}]"#;
    assert_eq!(stub().value(body).await, Ok(2.0));
}

#[rstest]
#[case("[]", Ok(()))]
#[case(r#"[{"target":"test","datapoints":[[1,1795273200]]}]"#, Ok(()))]
#[case("[", Err(()))]
#[tokio::test]
async fn the_probe_needs_an_answer_but_no_value(#[case] body: &str, #[case] expected: Result<(), ()>) {
    let (request, result) = stub().probe(ResponseTemplate::new(200).set_body_string(body)).await;
    assert_eq!(result.map_err(drop), expected);
    assert_eq!(request.url.query(), Some("format=json&target=test"));
}

#[tokio::test]
async fn a_failed_probe_has_flaggers_text() {
    let text = stub().probe(ResponseTemplate::new(500).set_body_string("down")).await.1.unwrap_err();
    assert!(
        text.starts_with("running query failed: error response: Status 500 Internal Server Error: down"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_secret_there_is_no_authentication() {
    let stub = Stub { secret: &[], ..stub() };
    let (request, result) = stub.exchange("target=a", "1").await;
    assert_eq!(result, Ok(1.0));
    assert!(header(&request, "authorization").is_empty());
}

#[test]
fn a_missing_key_has_flaggers_text() {
    for (data, missing) in [(&[][..], "username"), (&[("username", "ops")][..], "password")] {
        let error = stub().with("http://graphite", &credentials(data)).unwrap_err();
        let expected = format!("graphite credentials does not contain a {missing};");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[tokio::test]
async fn an_unset_value_is_no_value() {
    assert_eq!(stub().value(&series("[null, 1]")).await, Err(QueryError::NoValues));
}

#[tokio::test]
async fn an_answer_that_repeats_the_header_is_not_repeated() {
    let sent = "b3BzOmh1c2gtcGFzc3dvcmQ=";
    let answer = ResponseTemplate::new(401).set_body_string(format!("who is Basic {sent}?"));
    let text = stub().probe(answer).await.1.unwrap_err();
    assert!(text.contains("who is Basic ***?") && !text.contains(sent), "{text}");
}
