//! The NGINX Ingress controller: beside the user's Ingress a copy for the canary, whose annotations say who gets there.
//!
//! | the copy has | intent |
//! |---|---|
//! | `canary-weight` | that share of all requests |
//! | `canary-by-header…`, `canary-by-cookie` | requests that `analysis.match` chooses |
//! | `serin/kept-warm` | a rollout is under way: the controller knows both sides at any time, so that this is a note to ourselves |
//!
//! The user's Ingress is never written: its requests go to the Service `<apex>`, which selects the primary.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};
use serin_api::CanarySpec;

use super::{
    Backend, Capabilities, Failure, How, Named, ObjectKind, ObjectRef, Router, Scene, WRITES, Write,
};
use crate::{
    Rollout, Routing, Seen,
    build::{
        BuildError, PORT_NOT_FOUND,
        claims::{Claim, Conflict, foreign},
        managed,
        metadata::{Map, marked},
        owner,
    },
    json::{includes, items, text, texts},
    names::is_subdomain,
    observe::{Acceptance, Route},
    spec_error::SpecError,
    strategy::Kind,
};

mod choice;

use choice::{CHOICES, Choice};

/// The user's Ingress and its copy.
pub static INGRESS: ObjectKind = ObjectKind {
    group: "networking.k8s.io",
    version: "v1",
    name: "Ingress",
    plural: "ingresses",
    remedy: "use a cluster that serves it",
    spared: None,
    verbs: WRITES,
};

static KINDS: [&ObjectKind; 1] = [&INGRESS];

/// Says that requests to the canary may be under way.
const WARM: &str = "serin/kept-warm";

/// Where `kubectl apply` keeps the user's manifest.
const MANIFEST: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The provider `nginx`.
#[derive(Clone, Copy, Debug)]
pub struct Nginx;

