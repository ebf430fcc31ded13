//! Prometheus and what speaks its query API.

mod response;

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use url::form_urlencoded;

use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// A query that every Prometheus answers with 1.
const PROBE: &str = "vector(1)";

/// Bytes of a URL from which on servers and what stands before them refuse it: many take no more than 8 KiB of a
/// request's first line.
const LONGEST_URL: usize = 6 << 10;

/// A server with Prometheus' instant query API.
#[derive(Debug, Clone)]
pub struct Prometheus(Server);

impl Prometheus {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let server = Server::new(setup, "", setup.token_or_basic()?)?;
        server.with_insecure(setup).with_headers(setup).map(Self)
    }

    /// The present value of a query: a scalar, or the last series of a vector. The query is sent as it is.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is no series or its value is NaN; others when the query cannot be answered.
    pub async fn query(&self, promql: &str) -> Result<f64, QueryError> {
        self.0.ask(self.request(promql), response::value).await
    }

    /// A GET; a POST with the same parameters where the URL would be too long for one.
    fn request(&self, promql: &str) -> RequestBuilder {
        let url = self.0.at("api/v1/query");
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("query", promql).finish();
        if url.as_str().len() + form.len() < LONGEST_URL {
            return self.0.get(url).query(&[("query", promql)]);
        }
        self.0.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
    }

    /// Whether queries are answered.
    ///
    /// # Errors
    /// Why they are not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        match self.query(PROBE).await? {
            1.0 => Ok(()),
            _ => Err(ProbeError::WrongValue { query: PROBE }),
        }
    }
}
