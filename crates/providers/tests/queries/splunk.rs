//! The Splunk provider. The messages have the shape of "WebSocket request messages" and "Stream messages" in the
//! reference of SignalFlow.

use std::io::Write;
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use futures::{SinkExt, StreamExt};
use rstest::rstest;
use serde_json::{Value, json};
use serin_providers::{Limits, QueryError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use wiremock::ResponseTemplate;

use crate::stub::{Stub, answering, credentials, header, parameters, target};

const TOKEN: &str = "hush.token";
const FIRST: u64 = 0x0102;
const SECOND: u64 = 0x0203;

pub(crate) fn stub() -> Stub {
    Stub {
        secret: &[("sf_token_key", TOKEN)],
        required: &["sf_token_key"],
        query: "data('traces.count').sum().publish()",
        ..Stub::new("splunk")
    }
}

/// What was asked of a server of streams: the path of the handshake, then every message.
struct Asked {
    path: String,
    messages: Vec<Value>,
}

/// A server that reads two requests, sends these messages and waits for the end of the connection, or ends it itself.
async fn streaming(messages: Vec<Message>, closes: bool) -> (String, JoinHandle<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (connection, _) = listener.accept().await.unwrap();
        let mut path = String::new();
        #[expect(clippy::result_large_err, reason = "the library's type")]
        let note = |request: &Request, response: Response| {
            path = request.uri().to_string();
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(connection, note).await.unwrap();
        let mut asked = Asked { path: path.clone(), messages: Vec::new() };
        for _ in 0..2 {
            let request = socket.next().await.unwrap().unwrap();
            asked.messages.push(serde_json::from_str(request.to_text().unwrap()).unwrap());
        }
        for message in messages {
            // The other side may have what it needs already.
            if socket.send(message).await.is_err() {
                break;
            }
        }
        if closes {
            let _ = socket.close(None).await;
        }
        while let Some(Ok(_)) = socket.next().await {}
        asked
    });
    (address, task)
}

async fn result(messages: Vec<Message>) -> Result<f64, QueryError> {
    let (address, _task) = streaming(messages, false).await;
    stub().at(&address).query(stub().query).await
}

fn text(value: &Value) -> Message {
    Message::text(value.to_string())
}

fn control(event: &str) -> Message {
    text(&json!({"type": "control-message", "channel": "ch-1", "event": event, "timestampMs": 1}))
}

/// What comes before the data of any computation.
fn begin() -> Vec<Message> {
    vec![
        text(&json!({"type": "authenticated", "orgId": "AAAA", "userId": "BBBB"})),
        control("STREAM_START"),
        text(&json!({"type": "control-message", "channel": "ch-1", "event": "JOB_START", "handle": "C"})),
        text(&json!({"type": "message", "channel": "ch-1", "logicalTimestampMs": 1,
            "message": {"messageCode": "JOB_RUNNING_RESOLUTION", "contents": {"resolutionMs": 1000}}})),
        text(&json!({"type": "metadata", "channel": "ch-1", "tsId": "AAAAAAAABAA", "properties": {}})),
    ]
}

fn frame(flags: u8, body: &[u8]) -> Message {
    let mut frame = vec![1, 5, flags, 0];
    frame.extend_from_slice(b"ch-1\0\0\0\0\0\0\0\0\0\0\0\0");
    frame.extend_from_slice(body);
    Message::binary(frame)
}

fn elements(elements: &[(u8, u64, [u8; 8])]) -> Vec<u8> {
    let mut body = 1_795_273_200_000_u64.to_be_bytes().to_vec();
    body.extend_from_slice(&u32::try_from(elements.len()).unwrap().to_be_bytes());
    for (kind, series, value) in elements {
        body.push(*kind);
        body.extend_from_slice(&series.to_be_bytes());
        body.extend_from_slice(value);
    }
    body
}

fn double(series: u64, value: f64) -> (u8, u64, [u8; 8]) {
    (2, series, value.to_be_bytes())
}

fn data(values: &[(u8, u64, [u8; 8])]) -> Message {
    frame(0, &elements(values))
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A whole computation with these messages in its middle.
fn computation(messages: impl IntoIterator<Item = Message>) -> Vec<Message> {
    begin().into_iter().chain(messages).chain([control("END_OF_CHANNEL")]).collect()
}

#[tokio::test]
async fn a_program_is_run_over_ten_intervals() {
    let (address, task) = streaming(computation([data(&[double(FIRST, 99.5)])]), false).await;
    let program = "a = data('traces.count')\n(a/2).publish()";
    assert_eq!(stub().at(&address).query(program).await, Ok(99.5));
    let asked = task.await.unwrap();
    assert_eq!(asked.path, "/v2/signalflow/connect");
    let execution = json!({
        "type": "execute", "program": program, "channel": "ch-1", "start": 1_795_272_600_000_u64,
        "stop": 1_795_273_200_000_u64, "resolution": 0, "maxDelay": 0, "immediate": true, "timezone": "",
    });
    assert_eq!(asked.messages, [json!({"type": "authenticate", "token": TOKEN}), execution]);
}

#[rstest]
#[case::last(vec![data(&[double(FIRST, 1.0)]), data(&[double(FIRST, 2.0)])], Ok(2.0))]
#[case::long(vec![data(&[(1, FIRST, (-7_i64).to_be_bytes())])], Ok(-7.0))]
#[case::int(vec![data(&[(3, FIRST, [0, 0, 0, 7, 9, 9, 9, 9])])], Ok(7.0))]
#[case::null_is_passed_over(vec![data(&[double(FIRST, 1.0)]), data(&[(0, FIRST, [0; 8])])], Ok(1.0))]
#[case::compressed(vec![frame(1, &packed(&elements(&[double(FIRST, 4.0)])))], Ok(4.0))]
#[case::json_is_passed_over(vec![frame(2, br#"{"type":"metadata"}"#), data(&[double(FIRST, 5.0)])], Ok(5.0))]
#[case::infinite(vec![data(&[double(FIRST, f64::INFINITY)])], Ok(f64::INFINITY))]
#[case::not_a_number(vec![data(&[double(FIRST, f64::NAN)])], Err(QueryError::NoValues))]
#[case::nothing(vec![], Err(QueryError::NoValues))]
#[case::null(vec![data(&[(0, FIRST, [0; 8])])], Err(QueryError::NoValues))]
#[case::several(vec![data(&[double(FIRST, 1.0), double(SECOND, 1.0)])], Err(QueryError::MultipleValues))]
#[case::several_in_turn(
    vec![data(&[double(FIRST, 1.0)]), data(&[double(SECOND, 1.0)])],
    Err(QueryError::MultipleValues)
)]
#[tokio::test]
async fn the_last_value_of_the_only_series_counts(
    #[case] messages: Vec<Message>,
    #[case] expected: Result<f64, QueryError>,
) {
    assert_eq!(result(computation(messages)).await, expected);
}

