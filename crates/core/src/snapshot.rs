//! From raw objects to plain facts.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use serin_api::{Canary, canary::COMMAND};

use crate::{
    Observation, Rollout, Seen, Timestamp,
    build::{
        BuildError,
        configs::{ConfigKind, ignored},
        selector::Selector,
    },
    delivery::Deliveries,
    hash::config_checksum,
    observe::{Answers, Obstacle, Scaler, Services, Synced},
    orphans::Orphan,
    router::Objects,
    settings::Settings,
};

mod claims;
mod derived;
mod endpoints;
mod objects;
mod orphans;
mod ports;
mod routes;
mod scaler;
mod tracked;
mod workloads;

pub use claims::config_conflict;
pub use derived::Derived;
pub use endpoints::{SliceTally, Slices};

/// The objects of one Canary as the shell read them, shared with its caches.
///
/// What could not be read is [`Seen::Unknown`]; only what is known not to exist is [`Seen::Absent`].
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The Canary.
    pub canary: Arc<Canary>,
    /// The target.
    pub target: Seen<Arc<Value>>,
    /// The primary: an object of the target's kind.
    pub primary: Seen<Arc<Value>>,
    /// Every config of [`crate::build::configs::config_refs`] by [`crate::build::configs::ConfigRef::key`].
    pub configs: BTreeMap<String, Seen<TrackedConfig>>,
    /// What has the name of a copy that the primary does not use yet, by key of the source in `configs`: its metadata is
    /// enough. None for copies in use.
    pub config_copies: BTreeMap<String, Seen<Arc<Value>>>,
    /// The Service `<apex>`.
    pub apex_service: Seen<Arc<Value>>,
    /// The Service `<apex>-primary`.
    pub primary_service: Seen<Arc<Value>>,
    /// The Service `<apex>-canary`.
    pub canary_service: Seen<Arc<Value>>,
    /// The autoscaler that the Canary names.
    pub scaler_source: Seen<Arc<Value>>,
    /// Its copy for the primary.
    pub scaler_primary: Seen<Arc<Value>>,
    /// The objects that the router looks at ([`crate::router::Router::objects`]), the route among them.
    pub routes: Objects,
    /// Why the API server does not take the route as it should be, if it said so of this generation of the Canary.
    pub route_refused: Option<String>,
    /// What keeps pods from being ready, where it was looked for.
    pub troubles: Troubles,
    /// The endpoints of the Services.
    pub slices: Slices,
    /// The route of a name that was in use before ([`crate::identity::former_route`]), if there is such a name.
    pub former_route: Seen<Arc<Value>>,
    /// Every object of [`crate::orphans::objects`] for the entries of `status.leftovers`.
    pub orphans: BTreeMap<Orphan, Seen<Arc<Value>>>,
    /// The time of the decision.
    pub now: Timestamp,
    /// Answers to earlier asks of the same reconcile.
    pub answers: Answers,
    /// What earlier snapshots of the same Canary computed.
    pub derived: Arc<Derived>,
}

/// Why pods do not come up ([`crate::readiness::trouble`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Troubles {
    /// What keeps the target's pods from being ready.
    pub target: Option<String>,
    /// What keeps the primary's pods from being ready.
    pub primary: Option<String>,
}

/// What matters of a ConfigMap or Secret; its content need not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrackedConfig {
    /// See [`config_checksum`].
    pub checksum: String,
    /// Whether the object is left out of decisions: see [`ignored`].
    pub ignored: bool,
}

impl TrackedConfig {
    /// What matters of this object.
    pub fn of(kind: ConfigKind, config: &Value) -> Self {
        Self { checksum: config_checksum(config), ignored: ignored(kind, config) }
    }
}

impl Snapshot {
    /// The facts, for a valid Canary.
    ///
    /// Where objects contradict the Canary, so that only the user can help (the target's selector has none of the
    /// labels, for example), what follows from them is unknown, and the first of these is the obstacle.
    pub fn facts(&self, rollout: &Arc<Rollout>, settings: &Settings) -> Observation {
        let tracked = self.tracked(rollout);
        let mut obstacles = Obstacles::default();
        obstacles.check(self.claims(rollout, settings, &tracked));
        let target = obstacles.seen(self.target_facts(rollout));
        let primary = obstacles.seen(self.primary_facts(rollout, settings, &tracked));
        let route = obstacles.seen(self.route(rollout, settings));
        let in_use = self.ports_in_use(rollout, route.present().map(|route| &route.acceptance));
        let services = obstacles.services(self.known_services(rollout, settings, &in_use));
        let scaler = obstacles.scaler(self.scaler(rollout));
        Observation {
            now: self.now,
            status: self.canary.status.clone().unwrap_or_default(),
            target,
            primary,
            missing_config: tracked.missing,
            configs: tracked.checksums,
            services,
            scaler,
            route,
            endpoints: self.endpoints(rollout),
            route_written: self.moved_at(rollout),
            ports_until: self.ports_until(rollout, &in_use),
            orphans: self.orphans(rollout),
            former_route: self.former_route_shares(rollout),
            command: self.command(),
            obstacle: obstacles.first,
            fault: None,
            deliveries: Deliveries::default(),
            answers: self.answers.clone(),
            rollout: Arc::clone(rollout),
        }
    }

    fn command(&self) -> Option<String> {
        self.canary.metadata.annotations.as_ref()?.get(COMMAND).cloned()
    }

    /// The labels of target and primary, where the target is known.
    ///
    /// # Errors
    /// When the pods of both cannot be told apart.
    pub fn selector(&self, rollout: &Rollout, settings: &Settings) -> Result<Option<Selector>, BuildError> {
        let Some(target) = self.target.object() else { return Ok(None) };
        Selector::if_any(rollout, settings, target, self.primary.object())
    }

    /// The target, or why what depends on it is not known.
    fn known_target(&self, rollout: &Rollout) -> Result<&Value, String> {
        match &self.target {
            Seen::Present(target) => Ok(target),
            Seen::Unknown(why) => Err(why.clone()),
            Seen::Absent => Err(rollout.say_target_missing()),
        }
    }
}

/// What stands in the way, while facts are gathered.
#[derive(Default)]
struct Obstacles {
    first: Option<Obstacle>,
}

impl Obstacles {
    fn note(&mut self, error: &BuildError) -> String {
        let message = error.to_string();
        let obstacle = || Obstacle { reason: error.reason(), message: message.clone() };
        self.first.get_or_insert_with(obstacle);
        message
    }

    fn check(&mut self, checked: Result<(), BuildError>) {
        if let Err(error) = checked {
            self.note(&error);
        }
    }

    fn seen<T>(&mut self, facts: Result<Seen<T>, BuildError>) -> Seen<T> {
        facts.unwrap_or_else(|error| Seen::Unknown(self.note(&error)))
    }

    fn services(&mut self, facts: Result<Services, BuildError>) -> Services {
        facts.unwrap_or_else(|error| {
            let unknown = Synced::Unknown(self.note(&error));
            Services {
                apex: unknown.clone(),
                apex_in_use: false,
                primary: unknown.clone(),
                canary: unknown,
                elsewhere: false,
            }
        })
    }

    fn scaler(&mut self, facts: Result<Option<Scaler>, BuildError>) -> Option<Scaler> {
        facts.unwrap_or_else(|error| {
            let why = self.note(&error);
            let primary = Seen::Unknown(why.clone());
            Some(Scaler { primary, min_replicas: Seen::Unknown(why), paused: Seen::Absent })
        })
    }
}
