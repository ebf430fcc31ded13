//! Fixtures, and what an API server does to an object that is written.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};
use serin_api::{Canary, HttpRoute};
use serin_core::{
    Rollout, Routing, Seen,
    affinity::Cookies,
    build::{
        configs::{self, ConfigKind, config_refs},
        primary, scaler,
        selector::Selector,
        services::{self, Workloads},
    },
    hash::config_checksum,
    observe::Route,
    plan::ServiceRole,
    router::{
        self, Objects,
        gateway_api::{self as route, Gateways, Surroundings},
    },
    validate::{Settings, validate},
};

pub(crate) const ROLES: [ServiceRole; 3] = [ServiceRole::Apex, ServiceRole::Primary, ServiceRole::Canary];

/// The objects of one namespace.
pub(crate) struct World {
    pub(crate) objects: Vec<Value>,
    pub(crate) settings: Settings,
    /// The Gateways that are known of.
    pub(crate) gateways: Gateways,
}

impl World {
    pub(crate) fn load(fixture: &str) -> Self {
        let path = format!("{}/tests/fixtures/{fixture}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let objects = serde_saphyr::from_multiple(&text).unwrap();
        Self { objects, settings: Settings::default(), gateways: Gateways::new() }
    }

    /// The tutorial with other `spec.service` and `spec.analysis` fields.
    pub(crate) fn tutorial_with(service: &Value, analysis: &Value) -> Self {
        let mut world = Self::load("tutorial.yaml");
        let spec = &mut world.find_mut("Canary")["spec"];
        merge(&mut spec["service"], service);
        merge(&mut spec["analysis"], analysis);
        world
    }

    pub(crate) fn find(&self, kind: &str) -> &Value {
        self.objects.iter().find(|object| object["kind"] == kind).unwrap()
    }

    pub(crate) fn find_mut(&mut self, kind: &str) -> &mut Value {
        self.objects.iter_mut().find(|object| object["kind"] == kind).unwrap()
    }

    pub(crate) fn canary(&self) -> Canary {
        serde_json::from_value(self.find("Canary").clone()).unwrap()
    }

    pub(crate) fn rollout(&self) -> Rollout {
        validate(&self.canary(), &self.settings).unwrap()
    }

    pub(crate) fn target(&self) -> &Value {
        self.find(&self.canary().spec.target_ref.kind)
    }

    pub(crate) fn selector(&self) -> Selector {
        Selector::of(&self.rollout(), &self.settings, self.target(), None).unwrap()
    }

    pub(crate) fn config(&self, kind: ConfigKind, name: &str) -> Option<&Value> {
        let is = |object: &&Value| object["kind"] == kind.name() && object["metadata"]["name"] == name;
        self.objects.iter().find(is)
    }

    /// Checksums of the configs that exist and are tracked.
    pub(crate) fn configs(&self) -> BTreeMap<String, String> {
        let refs = config_refs(self.target()).into_iter();
        let found = refs.filter_map(|r| Some((r.key(), r.kind, self.config(r.kind, &r.name)?)));
        let tracked = found.filter(|(_, kind, config)| !configs::ignored(*kind, config));
        tracked.map(|(key, _, config)| (key, config_checksum(config))).collect()
    }

    pub(crate) fn service(&self, role: ServiceRole, live: Option<&Value>) -> Value {
        let workloads = Workloads { target: Some(self.target()), primary: None, in_use: &[] };
        services::service(&self.rollout(), &self.settings, role, workloads, live).unwrap()
    }

    pub(crate) fn primary(&self, live: Option<&Value>) -> Value {
        primary::primary(&self.rollout(), &self.settings, self.target(), live, &self.configs()).unwrap()
    }

    pub(crate) fn route(&self, routing: Routing, live: Option<&HttpRoute>) -> Value {
        self.around(|rollout, seen| route::route(rollout, seen, routing, live).unwrap())
    }

    /// The facts about a live route.
    pub(crate) fn read(&self, live: &HttpRoute) -> Route {
        self.around(|rollout, seen| route::read(rollout, seen, live).unwrap())
    }

    /// What the router looks at, with this route.
    pub(crate) fn routes(&self, live: Option<&HttpRoute>) -> Objects {
        let seen = live.map(|live| Arc::new(serde_json::to_value(live).unwrap()));
        let route = seen.map_or(Seen::Absent, Seen::Present);
        router::route(&self.rollout()).into_iter().map(|object| (object, route.clone())).collect()
    }

    fn around<T>(&self, ask: impl FnOnce(&Rollout, &Surroundings<'_>) -> T) -> T {
        let (selector, cookies) = (self.selector(), self.cookies());
        let seen = Surroundings {
            selector: Some(&selector),
            cookies: &cookies,
            gateways: &self.gateways,
            refused: None,
        };
        ask(&self.rollout(), &seen)
    }

    /// The cookies of the Canary's status.
    pub(crate) fn cookies(&self) -> Cookies {
        self.canary().status.as_ref().map(Cookies::of).unwrap_or_default()
    }

    /// Everything that is made when the Canary is new.
    pub(crate) fn generated(&self) -> Vec<Value> {
        let rollout = self.rollout();
        let mut all = vec![self.primary(None)];
        for r in config_refs(self.target()) {
            let source = self.config(r.kind, &r.name).unwrap();
            all.push(configs::config_copy(&rollout, &self.settings, r.kind, source, None));
        }
        all.extend(ROLES.map(|role| self.service(role, None)));
        let reference = rollout.spec.autoscaler_ref.as_ref().unwrap();
        all.push(scaler::scaler(&rollout, reference, self.find("HorizontalPodAutoscaler"), None).unwrap());
        all.push(self.route(Routing::PRIMARY, None));
        all
    }
}

/// JSON merge patch.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    for (key, value) in fields {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut target[key], value);
        }
    }
}

/// A Service after a server-side apply: maps are merged, ports by number and protocol.
pub(crate) fn apply_service(body: &Value, live: Option<&Value>) -> Value {
    let mut applied = live.cloned().unwrap_or_else(|| json!({"metadata": {"resourceVersion": "1"}}));
    let live_ports = applied["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let ports = body["spec"]["ports"].as_array().unwrap();
    let slot = |port: &Value| (port["port"].clone(), port["protocol"].clone());
    let kept = live_ports.into_iter().filter(|live| !ports.iter().any(|port| slot(port) == slot(live)));
    let all: Vec<Value> = ports.iter().cloned().chain(kept).collect();
    merge(&mut applied, body);
    applied["spec"]["ports"] = all.into();
    applied["spec"]["selector"] = body["spec"]["selector"].clone();
    if applied["spec"]["clusterIP"].is_null() {
        applied["spec"]["clusterIP"] = json!("10.96.0.1");
    }
    applied["spec"]["sessionAffinity"] = json!("None");
    applied
}

/// A route after a server-side apply. The rules are one field, so that they are replaced as a whole.
pub(crate) fn apply_route(body: &Value, live: Option<&HttpRoute>) -> HttpRoute {
    let mut applied = live.map_or_else(|| json!({}), |live| serde_json::to_value(live).unwrap());
    merge(&mut applied, body);
    serde_json::from_value(applied).unwrap()
}
