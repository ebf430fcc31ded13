//! Canaries as they are, also those that cannot be understood.

use kube::core::{DynamicObject, ObjectMeta};
use serde_json::Value;
use serin_api::{Canary, CanarySpec, CanaryStatus};

use crate::error::decoding;

/// A Canary as read.
#[derive(Clone, Debug)]
pub struct CanaryEntry {
    /// The Canary; its spec is empty when there is a problem.
    pub canary: Canary,
    /// Why the manifest cannot be understood. One such object must not keep the others from being served.
    pub problem: Option<String>,
}

impl CanaryEntry {
    /// Decodes a watched object.
    pub fn decode(object: DynamicObject) -> Self {
        let DynamicObject { metadata, data, .. } = object;
        let part = |name: &str| data.get(name).cloned().unwrap_or_default();
        match serde_json::from_value::<CanarySpec>(part("spec")) {
            Ok(spec) => Self { canary: assemble(metadata, spec, &part("status")), problem: None },
            Err(error) => Self {
                canary: assemble(metadata, CanarySpec::default(), &part("status")),
                problem: Some(format!("spec cannot be read: {}", decoding(&error))),
            },
        }
    }
}

fn assemble(metadata: ObjectMeta, spec: CanarySpec, status: &Value) -> Canary {
    let status = CanaryStatus::deserialize_lenient(status);
    Canary { metadata, spec, status }
}

/// Reading a status that somebody else wrote.
trait Lenient: Sized {
    fn deserialize_lenient(value: &Value) -> Option<Self>;
}

impl Lenient for CanaryStatus {
    /// A status that cannot be read counts as none, as for a new Canary.
    fn deserialize_lenient(value: &Value) -> Option<Self> {
        serde_json::from_value(value.clone()).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The CRD prevents it; one of another version may not.
    #[test]
    fn a_canary_without_analysis_is_kept_with_its_problem() {
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"});
        for spec in
            [json!({"targetRef": target}), json!({"targetRef": target, "analysis": null}), json!(null)]
        {
            let object = json!({"metadata": {"name": "podinfo", "namespace": "test"}, "spec": spec});
            let entry = CanaryEntry::decode(serde_json::from_value(object).unwrap());
            assert_eq!(entry.canary.metadata.name.as_deref(), Some("podinfo"));
            assert!(
                entry.problem.is_some_and(|problem| problem.starts_with("spec cannot be read: ")),
                "{spec}"
            );
        }
    }
}