#[tokio::test]
async fn an_aborted_channel_ends_the_computation() {
    let messages = vec![data(&[double(FIRST, 1.5)]), control("CHANNEL_ABORT")];
    assert_eq!(result(messages).await, Ok(1.5));
}

#[tokio::test]
async fn an_error_of_the_program_is_told() {
    let error = json!({"type": "error", "channel": "ch-1", "error": 400,
        "errorType": "ANALYTICS_PROGRAM_NAME_ERROR", "message": format!("no such name, {TOKEN}")});
    let error = result(vec![text(&error)]).await.unwrap_err();
    assert!(matches!(error, QueryError::Rejected { .. }), "{error}");
    let expected =
        "error response: 400: ANALYTICS_PROGRAM_NAME_ERROR: no such name, ***; check the query for splunk at";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[tokio::test]
async fn a_refused_token_is_told_as_such() {
    let refusal = json!({"type": "error", "error": 401, "message": format!("Invalid auth token {TOKEN}")});
    let error = result(vec![text(&refusal)]).await.unwrap_err();
    assert!(matches!(error, QueryError::Status { status: 401, .. }), "{error}");
    assert!(error.to_string().contains("refuses the credentials"), "{error}");
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[rstest]
#[case::page(vec![Message::text("<html>hush.token</html>")])]
#[case::short(vec![Message::binary(vec![1, 5, 0, 0])])]
#[case::short_data(vec![frame(0, &[0; 11])])]
#[case::fewer_elements_than_said(vec![frame(0, &[0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])])]
#[case::not_packed(vec![frame(1, b"plain")])]
#[tokio::test]
async fn a_malformed_message_is_typed(#[case] messages: Vec<Message>) {
    let error = result(messages).await.unwrap_err();
    assert!(matches!(error, QueryError::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("splunk") && !error.to_string().contains("hush"), "{error}");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_no_result() {
    let (address, _task) = streaming(vec![data(&[double(FIRST, 1.0)])], true).await;
    let error = stub().at(&address).query("x").await.unwrap_err();
    assert!(matches!(error, QueryError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("broke off"), "{error}");
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let (address, _task) = streaming(begin(), false).await;
    let limits = Limits { timeout: Duration::from_millis(50), ..Limits::default() };
    let error = stub().limited(&address, limits).query("x").await.unwrap_err();
    let timeout = Duration::from_millis(300);
    assert!(matches!(error, QueryError::Timeout { timeout: found, .. } if found == timeout), "{error}");
}

#[rstest]
#[case::many((0..200).map(|_| data(&[double(FIRST, 1.0)])).collect())]
#[case::packed(vec![frame(1, &packed(&vec![0; 1_000_000]))])]
#[tokio::test]
async fn a_huge_answer_is_cut_off(#[case] messages: Vec<Message>) {
    let (address, _task) = streaming(computation(messages), false).await;
    let limits = Limits { body: 2000, ..Limits::default() };
    let error = stub().limited(&address, limits).query("x").await.unwrap_err();
    assert!(matches!(error, QueryError::TooLarge { limit: 2000, .. }), "{error}");
}

#[tokio::test]
async fn a_server_without_websockets_is_told() {
    let answer = ResponseTemplate::new(200).set_body_string("<html>login</html>");
    let server = answering(answer).await;
    let error = stub().at(&server.uri()).query("x").await.unwrap_err();
    assert!(matches!(error, QueryError::Status { status: 200, .. }), "{error}");
}

#[tokio::test]
async fn the_probe_lists_a_metric() {
    let (request, result) = stub().probe(ResponseTemplate::new(200).set_body_string("{}")).await;
    assert_eq!(result, Ok(()));
    assert_eq!(target(&request), ("/v2/metric".to_owned(), parameters(&[("limit", "1")])));
    assert_eq!(header(&request, "x-sf-token"), [TOKEN]);
}

#[rstest]
#[case("https://api.us1.signalfx.com")]
#[case("https://stream.us1.signalfx.com")]
#[case("wss://stream.us1.signalfx.com")]
#[case("wss://api.us1.signalfx.com")]
fn streams_and_metrics_have_hosts_of_their_own(#[case] address: &str) {
    let text = format!("{:?}", stub().at(address));
    assert!(text.contains("stream.us1.signalfx.com") && text.contains("api.us1.signalfx.com"), "{text}");
}

#[test]
fn a_missing_key_has_flaggers_text() {
    let error = stub().with("http://host", &credentials(&[])).unwrap_err();
    assert!(error.to_string().starts_with("splunk credentials does not contain sf_token_key"), "{error}");
}
