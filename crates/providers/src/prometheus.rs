mod response;

use serin_analysis::template::collapse_whitespace;
use serin_api::metric_template::MetricTemplateProvider;
use url::Url;

use crate::client::Clients;
use crate::credentials::Credentials;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;

/// A query that every Prometheus answers with 1.
const PROBE: &str = "vector(1)";

/// A server with Prometheus' instant query API.
#[derive(Debug, Clone)]
pub struct Prometheus {
    server: Server,
    /// The API below the path prefix of the address.
    endpoint: Url,
}

impl Prometheus {
    pub(crate) fn new(
        clients: &Clients,
        provider: &MetricTemplateProvider,
        credentials: &Credentials,
    ) -> Result<Self, ConfigError> {
        let server = Server::new(clients, provider, credentials)?;
        let mut endpoint = server.url.clone();
        let prefix = server.url.path().split('/').filter(|part| !part.is_empty());
        endpoint.set_path(&prefix.chain(["api", "v1", "query"]).collect::<Vec<_>>().join("/"));
        Ok(Self { server, endpoint })
    }

    /// The present value of a query: that of the last series, when there are several.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is no series or its value is NaN; others when the query cannot be answered.
    pub async fn query(&self, promql: &str) -> Result<f64, QueryError> {
        let query = [("query", collapse_whitespace(promql))];
        let request = self.server.get(self.endpoint.clone()).query(&query);
        response::value(&self.server.fetch(request).await?)
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
