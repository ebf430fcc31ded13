//! What an alert says, and to whom.

use serde::Serialize;
use serin_api::{
    CanarySpec,
    canary::{AlertSeverity, CanaryAlert, Strategy},
};
use serin_core::plan::{Alert, Severity};

/// A named value that goes with an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Field {
    fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// What an alert says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Names this one alert: the same whenever it is repeated, after a crash for example; for receivers that tell
    /// repetitions apart. Sent as the header `Idempotency-Key`, unless it is empty.
    pub id: String,
    /// `<name>.<namespace>` of the Canary.
    pub canary: String,
    /// Flagger's text.
    pub text: String,
    /// How serious it is.
    pub severity: Severity,
    /// Details, in order.
    pub fields: Vec<Field>,
}

impl Message {
    /// The message for `alert` of the Canary `name` in `namespace`. `cluster` is the operator's `-cluster-name`; it is
    /// left out when empty.
    pub fn new(name: &str, namespace: &str, spec: &CanarySpec, alert: &Alert, cluster: &str) -> Self {
        let mut fields = Vec::new();
        if !cluster.is_empty() {
            fields.push(Field::new("Cluster", cluster));
        }
        if alert.fields {
            fields.extend(details(namespace, spec));
        }
        Self {
            id: String::new(),
            canary: format!("{name}.{namespace}"),
            text: alert.message.clone(),
            severity: alert.severity,
            fields,
        }
    }

    /// Whether it tells of a failure; channels have a colour for that.
    pub(super) fn is_bad(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Whether an entry of `analysis.alerts` asks for messages this serious. One without a severity gets all, as Flagger's
/// documentation says (Flagger itself sends it none).
pub fn wants(alert: &CanaryAlert, severity: Severity) -> bool {
    let severity = match severity {
        Severity::Info => AlertSeverity::Info,
        Severity::Warn => AlertSeverity::Warn,
        Severity::Error => AlertSeverity::Error,
    };
    severity >= alert.least_severity()
}

fn details(namespace: &str, spec: &CanarySpec) -> impl Iterator<Item = Field> {
    let target = format!("{}/{}.{namespace}", spec.target_ref.kind, spec.target_ref.name);
    let threshold = spec.analysis.threshold_or_default().to_string();
    let deadline = format!("{}s", spec.progress_deadline().num_seconds());
    let fixed = [
        Field::new("Target", target),
        Field::new("Failed checks threshold", threshold),
        Field::new("Progress deadline", deadline),
    ];
    let routing = routing(spec).map(|value| Field::new("Traffic routing", value));
    fixed.into_iter().chain(routing)
}

/// How traffic is shifted. `maxWeight` is shown as it is in the manifest.
fn routing(spec: &CanarySpec) -> Option<String> {
    let analysis = &spec.analysis;
    let max = analysis.max_weight.unwrap_or_default();
    match (analysis.strategy(), analysis.step_weight.unwrap_or_default()) {
        (Strategy::AbTesting, _) => Some("A/B Testing".into()),
        (Strategy::BlueGreen, _) => Some("Blue/Green".into()),
        (Strategy::Canary, step) if step > 0 => Some(format!("Weight step: {step} max: {max}")),
        (Strategy::Canary, _) if analysis.step_weights.is_empty() => None,
        (Strategy::Canary, _) => {
            let steps: Vec<String> = analysis.step_weights.iter().map(ToString::to_string).collect();
            Some(format!("Weight steps: {} max: {max}", steps.join(",")))
        }
    }
}

#[cfg(test)]
mod tests;
