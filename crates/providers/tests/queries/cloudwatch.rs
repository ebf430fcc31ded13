//! The CloudWatch provider. The answers have the shape of `GetMetricData` in the API reference of CloudWatch.

mod own_credentials;

use rstest::rstest;
use serin_api::metric_template::MetricTemplateProvider;
use serin_providers::{Clients, Credentials, Limits, QueryError};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::stub::{self, Stub, credentials, header, parameters};

const QUERY: &str = r#"[
    {"Id": "e1", "Expression": "m1 / m2", "Label": "ErrorRate"},
    {"id": "m1", "metricStat": {"Metric": {"Namespace": "Shop & Co", "MetricName": "ErrorCount", "Dimensions":
        [{"Name": "app", "Value": "podinfo.test"}]}, "Period": 60, "Stat": "Sum", "Unit": null}, "ReturnData": false,
        "Comment": "not a field"}
]"#;

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[
            ("aws_access_key_id", "AKIDEXAMPLE"),
            ("aws_secret_access_key", "hush-secret"),
            ("aws_session_token", "hush-session"),
        ],
        required: &[],
        address_ignored: true,
        region: Some("eu-west-1"),
        query: QUERY,
        answer: |value| answer(&format!("<member>{value}</member><member>2.5</member>"), "Complete"),
        nan: Some("NaN"),
        infinite: Some("INF"),
        empty: &[
            "<GetMetricDataResponse><GetMetricDataResult><MetricDataResults/></GetMetricDataResult></GetMetricDataResponse>",
            "<GetMetricDataResponse><GetMetricDataResult/></GetMetricDataResponse>",
            "<GetMetricDataResponse><GetMetricDataResult><MetricDataResults><member><Values/><Id>e1</Id></member>\
             </MetricDataResults></GetMetricDataResult></GetMetricDataResponse>",
        ],
        malformed: &["{}", "<GetMetricDataResponse/>"],
        clients: |limits, address| stub::clients(limits).with_cloudwatch(address),
        ..Stub::new("cloudwatch")
    }
}

fn answer(values: &str, status: &str) -> String {
    format!(
        r#"<GetMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricDataResult>
            <MetricDataResults><member><Timestamps><member>2026-11-21T14:59:00Z</member></Timestamps>
            <Values>{values}</Values><Label>ErrorRate</Label><Id>e1</Id><StatusCode>{status}</StatusCode></member>
            <member><Values><member>99.0</member></Values><Id>m1</Id><StatusCode>Complete</StatusCode></member>
            </MetricDataResults><Messages/></GetMetricDataResult><ResponseMetadata>
            <RequestId>3d4c7f5a-0c3f-4d5b-8a2c-6f2c7b8c1d2e</RequestId></ResponseMetadata></GetMetricDataResponse>"#
    )
}

fn refusal(code: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>\
         <RequestId>1</RequestId></ErrorResponse>"
    )
}