impl Router for Nginx {
    fn provider(&self) -> &'static str {
        "nginx"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { weights: true, ..Capabilities::default() }
    }

    fn kinds(&self) -> &'static [&'static ObjectKind] {
        &KINDS
    }

    fn prefix(&self) -> &'static str {
        "nginx/"
    }

    fn missing(&self, spec: &CanarySpec) -> Option<SpecError> {
        let remedy = "name the Ingress whose paths lead to the application";
        let error = || SpecError::new("spec.ingressRef", "", "ingress selector is empty", remedy);
        source_name(spec).is_none().then(error)
    }

    fn limits(&self, spec: &CanarySpec) -> Vec<SpecError> {
        let name = source_name(spec).map(copy_name);
        let wrong = name.filter(|name| !is_subdomain(name)).map(|name| {
            let problem = "no Ingress can have the name of its copy for the canary";
            SpecError::new(
                "spec.ingressRef.name",
                name,
                problem,
                "use a shorter name of letters, digits, '-' and '.'",
            )
        });
        wrong.into_iter().collect()
    }

    fn unsayable(&self, spec: &CanarySpec) -> Vec<SpecError> {
        Choice::of(spec).err().unwrap_or_default()
    }

    fn route(&self, canary: &Named<'_>) -> Option<ObjectRef> {
        Some(INGRESS.named(canary.namespace, copy_name(source_name(canary.spec)?)))
    }

    fn objects(&self, canary: &Named<'_>) -> Vec<ObjectRef> {
        let source = source_name(canary.spec).map(|name| INGRESS.named(canary.namespace, name));
        self.route(canary).into_iter().chain(source).collect()
    }

    fn conflict(&self, rollout: &Rollout, live: &Value) -> Option<Conflict> {
        let source = source_name(&rollout.spec)?;
        Some(Conflict {
            kind: INGRESS.name,
            name: copy_name(source),
            whose: foreign(rollout, Claim::Generated, live)?,
            purpose: format!("the canary's copy of Ingress {source}"),
            remedy: format!("rename or delete it, or rename Ingress {source}"),
        })
    }

    fn read(&self, scene: &Scene<'_>) -> Result<Seen<Route>, BuildError> {
        Ok(match (scene.live(), copied(scene)) {
            (Seen::Unknown(why), _) | (Seen::Absent, Err(Missing::Unknown(why))) => Seen::Unknown(why),
            (Seen::Absent, Err(Missing::Wrong(error))) => return Err(error),
            (Seen::Absent, Ok(_)) => Seen::Absent,
            (Seen::Present(live), copied) => Seen::Present(facts(scene, live, copied)),
        })
    }

    fn backends(&self, live: &Value) -> Vec<Backend> {
        let paths = items(live, "/spec/rules").flat_map(|rule| items(rule, "/http/paths"));
        let services = paths.filter_map(|path| path.pointer("/backend/service"));
        services.filter_map(backend).collect()
    }

    fn build(&self, scene: &Scene<'_>, intent: Routing) -> Result<Vec<Write>, BuildError> {
        let rollout = scene.rollout;
        let live = scene.live();
        let object = super::route(rollout);
        let Some(object) = object else { return Ok(Vec::new()) };
        let name = format!("{}.{}", object.name, object.namespace);
        let doing = if live.present().is_some() { "update" } else { "create" };
        let failure = Failure::new(format!("ingress {name} {doing} error: "));
        let (how, body) = match (copied(scene), live) {
            // What cannot be copied anew keeps its shape; its share of the traffic is moved all the same.
            (Err(_), Seen::Present(live)) => (How::Merge, reweighted(rollout, live, intent)),
            (Ok(_), Seen::Present(live)) if scene.refused.is_some() => {
                (How::Merge, reweighted(rollout, live, intent))
            }
            (Err(Missing::Wrong(error)), _) => return Err(error),
            (Err(Missing::Unknown(_)), _) => return Ok(Vec::new()),
            (Ok(mut body), live) => {
                let live = live.present().copied();
                complete(&mut body, &object, rollout, intent, live);
                (How::Apply { takes_over: live.is_some_and(managed::outlives) }, body)
            }
        };
        Ok(vec![Write { object, how, body, failure }])
    }

    fn revert(&self, scene: &Scene<'_>, _apex: Option<&Value>) -> Result<Vec<Write>, BuildError> {
        Ok(scene.live().present().and_then(|live| self.release(live)).into_iter().collect())
    }

    fn shares(&self, live: &Value) -> bool {
        let weight = ours(live, "canary-weight").is_some_and(|weight| weight != "0");
        weight || CHOICES.iter().any(|choice| ours(live, choice).is_some())
    }

    fn release(&self, live: &Value) -> Option<Write> {
        if !self.shares(live) {
            return None;
        }
        let prefix = prefix_of(live)?;
        let none = CHOICES.iter().map(|choice| (format!("{prefix}/{choice}"), Value::Null));
        let mut annotations: serde_json::Map<String, Value> = none.collect();
        annotations.insert(format!("{prefix}/canary-weight"), "0".into());
        let part = |pointer| text(live, pointer).unwrap_or_default();
        let object = INGRESS.named(part("/metadata/namespace"), part("/metadata/name"));
        let failure = Failure::new(format!("ingress {}.{} update error: ", object.name, object.namespace));
        Some(Write { object, how: How::Merge, body: patch(live, &Value::Object(annotations)), failure })
    }

    fn retire(&self, _rollout: &Rollout, live: &Value) -> Option<Write> {
        self.release(live)
    }
}

fn source_name(spec: &CanarySpec) -> Option<&str> {
    spec.ingress_ref.as_ref().map(|reference| reference.name.as_str()).filter(|name| !name.is_empty())
}

fn copy_name(source: &str) -> String {
    format!("{source}-canary")
}

fn backend(service: &Value) -> Option<Backend> {
    let number = service.pointer("/port/number").and_then(Value::as_i64);
    let port = match number.and_then(|number| i32::try_from(number).ok()) {
        Some(number) => IntOrString::Int(number),
        None => IntOrString::String(text(service, "/port/name")?.to_owned()),
    };
    Some(Backend { service: text(service, "/name")?.to_owned(), port })
}

/// Why there is nothing to copy.
enum Missing {
    /// The Ingress could not be read, and why.
    Unknown(String),
    /// Only the user can help.
    Wrong(BuildError),
}

