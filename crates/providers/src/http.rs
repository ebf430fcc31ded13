//! One request to a provider: its deadline, its size limit, and errors without secrets.

use std::error::Error;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use url::Url;

use crate::client::{Clients, Limits};
use crate::credentials::{Auth, Credentials};
use crate::error::{ConfigError, QueryError};

/// Longest part of an answer that an error repeats; a Kubernetes event holds 1024 bytes in all.
const EXCERPT: usize = 400;

/// A provider's server and how to talk to it. Its `Debug` text holds no secret.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    client: Client,
    limits: Limits,
    /// Without credentials, query or fragment.
    pub(crate) url: Url,
    headers: HeaderMap,
    auth: Auth,
}

impl Server {
    /// Reads `provider.address`, `headers` and, if a Secret is named, `credentials`. Credentials in the address count
    /// when there is no Secret.
    pub(crate) fn new(
        clients: &Clients,
        provider: &serin_api::metric_template::MetricTemplateProvider,
        credentials: &Credentials,
    ) -> Result<Self, ConfigError> {
        let (url, auth_of_url) =
            split_address(&provider.type_, provider.address.as_deref().unwrap_or_default())?;
        let auth = match &provider.secret_ref {
            Some(_) => Auth::from_secret(&provider.type_, credentials)?,
            None => auth_of_url,
        };
        let mut headers = read_headers(&provider.type_, provider.headers.iter().flatten())?;
        if auth != Auth::None {
            headers.remove(AUTHORIZATION);
        }
        let client = clients.get(provider.insecure_skip_verify);
        Ok(Self { client, limits: clients.limits, url, headers, auth })
    }

    /// A GET of `url` with the provider's headers and credentials.
    pub(crate) fn get(&self, url: Url) -> RequestBuilder {
        let request = self.client.get(url).timeout(self.limits.timeout).headers(self.headers.clone());
        self.auth.apply(request)
    }

    /// Sends the request; the body of a good answer.
    pub(crate) async fn fetch(&self, request: RequestBuilder) -> Result<Vec<u8>, QueryError> {
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        let status = response.status();
        let (body, complete) = self.read(response).await?;
        if status.is_client_error() || status.is_server_error() {
            return Err(refused(status, &body));
        }
        if complete {
            Ok(body)
        } else {
            Err(QueryError::TooLarge { address: self.shown(), limit: self.limits.body })
        }
    }

    /// The body up to the limit, and whether that is all of it.
    async fn read(&self, mut response: Response) -> Result<(Vec<u8>, bool), QueryError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            let room = self.limits.body - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok((body, false));
            }
        }
        Ok((body, true))
    }

    fn failed(&self, error: &reqwest::Error) -> QueryError {
        let address = self.shown();
        if error.is_timeout() {
            return QueryError::Timeout { address, timeout: self.limits.timeout };
        }
        QueryError::Unreachable { address, cause: root_cause(error) }
    }

    fn shown(&self) -> String {
        self.url.to_string().trim_end_matches('/').to_owned()
    }
}

/// The beginning of an answer, on one line.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body).trim().replace(['\r', '\n'], " ");
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn refused(status: StatusCode, body: &[u8]) -> QueryError {
    let reason = status.canonical_reason().unwrap_or_default();
    QueryError::Status { status: status.as_u16(), reason, body: excerpt(body) }
}

/// The innermost error: the outer ones repeat the URL, which may hold secrets.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(inner) = cause.and_then(Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "the request cannot be sent".to_owned(), ToString::to_string)
}

fn split_address(provider: &str, address: &str) -> Result<(Url, Auth), ConfigError> {
    let (provider, shown) = (provider.to_owned(), redacted(address));
    let Ok(mut url) = Url::parse(address.trim()) else {
        return Err(ConfigError::Address { provider, address: shown });
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ConfigError::Scheme { provider, address: shown });
    }
    let auth = Auth::basic(decoded(url.username()), decoded(url.password().unwrap_or_default()));
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    Ok((url, auth))
}

/// Percent-decoding, by the decoder of URL queries; a plus sign stands for itself here.
fn decoded(part: &str) -> String {
    let pair = format!("={}", part.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// An address that may not be a URL, without what could be credentials.
fn redacted(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{separator}***@{host}"),
        None => address.to_owned(),
    }
}

fn read_headers<'a>(
    provider: &str,
    headers: impl Iterator<Item = (&'a String, &'a Vec<String>)>,
) -> Result<HeaderMap, ConfigError> {
    let mut map = HeaderMap::new();
    for (name, value) in headers.flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
        let bad = || ConfigError::Header { provider: provider.to_owned(), name: name.clone() };
        let mut value = HeaderValue::from_str(value).map_err(|_| bad())?;
        value.set_sensitive(true);
        map.append(HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?, value);
    }
    Ok(map)
}
