//! The three Services of a Canary: apex, primary and canary.

use serde_json::{Value, json};
use serin_api::canary::{CanaryService, CustomMetadata};

use crate::{
    Rollout,
    build::{
        BuildError, managed,
        metadata::{marked, with},
        owner,
        selector::Selector,
    },
    json::{entry, includes, int, items, set, text},
    plan::ServiceRole,
    settings::Settings,
};

mod beside;
mod moving;
mod ports;

pub use moving::{changes_port, unreachable};

/// The workloads whose pods the Services select.
#[derive(Clone, Copy, Debug)]
pub struct Workloads<'a> {
    /// The target, unless it is missing.
    pub target: Option<&'a Value>,
    /// The primary, once it was made.
    pub primary: Option<&'a Value>,
    /// Ports of the Services for primary and canary that the route refers to, or did a moment ago.
    pub in_use: &'a [i64],
}

impl<'a> Workloads<'a> {
    /// The labels of both; without a target, those that the primary has.
    ///
    /// # Errors
    /// When the pods of both cannot be told apart.
    pub fn selector(self, rollout: &Rollout, settings: &Settings) -> Result<Selector, BuildError> {
        match (self.target, self.primary) {
            (None, Some(primary)) => match Selector::of_primary(settings, primary) {
                Some(selector) => Ok(selector),
                None => Selector::of(rollout, settings, primary, None),
            },
            (target, primary) => Selector::of(rollout, settings, target.unwrap_or(&Value::Null), primary),
        }
    }

    /// The workload behind a Service: its containers tell the ports.
    fn behind(self, role: ServiceRole) -> &'a Value {
        let found = match role {
            ServiceRole::Canary => self.target,
            ServiceRole::Apex | ServiceRole::Primary => self.primary.or(self.target),
        };
        found.unwrap_or(&Value::Null)
    }
}

/// The fields of a Service that are Serin's.
///
/// An existing Service that was not generated for this Canary keeps its type, labels and owners: only its
/// selector, the ports and the markers for Flux are set. What a generated Service got when it was made
/// (type, headless, traffic distribution) stays as it is.
///
/// The body is for a server-side apply. Where a port of a generated Service stands in the way of a desired one of the
/// same name, it is a replacement instead and has a `metadata.resourceVersion`. The user's ports are left alone, and
/// ours give way (`beside.rs`).
///
/// # Errors
/// - [`BuildError::NoService`] without `spec.service`,
/// - [`BuildError::Selector`] when none of the `-selector-labels` selects the target's pods,
/// - [`BuildError::NoSuchPort`] when neither side's pods declare the number in
///   `service.targetPort`,
/// - [`BuildError::UnnamedPort`] when a user's Service has a port without a name beside ours.
pub fn service(
    rollout: &Rollout,
    settings: &Settings,
    role: ServiceRole,
    workloads: Workloads<'_>,
    live: Option<&Value>,
) -> Result<Value, BuildError> {
    let service = super::service(rollout)?;
    let selector = workloads.selector(rollout, settings)?;
    let pods = match role {
        ServiceRole::Canary => selector.target.clone(),
        _ => moving::selected(&selector.primary, workloads.primary, live),
    };
    let mut body = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name(rollout, role), "namespace": rollout.namespace},
        "spec": {
            "ports": ports::ports(service, workloads.behind(role)),
            "selector": pods,
        },
    });
    let generated = live.is_none_or(|live| owner::owned(rollout, live));
    if generated {
        own(rollout, service, role, &selector, &mut body);
        keep_or_choose(service, live, &mut body);
    } else {
        body["metadata"]["annotations"] = json!(marked(super::metadata::Map::new()));
    }
    if role != ServiceRole::Canary {
        let main = live.into_iter().flat_map(|live| items(live, "/spec/ports"));
        let main = main.into_iter().find(|port| int(port, "/port") == Some(service.port));
        let wanted = service.target_port_or_default();
        body["spec"]["ports"][0]["targetPort"] =
            moving::target_port(rollout, &wanted, workloads.target, workloads.primary, main)?;
    }
    if let Some(live) = live.filter(|_| role != ServiceRole::Apex) {
        moving::retain(&mut body, live, workloads.in_use);
    }
    if let Some(live) = live.filter(|_| !generated && role == ServiceRole::Apex) {
        let ours = items(&body, "/spec/ports").cloned().collect();
        body["spec"]["ports"] = beside::beside(rollout, service, ours, live)?.into();
        return Ok(body);
    }
    Ok(live.and_then(|live| replacement(&body, live)).unwrap_or(body))
}

/// The Service's name.
pub fn name(rollout: &Rollout, role: ServiceRole) -> String {
    match role {
        ServiceRole::Apex => rollout.apex.clone(),
        ServiceRole::Primary => rollout.primary_service(),
        ServiceRole::Canary => rollout.canary_service(),
    }
}