fn form(request: &Request) -> Vec<(String, String)> {
    let body = String::from_utf8(request.body.clone()).unwrap();
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

#[tokio::test]
async fn a_query_asks_for_ten_intervals() {
    let (request, result) = stub().exchange(QUERY, "0.5").await;
    assert_eq!(result, Ok(0.5));
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/"));
    let expected = parameters(&[
        ("Action", "GetMetricData"),
        ("EndTime", "2026-11-21T15:00:00Z"),
        ("MaxDatapoints", "20"),
        ("MetricDataQueries.member.1.Expression", "m1 / m2"),
        ("MetricDataQueries.member.1.Id", "e1"),
        ("MetricDataQueries.member.1.Label", "ErrorRate"),
        ("MetricDataQueries.member.2.Id", "m1"),
        ("MetricDataQueries.member.2.MetricStat.Metric.Dimensions.member.1.Name", "app"),
        ("MetricDataQueries.member.2.MetricStat.Metric.Dimensions.member.1.Value", "podinfo.test"),
        ("MetricDataQueries.member.2.MetricStat.Metric.MetricName", "ErrorCount"),
        ("MetricDataQueries.member.2.MetricStat.Metric.Namespace", "Shop & Co"),
        ("MetricDataQueries.member.2.MetricStat.Period", "60"),
        ("MetricDataQueries.member.2.MetricStat.Stat", "Sum"),
        ("MetricDataQueries.member.2.ReturnData", "false"),
        ("StartTime", "2026-11-21T14:50:00Z"),
        ("Version", "2010-08-01"),
    ]);
    assert_eq!(form(&request), expected);
}

#[tokio::test]
async fn a_request_is_signed_with_the_keys_of_the_secret() {
    let (request, _) = stub().exchange(QUERY, "0.5").await;
    let signature = header(&request, "authorization")[0];
    let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/eu-west-1/monitoring/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
    assert!(signature.starts_with(expected), "{signature}");
    assert_eq!(header(&request, "x-amz-date"), ["20261121T150000Z"]);
    assert_eq!(header(&request, "x-amz-security-token"), ["hush-session"]);
    assert_eq!(header(&request, "content-type"), ["application/x-www-form-urlencoded; charset=utf-8"]);
}

#[rstest]
#[case::forbidden("Forbidden")]
#[case::internal("InternalError")]
#[tokio::test]
async fn a_result_that_failed_is_an_error(#[case] status: &str) {
    let error = stub().value(&answer("", status)).await.unwrap_err();
    assert!(matches!(error, QueryError::Rejected { .. }) && error.to_string().contains(status), "{error}");
}

#[rstest]
#[case("not json")]
#[case(r#"{"Id": "e1"}"#)]
#[case(r#"["e1"]"#)]
#[tokio::test]
async fn a_query_that_is_no_array_of_objects_is_refused(#[case] query: &str) {
    let error = stub().at("http://127.0.0.1:1").query(query).await.unwrap_err();
    assert!(matches!(error, QueryError::Query { .. }), "{error}");
    assert!(error.to_string().starts_with("error unmarshaling query: "), "{error}");
}

#[rstest]
#[case::server(500, "", 4)]
#[case::throttled(400, "Throttling", 4)]
#[case::too_many(429, "", 4)]
#[case::wrong(400, "ValidationError", 1)]
#[case::forbidden(403, "AccessDenied", 1)]
#[tokio::test]
async fn what_may_pass_is_tried_three_times_more(
    #[case] status: u16,
    #[case] code: &str,
    #[case] requests: usize,
) {
    let server = stub::answering(ResponseTemplate::new(status).set_body_string(refusal(code))).await;
    let error = stub().at(&server.uri()).query(QUERY).await.unwrap_err();
    assert!(matches!(error, QueryError::Status { .. }), "{error}");
    assert_eq!(server.received_requests().await.unwrap().len(), requests);
}

#[tokio::test]
async fn a_second_answer_counts() {
    let server = MockServer::start().await;
    let broken = ResponseTemplate::new(503);
    Mock::given(any()).respond_with(broken).up_to_n_times(1).mount(&server).await;
    let whole = ResponseTemplate::new(200).set_body_string((stub().answer)("0.5"));
    Mock::given(any()).respond_with(whole).mount(&server).await;
    assert_eq!(stub().at(&server.uri()).query(QUERY).await, Ok(0.5));
}

#[rstest]
#[case(400, Ok(()))]
#[case(200, Ok(()))]
#[case(403, Err(()))]
#[tokio::test]
async fn the_probe_is_an_empty_query_that_is_refused_as_wrong(
    #[case] status: u16,
    #[case] expected: Result<(), ()>,
) {
    let answer = ResponseTemplate::new(status).set_body_string(refusal("MissingParameter"));
    let (request, result) = stub().probe(answer).await;
    assert_eq!(result.map_err(drop), expected);
    let expected = [
        ("Action", "GetMetricData"),
        ("EndTime", "0001-01-01T00:00:00Z"),
        ("MetricDataQueries", ""),
        ("StartTime", "0001-01-01T00:00:00Z"),
        ("Version", "2010-08-01"),
    ];
    assert_eq!(form(&request), parameters(&expected));
}

#[tokio::test]
async fn a_refusal_names_the_permission() {
    let answer = ResponseTemplate::new(403).set_body_string(refusal("AccessDenied"));
    let text = stub().probe(answer).await.1.unwrap_err();
    assert!(text.contains("cloudwatch:GetMetricData"), "{text}");
}

fn made(provider: &MetricTemplateProvider, secret: &Credentials) -> String {
    let clients = Clients::new(Limits::default()).unwrap();
    match stub::provider(&clients, provider, secret) {
        Ok(provider) => format!("{provider:?}"),
        Err(error) => error.to_string(),
    }
}

#[rstest]
#[case("eu-west-1", "monitoring.eu-west-1.amazonaws.com")]
#[case("cn-north-1", "monitoring.cn-north-1.amazonaws.com.cn")]
#[case("", "region not specified; set provider.region")]
#[case("eu.evil.example/", "region not specified; set provider.region")]
fn the_region_tells_the_address(#[case] region: &str, #[case] expected: &str) {
    let provider = MetricTemplateProvider { region: Some(region.into()), ..stub().spec("http://ignored") };
    let text = made(&provider, &credentials(stub().secret));
    assert!(text.contains(expected) && !text.contains("ignored"), "{text}");
}

#[test]
fn half_of_the_keys_are_not_enough() {
    let text = made(&stub().spec(""), &credentials(&[("aws_access_key_id", "AKIDEXAMPLE")]));
    assert!(text.starts_with("cloudwatch credentials does not contain aws_secret_access_key"), "{text}");
}
