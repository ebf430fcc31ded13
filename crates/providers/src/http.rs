//! One request to a provider: its deadline, its size limit, and errors without secrets.

mod address;
mod redirect;

pub use address::redacted;

use std::error::Error;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Request, RequestBuilder, Response, StatusCode, Upgraded};
use serin_api::redact;
use url::Url;

use crate::answer::Fault;
use crate::auth::Auth;
use crate::credentials::MARK;
use crate::error::{ConfigError, Peer, QueryError};
use crate::excerpt::excerpt;
use crate::setup::Setup;

/// Bytes of an answer that secrets are looked for in.
const BEGINNING: usize = 64 << 10;

/// Bytes from which on the value of a header may be a secret.
const SECRET: usize = 6;

/// A provider's server and how to talk to it. Its `Debug` text holds no secret.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    client: Client,
    timeout: Duration,
    /// Most bytes of an answer.
    limit: usize,
    provider: String,
    /// Without credentials, query or fragment.
    url: Url,
    headers: HeaderMap,
    auth: Auth,
}

impl Server {
    /// The server at `provider.address`, or at `default` without one; an empty default makes the address mandatory.
    /// User and password of the address count when `auth` is `None`.
    pub(crate) fn new(setup: &Setup<'_>, default: &str, auth: Option<Auth>) -> Result<Self, ConfigError> {
        Self::of_address(setup, setup.address(default), auth)
    }

    /// Like [`Self::new`], with this address instead of `provider.address`.
    pub(crate) fn of_address(
        setup: &Setup<'_>,
        address: &str,
        auth: Option<Auth>,
    ) -> Result<Self, ConfigError> {
        let (url, auth_of_url) = address::split(setup.kind(), address)?;
        let limits = setup.clients.limits;
        Ok(Self {
            client: setup.clients.get(false),
            timeout: limits.timeout,
            limit: limits.body,
            provider: setup.kind().to_owned(),
            url,
            headers: HeaderMap::new(),
            auth: auth.unwrap_or(auth_of_url),
        })
    }

    /// Heeds `insecureSkipVerify`: for prometheus, graphite and externalmetrics, as in Flagger.
    pub(crate) fn with_insecure(self, setup: &Setup<'_>) -> Self {
        Self { client: setup.clients.get(setup.provider.insecure_skip_verify), ..self }
    }

    /// Uses other credentials.
    pub(crate) fn with_auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    /// Sends the headers of `provider.headers` too.
    pub(crate) fn with_headers(self, setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let mut headers = read_headers(setup)?;
        if self.auth.authorizes() {
            headers.remove(AUTHORIZATION);
        }
        Ok(Self { headers, ..self })
    }

    /// Gives it `factor` times as long.
    pub(crate) fn with_patience(self, factor: u32) -> Self {
        Self { timeout: self.timeout.saturating_mul(factor), ..self }
    }

