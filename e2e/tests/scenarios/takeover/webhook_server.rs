//! The test's own server: gates that it opens, and events that an operator is held at.
//!
//! Flagger tells of its events one after the other and waits for each answer. One that is not answered holds it where
//! it is, for as long as the test likes; when it is killed then, that is in the middle of what it did.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use serde_json::{Value, json};
use serin_e2e::{loopback::Server, scene::LIMIT};
use tokio::{sync::watch, time::timeout};

/// What is going on in each namespace.
#[derive(Default)]
struct Book {
    /// The event that is not answered, by a part of its text.
    holds: BTreeMap<String, &'static str>,
    /// Where somebody waits for that answer.
    held: BTreeSet<String>,
    open: BTreeSet<String>,
    asks: BTreeMap<String, usize>,
    told: BTreeMap<String, Vec<String>>,
}

#[derive(Default)]
struct Shared {
    book: Mutex<Book>,
    changed: watch::Sender<u64>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Book)) {
        change(&mut self.lock());
        self.changed.send_modify(|count| *count += 1);
    }

    async fn until(&self, what: &str, property: impl Fn(&Book) -> bool) -> Result<()> {
        let mut changed = self.changed.subscribe();
        let reached = changed.wait_for(|_| property(&self.lock()));
        timeout(LIMIT, reached)
            .await
            .with_context(|| format!("waited {} s for {what}", LIMIT.as_secs()))??;
        Ok(())
    }
}

/// A running server. Dropping it ends it.
pub(super) struct WebhookServer {
    server: Server,
    shared: Arc<Shared>,
}

impl WebhookServer {
    pub(super) async fn open() -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let router =
            Router::new().route("/gate/{namespace}", post(gate)).route("/event/{namespace}", post(event));
        let server = Server::start(router.with_state(Arc::clone(&shared))).await?;
        Ok(Self { server, shared })
    }

    /// A webhook of this type that asks here. Only those of type `event` may wait for long.
    pub(super) fn hook(&self, kind: &str, namespace: &str) -> Value {
        let path = if kind == "event" { "event" } else { "gate" };
        json!({"name": "desk", "type": kind, "url": format!("{}/{path}/{namespace}", self.server.url), "timeout": "600s"})
    }

    /// Does not answer the next event with this text.
    pub(super) fn hold_at(&self, namespace: &str, text: &'static str) {
        self.shared.change(|book| {
            book.holds.insert(namespace.to_owned(), text);
        });
    }

    /// Waits until somebody is held.
    pub(super) async fn until_held(&self, namespace: &str) -> Result<()> {
        self.shared.until(&format!("an event in {namespace}"), |book| book.held.contains(namespace)).await
    }

    /// Answers what is held, holds nothing more, and counts anew.
    pub(super) fn let_go(&self, namespace: &str) {
        self.shared.change(|book| {
            book.holds.remove(namespace);
            book.held.remove(namespace);
            book.asks.remove(namespace);
            book.told.remove(namespace);
        });
    }

    pub(super) fn open_gate(&self, namespace: &str) {
        self.shared.change(|book| {
            book.open.insert(namespace.to_owned());
        });
    }

    /// Waits until the gate was asked so many times.
    pub(super) async fn until_asked(&self, namespace: &str, times: usize) -> Result<()> {
        let asked = |book: &Book| book.asks.get(namespace).copied().unwrap_or_default();
        let what = format!("{times} questions to the gate of {namespace}");
        self.shared.until(&what, |book| asked(book) >= times).await
    }

    /// Waits until so many events had this text.
    pub(super) async fn until_told(&self, namespace: &str, text: &str, times: usize) -> Result<()> {
        let told = |book: &Book| {
            let told = book.told.get(namespace).into_iter().flatten();
            told.filter(|event| event.contains(text)).count()
        };
        let what = format!("{times} events with {text} in {namespace}");
        self.shared.until(&what, |book| told(book) >= times).await
    }
}

async fn gate(State(shared): State<Arc<Shared>>, Path(namespace): Path<String>) -> StatusCode {
    shared.change(|book| *book.asks.entry(namespace.clone()).or_default() += 1);
    if shared.lock().open.contains(&namespace) { StatusCode::OK } else { StatusCode::FORBIDDEN }
}

async fn event(
    State(shared): State<Arc<Shared>>,
    Path(namespace): Path<String>,
    Json(body): Json<Value>,
) -> StatusCode {
    let text = body["metadata"]["eventMessage"].as_str().unwrap_or_default().to_owned();
    let mut held = false;
    shared.change(|book| {
        held = book.holds.get(&namespace).is_some_and(|hold| text.contains(hold));
        book.told.entry(namespace.clone()).or_default().push(text);
        if held {
            book.held.insert(namespace.clone());
        }
    });
    if held {
        let mut changed = shared.changed.subscribe();
        let _ = changed.wait_for(|_| !shared.lock().held.contains(&namespace)).await;
    }
    StatusCode::OK
}
