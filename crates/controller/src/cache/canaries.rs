//! Canaries as they are, also those that cannot be understood.

use std::sync::Arc;

use kube::core::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;
use serin_api::{Canary, CanarySpec, CanaryStatus};

use crate::{error::decoding, watch::head};

/// A Canary as read.
#[derive(Clone, Debug)]
pub(crate) struct CanaryEntry {
    /// The Canary; its spec is empty when there is a problem.
    pub(crate) canary: Arc<Canary>,
    /// Why the manifest cannot be understood. One such object must not keep the others from being served.
    pub(crate) problem: Option<String>,
}

impl CanaryEntry {
    /// Decodes an object.
    pub(crate) fn decode(object: &Value) -> Self {
        let mut problem = None;
        let mut read = |part, error| problem = Some(format!("{part} cannot be read: {}", decoding(&error)));
        let spec = CanarySpec::deserialize(&object["spec"]).unwrap_or_else(|error| {
            read("spec", error);
            CanarySpec::default()
        });
        let metadata = ObjectMeta::deserialize(&object["metadata"]).unwrap_or_else(|error| {
            read("metadata", error);
            head(object)
        });
        // A status that cannot be read counts as none, as for a new Canary.
        let status = CanaryStatus::deserialize(&object["status"]).ok();
        let metadata = ObjectMeta { managed_fields: None, ..metadata };
        Self { canary: Arc::new(Canary { metadata, spec, status }), problem }
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
            let entry = CanaryEntry::decode(&object);
            assert_eq!(entry.canary.metadata.name.as_deref(), Some("podinfo"));
            assert!(
                entry.problem.is_some_and(|problem| problem.starts_with("spec cannot be read: ")),
                "{spec}"
            );
        }
    }
}
