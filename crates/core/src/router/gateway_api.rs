//! The Gateway API: an HTTPRoute splits the traffic between primary and canary.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;
use serde_json::Value;
use serin_api::{CanarySpec, HttpRoute, gateway::ParentReference};

use super::{
    Backend, Capabilities, Failure, How, Named, ObjectKind, ObjectRef, Objects, READS, Router, Scene, WRITES,
    Write,
};
use crate::{
    Rollout, Routing, Seen,
    build::{
        BuildError,
        claims::{Claim, Conflict, foreign},
    },
    json::{items, text},
    observe::Route,
    spec_error::SpecError,
};

mod accept;
mod affinity;
mod attach;
mod check;
mod defaults;
mod filters;
mod handover;
mod limits;
pub mod matches;
mod object;
mod original;
mod ours;
mod parents;
mod parts;
mod read;
mod retire;
mod weights;

pub use defaults::normalise;
pub use object::{Surroundings, route, spec};
pub use original::{reverted, step_back};
pub use parents::{Gateways, gateway_key};
pub use read::{outlives, read};
pub use retire::retired;
pub use weights::{reweighted, shares};

pub(crate) use filters::filters;
pub(crate) use parts::hostnames;

/// The route.
pub static HTTP_ROUTE: ObjectKind = ObjectKind {
    group: "gateway.networking.k8s.io",
    version: "v1",
    name: "HTTPRoute",
    plural: "httproutes",
    remedy: "install the CRDs of the Gateway API",
    spared: None,
    verbs: WRITES,
};

/// The parent of a route: it is only looked at.
pub static GATEWAY: ObjectKind = ObjectKind {
    name: "Gateway",
    plural: "gateways",
    spared: Some("only the status of an HTTPRoute tells that its Gateway is not there"),
    verbs: READS,
    ..HTTP_ROUTE
};

static KINDS: [&ObjectKind; 2] = [&HTTP_ROUTE, &GATEWAY];

/// The providers `gatewayapi:v1` and `gatewayapi:v1beta1`, which are one: the route is always written in v1.
#[derive(Clone, Copy, Debug)]
pub struct GatewayApi;

impl Router for GatewayApi {
    fn provider(&self) -> &'static str {
        "gatewayapi:v1"
    }

    fn answers(&self, provider: &str) -> bool {
        provider == "gatewayapi" || provider.starts_with("gatewayapi:v1")
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { weights: true, shares_of_matches: true, mirror: true, affinity: true }
    }

    fn kinds(&self) -> &'static [&'static ObjectKind] {
        &KINDS
    }

    fn missing(&self, spec: &CanarySpec) -> Option<SpecError> {
        check::gateways(spec)
    }

    fn limits(&self, spec: &CanarySpec) -> Vec<SpecError> {
        spec.service.as_ref().map(|service| limits::check(spec, service)).unwrap_or_default()
    }

    fn unsayable(&self, spec: &CanarySpec) -> Vec<SpecError> {
        check::unsayable(spec)
    }

    fn route(&self, canary: &Named<'_>) -> Option<ObjectRef> {
        Some(HTTP_ROUTE.named(canary.namespace, canary.apex))
    }

    fn objects(&self, canary: &Named<'_>) -> Vec<ObjectRef> {
        let references = canary.spec.service.iter().flat_map(|service| &service.gateway_refs);
        let gateways = references.filter_map(|reference| {
            let path = gateway_key(&ParentReference::from(reference), canary.namespace)?;
            let (namespace, name) = path.split_once('/')?;
            Some(GATEWAY.named(namespace, name))
        });
        self.route(canary).into_iter().chain(gateways).collect()
    }

    fn conflict(&self, rollout: &Rollout, live: &Value) -> Option<Conflict> {
        Some(Conflict::of_a_named(rollout, HTTP_ROUTE.name, foreign(rollout, Claim::Named, live)?))
    }

    fn read(&self, scene: &Scene<'_>) -> Result<Seen<Route>, BuildError> {
        let gateways = gateways(scene.objects);
        let seen = surroundings(scene, &gateways);
        Ok(match live(scene) {
            Seen::Unknown(why) => Seen::Unknown(why),
            Seen::Absent => Seen::Absent,
            Seen::Present(live) => Seen::Present(read(scene.rollout, &seen, &live)?),
        })
    }

    fn backends(&self, live: &Value) -> Vec<Backend> {
        let backends = items(live, "/spec/rules").flat_map(|rule| items(rule, "/backendRefs"));
        let named = backends.filter_map(|backend| {
            let port = i32::try_from(backend.get("port")?.as_i64()?).ok()?;
            Some(Backend { service: text(backend, "/name")?.to_owned(), port: IntOrString::Int(port) })
        });
        named.collect()
    }

    fn build(&self, scene: &Scene<'_>, intent: Routing) -> Result<Vec<Write>, BuildError> {
        let live = live(scene).present().cloned();
        if let (Some(_), Some(live)) = (scene.refused, &live) {
            return Ok(reweighting(intent, live).into_iter().collect());
        }
        let gateways = gateways(scene.objects);
        let seen = surroundings(scene, &gateways);
        let body = route(scene.rollout, &seen, intent, live.as_ref())?;
        let split = |live| read(scene.rollout, &seen, live).ok()?.routing;
        let (doing, after) = match &live {
            Some(live) if split(live) == Some(intent) => ("update", " while reconciling"),
            Some(_) => ("update", " while setting weights"),
            None => ("create", ""),
        };
        Ok(vec![applied(scene.rollout, body, live.as_ref(), doing, after)])
    }

    fn revert(&self, scene: &Scene<'_>, apex: Option<&Value>) -> Result<Vec<Write>, BuildError> {
        let Seen::Present(live) = live(scene) else { return Ok(Vec::new()) };
        let body = step_back(scene.rollout, &live, apex)?;
        let write = |body| applied(scene.rollout, body, Some(&live), "update", " while reverting");
        Ok(body.map(write).into_iter().collect())
    }

    fn shares(&self, live: &Value) -> bool {
        decoded(live).is_ok_and(|live| shares(&live))
    }

    fn release(&self, live: &Value) -> Option<Write> {
        reweighting(Routing::PRIMARY, &decoded(live).ok()?)
    }

    fn retire(&self, rollout: &Rollout, live: &Value) -> Option<Write> {
        let live = decoded(live).ok()?;
        let body = retired(rollout, &live)?;
        let object = reference(&live);
        let failure =
            Failure::around(format!("taking HTTPRoute {} out of service failed: ", full_name(&object)), "");
        Some(Write { object, how: How::Merge, body, failure })
    }
}