fn own(rollout: &Rollout, service: &CanaryService, role: ServiceRole, selector: &Selector, body: &mut Value) {
    let custom = match role {
        ServiceRole::Apex => &service.apex,
        ServiceRole::Primary => &service.primary,
        ServiceRole::Canary => &service.canary,
    };
    let CustomMetadata { labels, annotations } = custom.clone().unwrap_or_default();
    let metadata = entry(body, "metadata");
    let labels = with(labels.unwrap_or_default(), &selector.label, name(rollout, role));
    set(metadata, "labels", Some(json!(labels)));
    set(metadata, "annotations", Some(json!(marked(annotations.unwrap_or_default()))));
    set(metadata, "ownerReferences", Some(json!([owner::reference(rollout)])));
}

/// What is chosen when a Service is made and left alone afterwards.
fn keep_or_choose(service: &CanaryService, live: Option<&Value>, body: &mut Value) {
    let spec = entry(body, "spec");
    let Some(live) = live else {
        set(spec, "type", Some("ClusterIP".into()));
        set(spec, "clusterIP", service.headless.then(|| "None".into()));
        set(spec, "trafficDistribution", service.traffic_distribution.clone().map(Value::from));
        return;
    };
    set(spec, "type", live.pointer("/spec/type").cloned());
    set(spec, "clusterIP", live.pointer("/spec/clusterIP").filter(|ip| *ip == "None").cloned());
    set(spec, "trafficDistribution", live.pointer("/spec/trafficDistribution").cloned());
}

/// Whether every field of ours has its value and none is left over; fields, labels, annotations and ports of
/// others do not matter.
pub fn in_sync(desired: &Value, live: &Value) -> bool {
    let spec_fields = desired["spec"].as_object().into_iter().flatten();
    let spec_same = spec_fields
        .filter(|(field, _)| *field != "ports")
        .all(|(field, value)| live["spec"].get(field) == Some(value));
    let maps_same = ["labels", "annotations"].into_iter().all(|map| {
        let wanted = desired["metadata"].get(map);
        wanted.is_none_or(|wanted| live["metadata"].get(map).is_some_and(|live| includes(live, wanted)))
    });
    let mut owners = items(desired, "/metadata/ownerReferences");
    let owned = owners.all(|owner| items(live, "/metadata/ownerReferences").any(|l| includes(l, owner)));
    let ports =
        items(desired, "/spec/ports").all(|port| items(live, "/spec/ports").any(|l| includes(l, port)));
    let stray = managed::stray_keys(live, desired) || managed::stray_port(live, &desired["spec"]["ports"]);
    spec_same && maps_same && owned && ports && !stray
}

/// The apex as it was before the Canary, for `revertOnDeletion`: it selects the target's pods again.
///
/// `None` if it was generated for this Canary, for then it goes with it, or for another. Where `kubectl apply` left
/// the user's manifest, its selector is restored.
///
/// # Errors
/// As [`service`].
pub fn reverted_apex(
    rollout: &Rollout,
    settings: &Settings,
    target: &Value,
    live: &Value,
) -> Result<Option<Value>, BuildError> {
    if owner::of_a_canary(live) || !rollout.target_kind.has_pods() {
        return Ok(None);
    }
    let workloads = Workloads { target: Some(target), primary: None, in_use: &[] };
    let selector = workloads.selector(rollout, settings)?;
    let mut body = service(rollout, settings, ServiceRole::Apex, workloads, Some(live))?;
    body["spec"]["selector"] = users_selector(live).unwrap_or_else(|| json!(selector.target));
    Ok(Some(body))
}

fn users_selector(live: &Value) -> Option<Value> {
    let manifest = text(live, "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration")?;
    let manifest: Value = serde_json::from_str(manifest).ok()?;
    manifest.pointer("/spec/selector").filter(|s| s.is_object()).cloned()
}

/// The live Service with `body` put over it, if an apply would leave two ports of one name.
fn replacement(body: &Value, live: &Value) -> Option<Value> {
    let desired: Vec<&Value> = items(body, "/spec/ports").collect();
    let kept: Vec<&Value> = items(live, "/spec/ports")
        .filter(|port| !desired.iter().any(|d| ports::same_slot(d, port)))
        .collect();
    let in_the_way = |port: &&Value| desired.iter().any(|d| d.get("name") == port.get("name"));
    if !kept.iter().any(in_the_way) {
        return None;
    }
    let ports = desired.iter().copied().chain(kept.iter().copied().filter(|port| !in_the_way(port)));
    let mut whole = live.clone();
    set(entry(&mut whole, "spec"), "ports", Some(ports.cloned().collect()));
    overlay(&mut whole, body);
    Some(whole)
}

fn overlay(live: &mut Value, body: &Value) {
    for field in ["labels", "annotations"] {
        for (key, value) in body["metadata"].get(field).and_then(Value::as_object).into_iter().flatten() {
            set(entry(entry(live, "metadata"), field), key, Some(value.clone()));
        }
    }
    for (field, value) in
        body["spec"].as_object().into_iter().flatten().filter(|(field, _)| *field != "ports")
    {
        set(entry(live, "spec"), field, Some(value.clone()));
    }
    set(live, "apiVersion", Some("v1".into()));
    set(live, "kind", Some("Service".into()));
}
