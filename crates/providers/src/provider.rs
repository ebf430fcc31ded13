use serin_analysis::Outcome;
use serin_api::metric_template::MetricTemplateProvider;

use crate::client::Clients;
use crate::credentials::Credentials;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::prometheus::Prometheus;

/// A metric provider, ready to be asked. A new type is one variant here and one module.
#[derive(Debug, Clone)]
pub enum Provider {
    /// `type: prometheus`
    Prometheus(Prometheus),
}

impl Provider {
    /// The provider of a MetricTemplate. `credentials` is the data of `provider.secretRef`, empty without one.
    ///
    /// # Errors
    /// What of the provider is unusable, or that its type is not supported.
    pub fn new(
        clients: &Clients,
        provider: &MetricTemplateProvider,
        credentials: &Credentials,
    ) -> Result<Self, ConfigError> {
        match provider.type_.as_str() {
            "prometheus" => Prometheus::new(clients, provider, credentials).map(Self::Prometheus),
            other => Err(ConfigError::NotSupported { provider: other.to_owned() }),
        }
    }

    /// The metrics server at `address` (`spec.metricsServer`, or the operator's flag).
    ///
    /// # Errors
    /// The address is no http or https URL.
    pub fn metrics_server(clients: &Clients, address: &str) -> Result<Self, ConfigError> {
        let provider = MetricTemplateProvider {
            type_: "prometheus".to_owned(),
            address: Some(address.to_owned()),
            ..MetricTemplateProvider::default()
        };
        Self::new(clients, &provider, &Credentials::default())
    }

    /// The present value of a query in the provider's language.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when the query matches nothing; others when it cannot be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        match self {
            Self::Prometheus(prometheus) => prometheus.query(query).await,
        }
    }

    /// Whether the provider answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        match self {
            Self::Prometheus(prometheus) => prometheus.is_online().await,
        }
    }
}

/// A query's result as the analysis judges it.
pub fn outcome(result: Result<f64, QueryError>) -> Outcome {
    match result {
        Ok(value) => Outcome::Value(value),
        Err(error @ QueryError::NoValues) => Outcome::NoData(error.to_string()),
        Err(error) => Outcome::Error(error.to_string()),
    }
}
