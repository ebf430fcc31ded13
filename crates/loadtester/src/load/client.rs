//! Sends the request of a load.

use std::error::Error as _;

use reqwest::{Client, Request, header, redirect::Policy};

use super::{Load, Template};

/// The HTTP client of a load cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the load on {url}: {source}")]
pub(crate) struct ClientError {
    url: String,
    source: reqwest::Error,
}

/// Sends one and the same request.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    template: Template,
}

impl Sender {
    pub(crate) fn new(load: &Load) -> Result<Self, ClientError> {
        let mut template = load.template.clone();
        if !load.transport.keep_alive {
            template.headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        }
        let client = client(load).map_err(|source| ClientError { url: template.url.to_string(), source })?;
        Ok(Self { client, template })
    }

    /// Sends the request and reads the answer to its end. Gives the answer's class, such as `2xx`, or the kind of error.
    pub(crate) async fn send(&self) -> Result<&'static str, &'static str> {
        let mut response = self.client.execute(self.request()).await.map_err(|error| kind(&error))?;
        while response.chunk().await.map_err(|error| kind(&error))?.is_some() {}
        Ok(class(response.status().as_u16()))
    }

    fn request(&self) -> Request {
        let mut request = Request::new(self.template.method.clone(), self.template.url.clone());
        *request.headers_mut() = self.template.headers.clone();
        *request.timeout_mut() = self.template.timeout;
        if !self.template.body.is_empty() {
            *request.body_mut() = Some(self.template.body.clone().into());
        }
        request
    }
}

fn client(load: &Load) -> reqwest::Result<Client> {
    let idle = if load.transport.keep_alive { load.concurrency } else { 0 };
    Client::builder()
        .user_agent(concat!("serin-loadtester/", env!("CARGO_PKG_VERSION")))
        .pool_max_idle_per_host(idle)
        .redirect(if load.transport.follow { Policy::limited(10) } else { Policy::none() })
        .tls_danger_accept_invalid_certs(!load.transport.verify)
        .no_proxy()
        .build()
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

fn kind(error: &reqwest::Error) -> &'static str {
    tracing::debug!(%error, cause = error.source(), "a request of a load failed");
    match error {
        error if error.is_timeout() => "timeout",
        error if error.is_connect() => "connect",
        _ => "other",
    }
}
