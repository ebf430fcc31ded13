//! A server of the test's own that receives alerts, events and webhooks, and answers as it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tokio::{sync::watch, time::timeout};

use crate::loopback::Server;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The path of the URL.
    pub path: String,
    /// The header `Host`, which tells for whom a proxy was asked.
    pub host: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Idempotency-Key`.
    pub key: Option<String>,
    /// The body.
    pub body: String,
    /// When it came.
    pub at: Instant,
}

/// What a path answers; with 200 and nothing else unless it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This status.
    Status(u16),
    /// None, as long as the client waits.
    Silence,
    /// None to a body that contains this text, else 200.
    SilenceFor(&'static str),
}

/// The running server.
pub struct Recorder {
    /// Where it is, without a slash at its end.
    pub url: String,
    shared: Arc<Shared>,
    _server: Server,
}

#[derive(Default)]
struct Shared {
    receipts: Mutex<Vec<Receipt>>,
    answers: Mutex<BTreeMap<String, Answer>>,
    changed: watch::Sender<()>,
}

impl Recorder {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start() -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let server = Server::start(router).await?;
        Ok(Self { url: server.url.clone(), shared, _server: server })
    }

    /// Changes what a path answers from now on.
    pub fn answer(&self, path: &str, answer: Answer) {
        lock(&self.shared.answers).insert(path.to_owned(), answer);
    }

    /// What came so far.
    pub fn receipts(&self) -> Vec<Receipt> {
        lock(&self.shared.receipts).clone()
    }

    /// What came so far at this path.
    pub fn at(&self, path: &str) -> Vec<Receipt> {
        self.receipts().into_iter().filter(|receipt| receipt.path == path).collect()
    }

    /// Waits until something can be said of what came, and returns it.
    ///
    /// # Errors
    /// Nothing is found within the limit; the error lists what came.
    pub async fn until<T>(
        &self,
        what: &str,
        limit: Duration,
        look: impl Fn(&[Receipt]) -> Option<T>,
    ) -> Result<T> {
        let mut changed = self.shared.changed.subscribe();
        let found = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = look(&lock(&self.shared.receipts)) {
                    return found;
                }
                // The sender lives as long as `self`.
                let _ = changed.changed().await;
            }
        };
        let found = timeout(limit, found).await;
        found.with_context(|| format!("waited {} s for {what}: {:#?}", limit.as_secs(), self.receipts()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn receive(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = uri.path().to_owned();
    lock(&shared.receipts).push(Receipt {
        path: path.clone(),
        host: header("host").unwrap_or_default(),
        authorization: header("authorization"),
        key: header("idempotency-key"),
        body: body.clone(),
        at: Instant::now(),
    });
    let answer = lock(&shared.answers).get(&path).copied();
    shared.changed.send_replace(());
    match answer.unwrap_or(Answer::Status(200)) {
        Answer::SilenceFor(text) if body.contains(text) => std::future::pending().await,
        Answer::SilenceFor(_) => StatusCode::OK.into_response(),
        Answer::Status(status) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Answer::Silence => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_kept_and_answered_as_told() {
        let recorder = Recorder::start().await.unwrap();
        recorder.answer("/b", Answer::Status(403));
        recorder.answer("/c", Answer::Silence);
        let post = async |path: &str| {
            let call = reqwest::Client::new().post(format!("{}{path}", recorder.url)).body("x");
            let answer = call.header("idempotency-key", "k").send().await.unwrap();
            answer.status().as_u16()
        };
        assert_eq!((post("/a?q").await, post("/b").await), (200, 403));
        let all = |receipts: &[Receipt]| (receipts.len() == 3).then(|| receipts.to_vec());
        let receipts = recorder.until("three", Duration::from_secs(60), all);
        let receipts = tokio::select! {
            status = post("/c") => panic!("{status} in place of silence"),
            receipts = receipts => receipts.unwrap(),
        };
        assert_eq!((receipts[0].path.as_str(), receipts[0].key.as_deref()), ("/a", Some("k")));
        assert_eq!((recorder.at("/b").len(), receipts[2].body.as_str()), (1, "x"));
    }
}
