//! The label that tells the target's pods from the primary's.

use serde_json::Value;

use crate::{Rollout, build::BuildError, validate::Settings};

/// The label by which Services and workloads select pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// Its key: one of the operator's `-selector-labels`.
    pub label: String,
    /// Its value on the target's pods.
    pub value: String,
}

impl Selector {
    /// The first candidate that the target's `spec.selector.matchLabels` has.
    pub fn of(rollout: &Rollout, settings: &Settings, target: &Value) -> Result<Self, BuildError> {
        let labels = target.pointer("/spec/selector/matchLabels");
        let mut candidates = settings.selector_labels.iter().map(|label| label.trim());
        let found = candidates.find_map(|label| Some((label, labels?.get(label)?.as_str()?)));
        found.map(|(label, value)| Self { label: label.to_owned(), value: value.to_owned() }).ok_or_else(
            || BuildError::Selector {
                kind: rollout.target_kind.lower(),
                target: rollout.target.clone(),
                namespace: rollout.namespace.clone(),
                candidates: settings.selector_labels.join(" "),
            },
        )
    }

    /// As [`Self::of`]; a Service has no pods to tell apart.
    pub fn if_any(
        rollout: &Rollout,
        settings: &Settings,
        target: &Value,
    ) -> Result<Option<Self>, BuildError> {
        rollout.target_kind.has_pods().then(|| Self::of(rollout, settings, target)).transpose()
    }

    /// The label's value on the primary's pods.
    pub fn primary(&self) -> String {
        format!("{}-primary", self.value)
    }
}
