//! What one version of an object says about its rollout.

use k8s_openapi::api::{apps::v1::Deployment, discovery::v1::EndpointSlice};
use kube::{ResourceExt, core::DynamicObject};
use serde_json::Value;
use serin_api::Canary;

use crate::{
    timeline::Sight,
    workload::{NAME, NEW},
};

pub(super) fn canary(canary: &Canary) -> Option<Sight> {
    let status = canary.status.as_ref()?;
    Some(Sight::Canary { phase: status.phase, waiting_for: status.waiting_for.clone() })
}

pub(super) fn route(route: &DynamicObject) -> Option<Sight> {
    let backends = route.data.pointer("/spec/rules/0/backendRefs")?.as_array()?;
    let name = format!("{NAME}-canary");
    let canary = backends.iter().find(|backend| backend["name"] == name.as_str());
    let weight = canary.and_then(|backend| backend.get("weight")).and_then(Value::as_u64).unwrap_or(0);
    Some(Sight::Route { weight: u8::try_from(weight).ok()? })
}

pub(super) fn endpoints(slice: &EndpointSlice) -> Sight {
    let ready = slice.endpoints.iter().filter(|endpoint| {
        endpoint.conditions.as_ref().and_then(|conditions| conditions.ready).unwrap_or(true)
    });
    Sight::Endpoints { ready: ready.count() }
}

pub(super) fn deployment(deployment: &Deployment) -> Option<Sight> {
    let spec = deployment.spec.as_ref()?;
    let image = spec.template.spec.as_ref()?.containers.first()?.image.as_deref();
    let rolled_out = rolled_out(deployment);
    match deployment.name_any().strip_prefix(NAME)? {
        "" if image == Some(NEW) => Some(Sight::Target { replicas: spec.replicas?, rolled_out }),
        "-primary" if image == Some(NEW) => Some(Sight::Primary { rolled_out }),
        _ => None,
    }
}

/// Every wanted pod is of the newest template and available, and no other is left.
fn rolled_out(deployment: &Deployment) -> bool {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
    deployment.status.as_ref().is_some_and(|status| {
        status.observed_generation >= deployment.metadata.generation
            && status.updated_replicas == wanted
            && status.replicas == wanted
            && status.available_replicas == wanted
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sight(name: &str, image: &str, generation: i64, available: i32) -> Option<Sight> {
        let object = json!({
            "metadata": {"name": name, "generation": generation},
            "spec": {
                "replicas": 2,
                "selector": {},
                "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
            },
            "status": {
                "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": available,
            },
        });
        deployment(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn a_deployment_counts_once_it_has_the_change() {
        assert_eq!(sight(NAME, "old", 2, 2), None);
        assert_eq!(sight(NAME, NEW, 2, 2), Some(Sight::Target { replicas: 2, rolled_out: true }));
        assert_eq!(sight(NAME, NEW, 3, 2), Some(Sight::Target { replicas: 2, rolled_out: false }));
        assert_eq!(sight("podinfo-primary", NEW, 2, 1), Some(Sight::Primary { rolled_out: false }));
        assert_eq!(sight("other", NEW, 2, 2), None);
    }

    #[test]
    fn a_backend_without_weight_or_a_missing_one_has_none() {
        let backends = |backends: Value| {
            let object = json!({
                "metadata": {"name": NAME}, "spec": {"rules": [{"backendRefs": backends}]},
            });
            route(&serde_json::from_value(object).unwrap())
        };
        let split =
            json!([{"name": "podinfo-primary", "weight": 80}, {"name": "podinfo-canary", "weight": 20}]);
        assert_eq!(backends(split), Some(Sight::Route { weight: 20 }));
        assert_eq!(backends(json!([{"name": "podinfo-primary"}])), Some(Sight::Route { weight: 0 }));
    }
}
