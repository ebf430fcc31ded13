//! Messages to people, through the channels that `AlertProvider` objects describe.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, Proxy, RequestBuilder, header::CONTENT_TYPE};
use url::Url;

use crate::http::{self, reason};

mod adaptive;
mod answer;
mod channel;
mod discord;
mod error;
mod generic;
mod google_chat;
mod message;
mod msteams;
mod receiver;
mod rocket;
mod secret;
mod slack;

pub use error::AlertError;
pub use message::{Field, Message, wants};
pub use receiver::{Credentials, Kind, Receiver};
pub use secret::Secret;

use answer::Failure;

/// From connecting to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Proxies to which connections are kept.
const PROXIES: usize = 16;
/// Attempts after the first one, when the receiver could not take the message.
const RETRIES: usize = 2;
/// The pause before the first of them; the next is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// Names the alert, for receivers that tell repetitions apart.
const KEY: &str = "idempotency-key";

/// Sends alerts. Clones share their connections.
#[derive(Clone, Debug)]
pub struct AlertClient {
    direct: Client,
    proxied: Arc<Mutex<BTreeMap<Secret, Client>>>,
    pause: Duration,
}

impl AlertClient {
    /// A client with connections of its own; the operator needs only one.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { direct: http::verifying(http::posting)?, proxied: Arc::default(), pause: PAUSE })
    }

    /// Waits this long before the first repeated attempt, instead of a second.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }

    /// Sends `message` and waits for the answer, at most five seconds.
    ///
    /// What was surely not taken (429, 5xx, no connection) is sent again, twice at most. After a timeout nothing is
    /// sent again, as the message may have arrived.
    ///
    /// # Errors
    /// - [`AlertError::Url`], [`AlertError::Empty`] or [`AlertError::Proxy`] when the receiver is
    ///   not usable; nothing is sent,
    /// - [`AlertError::Message`] when the message cannot be written as JSON,
    /// - [`AlertError::Unreachable`] when no answer came, [`AlertError::Refused`] when the answer
    ///   is no, also after the retries.
    pub async fn send(&self, receiver: &Receiver, message: &Message) -> Result<(), AlertError> {
        let url = channel::url(receiver)?;
        let body =
            channel::body(receiver, &url, message).map_err(|error| AlertError::Message(error.to_string()))?;
        let call = self.client(receiver.proxy.as_ref())?.post(url.clone()).timeout(TIMEOUT);
        let call = call.header(CONTENT_TYPE, "application/json").body(body);
        let call = if message.id.is_empty() { call } else { call.header(KEY, &message.id) };
        let call = match receiver.bearer() {
            Some(token) => call.bearer_auth(token),
            None => call,
        };
        let pauses = ExponentialBuilder::new().with_min_delay(self.pause).with_max_times(RETRIES);
        let outcome = (|| attempt(receiver.kind, &url, &call))
            .retry(pauses.with_factor(2.0))
            .sleep(tokio::time::sleep)
            .when(|failure: &Failure| failure.passing)
            .adjust(|failure, pause| pause.map(|pause| failure.pause.unwrap_or(pause)))
            .await;
        outcome.map_err(|failure| failure.error.without(|text| receiver.scrubbed(text)))
    }

    fn client(&self, proxy: Option<&Secret>) -> Result<Client, AlertError> {
        let Some(proxy) = proxy else { return Ok(self.direct.clone()) };
        let mut proxied = self.proxied.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = proxied.get(proxy) {
            return Ok(client.clone());
        }
        if proxied.len() >= PROXIES {
            proxied.clear();
        }
        let client = through(proxy)?;
        proxied.insert(proxy.clone(), client.clone());
        Ok(client)
    }
}

/// A client whose requests all go through `proxy`.
fn through(proxy: &Secret) -> Result<Client, AlertError> {
    let proxy = Proxy::all(proxy.expose()).map_err(|_| AlertError::Proxy)?;
    http::verifying(|| http::posting().proxy(proxy.clone())).map_err(|_| AlertError::Proxy)
}

async fn attempt(kind: Kind, url: &Url, call: &RequestBuilder) -> Result<(), Failure> {
    let Some(call) = call.try_clone() else {
        return Err(Failure::lasting(AlertError::Message("the request cannot be repeated".to_owned())));
    };
    match call.send().await {
        Ok(response) => answer::judge(kind, response).await,
        Err(error) => {
            let reason = reason::of_request(&error, url);
            // A certificate stays what it is.
            let passing = error.is_connect() && !error.is_timeout() && !reason.starts_with("tls: ");
            Err(Failure { error: AlertError::Unreachable { reason }, passing, pause: None })
        }
    }
}
