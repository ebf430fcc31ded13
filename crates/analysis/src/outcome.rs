//! What came of asking for a value, and why there may be none to ask for.

use std::fmt;

use crate::measure::Value;

/// What a provider says when a query matches nothing.
pub const NO_VALUES: &str = "no values found";

/// What came of a check's query.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A value in the query's own unit.
    Value(Value),
    /// The query matched nothing; the provider's text, usually [`NO_VALUES`].
    NoData(String),
    /// The query could not be answered; the provider's text.
    Error(String),
    /// There was nothing to send the query to, or no query.
    Setup(SetupError),
}

impl Outcome {
    /// One number.
    pub fn sample(number: f64) -> Self {
        Self::Value(Value::Sample(number))
    }
}

/// An outcome together with the query that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOutcome {
    /// The query as sent; `None` when it never came to that.
    pub query: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// Which MetricTemplate a check refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateName {
    /// `templateRef.name`.
    pub name: String,
    /// `templateRef.namespace`, or the Canary's; the template's Secret is there too.
    pub namespace: String,
}

impl fmt::Display for TemplateName {
    /// `<name>.<namespace>`, as Flagger's texts call it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.namespace)
    }
}

/// Why a check's query could not be sent. The texts are Flagger's events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The metric has no query of any kind: give it a `templateRef`, a `query`, or a built-in's name.
    #[error("Metric query failed for no usable metrics template and query were configured")]
    NothingToQuery,
    /// The address of the metrics server is unusable.
    #[error("Error building Prometheus client for {address} {error}")]
    MetricsServer {
        /// `spec.metricsServer`, or the operator's, without credentials.
        address: String,
        /// What is wrong with it.
        error: String,
    },
    /// The MetricTemplate cannot be read.
    #[error("Metric template {template} error: {error}")]
    Template {
        /// The template.
        template: TemplateName,
        /// What the API server said.
        error: String,
    },
    /// The Secret of the MetricTemplate cannot be read.
    #[error("Metric template {template} secret {secret} error: {error}")]
    Secret {
        /// The template.
        template: TemplateName,
        /// `provider.secretRef.name`.
        secret: String,
        /// What the API server said.
        error: String,
    },
    /// The provider of the MetricTemplate is not usable as configured.
    #[error("Metric template {template} provider {provider} error: {error}")]
    Provider {
        /// The template.
        template: TemplateName,
        /// `provider.type`.
        provider: String,
        /// What is wrong with it.
        error: String,
    },
    /// The query of the MetricTemplate does not render.
    #[error("Metric template {template} query render error: {error}")]
    Render {
        /// The template.
        template: TemplateName,
        /// What is wrong with it.
        error: String,
    },
}
