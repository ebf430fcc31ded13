//! Which metric providers must answer before a Canary is initialised.

use serin_api::canary::CanaryMetric;

use crate::builtin::Builtin;
use crate::checks::named;
use crate::outcome::{SetupError, TemplateName};

/// A provider to probe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// The metrics server of the Canary or the operator.
    MetricsServer,
    /// The provider of a MetricTemplate.
    Template(TemplateName),
}

/// Why a provider cannot be used yet; the texts are Flagger's, in the event `Error checking metric providers: …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The metrics server did not answer its probe.
    #[error("prometheus not avaiable: {0}")]
    MetricsServer(String),
    /// The provider of a MetricTemplate did not answer its probe.
    #[error("{provider} in metric template {template} not avaiable: {error}")]
    Template {
        /// `provider.type`.
        provider: String,
        /// The template.
        template: TemplateName,
        /// What went wrong.
        error: String,
    },
    /// The provider could not be asked.
    #[error("{}", uncapitalised(.0))]
    Setup(SetupError),
}

/// The providers to probe, in the order of the metrics of a Canary in `namespace`, each once. A metric with a
/// built-in's name needs the metrics server only, even if it has a template.
pub fn probes(metrics: &[CanaryMetric], namespace: &str) -> Vec<Probe> {
    let mut probes = Vec::new();
    for metric in metrics {
        let probe = match &metric.template_ref {
            _ if Builtin::named(&metric.name).is_some() => Probe::MetricsServer,
            Some(reference) => Probe::Template(named(reference, namespace)),
            None => continue,
        };
        if !probes.contains(&probe) {
            probes.push(probe);
        }
    }
    probes
}

fn uncapitalised(error: &SetupError) -> String {
    let mut text = error.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    text
}

#[cfg(test)]
mod tests {
    use serin_api::canary::CrossNamespaceRef;

    use super::*;

    fn metric(name: &str, template: Option<(&str, &str)>) -> CanaryMetric {
        let template_ref = template.map(|(name, namespace)| CrossNamespaceRef {
            name: name.into(),
            namespace: Some(namespace.into()),
        });
        CanaryMetric { name: name.into(), template_ref, ..CanaryMetric::default() }
    }

    fn template() -> TemplateName {
        TemplateName { name: "errors".into(), namespace: "metrics".into() }
    }

    #[test]
    fn probes_each_provider_once() {
        let metrics = [
            metric("latency", Some(("latency", ""))),
            metric("request-duration", Some(("errors", "metrics"))),
            metric("errors", Some(("errors", "metrics"))),
            metric("request-success-rate", None),
            metric("inline", None),
        ];
        let latency = TemplateName { name: "latency".into(), namespace: "test".into() };
        let expected = [Probe::Template(latency), Probe::MetricsServer, Probe::Template(template())];
        assert_eq!(probes(&metrics, "test"), expected);
    }

    #[test]
    fn texts_are_flaggers() {
        let error = || "boom".to_owned();
        let setup = SetupError::Template { template: template(), error: error() };
        let provider = "prometheus".to_owned();
        let texts = [
            Unavailable::MetricsServer(error()),
            Unavailable::Template { provider, template: template(), error: error() },
            Unavailable::Setup(setup),
        ]
        .map(|error| error.to_string());
        assert_eq!(
            texts,
            [
                "prometheus not avaiable: boom",
                "prometheus in metric template errors.metrics not avaiable: boom",
                "metric template errors.metrics error: boom",
            ]
        );
    }
}
