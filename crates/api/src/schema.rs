//! From the types to the definitions that a cluster needs.
//!
//! What concerns one field (patterns, ranges, enumerations) stands at the field. What the derive macros cannot say is
//! changed here, on the typed definitions: [`tidy`](mod@tidy) brings the whole schema into the shape of Flagger's,
//! [`changes`] lists the places that need something of their own, [`rules`] what could never work.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceSubresourceStatus, CustomResourceSubresources, JSONSchemaProps,
};
use kube::CustomResourceExt;

use crate::{AlertProvider, Canary, MetricTemplate};

mod changes;
mod path;
mod rules;
mod tidy;

/// The definitions of Canary, MetricTemplate and AlertProvider, as they are installed in a cluster.
///
/// The definitions accept what Flagger's accept, save for what could never work; that is refused
/// with a message that says what to change.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![
        finish(Canary::crd(), |root| {
            changes::apply(root, changes::CANARY);
            rules::add(root);
        }),
        finish(MetricTemplate::crd(), |_| {}),
        finish(AlertProvider::crd(), |root| changes::apply(root, changes::ALERT_PROVIDER)),
    ]
}

fn finish(
    mut crd: CustomResourceDefinition,
    change: impl Fn(&mut JSONSchemaProps),
) -> CustomResourceDefinition {
    crd.spec.names.list_kind = Some(format!("{}List", crd.spec.names.kind));
    for version in &mut crd.spec.versions {
        version.subresources = Some(status_subresource());
        if let Some(root) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            tidy::tidy(root);
            change(root);
        }
    }
    crd
}

fn status_subresource() -> CustomResourceSubresources {
    CustomResourceSubresources {
        scale: None,
        status: Some(CustomResourceSubresourceStatus(serde_json::json!({}))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(crd: &CustomResourceDefinition) -> JSONSchemaProps {
        crd.spec.versions[0].schema.clone().unwrap().open_api_v3_schema.unwrap()
    }

    #[test]
    fn every_change_and_rule_finds_its_place() {
        let mut canary = root(&Canary::crd());
        for path in changes::CANARY.iter().map(|(path, _)| *path).chain(rules::paths()) {
            assert!(path::find(&mut canary, path).is_some(), "no {path} in the Canary");
        }
        let mut provider = root(&AlertProvider::crd());
        for (path, _) in changes::ALERT_PROVIDER {
            assert!(path::find(&mut provider, path).is_some(), "no {path} in the AlertProvider");
        }
    }
}
