use std::future::ready;

use axum::{body::Body, body::to_bytes, http::Request};
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::{LogLevel, load::testing::Target};

fn config() -> Config {
    Config {
        port: 0,
        command_timeout: Duration::from_secs(60),
        namespace_regexp: "^test$".parse().unwrap(),
        max_tasks: 2,
        log_level: LogLevel::Info,
        zap_replace_globals: None,
        zap_encoding: "json".to_owned(),
    }
}

/// A load tester without the program `hey`.
fn state(stop: &CancellationToken) -> AppState {
    let state = AppState::new(&config(), stop.clone());
    let mut shared = Arc::into_inner(state.0).unwrap();
    shared.rules.hey_installed = false;
    AppState(Arc::new(shared))
}

async fn send(state: &AppState, path: &str, body: impl Into<Body>) -> (u16, String) {
    let request = Request::post(path).body(body.into()).unwrap();
    let response = router(state.clone()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn payload(metadata: &Value) -> String {
    json!({"name": "podinfo", "namespace": "test", "phase": "Progressing", "metadata": metadata}).to_string()
}

async fn task(metadata: &Value) -> (u16, String) {
    send(&state(&CancellationToken::new()), "/", payload(metadata)).await
}

fn answer(status: u16, body: &str) -> (u16, String) {
    (status, body.to_owned())
}

#[rstest]
#[case("/healthz", 200, "OK")]
#[case("/gate/approve", 200, "OK")]
#[case("/gate/halt", 403, "Forbidden")]
#[tokio::test]
async fn fixed_answers_need_no_payload(#[case] path: &str, #[case] status: u16, #[case] body: &str) {
    let state = state(&CancellationToken::new());
    assert_eq!(send(&state, path, "").await, answer(status, body));
    let request = Request::get(path).body(Body::empty()).unwrap();
    assert_eq!(router(state).oneshot(request).await.unwrap().status().as_u16(), status);
}

#[rstest]
#[case("/gate", "/rollback")]
#[case("/rollback", "/gate")]
#[tokio::test]
async fn a_gate_is_closed_until_opened(#[case] gate: &str, #[case] other: &str) {
    let state = state(&CancellationToken::new());
    let ask = async |path: String| send(&state, &path, payload(&json!({}))).await;
    assert_eq!(ask(format!("{gate}/check")).await, answer(403, "Forbidden"));
    assert_eq!(ask(format!("{gate}/open")).await, answer(202, ""));
    assert_eq!(ask(format!("{gate}/check")).await, answer(200, "Approved"));
    assert_eq!(ask(format!("{other}/check")).await, answer(403, "Forbidden"));
    assert_eq!(ask(format!("{gate}/close")).await, answer(202, ""));
    assert_eq!(ask(format!("{gate}/check")).await, answer(403, "Forbidden"));
}

#[tokio::test]
async fn gates_of_other_canaries_stay_closed() {
    let state = state(&CancellationToken::new());
    send(&state, "/gate/open", payload(&json!({}))).await;
    let other = json!({"name": "other", "namespace": "test"}).to_string();
    assert_eq!(send(&state, "/gate/check", other).await, answer(403, "Forbidden"));
}

#[rstest]
#[case("/")]
#[case("/anything/else")]
#[case("/gate")]
#[case("/gate/unknown")]
#[case("/gate/check")]
#[case("/gate/open")]
#[case("/gate/close")]
#[case("/rollback/check")]
#[case("/rollback/open")]
#[case("/rollback/close")]
#[tokio::test]
async fn bad_bodies_and_foreign_namespaces_are_refused(#[case] path: &str) {
    let state = state(&CancellationToken::new());
    assert_eq!(send(&state, path, "not json").await.0, 400);
    assert_eq!(send(&state, path, "").await.0, 400);
    let foreign = json!({"name": "a", "namespace": "prod", "metadata": {"cmd": "true"}}).to_string();
    assert_eq!(send(&state, path, foreign).await, answer(403, "Forbidden"));
    assert_eq!(send(&state, path, vec![b' '; BODY + 1]).await.0, 413);
}

#[rstest]
#[case(json!({}), 400, "metadata not found in payload")]
#[case(json!({"type": "cmd"}), 400, "cmd not found in metadata")]
#[case(json!({"type": "magic", "cmd": "a"}), 400, "unknown task type magic")]
#[case(json!({"type": "bash", "cmd": "echo hello"}), 200, "")]
#[case(json!({"type": "bash", "cmd": "echo hello", "returnCmdOutput": "true"}), 200, "hello\n")]
#[case(json!({"type": "bash", "cmd": "echo no; exit 2"}), 500, "command echo no; exit 2 failed: no\n: exit status 2")]
#[tokio::test]
async fn tasks_are_answered_as_flagger_does(
    #[case] metadata: Value,
    #[case] status: u16,
    #[case] body: &str,
) {
    assert_eq!(task(&metadata).await, answer(status, body));
}

#[rstest]
#[case("concord")]
#[case("ngrinder")]
#[tokio::test]
async fn services_that_are_not_supported_are_named(#[case] kind: &str) {
    let (status, body) = task(&json!({"type": kind})).await;
    assert_eq!(status, 400);
    assert!(body.starts_with(&format!("task type {kind} is not supported by this load tester")), "{body}");
}

#[tokio::test]
async fn a_background_command_is_accepted_at_once_and_ended_by_the_shutdown() {
    let stop = CancellationToken::new();
    let state = state(&stop);
    for _ in 0..3 {
        assert_eq!(send(&state, "/", payload(&json!({"cmd": "sleep 1000"}))).await, answer(202, ""));
    }
    let (_, exported) = send(&state, "/metrics", "").await;
    assert!(
        exported.contains(r#"serin_loadtester_tasks_total{type="cmd",outcome="skipped"} 2"#),
        "{exported}"
    );
    stop.cancel();
    state.drain().await;
}

#[tokio::test]
async fn one_task_too_many_is_answered_with_503() {
    let stop = CancellationToken::new();
    let state = state(&stop);
    for seconds in ["1000", "1001"] {
        let cmd = format!("sleep {seconds}");
        assert_eq!(send(&state, "/", payload(&json!({"cmd": cmd}))).await.0, 202);
    }
    assert_eq!(send(&state, "/", payload(&json!({"type": "bash", "cmd": "true"}))).await.0, 503);
    stop.cancel();
    state.drain().await;
}

#[rstest]
#[case(|url: &str| json!({"type": "load", "url": url, "rate": "100", "duration": "100ms", "concurrency": "4"}))]
#[case(|url: &str| json!({"type": "cmd", "cmd": format!("hey -n 10 -c 2 -H 'x-a: b' {url}")}))]
#[tokio::test]
async fn a_load_needs_no_program(#[case] metadata: fn(&str) -> Value) {
    let target = Target::start(|_| ready(StatusCode::OK)).await;
    let state = state(&CancellationToken::new());
    assert_eq!(send(&state, "/", payload(&metadata(&target.url))).await, answer(202, ""));
    state.drain().await;
    let sent = target.seen().len();
    assert!(sent > 0);
    let (_, exported) = send(&state, "/metrics", "").await;
    let requests =
        format!(r#"serin_loadtester_requests_total{{namespace="test",name="podinfo",result="2xx"}} {sent}"#);
    assert!(exported.contains(&requests), "{exported}");
    let latencies = format!(
        r#"serin_loadtester_request_duration_seconds_count{{namespace="test",name="podinfo"}} {sent}"#
    );
    assert!(exported.contains(&latencies), "{exported}");
}

#[tokio::test]
async fn the_server_ends_with_its_tasks() {
    let stop = CancellationToken::new();
    let state = state(&stop);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener, state, stop.clone()));
    let body = payload(&json!({"cmd": "sleep 1000"}));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.post(url).body(body).send().await.unwrap().status().as_u16(), 202);
    stop.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = run(Config { port, ..config() }, CancellationToken::new()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on port {port}: ")), "{error}");
}
