//! How a split of the traffic is written down: one file for each way, and one line in [`ROUTERS`].
//!
//! What is decided is an *intent*: a [`Routing`], with the cookies of session affinity. A [`Router`] knows the objects
//! that carry it out. It is pure: it names the objects that it has to see, reads them as facts ([`Route`]), and turns an
//! intent into [`Write`]s. Which of these is due, and whether a side can take more traffic, is decided elsewhere and is
//! the same for all of them.
//!
//! `docs/routers.md` tells how to add one.

use std::fmt::Debug;

use serde_json::Value;
use serin_api::CanarySpec;

use crate::{
    Rollout, Routing, Seen,
    affinity::Cookies,
    build::{BuildError, claims::Conflict, selector::Selector},
    observe::Route,
    spec_error::SpecError,
};

pub mod gateway_api;
pub mod kubernetes;
pub mod nginx;
mod object;
mod write;

pub use crate::rollout::{Capabilities, RouterFacts};
pub use object::{Backend, ObjectKind, ObjectRef, Objects, READS, WRITES};
pub use write::{Failure, How, Write};

/// Every router there is.
pub static ROUTERS: [&dyn Router; 3] = [&gateway_api::GatewayApi, &nginx::Nginx, &kubernetes::Kubernetes];

/// One way to split traffic between primary and canary.
pub trait Router: Debug + Sync {
    /// Its value of `spec.provider` and `-mesh-provider`, as messages name it.
    fn provider(&self) -> &'static str;

    /// Whether it serves this value.
    fn answers(&self, provider: &str) -> bool {
        provider == self.provider()
    }

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// The kinds of all objects that it looks at or writes.
    fn kinds(&self) -> &'static [&'static ObjectKind] {
        &[]
    }

    /// What stands before a route's name in `status.routeName` and `status.leftovers`; nothing for an HTTPRoute.
    fn prefix(&self) -> &'static str {
        ""
    }

    /// A reference that the Canary cannot do without here.
    fn missing(&self, _spec: &CanarySpec) -> Option<SpecError> {
        None
    }

    /// What the API server would refuse of the objects that follow from the Canary.
    fn limits(&self, _spec: &CanarySpec) -> Vec<SpecError> {
        Vec::new()
    }

    /// What of the Canary cannot be said by these objects.
    fn unsayable(&self, _spec: &CanarySpec) -> Vec<SpecError> {
        Vec::new()
    }

    /// The object that splits the traffic. `None` where nothing does.
    fn route(&self, _canary: &Named<'_>) -> Option<ObjectRef> {
        None
    }

    /// Every object that has to be seen, the route among them. A change of one wakes the Canary.
    fn objects(&self, canary: &Named<'_>) -> Vec<ObjectRef> {
        self.route(canary).into_iter().collect()
    }

    /// Why the live route may not be written.
    fn conflict(&self, _rollout: &Rollout, _live: &Value) -> Option<Conflict> {
        None
    }

    /// What the objects say.
    ///
    /// # Errors
    /// When they contradict the Canary, so that only the user can help.
    fn read(&self, _scene: &Scene<'_>) -> Result<Seen<Route>, BuildError> {
        Ok(Seen::Absent)
    }

    /// The Services that a live route sends requests to, and their ports.
    fn backends(&self, _live: &Value) -> Vec<Backend> {
        Vec::new()
    }

    /// What has to be written for an intent, in order.
    ///
    /// # Errors
    /// When the objects contradict the Canary.
    fn build(&self, _scene: &Scene<'_>, _intent: Routing) -> Result<Vec<Write>, BuildError> {
        Ok(Vec::new())
    }

    /// The next step on the way to what was there before the Canary; to be repeated until there is none. `apex` is the
    /// Service of that name.
    ///
    /// # Errors
    /// When the objects contradict the Canary.
    fn revert(&self, _scene: &Scene<'_>, _apex: Option<&Value>) -> Result<Vec<Write>, BuildError> {
        Ok(Vec::new())
    }

    /// Whether a live route sends requests, or copies of them, to the canary. It may be one of a former name, or of a
    /// Canary that is not valid.
    fn shares(&self, _live: &Value) -> bool {
        false
    }

    /// Sends the traffic of such a route to the primary, and leaves everything else of it as it is.
    fn release(&self, _live: &Value) -> Option<Write> {
        None
    }

    /// Takes a route that is about to be deleted out of service; `None` when it can go as it is.
    fn retire(&self, _rollout: &Rollout, _live: &Value) -> Option<Write> {
        None
    }

    /// What a valid Canary knows of it.
    fn facts(&self) -> RouterFacts {
        RouterFacts {
            provider: self.provider(),
            route_kind: self.kinds().first().map_or("route", |kind| kind.name),
            capabilities: self.capabilities(),
        }
    }
}

