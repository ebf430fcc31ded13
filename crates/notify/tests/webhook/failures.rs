use rstest::rstest;
use serin_testkit::net::ClosedPort;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{call, hook, socket};

/// Reads the beginning of one request and writes `text`; hangs up when the result is dropped.
async fn answer(listener: &TcpListener, text: &str) -> TcpStream {
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut request = [0; 1024];
    assert!(connection.read(&mut request).await.unwrap() > 0);
    connection.write_all(text.as_bytes()).await.unwrap();
    connection
}

const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";

#[tokio::test]
async fn nobody_listens() {
    let port = ClosedPort::take().unwrap();
    let address = port.address().unwrap();
    let url = format!("http://{address}/gate");
    let error = call(&hook(&url)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "POST {url} giving up after 1 attempt(s): Post \"{url}\": dial tcp {address}: connect: connection refused"
        )
    );
    assert_eq!((error.status(), error.body()), (None, None));
}

#[tokio::test]
async fn no_answer_in_time() {
    let (_listener, address) = socket().await;
    let url = format!("http://{address}");
    let mut hook = hook(&url);
    hook.timeout = Some("20ms".into());
    assert_eq!(
        call(&hook).await.unwrap_err().to_string(),
        format!(
            "POST {url} giving up after 1 attempt(s): Post \"{url}\": \
             context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )
    );
}

#[tokio::test]
async fn the_hook_hangs_up_without_an_answer() {
    let (listener, address) = socket().await;
    let url = format!("http://{address}/");
    let hook = hook(&url);
    let hang_up = async { drop(answer(&listener, "").await) };
    let (outcome, ()) = tokio::join!(call(&hook), hang_up);
    assert_eq!(
        outcome.unwrap_err().to_string(),
        format!("POST {url} giving up after 1 attempt(s): Post \"{url}\": EOF")
    );
}

#[tokio::test]
async fn the_answer_breaks_off() {
    let (listener, address) = socket().await;
    let hook = hook(format!("http://{address}/"));
    let hang_up = async { drop(answer(&listener, HALF).await) };
    let (outcome, ()) = tokio::join!(call(&hook), hang_up);
    let error = outcome.unwrap_err();
    assert_eq!(error.to_string(), "error reading body: unexpected EOF");
    assert_eq!(error.status(), Some(200));
}

#[tokio::test]
async fn the_answer_never_ends() {
    let (listener, address) = socket().await;
    let mut hook = hook(format!("http://{address}/"));
    // Long enough for the beginning of the answer on a busy machine.
    hook.timeout = Some("3s".into());
    let (outcome, _connection) = tokio::join!(call(&hook), answer(&listener, HALF));
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "error reading body: context deadline exceeded \
         (Client.Timeout or context cancellation while reading body)"
    );
}

#[rstest]
#[case(
    "ftp://hook/",
    r#"POST ftp://hook/ giving up after 1 attempt(s): Post "ftp://hook/": unsupported protocol scheme "ftp""#
)]
#[case("", r#"POST  giving up after 1 attempt(s): Post "": unsupported protocol scheme """#)]
#[case("http://host:port/", r#"parse "http://host:port/": invalid port number"#)]
#[tokio::test]
async fn unusable_urls(#[case] url: &str, #[case] text: &str) {
    assert_eq!(call(&hook(url)).await.unwrap_err().to_string(), text);
}

#[tokio::test]
async fn bad_timeout() {
    let mut hook = hook("http://127.0.0.1:9/");
    hook.timeout = Some("10".into());
    let error = call(&hook).await.unwrap_err().to_string();
    assert!(error.starts_with("time: missing unit in duration \"10\""), "{error}");
}

#[tokio::test]
async fn secrets_stay_out_of_logs_passwords_and_queries_out_of_events() {
    let port = ClosedPort::take().unwrap();
    let address = port.address().unwrap();
    let error = call(&hook(format!("http://me:hunter2@{address}/T0/B0?token=t0k"))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "POST http://me:xxxxx@{address}/T0/B0?xxxxx giving up after 1 attempt(s): \
             Post \"http://me:***@{address}/T0/B0?***\": dial tcp {address}: connect: connection refused"
        )
    );
    for text in [error.redacted(), format!("{error:?}")] {
        assert!(["hunter2", "t0k", "B0"].iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(text.contains(&format!("http://{address}")), "{text}");
    }
}
