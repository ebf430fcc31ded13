//! Messages to people, through the channels that `AlertProvider` objects describe.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Client, Proxy, Response, header::CONTENT_TYPE};

use crate::http::{self, reason};

mod discord;
mod error;
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

/// From connecting to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Proxies to which connections are kept.
const PROXIES: usize = 16;

/// Sends alerts. Clones share their connections.
#[derive(Clone, Debug)]
pub struct AlertClient {
    direct: Client,
    proxied: Arc<Mutex<BTreeMap<Secret, Client>>>,
}

impl AlertClient {
    /// A client with connections of its own; the operator needs only one.
    pub fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { direct: http::verifying(http::builder)?, proxied: Arc::default() })
    }

    /// Sends `message` once and waits for the answer, at most five seconds.
    pub async fn send(&self, receiver: &Receiver, message: &Message) -> Result<(), AlertError> {
        let url = receiver.url()?;
        let body = receiver.body(message).map_err(|error| AlertError::Message(error.to_string()))?;
        let call = self.client(receiver.proxy.as_ref())?.post(url.clone()).timeout(TIMEOUT);
        let call = call.header(CONTENT_TYPE, "application/json").body(body);
        let call = match receiver.bearer() {
            Some(token) => call.bearer_auth(token),
            None => call,
        };
        match call.send().await {
            Ok(response) => judge(response).await,
            Err(error) => Err(AlertError::Unreachable { reason: reason::of_request(&error, &url) }),
        }
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
    http::verifying(|| http::builder().proxy(proxy.clone())).map_err(|_| AlertError::Proxy)
}

async fn judge(response: Response) -> Result<(), AlertError> {
    let status = response.status();
    match http::read_body(response).await {
        _ if status.is_success() => Ok(()),
        body => Err(AlertError::Refused { status: status.as_u16(), body: body.unwrap_or_default() }),
    }
}
