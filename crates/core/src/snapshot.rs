//! From raw objects to plain facts.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use serin_api::{Canary, HttpRoute};

use crate::{
    Observation, Rollout, Seen, Timestamp,
    affinity::Cookies,
    build::{
        BuildError,
        configs::{ConfigKind, ignored},
        leftovers::Leftover,
        route,
        selector::Selector,
    },
    hash::config_checksum,
    observe::{Answers, Endpoints, Route},
    validate::Settings,
};

mod claims;
mod endpoints;
mod leftovers;
mod objects;
mod scaler;
mod tracked;
mod workloads;

pub use claims::config_conflict;
pub use endpoints::ready_endpoints;

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
    /// The HTTPRoute `<apex>`.
    pub route: Seen<Arc<HttpRoute>>,
    /// Endpoints of the Services; see [`ready_endpoints`]. Absent where the operator may not read them:
    /// the pods that the workload calls ready count then.
    pub endpoints: Endpoints,
    /// Every object of [`crate::build::leftovers::objects`] for the entries of `status.leftovers`.
    pub leftovers: BTreeMap<Leftover, Seen<Arc<Value>>>,
    /// The time of the decision.
    pub now: Timestamp,
    /// Answers to earlier asks of the same reconcile.
    pub answers: Answers,
}

/// What matters of a ConfigMap or Secret; its content need not be kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TrackedConfig {
    /// See [`config_checksum`].
    pub checksum: String,
    /// It takes no part: see [`ignored`].
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
    /// An error says that the objects contradict the Canary and that only the user can help: the target's
    /// selector has none of the labels, for example. Nothing may be decided then.
    pub fn facts(&self, rollout: &Arc<Rollout>, settings: &Settings) -> Result<Observation, BuildError> {
        let tracked = self.tracked(rollout);
        self.claims(rollout, settings, &tracked)?;
        Ok(Observation {
            now: self.now,
            status: self.canary.status.clone().unwrap_or_default(),
            target: self.target_facts(rollout)?,
            primary: self.primary_facts(rollout, settings, &tracked)?,
            missing_config: tracked.missing,
            configs: tracked.checksums,
            services: self.services(rollout, settings)?,
            scaler: self.scaler(rollout)?,
            route: self.route(rollout, settings)?,
            endpoints: self.endpoints(rollout),
            leftovers: self.leftovers(rollout),
            answers: self.answers.clone(),
            rollout: Arc::clone(rollout),
        })
    }

    fn route(&self, rollout: &Rollout, settings: &Settings) -> Result<Seen<Route>, BuildError> {
        if !rollout.routed() {
            return Ok(Seen::Absent);
        }
        let target = self.target.object();
        let selector =
            target.map(|target| Selector::if_any(rollout, settings, target)).transpose()?.flatten();
        let cookies = self.canary.status.as_ref().map(Cookies::of).unwrap_or_default();
        transpose(self.route.as_ref().map(|live| route::read(rollout, selector.as_ref(), &cookies, live)))
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

fn transpose<T, E>(seen: Seen<Result<T, E>>) -> Result<Seen<T>, E> {
    Ok(match seen {
        Seen::Unknown(why) => Seen::Unknown(why),
        Seen::Absent => Seen::Absent,
        Seen::Present(value) => Seen::Present(value?),
    })
}