/// The user's Ingress with the canary in the place of the application: its labels, spec, and annotations but for those
/// that make an Ingress a canary.
fn copied(scene: &Scene<'_>) -> Result<Value, Missing> {
    let rollout = scene.rollout;
    let name = source_name(&rollout.spec).unwrap_or_default();
    let wrong = |reason, message| Err(Missing::Wrong(BuildError::Route { reason, message }));
    let source = match scene.object(&INGRESS.named(rollout.namespace.as_str(), name)) {
        Seen::Present(source) => source,
        Seen::Unknown(why) => return Err(Missing::Unknown(why)),
        Seen::Absent => {
            let message = format!(
                "ingress {name}.{} get query error: ingresses.networking.k8s.io \"{name}\" not found: create it, or \
                 correct spec.ingressRef.name",
                rollout.namespace
            );
            return wrong("IngressNotFound", message);
        }
    };
    let mut spec = source.get("spec").cloned().unwrap_or_default();
    if !redirect(&mut spec, &rollout.apex, &rollout.canary_service()) {
        let message = format!(
            "backend {} not found in ingress {name}: let a path of it lead to this Service, or correct \
             spec.ingressRef.name or spec.service.name",
            rollout.apex
        );
        return wrong("BackendNotFound", message);
    }
    if let Some(port) = unknown_port(scene, &spec) {
        let message = format!(
            "ingress {name} leads to port {port} of Service {}, which Service {} does not have: set spec.service.port \
             (or portName) to it, set spec.service.portDiscovery, or correct the Ingress",
            rollout.apex,
            rollout.canary_service()
        );
        return wrong(PORT_NOT_FOUND, message);
    }
    let mut annotations = texts(source, "/metadata/annotations");
    let canary = format!("{}/canary", rollout.ingress_annotations);
    annotations.retain(|key, _| key != MANIFEST && !key.contains(&canary));
    let mut body = json!({"metadata": {"annotations": marked(annotations)}, "spec": spec});
    let labels = texts(source, "/metadata/labels");
    if !labels.is_empty() {
        body["metadata"]["labels"] = json!(labels);
    }
    Ok(body)
}

/// A port to which a copy would lead and that the canary's Service does not get. One that the live copy leads to stays on
/// the Service.
fn unknown_port(scene: &Scene<'_>, spec: &Value) -> Option<String> {
    let service = scene.rollout.spec.service.as_ref().filter(|service| !service.port_discovery)?;
    let live = scene.live();
    let used = live.present().map(|live| Nginx.backends(live)).unwrap_or_default();
    let to_canary = scene.rollout.canary_service();
    let known = |port: &IntOrString| match port {
        IntOrString::Int(number) => i64::from(*number) == service.port,
        IntOrString::String(name) => name == service.port_name_or_default(),
    };
    let wanted = Nginx.backends(&json!({"spec": spec})).into_iter().filter(|it| it.service == to_canary);
    let mut unknown = wanted.filter(|it| !known(&it.port) && !used.contains(it));
    unknown.next().map(|backend| match backend.port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => format!("{name:?}"),
    })
}

/// Sends what goes to one Service to another. Returns whether anything did.
fn redirect(spec: &mut Value, from: &str, to: &str) -> bool {
    let rules = spec.get_mut("rules").and_then(Value::as_array_mut);
    let paths =
        rules.into_iter().flatten().filter_map(|rule| rule.pointer_mut("/http/paths")?.as_array_mut());
    let mut found = false;
    for name in paths.flatten().filter_map(|path| path.pointer_mut("/backend/service/name")) {
        if name.as_str() == Some(from) {
            *name = to.into();
            found = true;
        }
    }
    found
}

/// Makes a copy the Ingress to apply.
fn complete(body: &mut Value, object: &ObjectRef, rollout: &Rollout, intent: Routing, live: Option<&Value>) {
    body["apiVersion"] = INGRESS.api_version().into();
    body["kind"] = INGRESS.name.into();
    body["metadata"]["name"] = object.name.as_str().into();
    body["metadata"]["namespace"] = object.namespace.as_str().into();
    body["metadata"]["ownerReferences"] = json!([owner::reference(rollout)]);
    for (key, value) in annotations(rollout, intent) {
        body["metadata"]["annotations"][key] = value.into();
    }
    if body["spec"].get("tls").is_none() && live.is_some_and(|live| live.pointer("/spec/tls").is_some()) {
        // Leaving a field out does not take it away from another manager; an empty list does.
        body["spec"]["tls"] = json!([]);
    }
}

/// The annotations that carry out an intent.
fn annotations(rollout: &Rollout, intent: Routing) -> Map {
    let prefix = &rollout.ingress_annotations;
    let chooses = rollout.strategy.kind == Kind::AbTest;
    let weight = match (chooses, intent.everybody) {
        (true, true) => 100,
        (true, false) => 0,
        (false, _) => 100 - intent.primary(),
    };
    let mut map: Map = [("canary", "true".to_owned()), ("canary-weight", weight.to_string())]
        .into_iter()
        .chain(
            Choice::of(&rollout.spec)
                .ok()
                .filter(|_| chooses && intent.canary > 0)
                .into_iter()
                .flat_map(Choice::said),
        )
        .map(|(key, value)| (format!("{prefix}/{key}"), value))
        .collect();
    map.extend(intent.warm.then(|| (WARM.to_owned(), "true".to_owned())));
    map
}