fn decoded(live: &Value) -> serde_json::Result<HttpRoute> {
    HttpRoute::deserialize(live)
}

fn live(scene: &Scene<'_>) -> Seen<HttpRoute> {
    match scene.live() {
        Seen::Unknown(why) => Seen::Unknown(why),
        Seen::Absent => Seen::Absent,
        Seen::Present(live) => match decoded(live) {
            Ok(route) => Seen::Present(route),
            Err(error) => Seen::Unknown(format!("HTTPRoute {} cannot be read: {error}", scene.rollout.apex)),
        },
    }
}

fn gateways(objects: &Objects) -> Gateways {
    let gateways = objects.iter().filter(|(object, _)| *object.kind == GATEWAY);
    gateways.map(|(object, seen)| (format!("{}/{}", object.namespace, object.name), seen.clone())).collect()
}

fn surroundings<'a>(scene: &Scene<'a>, gateways: &'a Gateways) -> Surroundings<'a> {
    Surroundings { selector: scene.selector, cookies: scene.cookies, gateways, refused: scene.refused }
}

fn reference(live: &HttpRoute) -> ObjectRef {
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    HTTP_ROUTE.named(name(&live.metadata.namespace), name(&live.metadata.name))
}

fn full_name(object: &ObjectRef) -> String {
    format!("{}.{}", object.name, object.namespace)
}

fn applied(
    rollout: &Rollout,
    body: Value,
    live: Option<&HttpRoute>,
    doing: &str,
    after: &'static str,
) -> Write {
    let object = HTTP_ROUTE.named(rollout.namespace.as_str(), rollout.apex.as_str());
    let failure = Failure::around(format!("HTTPRoute {} {doing} error: ", full_name(&object)), after);
    Write { object, how: How::Apply { takes_over: live.is_some_and(outlives) }, body, failure }
}

/// Changes the weights of a live route and nothing else.
fn reweighting(routing: Routing, live: &HttpRoute) -> Option<Write> {
    let body = reweighted(routing, live)?;
    let object = reference(live);
    let failure =
        Failure::around(format!("HTTPRoute {} update error: ", full_name(&object)), " while setting weights");
    Some(Write { object, how: How::Merge, body, failure })
}
