//! An HTTPRoute that its user wrote before the Canary came. It is the object itself, read and written by the router that
//! ships, so that what is given back can be compared to the letter.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};
use serin_core::{
    Rollout, Routing, Seen,
    affinity::Cookies,
    observe::Route,
    router::{self, How, Objects, Scene, Write},
};

/// The header that the rules for no request have.
const WARM_UP: &str = "x-serin-warm-up";

/// An HTTPRoute of the user's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UsersRoute {
    /// The spec as its user wrote it.
    pub written: Arc<Value>,
    /// The object as it is.
    pub live: Arc<Value>,
}

impl UsersRoute {
    /// A route under the name of the apex with this spec.
    pub fn new(rollout: &Rollout, spec: Value) -> Self {
        let metadata = json!({"name": rollout.apex, "namespace": rollout.namespace});
        let live = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": metadata, "spec": spec,
        });
        Self { written: Arc::new(spec), live: Arc::new(live) }
    }

    /// Whether it says what its user wrote, and nothing of ours is left on it.
    pub fn is_as_written(&self) -> bool {
        let mut spec = self.live["spec"].clone();
        // An empty list of host names is none.
        if let Some(fields) = spec.as_object_mut() {
            fields.retain(|_, value| *value != json!([]));
        }
        spec == *self.written && self.annotations().is_empty()
    }

    /// Its annotations; the user's route has none of its own.
    fn annotations(&self) -> Vec<&str> {
        let all = self.live.pointer("/metadata/annotations").and_then(Value::as_object);
        all.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }

    /// The Services that get requests.
    pub fn with_traffic(&self) -> BTreeSet<&str> {
        let rules = self.rules().filter(|rule| !for_nobody(rule));
        let weighted = |backend: &&Value| backend["weight"].as_i64().unwrap_or(1) > 0;
        rules.flat_map(backends).filter(weighted).filter_map(name).collect()
    }

    /// The Services that the gateway knows of.
    pub fn named(&self) -> BTreeSet<&str> {
        self.rules().flat_map(backends).filter_map(name).collect()
    }

    fn rules(&self) -> impl Iterator<Item = &Value> {
        self.live.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten()
    }

    pub(super) fn read(&self, rollout: &Rollout, cookies: &Cookies, refused: Option<&str>) -> Seen<Route> {
        let read = self.scene(rollout, cookies, refused, |scene| router::of(rollout).read(scene));
        read.unwrap_or_else(|error| Seen::Unknown(error.to_string()))
    }

    pub(super) fn split(
        &mut self,
        rollout: &Rollout,
        cookies: &Cookies,
        refused: Option<&str>,
        intent: Routing,
    ) {
        let writes = self.scene(rollout, cookies, refused, |scene| router::of(rollout).build(scene, intent));
        writes.iter().flatten().for_each(|write| self.carry_out(write));
    }

    pub(super) fn revert(&mut self, rollout: &Rollout) {
        let none = Cookies::default();
        let writes = self.scene(rollout, &none, None, |scene| router::of(rollout).revert(scene, None));
        writes.iter().flatten().for_each(|write| self.carry_out(write));
    }

    fn scene<T>(
        &self,
        rollout: &Rollout,
        cookies: &Cookies,
        refused: Option<&str>,
        ask: impl FnOnce(&Scene<'_>) -> T,
    ) -> T {
        let live = Seen::Present(Arc::clone(&self.live));
        let objects: Objects =
            router::route(rollout).into_iter().map(|object| (object, live.clone())).collect();
        ask(&Scene { rollout, selector: None, cookies, objects: &objects, refused })
    }

    /// As the API server would. The annotations are all ours; of the spec, a field that is not sent stays the user's.
    fn carry_out(&mut self, write: &Write) {
        let mut live = Value::clone(&self.live);
        if let How::Apply { .. } = write.how
            && let Some(metadata) = live["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
        merge(&mut live, &write.body);
        self.live = Arc::new(live);
    }
}

fn backends(rule: &Value) -> impl Iterator<Item = &Value> {
    rule["backendRefs"].as_array().into_iter().flatten()
}

fn name(backend: &Value) -> Option<&str> {
    backend["name"].as_str()
}

fn for_nobody(rule: &Value) -> bool {
    let matches = rule["matches"].as_array().into_iter().flatten();
    let mut headers = matches.flat_map(|one| one["headers"].as_array().into_iter().flatten());
    headers.any(|header| header["name"] == WARM_UP)
}

/// Maps are merged, everything else is replaced.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => into.clone_from(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_takes_the_place_of_lists() {
        let mut live = json!({"spec": {"rules": [1, 2], "hostnames": ["a"]}});
        merge(&mut live, &json!({"spec": {"rules": [3]}}));
        assert_eq!(live, json!({"spec": {"rules": [3], "hostnames": ["a"]}}));
    }
}
