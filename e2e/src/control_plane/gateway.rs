//! The word of a gateway where there is none: every route is accepted at once.

use std::time::Duration;

use futures::StreamExt;
use kube::{
    Api, Client, ResourceExt,
    api::{Patch, PatchParams},
    runtime::watcher::{self, Event, watcher},
};
use serde_json::{Value, json};
use serin_api::HttpRoute;
use tokio::{task::JoinSet, time::sleep};

/// Who says that it has accepted a route.
const CONTROLLER: &str = "example.com/gateway";
/// Routes that are answered at a time.
const AT_ONCE: usize = 16;
/// How long to leave a server alone that does not serve routes or does not answer.
const PAUSE: Duration = Duration::from_millis(250);

/// Reports to each parent of every HTTPRoute that it is accepted as it is. It ends when it is dropped.
pub struct Gateway {
    _tasks: JoinSet<()>,
}

impl Gateway {
    /// Starts to watch the routes of all namespaces.
    pub fn start(client: &Client) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(client.clone()));
        Self { _tasks: tasks }
    }
}

async fn serve(client: Client) {
    let events = watcher(Api::<HttpRoute>::all(client.clone()), watcher::Config::default());
    let routes = events.filter_map(async |event| match event {
        Ok(Event::Apply(route) | Event::InitApply(route)) => Some(route),
        Ok(_) => None,
        // The watch begins anew by itself.
        Err(_) => {
            sleep(PAUSE).await;
            None
        }
    });
    let answering = routes.for_each_concurrent(AT_ONCE, |route| {
        let client = client.clone();
        async move { answer(client, &route).await }
    });
    answering.await;
}

/// A route that was written again meanwhile has another version, and comes again.
async fn answer(client: Client, route: &HttpRoute) {
    let (Some(status), Some(namespace)) = (report(route), route.namespace()) else { return };
    let api: Api<HttpRoute> = Api::namespaced(client, &namespace);
    let _ = api.patch_status(&route.name_any(), &PatchParams::default(), &Patch::Merge(status)).await;
}

/// What to write; nothing when all is said.
fn report(route: &HttpRoute) -> Option<Value> {
    let (parents, generation) = (&route.spec.parent_refs, route.metadata.generation);
    let said = route.status.iter().flat_map(|status| &status.parents);
    let said = said.map(|report| {
        (&report.parent_ref, report.condition("Accepted").and_then(|accepted| accepted.observed_generation))
    });
    if said.eq(parents.iter().map(|parent| (parent, generation))) {
        return None;
    }
    let conditions = [("Accepted", "Accepted"), ("ResolvedRefs", "ResolvedRefs")].map(|(type_, reason)| {
        json!({
            "type": type_, "status": "True", "reason": reason, "message": "",
            "observedGeneration": generation, "lastTransitionTime": route.metadata.creation_timestamp,
        })
    });
    let reports = parents
        .iter()
        .map(|parent| json!({"parentRef": parent, "controllerName": CONTROLLER, "conditions": conditions}));
    let reports: Vec<Value> = reports.collect();
    let version = &route.metadata.resource_version;
    Some(json!({"metadata": {"resourceVersion": version}, "status": {"parents": reports}}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(generation: i64, status: &Value) -> HttpRoute {
        let metadata = json!({
            "name": "a", "generation": generation, "resourceVersion": "7", "creationTimestamp": "2026-01-01T00:00:00Z",
        });
        let spec = json!({"parentRefs": [{"name": "gateway", "namespace": "system"}, {"name": "other"}]});
        serde_json::from_value(json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": metadata, "spec": spec, "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn each_parent_accepts_each_generation_once() {
        let said = report(&route(3, &json!({"parents": []}))).unwrap();
        assert_eq!(said["metadata"]["resourceVersion"], "7");
        let parents = said["status"]["parents"].as_array().unwrap();
        let names: Vec<_> = parents.iter().map(|parent| &parent["parentRef"]["name"]).collect();
        assert_eq!(names, ["gateway", "other"]);
        assert!(parents.iter().all(|parent| parent["conditions"][0]["observedGeneration"] == 3));
        assert_eq!(report(&route(3, &said["status"])), None);
        assert!(report(&route(4, &said["status"])).is_some());
    }
}
