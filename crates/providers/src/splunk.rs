//! Splunk Observability Cloud: programs in SignalFlow, run over a websocket.

mod message;

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use crate::answer::Fault;
use crate::auth::Auth;
use crate::client::Clock;
use crate::credentials::Secret;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;
use message::{Computation, Progress};

/// The window of a program, in intervals of the metric.
const INTERVALS: u32 = 10;

/// Flagger waits for the data of a program without a limit; half a minute is enough for an analysis.
const PATIENCE: u32 = 6;

/// An organisation of Splunk Observability Cloud, asked for what was measured between ten intervals ago and now.
#[derive(Debug, Clone)]
pub struct Splunk {
    /// Runs programs.
    stream: Server,
    /// Knows the metrics.
    api: Server,
    token: Secret,
    clock: Clock,
    window: Duration,
}

impl Splunk {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let token = setup.required("sf_token_key", "sf_token_key")?;
        let address = over_http(setup.address(""));
        let stream = address.replacen("api", "stream", 1);
        let api = address.replacen("stream", "api", 1);
        let stream = Server::of_address(setup, &stream, Some(Auth::Signed(vec![token.clone()])))?;
        let api = Server::of_address(setup, &api, Some(Auth::keys([("x-sf-token", token.clone())])))?;
        let window = setup.window(INTERVALS)?;
        Ok(Self {
            stream: stream.with_patience(PATIENCE),
            api,
            token,
            clock: setup.clients.clock.clone(),
            window,
        })
    }

    /// The last value of the only time series that a program publishes.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when it publishes none; [`QueryError::MultipleValues`] when it publishes several time
    /// series; others when it cannot be run.
    pub async fn query(&self, program: &str) -> Result<f64, QueryError> {
        self.stream.within(self.run(program)).await
    }

    /// Whether the token may list metrics.
    ///
    /// # Errors
    /// Why it may not, or cannot be told.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let request = self.api.get(self.api.at("v2/metric")).query(&[("limit", "1")]);
        self.api.fetch(request).await.map(drop).map_err(ProbeError::Request)
    }

    async fn run(&self, program: &str) -> Result<f64, QueryError> {
        let mut socket = self.connect().await?;
        for request in [self.authentication(), self.execution(program)] {
            let sent = socket.send(Message::text(request)).await;
            sent.map_err(|error| self.broken(&error.to_string()))?;
        }
        let mut computation = Computation::new(self.stream.limit());
        while let Some(message) = socket.next().await {
            let (progress, shown) = match message.map_err(|error| self.broken(&error.to_string()))? {
                Message::Text(text) => (computation.text(&text), text.as_bytes().to_vec()),
                Message::Binary(data) => (computation.binary(&data), Vec::new()),
                Message::Close(_) => break,
                _ => continue,
            };
            match progress.map_err(|fault| self.fault(fault, &shown))? {
                Progress::More => {}
                Progress::Refused(status) => return Err(self.stream.refused(status, &shown)),
                Progress::Full => return Err(self.stream.too_large()),
                Progress::End => return computation.value().map_err(|fault| self.fault(fault, b"")),
            }
        }
        Err(self.broken("the stream broke off before its end"))
    }

    /// The websocket, over a connection of the HTTP client.
    async fn connect(&self) -> Result<WebSocketStream<reqwest::Upgraded>, QueryError> {
        let key = generate_key();
        let request = self.stream.get(self.stream.at("v2/signalflow/connect"));
        let request = request
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", &key);
        let (headers, connection) = self.stream.upgrade(request).await?;
        let accepted = headers.get("sec-websocket-accept").map(|value| value.as_bytes().to_vec());
        if accepted.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(self.fault(Fault::malformed("the server does not speak the websocket protocol"), b""));
        }
        let limit = Some(self.stream.limit());
        let limits = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
        Ok(WebSocketStream::from_raw_socket(connection, Role::Client, Some(limits)).await)
    }

    fn authentication(&self) -> String {
        json!({ "type": "authenticate", "token": self.token.reveal() }).to_string()
    }

    fn execution(&self, program: &str) -> String {
        let stop = self.clock.since_epoch().as_millis();
        json!({
            "type": "execute",
            "program": program,
            "channel": message::CHANNEL,
            "start": millis(stop.saturating_sub(self.window.as_millis())),
            "stop": millis(stop),
            "resolution": 0,
            "maxDelay": 0,
            "immediate": true,
            "timezone": "",
        })
        .to_string()
    }

    fn fault(&self, fault: Fault, shown: &[u8]) -> QueryError {
        self.stream.unusable(fault, shown)
    }

    fn broken(&self, cause: &str) -> QueryError {
        QueryError::Unreachable { peer: self.stream.peer(), cause: cause.to_owned() }
    }
}

/// Websockets begin as HTTP.
fn over_http(address: &str) -> String {
    match address.strip_prefix("ws") {
        Some(rest) if rest.starts_with("://") || rest.starts_with("s://") => format!("http{rest}"),
        _ => address.to_owned(),
    }
}

fn millis(time: u128) -> u64 {
    u64::try_from(time).unwrap_or(u64::MAX)
}
