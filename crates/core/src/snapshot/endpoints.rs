//! How many pods a Service can send requests to.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;

use super::Snapshot;
use crate::{
    Rollout, Seen,
    build::json::{items, text},
    observe::Endpoints,
    rollout::TargetKind,
};

impl Snapshot {
    /// Ready endpoints of both sides. A target may be a Service of something that Kubernetes does not watch
    /// (a name elsewhere, addresses that the user lists): that counts as ready, as with Flagger. So do the pods
    /// that the workload calls ready where the operator may not read endpoints.
    pub(super) fn endpoints(&self, rollout: &Rollout) -> Endpoints {
        let side =
            |service: &Seen<Arc<Value>>, counted: &Seen<u32>, workload: &Seen<Arc<Value>>| match service {
                Seen::Present(service) if !rollout.target_kind.has_pods() && selects_nothing(service) => {
                    Seen::Present(1)
                }
                _ if *counted == Seen::Absent => {
                    workload.as_ref().map(|workload| ready_pods(rollout, workload))
                }
                _ => counted.clone(),
            };
        Endpoints {
            primary: side(&self.primary_service, &self.endpoints.primary, &self.primary),
            canary: side(&self.canary_service, &self.endpoints.canary, &self.target),
            leaving: self.endpoints.leaving.clone(),
        }
    }
}

/// What the workload's controller says. Of a Service nothing is known: it counts as ready.
fn ready_pods(rollout: &Rollout, workload: &Value) -> u32 {
    let field = match rollout.target_kind {
        TargetKind::Deployment => "/status/readyReplicas",
        TargetKind::DaemonSet => "/status/numberReady",
        TargetKind::Service => return 1,
    };
    let ready = workload.pointer(field).and_then(Value::as_u64).unwrap_or_default();
    u32::try_from(ready).unwrap_or(u32::MAX)
}

fn selects_nothing(service: &Value) -> bool {
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    text(service, "/spec/type") == Some("ExternalName") || selector.is_none_or(serde_json::Map::is_empty)
}

/// Ready endpoints in a Service's EndpointSlices; an address in several slices counts once.
pub fn ready_endpoints<'a>(slices: impl IntoIterator<Item = &'a Value>) -> u32 {
    let endpoints = slices.into_iter().flat_map(|slice| items(slice, "/endpoints"));
    let ready =
        endpoints.filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)));
    let addresses: BTreeSet<&str> = ready.filter_map(|endpoint| text(endpoint, "/addresses/0")).collect();
    u32::try_from(addresses.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_ready_addresses_count_and_each_once() {
        let slices = [
            json!({"endpoints": [
                {"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
                {"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
                {"addresses": ["10.0.0.3"]},
            ]}),
            json!({"endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}]}),
            json!({"endpoints": null}),
        ];
        assert_eq!(ready_endpoints(&slices), 2);
        assert_eq!(ready_endpoints([]), 0);
    }
}
