//! The server that both operators send to: webhooks, events, alerts and queries. It records all and answers as the
//! scenario says.

mod answers;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Result, bail};
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    time::timeout,
};

pub(crate) use answers::{Answers, Reply, Turns};

use crate::side::Side;

/// The longest that a caller is held.
const HELD: Duration = Duration::from_secs(600);

/// Which way something came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// The operator's own event webhook.
    Event,
    /// A webhook of the Canary, by its name.
    Hook(String),
    /// An alert provider, by its name.
    Alert(String),
    /// A query of metrics.
    Query,
}

/// Something that an operator sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) channel: Channel,
    /// JSON where it is that, else a text.
    pub(crate) body: Value,
}

/// What was received of one operator in one scenario, and what it is answered.
#[derive(Debug, Default)]
struct Desk {
    receipts: Vec<Receipt>,
    answers: Answers,
}

#[derive(Default)]
struct Shared {
    desks: Mutex<BTreeMap<String, Desk>>,
    changed: watch::Sender<u64>,
}

/// The running server.
pub(crate) struct Receiver {
    url: String,
    shared: Arc<Shared>,
    /// Ends the serving when it is dropped.
    _end: oneshot::Sender<()>,
}

impl Receiver {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is none.
    pub(crate) async fn start() -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/{desk}/event", any(event))
            .route("/{desk}/hook/{name}", any(hook))
            .route("/{desk}/alert/{name}", any(alert))
            .route("/{desk}/alert/{name}/{*rest}", any(alert_below))
            .route("/{desk}/prometheus/api/v1/query", get(query))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (end, ended) = oneshot::channel();
        serve(listener.into_std()?, router, ended)?;
        Ok(Self { url, shared, _end: end })
    }

    /// Opens a desk for one operator in one scenario.
    pub(crate) fn line(self: &Arc<Self>, scenario: &str, side: Side, answers: Answers) -> Line {
        let desk = format!("{scenario}-{}", side.name());
        self.shared.with(&desk, |desk| desk.answers = answers);
        Line { receiver: Arc::clone(self), desk }
    }
}

/// Serves on a thread of its own: operators wait 5 s for an answer, however much there is to compare meanwhile.
fn serve(listener: std::net::TcpListener, router: Router, ended: oneshot::Receiver<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("receiver".to_owned()).spawn(move || {
        runtime.block_on(async {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            tokio::select! {
                _ = axum::serve(listener, router).into_future() => {}
                _ = ended => {}
            }
        });
    })?;
    Ok(())
}

impl Shared {
    fn with<T>(&self, desk: &str, act: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        act(desks.entry(desk.to_owned()).or_default())
    }

    /// Keeps what came, and returns what to answer.
    fn take<T>(
        &self,
        desk: &str,
        channel: Channel,
        body: Value,
        answer: impl FnOnce(&mut Answers) -> T,
    ) -> T {
        let answer = self.with(desk, |desk| {
            desk.receipts.push(Receipt { channel, body });
            answer(&mut desk.answers)
        });
        self.changed.send_modify(|count| *count += 1);
        answer
    }

    /// What a held caller gets in the end.
    async fn later(&self, desk: &str, hook: &str, body: &Value) -> (StatusCode, String) {
        let mut changed = self.changed.subscribe();
        let mut said = None;
        let answered = changed.wait_for(|_| {
            said = self.with(desk, |desk| desk.answers.hook(hook, body));
            said.is_some()
        });
        let in_time = matches!(timeout(HELD, answered).await, Ok(Ok(_)));
        let forgotten = || (StatusCode::GATEWAY_TIMEOUT, format!("{hook} was held for ever"));
        said.filter(|_| in_time).unwrap_or_else(forgotten)
    }
}

/// What one operator sends in one scenario.
pub(crate) struct Line {
    receiver: Arc<Receiver>,
    desk: String,
}

