//! A server to send load to.

use std::{
    future::{Future, IntoFuture as _},
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request, response::IntoResponse};
use tokio::net::TcpListener;

/// What a request looked like: method, path, headers, body.
pub(crate) type Seen = (String, String, Vec<(String, String)>, String);

/// A server on loopback that remembers what it got.
pub(crate) struct Target {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Target {
    /// A server that gives `answer` to the request with the given number, from zero.
    pub(crate) async fn start<F, R>(answer: impl Fn(usize) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = R> + Send,
        R: IntoResponse,
    {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (log, answer) = (Arc::clone(&log), answer.clone());
            async move {
                let request = describe(request).await;
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(request);
                    log.len() - 1
                };
                answer(number).await
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, seen }
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn describe(request: Request) -> Seen {
    let (parts, body) = request.into_parts();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()));
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (
        parts.method.to_string(),
        parts.uri.path().to_owned(),
        headers.collect(),
        String::from_utf8(body.to_vec()).unwrap(),
    )
}
