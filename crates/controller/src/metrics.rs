//! The figures that the operator exports.

mod canary;
mod exposition;
mod operator;
mod process;
mod requests;

use std::fmt;

use prometheus_client::{encoding::text::encode, registry::Registry};

pub(crate) use canary::CanaryMetrics;
pub(crate) use exposition::CONTENT_TYPE;
pub(crate) use operator::{OperatorMetrics, ReconcileResult};
pub(crate) use requests::RequestLayer;

/// All metrics that the operator exports.
pub(crate) struct Metrics {
    registry: Registry,
    /// The metrics with Flagger's names.
    pub(crate) canary: CanaryMetrics,
    /// Serin's own.
    pub(crate) operator: OperatorMetrics,
}

impl Metrics {
    /// Registers all metrics; `version` and `provider` are the labels of `flagger_info`.
    pub(crate) fn new(version: &str, provider: &str) -> Self {
        let mut registry = Registry::default();
        let canary = CanaryMetrics::register(&mut registry, version, provider);
        let operator = OperatorMetrics::register(&mut registry);
        registry.register_collector(Box::new(process::Process));
        Self { registry, canary, operator }
    }

    /// All metrics, as [`CONTENT_TYPE`] says.
    ///
    /// # Errors
    /// Never in practice: writing to a string does not fail.
    pub(crate) fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(exposition::plain(&text))
    }
}
