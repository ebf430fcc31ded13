//! The texts of a check's Warning event.

use super::scale::{Broken, Reading};
use crate::builtin::Observer;
use crate::checks::{Check, CheckKind};

/// A value beyond its bounds.
pub(super) fn broken(check: &Check, reading: &Reading, broken: &Broken) -> String {
    let metric = match check.kind {
        CheckKind::SuccessRate(_) => "success rate",
        CheckKind::Duration(_) => "request duration",
        CheckKind::Inline | CheckKind::Template => &check.metric,
    };
    let model = &check.model;
    let (value, Broken { sign, bound }) = (&reading.event_text, broken);
    format!("Halt {}.{} advancement {metric} {value} {sign} {bound}", model.name, model.namespace)
}

/// No value.
pub(super) fn no_data(check: &Check, text: &str) -> String {
    let (metric, provider, model) = (&check.metric, &check.metrics_provider, &check.model);
    let idle = || {
        let target = format!("{}.{}", model.target, model.namespace);
        format!(
            "Halt advancement no values found for {provider} metric {metric} probably {target} is not receiving traffic"
        )
    };
    match check.kind {
        CheckKind::SuccessRate(_) => format!("{}: {}", idle(), asked(check, text)),
        CheckKind::Duration(_) => idle(),
        CheckKind::Inline => format!("Halt advancement no values found for metric: {metric}"),
        CheckKind::Template => {
            format!("Halt advancement no values found for custom metric: {metric}: {text}")
        }
    }
}

/// A query that failed.
pub(super) fn error(check: &Check, text: &str) -> String {
    match check.kind {
        CheckKind::SuccessRate(_) | CheckKind::Duration(_) => {
            format!("Prometheus query failed: {}", asked(check, text))
        }
        CheckKind::Inline => format!("Prometheus query failed for {}: {text}", check.metric),
        CheckKind::Template => format!("Metric query failed for {}: {text}", check.metric),
    }
}

/// Built-in queries say that it was the query; the success rate of the application's own metrics does not.
fn asked(check: &Check, text: &str) -> String {
    match check.kind {
        CheckKind::SuccessRate(Observer::Http) => text.to_owned(),
        _ => format!("running query failed: {text}"),
    }
}