/// What the names of a router's objects follow from. The Canary need not be valid.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// The Canary's namespace.
    pub namespace: &'a str,
    /// The name of the Service `<apex>`.
    pub apex: &'a str,
    /// The manifest.
    pub spec: &'a CanarySpec,
}

impl<'a> Named<'a> {
    /// Of a Canary, whether or not it is valid.
    pub fn new(namespace: &'a str, spec: &'a CanarySpec) -> Self {
        Self { namespace, apex: spec.apex_name(), spec }
    }

    /// Of a valid one.
    pub fn of(rollout: &'a Rollout) -> Self {
        Self { namespace: &rollout.namespace, apex: &rollout.apex, spec: &rollout.spec }
    }
}

/// What a router may look at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The Canary.
    pub rollout: &'a Rollout,
    /// The target's selector, where it is known.
    pub selector: Option<&'a Selector>,
    /// The cookies of the status that asks for the split.
    pub cookies: &'a Cookies,
    /// The objects of [`Router::objects`], as far as they are known.
    pub objects: &'a Objects,
    /// Why the API server does not take the route as it should be.
    pub refused: Option<&'a str>,
}

impl<'a> Scene<'a> {
    /// The route as it is. One that was not looked for is not known.
    pub fn live(&self) -> Seen<&'a Value> {
        match route(self.rollout) {
            Some(object) => self.object(&object),
            None => Seen::Absent,
        }
    }

    /// An object as it is.
    pub fn object(&self, object: &ObjectRef) -> Seen<&'a Value> {
        match self.objects.get(object) {
            Some(Seen::Present(live)) => Seen::Present(live),
            Some(Seen::Absent) => Seen::Absent,
            Some(Seen::Unknown(why)) => Seen::Unknown(why.clone()),
            None => Seen::Unknown(format!("{} {} was not read", object.kind.name, object.name)),
        }
    }
}

/// The provider of a Canary, or the operator's (`-mesh-provider`).
pub fn provider_of<'a>(spec: &'a CanarySpec, mesh_provider: &'a str) -> &'a str {
    spec.provider.as_deref().filter(|provider| !provider.is_empty()).unwrap_or(mesh_provider)
}

/// The router of a provider.
pub fn of_provider(provider: &str) -> Option<&'static dyn Router> {
    ROUTERS.into_iter().find(|router| router.answers(provider))
}

/// The router of a valid Canary.
pub fn of(rollout: &Rollout) -> &'static dyn Router {
    of_provider(rollout.router.provider).unwrap_or(&kubernetes::Kubernetes)
}

/// The object that splits the traffic of a Canary; `None` where nothing does.
pub fn route(rollout: &Rollout) -> Option<ObjectRef> {
    of(rollout).route(&Named::of(rollout))
}

/// Every object that the router of a Canary has to see.
pub fn objects(rollout: &Rollout) -> Vec<ObjectRef> {
    of(rollout).objects(&Named::of(rollout))
}

/// The providers that there is a router for, for messages.
pub fn providers() -> String {
    let mut names: Vec<&str> = ROUTERS.iter().map(|router| router.provider()).collect();
    let last = names.pop().unwrap_or_default();
    format!("{} or {last}", names.join(", "))
}

/// The kinds of object of all routers, each once.
pub fn kinds() -> Vec<&'static ObjectKind> {
    let mut kinds: Vec<_> = ROUTERS.iter().flat_map(|router| router.kinds()).copied().collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

/// A route by its entry in `status.routeName` or `status.leftovers`: its router, its kind and its name.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What reads and writes it.
    pub router: &'static dyn Router,
    /// The kind of object.
    pub kind: &'static ObjectKind,
    /// Its name, in the Canary's namespace.
    pub name: &'a str,
}

/// The entry for a route of this router.
pub fn entry(router: &dyn Router, name: &str) -> String {
    format!("{}{name}", router.prefix())
}

/// The route that an entry stands for.
pub fn of_entry(entry: &str) -> Option<Entry<'_>> {
    ROUTERS.into_iter().find_map(|router| {
        let name = entry.strip_prefix(router.prefix())?;
        let kind = router.kinds().first()?;
        (!name.is_empty() && !name.contains('/')).then_some(Entry { router, kind, name })
    })
}

#[cfg(test)]
mod tests;