    /// The URL of an API below the path of the address, such as `api/v1/query`.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let parts = self.url.path().split('/').chain(path.split('/')).filter(|part| !part.is_empty());
        url.set_path(&parts.collect::<Vec<_>>().join("/"));
        url
    }

    /// A GET of `url` with the provider's headers and credentials.
    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        self.auth.apply(self.client.get(url).headers(self.headers.clone()))
    }

    /// A POST to `url` with the provider's headers and credentials.
    pub(crate) fn post(&self, url: Url) -> RequestBuilder {
        self.auth.apply(self.client.post(url).headers(self.headers.clone()))
    }

    /// Sends the request; the body of a good answer (status 200 to 299).
    pub(crate) async fn fetch(&self, request: RequestBuilder) -> Result<Vec<u8>, QueryError> {
        let (status, body) = self.exchange(request).await?;
        if status.is_success() { Ok(body) } else { Err(self.refused(status, &body)) }
    }

    /// Sends the request; what `read` finds in the body of a good answer. NaN is no value.
    pub(crate) async fn ask(
        &self,
        request: RequestBuilder,
        read: impl FnOnce(&[u8]) -> Result<f64, Fault>,
    ) -> Result<f64, QueryError> {
        let body = self.fetch(request).await?;
        match read(&body) {
            Ok(value) if value.is_nan() => Err(QueryError::NoValues),
            Ok(value) => Ok(value),
            Err(fault) => Err(self.unusable(fault, &body)),
        }
    }

    /// Sends the request; status and body of any answer. A body beyond the limit is an error, or is cut off when the
    /// status is one already.
    pub(crate) async fn exchange(
        &self,
        request: RequestBuilder,
    ) -> Result<(StatusCode, Vec<u8>), QueryError> {
        let request = request.build().map_err(|error| self.failed(&error))?;
        self.within(self.converse(request)).await
    }

    /// The request, sent to talk on in another protocol: the headers of the answer and the connection.
    pub(crate) async fn upgrade(&self, request: RequestBuilder) -> Result<(HeaderMap, Upgraded), QueryError> {
        let request = request.build().map_err(|error| self.failed(&error))?;
        let response = self.follow(request).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            let status = response.status();
            return Err(self.refused(status, &self.read(response).await?.0));
        }
        let headers = response.headers().clone();
        Ok((headers, response.upgrade().await.map_err(|error| self.failed(&error))?))
    }

    /// Work with the server, for as long as an answer may take.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, QueryError>>,
    ) -> Result<T, QueryError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(result) => result,
            Err(_) => Err(QueryError::Timeout { peer: self.peer(), timeout: self.timeout }),
        }
    }

    /// Most bytes of an answer.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// An answer beyond the limit.
    pub(crate) fn too_large(&self) -> QueryError {
        QueryError::TooLarge { peer: self.peer(), limit: self.limit }
    }

    /// An answer without a value.
    pub(crate) fn unusable(&self, fault: Fault, body: &[u8]) -> QueryError {
        let hidden = |text: String| self.hide_in(&text);
        fault.map(hidden).told(self.peer(), &self.beginning(body))
    }

    /// An answer that says no.
    pub(crate) fn refused(&self, status: StatusCode, body: &[u8]) -> QueryError {
        let reason = status.canonical_reason().unwrap_or_default();
        QueryError::Status { peer: self.peer(), status: status.as_u16(), reason, body: self.excerpt(body) }
    }

    /// What errors call this server.
    pub(crate) fn peer(&self) -> Peer {
        let address = self.url.to_string().trim_end_matches('/').to_owned();
        Peer { provider: self.provider.clone(), address }
    }

    async fn converse(&self, request: Request) -> Result<(StatusCode, Vec<u8>), QueryError> {
        let response = self.follow(request).await?;
        let status = response.status();
        let (body, complete) = self.read(response).await?;
        if status.is_success() && !complete {
            return Err(self.too_large());
        }
        Ok((status, body))
    }

    /// The answer after redirects. No other server than the provider's own gets to see its credentials.
    async fn follow(&self, mut request: Request) -> Result<Response, QueryError> {
        for _ in 0..redirect::MOST {
            let (url, method, again) = (request.url().clone(), request.method().clone(), request.try_clone());
            let response = self.client.execute(request).await.map_err(|error| self.failed(&error))?;
            let Some((mut next, to)) = again.zip(redirect::target(&method, &url, &response)) else {
                return Ok(response);
            };
            if !redirect::same_server(&url, &to) {
                self.auth.withdraw(&mut next);
                next.headers_mut().remove(AUTHORIZATION);
            }
            *next.url_mut() = to;
            request = next;
        }
        let cause = format!("stopped after {} redirects", redirect::MOST);
        Err(QueryError::Unreachable { peer: self.peer(), cause })
    }

    /// The body up to the limit, and whether that is all of it.
    async fn read(&self, mut response: Response) -> Result<(Vec<u8>, bool), QueryError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            let room = self.limit - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((body, false));
            }
        }
        Ok((body, true))
    }

    fn failed(&self, error: &reqwest::Error) -> QueryError {
        QueryError::Unreachable { peer: self.peer(), cause: root_cause(error) }
    }

    fn excerpt(&self, body: &[u8]) -> String {
        excerpt(&self.beginning(body))
    }

    /// Far more of an answer than an error repeats, without secrets.
    fn beginning(&self, body: &[u8]) -> String {
        self.hide_in(&String::from_utf8_lossy(&body[..body.len().min(BEGINNING)]))
    }

    /// `text`, which came from outside, without the secrets that requests hold.
    fn hide_in(&self, text: &str) -> String {
        let values = self.headers.values().filter_map(|value| value.to_str().ok());
        // A scheme such as `Bearer` is no secret; a short value, such as the number of a tenant, is none either.
        let values = values.map(|value| value.rsplit_once(' ').map_or(value, |(_, secret)| secret));
        let values = values.filter(|value| value.len() >= SECRET);
        values.fold(self.auth.hide_in(text), |text, value| redact::hide(&text, value, MARK))
    }
}

/// The innermost error: the outer ones repeat the URL, which may hold secrets.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(inner) = cause.and_then(Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "the request cannot be sent".to_owned(), ToString::to_string)
}

fn read_headers(setup: &Setup<'_>) -> Result<HeaderMap, ConfigError> {
    let mut map = HeaderMap::new();
    let headers = setup.provider.headers.iter().flatten();
    for (name, value) in headers.flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
        let bad = || ConfigError::Header { provider: setup.kind().to_owned(), name: name.clone() };
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        map.append(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(map)
}
