//! The labels that tell the target's pods from the primary's, and both from everybody else's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Rollout,
    build::{BuildError, metadata::Map},
    json::texts,
    settings::Settings,
};

/// The labels by which Services and workloads select pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The label whose value differs between target and primary: one of the operator's `-selector-labels`.
    pub label: String,
    /// Its value on the target's pods.
    pub value: String,
    /// Every label of the target's `spec.selector.matchLabels`: selects its pods.
    pub target: Map,
    /// Selects the primary's pods: by the live primary's own labels, or by those that it will be made with.
    pub primary: Map,
    /// Labels that the live primary selects its pods by, which cannot be changed.
    fixed: Map,
}

impl Selector {
    /// The labels of a target and its primary, `live` if there is one.
    ///
    /// # Errors
    /// When the target's `spec.selector.matchLabels` has none of the operator's `-selector-labels`.
    pub fn of(
        rollout: &Rollout,
        settings: &Settings,
        target: &Value,
        live: Option<&Value>,
    ) -> Result<Self, BuildError> {
        let labels = match_labels(target);
        let (label, value) = chosen(settings, &labels).ok_or_else(|| BuildError::Selector {
            kind: rollout.target_kind.lower(),
            target: rollout.target.clone(),
            namespace: rollout.namespace.clone(),
            candidates: settings.selector_labels.join(" "),
        })?;
        let mut made = labels.clone();
        made.insert(label.clone(), format!("{value}-primary"));
        let fixed = live.map(match_labels).unwrap_or_default();
        let primary = live.map_or_else(|| made.clone(), |live| selecting(live, made.keys()));
        Ok(Self { label, value, target: labels, primary, fixed })
    }

    /// As [`Self::of`]; a Service has no pods to tell apart.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn if_any(
        rollout: &Rollout,
        settings: &Settings,
        target: &Value,
        live: Option<&Value>,
    ) -> Result<Option<Self>, BuildError> {
        rollout.target_kind.has_pods().then(|| Self::of(rollout, settings, target, live)).transpose()
    }

    /// The labels of a primary whose target is not there.
    pub fn of_primary(settings: &Settings, live: &Value) -> Option<Self> {
        let fixed = match_labels(live);
        let (label, value) = chosen(settings, &fixed)?;
        Some(Self { label, value, target: BTreeMap::new(), primary: fixed.clone(), fixed })
    }

    /// The label's value on the pods of a primary that is made anew.
    pub fn primary(&self) -> String {
        format!("{}-primary", self.value)
    }

    /// The labels that make a pod of the target one of the primary. A primary selects its pods for life by the labels
    /// that it was made with: they stay, whatever the target's selector has become.
    pub fn marks(&self) -> Map {
        let mut marks = BTreeMap::from([(self.label.clone(), self.primary())]);
        marks.extend(self.fixed.clone());
        marks
    }

    /// The labels that a new primary selects its pods by.
    pub fn made(&self) -> Map {
        let mut made = self.target.clone();
        made.insert(self.label.clone(), self.primary());
        made
    }
}

/// `spec.selector.matchLabels` of a workload.
pub fn match_labels(workload: &Value) -> Map {
    texts(workload, "/spec/selector/matchLabels")
}

/// The first of the operator's candidates that there is.
fn chosen(settings: &Settings, labels: &Map) -> Option<(String, String)> {
    let mut candidates = settings.selector_labels.iter().map(|label| label.trim());
    candidates.find_map(|label| Some((label.to_owned(), labels.get(label)?.clone())))
}

/// The labels that the pods of a live primary have, of those it selects them by and of `keys`.
fn selecting<'a>(live: &Value, keys: impl Iterator<Item = &'a String>) -> Map {
    let template = texts(live, "/spec/template/metadata/labels");
    let mut labels = match_labels(live);
    for key in keys {
        if let (None, Some(value)) = (labels.get(key), template.get(key)) {
            labels.insert(key.clone(), value.clone());
        }
    }
    labels
}