/// The merge patch that carries out an intent on a live copy, and changes nothing else of it.
fn reweighted(rollout: &Rollout, live: &Value, intent: Routing) -> Value {
    let prefix = &rollout.ingress_annotations;
    let gone = CHOICES.iter().map(|choice| format!("{prefix}/{choice}")).chain([WARM.to_owned()]);
    let mut all: serde_json::Map<String, Value> = gone.map(|key| (key, Value::Null)).collect();
    all.extend(annotations(rollout, intent).into_iter().map(|(key, value)| (key, value.into())));
    patch(live, &Value::Object(all))
}

fn patch(live: &Value, annotations: &Value) -> Value {
    json!({"metadata": {
        "resourceVersion": live.pointer("/metadata/resourceVersion"), "annotations": annotations
    }})
}

/// What a live copy says. An Ingress has no status that tells of its acceptance: written is taken.
fn facts(scene: &Scene<'_>, live: &Value, copied: Result<Value, Missing>) -> Route {
    let rollout = scene.rollout;
    let routing = routing(rollout, live);
    let (in_shape, refused) = match copied {
        Ok(mut body) => {
            if let Some(object) = super::route(rollout) {
                complete(&mut body, &object, rollout, routing.unwrap_or(Routing::PRIMARY), Some(live));
            }
            (shaped(live, &body), scene.refused.map(ToOwned::to_owned))
        }
        // Nothing is known to be wrong.
        Err(Missing::Unknown(_)) => (true, None),
        Err(Missing::Wrong(error)) => (false, Some(error.to_string())),
    };
    Route {
        routing,
        in_shape,
        preexisting: false,
        warm: annotation(live, WARM).is_some(),
        acceptance: Acceptance::Accepted,
        refused,
        unattached: None,
        overlaps: None,
    }
}

/// The split; `None` when the annotations contradict each other, or are no numbers.
fn routing(rollout: &Rollout, live: &Value) -> Option<Routing> {
    let said = |key: &str| annotation(live, &format!("{}/{key}", rollout.ingress_annotations));
    let weight: u8 = said("canary-weight").map_or(Ok(0), str::parse).ok().filter(|weight| *weight <= 100)?;
    let warm = annotation(live, WARM).is_some();
    if rollout.strategy.kind != Kind::AbTest {
        return Some(Routing { warm, ..Routing::weighted(weight) });
    }
    let chosen = CHOICES.iter().any(|choice| said(choice).is_some());
    match (chosen, weight) {
        (false, 0) => Some(Routing { warm, ..Routing::PRIMARY }),
        (true, 0 | 100) => Some(Routing { warm, everybody: weight == 100, ..Routing::CANARY }),
        _ => None,
    }
}

/// Whether a live copy says what it should, and nothing that was ours and is not wanted any more.
fn shaped(live: &Value, wanted: &Value) -> bool {
    let same = |part: &str| {
        let (live, wanted) = (live.pointer(part), wanted.pointer(part));
        wanted.is_none_or(|wanted| live.is_some_and(|live| includes(live, wanted)))
    };
    let stray = |field: &str| live["spec"].get(field).is_some() && wanted["spec"].get(field).is_none();
    let metadata = ["/metadata/labels", "/metadata/annotations"].into_iter().all(same);
    metadata && same("/spec") && !stray("defaultBackend") && !managed::stray_keys(live, wanted)
}

fn annotation<'a>(live: &'a Value, key: &str) -> Option<&'a str> {
    live.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// The prefix of the annotations that make an Ingress a canary, whatever the operator's is now.
fn prefix_of(live: &Value) -> Option<&str> {
    let keys = live.pointer("/metadata/annotations")?.as_object()?.keys();
    let ending = |end| keys.clone().find_map(|key| key.strip_suffix(end));
    ending("/canary-weight").or_else(|| ending("/canary"))
}

fn ours<'a>(live: &'a Value, key: &str) -> Option<&'a str> {
    annotation(live, &format!("{}/{key}", prefix_of(live)?))
}
