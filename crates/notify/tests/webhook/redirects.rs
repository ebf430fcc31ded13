use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::LOCATION},
    response::{IntoResponse, Response},
};
use rstest::rstest;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{call, hook, socket};

/// `<method> <path> <body>` of a request.
type Seen = String;

#[derive(Clone)]
struct Redirecting {
    status: StatusCode,
    seen: UnboundedSender<Seen>,
}

/// Sends `/n` to `/n-1`; `/0` is the end.
async fn redirect(State(server): State<Redirecting>, method: Method, uri: Uri, body: String) -> Response {
    server.seen.send(format!("{method} {uri} {}", if body.is_empty() { "-" } else { "payload" })).unwrap();
    match uri.path().trim_start_matches('/').parse::<u32>().unwrap() {
        0 => StatusCode::OK.into_response(),
        left => {
            let headers = HeaderMap::from_iter([(LOCATION, format!("/{}", left - 1).parse().unwrap())]);
            (server.status, headers).into_response()
        }
    }
}

async fn redirecting(status: u16) -> (String, UnboundedReceiver<Seen>) {
    let (listener, address) = socket().await;
    let (seen, requests) = unbounded_channel();
    let server = Redirecting { status: StatusCode::from_u16(status).unwrap(), seen };
    let app = Router::new().fallback(redirect).with_state(server);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), requests)
}

#[rstest]
#[case(301, "GET /0 -")]
#[case(302, "GET /0 -")]
#[case(303, "GET /0 -")]
#[case(307, "POST /0 payload")]
#[case(308, "POST /0 payload")]
#[tokio::test]
async fn are_followed_as_go_does(#[case] status: u16, #[case] second: &str) {
    let (url, mut requests) = redirecting(status).await;
    call(&hook(format!("{url}/1"))).await.unwrap();
    assert_eq!(requests.recv().await.unwrap(), "POST /1 payload");
    assert_eq!(requests.recv().await.unwrap(), second);
}

#[tokio::test]
async fn end_after_ten_requests() {
    let (url, mut requests) = redirecting(307).await;
    call(&hook(format!("{url}/9"))).await.unwrap();

    let mut hook = hook(format!("{url}/10"));
    hook.retries = Some(2);
    let error = call(&hook).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("POST {url}/10 giving up after 1 attempt(s): Post \"{url}/10\": stopped after 10 redirects")
    );
    let mut seen = 0;
    while requests.try_recv().is_ok() {
        seen += 1;
    }
    assert_eq!(seen, 20);
}
