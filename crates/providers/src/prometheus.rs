//! Prometheus and what speaks its query API.

mod response;

use serin_analysis::template::collapse_whitespace;

use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// A query that every Prometheus answers with 1.
const PROBE: &str = "vector(1)";

/// A server with Prometheus' instant query API.
#[derive(Debug, Clone)]
pub struct Prometheus(Server);

impl Prometheus {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let server = Server::new(setup, "", setup.token_or_basic()?)?;
        server.with_insecure(setup).with_headers(setup).map(Self)
    }

    /// The present value of a query: that of the last series, when there are several.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is no series or its value is NaN; others when the query cannot be answered.
    pub async fn query(&self, promql: &str) -> Result<f64, QueryError> {
        let query = [("query", collapse_whitespace(promql))];
        let request = self.0.get(self.0.at("api/v1/query")).query(&query);
        self.0.ask(request, response::value).await
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