impl Line {
    /// Where the operator sends to.
    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.receiver.url, self.desk)
    }

    /// All that came so far.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        self.receiver.shared.with(&self.desk, |desk| desk.receipts.clone())
    }

    /// Changes what is answered from now on.
    pub(crate) fn answer(&self, change: impl FnOnce(&mut Answers)) {
        self.receiver.shared.with(&self.desk, |desk| change(&mut desk.answers));
        self.receiver.shared.changed.send_modify(|count| *count += 1);
    }

    /// Waits until something holds for what came.
    ///
    /// # Errors
    /// It does not within the limit.
    pub(crate) async fn until(
        &self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&[Receipt]) -> bool,
    ) -> Result<()> {
        let mut changed = self.receiver.shared.changed.subscribe();
        let now = || self.receiver.shared.with(&self.desk, |desk| holds(&desk.receipts));
        match timeout(limit, changed.wait_for(|_| now())).await {
            Ok(Ok(_)) => Ok(()),
            _ => bail!("waited {} s for {what}", limit.as_secs()),
        }
    }
}

type Context = State<Arc<Shared>>;

async fn event(State(shared): Context, Path(desk): Path<String>, body: String) -> StatusCode {
    shared.take(&desk, Channel::Event, json(body), |_| StatusCode::OK)
}

async fn hook(State(shared): Context, Path((desk, name)): Path<(String, String)>, body: String) -> Response {
    let body = json(body);
    let answer = |answers: &mut Answers| answers.hook(&name, &body);
    match shared.take(&desk, Channel::Hook(name.clone()), body.clone(), answer) {
        Some(said) => said.into_response(),
        None => shared.later(&desk, &name, &body).await.into_response(),
    }
}

async fn alert(
    State(shared): Context,
    Path((desk, name)): Path<(String, String)>,
    body: String,
) -> StatusCode {
    shared.take(&desk, Channel::Alert(name), json(body), |_| StatusCode::OK)
}

async fn alert_below(
    State(shared): Context,
    Path((desk, name, rest)): Path<(String, String, String)>,
    body: String,
) -> StatusCode {
    shared.take(&desk, Channel::Alert(format!("{name}/{rest}")), json(body), |_| StatusCode::OK)
}

async fn query(
    State(shared): Context,
    Path(desk): Path<String>,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Response {
    let query = parameters.get("query").cloned().unwrap_or_default();
    let body = Value::from(query.as_str());
    shared.take(&desk, Channel::Query, body, |answers| answers.query(&query)).into_response()
}

fn json(body: String) -> Value {
    serde_json::from_str(&body).unwrap_or(Value::String(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(text: &str) -> Turns<Reply> {
        serde_saphyr::from_str(text).unwrap()
    }

    async fn post(line: &Line) -> u16 {
        let request = reqwest::Client::new().post(format!("{}/hook/gate", line.url()));
        request.body(r#"{"phase":"Waiting"}"#).send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn desks_are_apart_and_answer_as_they_are_told() {
        let receiver = Arc::new(Receiver::start().await.unwrap());
        let [one, other] = Side::ALL.map(|side| receiver.line("x", side, Answers::default()));
        one.answer(|answers| answers.set_hook("gate", turns("403")));
        assert_eq!((post(&one).await, post(&other).await, post(&one).await), (403, 200, 403));
        assert_eq!((one.receipts().len(), other.receipts().len()), (2, 1));
        assert_eq!(one.receipts()[0].body["phase"], "Waiting");
        one.until("two calls", Duration::from_secs(1), |receipts| receipts.len() == 2).await.unwrap();
    }

    #[tokio::test]
    async fn a_caller_waits_for_what_the_story_says() {
        let receiver = Arc::new(Receiver::start().await.unwrap());
        let line = receiver.line("x", Side::Serin, Answers::default());
        line.answer(|answers| answers.set_hook("gate", turns("hold")));
        let story = async {
            line.until("the call", Duration::from_secs(5), |receipts| receipts.len() == 1).await.unwrap();
            line.answer(|answers| answers.set_hook("gate", turns("[418, hold]")));
        };
        assert_eq!(tokio::join!(post(&line), story).0, 418);
    }
}
