//! The InfluxDB provider. The answers have the shape of the documentation of `/api/v2/query` and `/query`.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};
use serin_providers::Limits;
use wiremock::ResponseTemplate;

use crate::stub::{Stub, answering, credentials, header, parameters, target};

const FLUX: &str = "from(bucket: \"default\")\n|> range(start: -2h)\n|> count()";

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("token", "hush-token"), ("org", "acme")],
        required: &["token", "org"],
        query: FLUX,
        answer: |value| table("double", value),
        nan: Some("NaN"),
        infinite: Some("+Inf"),
        empty: &[
            "",
            "\r\n",
            "#datatype,string,double\r\n#group,false,false\r\n#default,_result,\r\n,result,_value\r\n",
        ],
        malformed: &["no,csv,of,influxdb\r\n1,2,3,4\r\n"],
        ..Stub::new("influxdb")
    }
}

pub(crate) fn stub_v1() -> Stub {
    Stub {
        secret: &[("username", "ops"), ("password", "hush-password"), ("database", "metrics")],
        required: &["password"],
        query: "SELECT mean(value) FROM errors WHERE time > now() - 1m",
        answer: |value| {
            format!(
                r#"{{"results":[{{"statement_id":0,"series":[{{"name":"errors","columns":["time","mean"],
                    "values":[["2026-11-21T14:59:00Z",{value}]]}}]}}]}}"#
            )
        },
        empty: &[
            r#"{"results":[{"statement_id":0}]}"#,
            r#"{"results":[]}"#,
            r#"{"results":[{"series":null}]}"#,
        ],
        malformed: &[
            r#"{"results":1}"#,
            r#"{"results":[{"series":[{"columns":["time","a"],"values":[["t","up"]]}]}]}"#,
        ],
        ..Stub::new("influxdb")
    }
}

fn table(kind: &str, value: &str) -> String {
    format!(
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,{kind},string,string\r\n\
         #group,false,false,true,true,false,false,true,true\r\n#default,_result,,,,,,,\r\n\
         ,result,table,_start,_stop,_time,_value,_field,_measurement\r\n\
         ,,0,2026-11-21T13:00:00Z,2026-11-21T15:00:00Z,2026-11-21T14:34:08.1Z,{value},f,test\r\n\
         ,,0,2026-11-21T13:00:00Z,2026-11-21T15:00:00Z,2026-11-21T14:48:44.8Z,6.6,f,test\r\n\r\n"
    )
}

#[tokio::test]
async fn flux_is_posted_with_token_and_organisation() {
    let (request, result) = stub().exchange(FLUX, "1.4").await;
    assert_eq!(result, Ok(1.4));
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(target(&request), ("/api/v2/query".to_owned(), parameters(&[("org", "acme")])));
    assert_eq!(header(&request, "authorization"), ["Token hush-token"]);
    assert_eq!(header(&request, "content-type"), ["application/json"]);
    let dialect = json!({"annotations": ["datatype", "group", "default"], "delimiter": ",", "header": true});
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body, json!({"dialect": dialect, "query": FLUX, "type": "flux"}));
}

#[tokio::test]
async fn without_a_secret_flux_goes_without_token() {
    let (request, result) = Stub { secret: &[], ..stub() }.exchange(FLUX, "1.4").await;
    assert_eq!(result, Ok(1.4));
    assert_eq!(target(&request).1, parameters(&[("org", "")]));
    assert!(header(&request, "authorization").is_empty());
}

#[rstest]
#[case("long", "12", Ok(12.0))]
#[case("unsignedLong", "12", Ok(12.0))]
#[case("double", "", Err(()))]
#[case("string", "up", Err(()))]
#[case("boolean", "true", Err(()))]
#[tokio::test]
async fn every_type_of_number_is_a_value(
    #[case] kind: &str,
    #[case] value: &str,
    #[case] expected: Result<f64, ()>,
) {
    assert_eq!(stub().value(&table(kind, value)).await.map_err(drop), expected);
}

#[tokio::test]
async fn an_error_within_the_table_is_told() {
    let body = "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,no such bucket,897\r\n";
    let error = stub().value(body).await.unwrap_err();
    assert!(error.to_string().starts_with("error response: no such bucket; check the query"), "{error}");
}

#[tokio::test]
async fn the_probe_is_flaggers_query() {
    let (request, result) = stub().probe(ResponseTemplate::new(200)).await;
    assert_eq!(result, Ok(()));
    assert_eq!(target(&request), ("/api/v2/query".to_owned(), parameters(&[("org", "acme")])));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["query"], r#"from(bucket: "default") |> range(start: -2h)"#);
}

#[tokio::test]
async fn a_select_is_influxql_of_the_database() {
    let query = stub_v1().query;
    let (request, result) = stub_v1().exchange(query, "0.25").await;
    assert_eq!(result, Ok(0.25));
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(target(&request), ("/query".to_owned(), parameters(&[("db", "metrics"), ("q", query)])));
    assert_eq!(header(&request, "authorization"), ["Basic b3BzOmh1c2gtcGFzc3dvcmQ="]);
}

#[tokio::test]
async fn flux_works_with_a_user_of_version_1() {
    let stub = Stub { answer: stub().answer, ..stub_v1() };
    let (request, result) = stub.exchange(FLUX, "1.4").await;
    assert_eq!(result, Ok(1.4));
    assert_eq!(header(&request, "authorization"), ["Basic b3BzOmh1c2gtcGFzc3dvcmQ="]);
}

#[tokio::test]
async fn influxql_works_with_a_token_of_version_2() {
    let stub = Stub { answer: stub_v1().answer, ..stub() };
    let (request, result) = stub.exchange("select last(value) from \"metrics\"..\"errors\"", "2").await;
    assert_eq!(result, Ok(2.0));
    assert_eq!(target(&request).0, "/query");
    assert_eq!(header(&request, "authorization"), ["Token hush-token"]);
}

#[tokio::test]
async fn the_probe_of_version_1_lists_databases() {
    let (request, result) = stub_v1().probe(ResponseTemplate::new(200).set_body_string("{}")).await;
    assert_eq!(result, Ok(()));
    assert_eq!(target(&request).1, parameters(&[("db", "metrics"), ("q", "SHOW DATABASES")]));
}

#[test]
fn a_missing_key_has_flaggers_text() {
    for (data, missing) in [(&[][..], "an authentication token"), (&[("token", "t")][..], "an organisation")]
    {
        let error = stub().with("http://influxdb", &credentials(data)).unwrap_err();
        let expected = format!("influxdb credentials does not contain {missing};");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[tokio::test]
async fn it_has_three_times_as_long() {
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let error = stub().limited(&server.uri(), limits).query(FLUX).await.unwrap_err();
    assert!(error.to_string().contains("did not answer within 150ms"), "{error}");
}
