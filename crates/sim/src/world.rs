//! The virtual cluster.

mod clients;
mod lifetime;
mod orphans;
mod primary;
mod route;
mod scaler;
mod services;
mod target;
mod users_route;

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use serde_json::Value;
use serin_api::CanaryStatus;
use serin_core::{
    Action, Observation, Plan, Rollout, Routing, Seen, Timestamp,
    affinity::Cookies,
    decide,
    delivery::Deliveries,
    observe::{Answers, Obstacle},
    plan::{Alert, Event},
    stall::Stall,
};

pub use clients::Served;
pub use primary::VirtualPrimary;
pub use scaler::VirtualScaler;
pub use services::{Selects, VirtualServices};
pub use target::{Pods, VirtualTarget};
pub use users_route::UsersRoute;

use crate::Script;

/// Why nothing is known of what depends on a target that is not there.
const MISSING: &str = "the target is missing";

/// What matters of a cluster. All of it is public: a test changes it as a user or a fault would.
#[derive(Clone, Debug)]
pub struct World {
    /// The clock.
    pub now: Timestamp,
    /// The Canary.
    pub rollout: Arc<Rollout>,
    /// Its status.
    pub status: CanaryStatus,
    /// The target.
    pub target: VirtualTarget,
    /// Whether somebody deleted the target; what it was is kept for when it is made anew.
    pub target_gone: bool,
    /// The primary, once it was made.
    pub primary: Option<VirtualPrimary>,
    /// Checksums of tracked ConfigMaps and Secrets.
    pub configs: BTreeMap<String, String>,
    /// The primaries of former targets, by their entries in `status.leftovers`.
    pub formers: BTreeMap<String, VirtualPrimary>,
    /// The Services.
    pub services: VirtualServices,
    /// The target's autoscaler, if the Canary names one.
    pub scaler: Option<VirtualScaler>,
    /// The split of the route, once it was made; `None` too for a user's route that does not name both sides.
    pub route: Option<Routing>,
    /// The route, if its user made it before the Canary.
    pub users_route: Option<UsersRoute>,
    /// The cookies that the route was written with.
    pub cookies: Cookies,
    /// What is left of names that are not in use any more.
    pub orphans: BTreeMap<String, Seen<bool>>,
    /// Why the gateway has not taken the route, if so.
    pub pending: Option<String>,
    /// Old pods of the primary that are being deleted.
    pub leaving: u32,
    /// Whether somebody changed more of the route than its weights, or it should be another one now.
    pub misshapen: bool,
    /// Why the API server does not take the route as it should be, if so.
    pub refused: Option<String>,
    /// Whether a route of a former name gives the canary a share.
    pub former_route: Seen<bool>,
    /// The annotation with a command.
    pub command: Option<String>,
    /// What keeps the Canary from being served.
    pub obstacle: Option<Obstacle>,
    /// What keeps actions from being carried out.
    pub fault: Option<Stall>,
    /// What the controller knows of telling people.
    pub deliveries: Deliveries,
    /// What a gateway says of other routes that take the same requests.
    pub overlaps: Option<String>,
    /// Whether the Canary was deleted, and nobody looks after anything any more.
    pub gone: bool,
}

impl World {
    /// A cluster with a running target and a Canary that nobody has looked at yet.
    pub fn new(rollout: Rollout, now: Timestamp, revision: &str) -> Self {
        Self::of(Arc::new(rollout), now, revision)
    }

    /// As [`Self::new`], of a Canary that is shared.
    pub fn of(rollout: Arc<Rollout>, now: Timestamp, revision: &str) -> Self {
        Self {
            now,
            rollout,
            status: CanaryStatus::default(),
            target: VirtualTarget::running(revision),
            target_gone: false,
            primary: None,
            formers: BTreeMap::new(),
            configs: BTreeMap::new(),
            services: VirtualServices::default(),
            scaler: None,
            route: None,
            users_route: None,
            cookies: Cookies::default(),
            orphans: BTreeMap::new(),
            pending: None,
            leaving: 0,
            misshapen: false,
            refused: None,
            former_route: Seen::Absent,
            command: None,
            obstacle: None,
            fault: None,
            deliveries: Deliveries::default(),
            overlaps: None,
            gone: false,
        }
    }

    /// The user had a Service under the name of the apex, and a route with this spec, before the Canary.
    #[must_use]
    pub fn with_users_own(mut self, route: Option<Value>) -> Self {
        self.services = VirtualServices::in_use();
        self.users_route = route.map(|spec| UsersRoute::new(&self.rollout, spec));
        self
    }

    /// The cluster as the controller would see it.
    pub fn observe(&self, answers: Answers) -> Observation {
        Observation {
            now: self.now,
            rollout: self.rollout.clone(),
            status: self.status.clone(),
            target: if self.target_gone { Seen::Absent } else { Seen::Present(self.see_target()) },
            primary: self.primary.as_ref().map_or(Seen::Absent, |p| Seen::Present(self.see_primary(p))),
            configs: self.see_configs(),
            missing_config: None,
            services: self.see_services(),
            scaler: self.scaler.as_ref().map(VirtualScaler::see),
            route: self.see_route(),
            endpoints: self.see_endpoints(),
            orphans: self.orphans.clone(),
            former_route: self.former_route.clone(),
            route_written: None,
            ports_until: None,
            command: self.command.clone(),
            obstacle: self.obstacle.clone(),
            fault: self.fault.clone(),
            deliveries: self.deliveries.clone(),
            answers,
        }
    }

    fn see_configs(&self) -> Seen<BTreeMap<String, String>> {
        if self.target_gone { Seen::Unknown(MISSING.to_owned()) } else { Seen::Present(self.configs.clone()) }
    }

    /// Carries out an action, as the API server and its controllers would.
    pub fn apply(&mut self, action: &Action) {
        match action {
            Action::ApplyService(role) => self.services.apply(*role),
            Action::ApplyPrimary => self.copy_target(),
            Action::ApplyRoute(routing) => self.write_route(*routing),
            Action::ScaleTarget(replicas) => self.target.scale(*replicas),
            Action::Remove(entry) => self.remove(entry),
            Action::RevertApex => self.services.revert_apex(),
            Action::RevertRoute => self.revert_route(),
            Action::ApplyScaler => self.with_scaler(|scaler| scaler.copied = true),
            Action::PauseScaler(paused) => self.with_scaler(|scaler| scaler.paused = Some(*paused)),
            Action::ReleaseRoute(_) => self.former_route = Seen::Present(false),
            Action::RemoveCommand(text) => drop(self.command.take_if(|command| command == text)),
            Action::AddFinalizer => self.set_finalizer(true),
            Action::RemoveFinalizer => self.set_finalizer(false),
        }
    }

    /// Decides, answering what is asked. Nothing is decided of a Canary that is gone.
    pub fn plan(&self, script: &Script) -> Plan {
        if self.gone {
            return Plan { status: self.status.clone(), ..Plan::default() };
        }
        let mut answers = Answers::default();
        loop {
            let plan = decide(&self.observe(answers.clone()));
            if plan.asks.is_empty() {
                return plan;
            }
            for ask in &plan.asks {
                script.answer(ask, &mut answers);
            }
        }
    }

    /// Reconciles until nothing is left to do at this moment. Returns the events in order and when to
    /// look again.
    ///
    /// `rounds` bounds the decisions; a core that never comes to rest shows as `None`.
    pub fn settle(&mut self, script: &Script, rounds: usize) -> Option<Settled> {
        let (mut events, mut alerts) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let plan = self.plan(script);
            let idle = plan.actions.is_empty() && plan.status == self.status;
            events.extend(plan.events);
            alerts.extend(plan.alerts);
            if idle {
                return Some(Settled { events, alerts, wake: plan.wake });
            }
            self.status = plan.status;
            for action in &plan.actions {
                self.apply(action);
            }
        }
        None
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: TimeDelta) {
        self.now += time;
    }

    /// Makes all pods ready.
    pub fn pods_ready(&mut self) {
        self.target.pods = Pods::Ready;
        if let Some(primary) = &mut self.primary {
            primary.pods = Pods::Ready;
            primary.rolling = false;
        }
    }

    /// The user changes the target's template: new pods start, if it has any.
    pub fn change_target(&mut self, revision: &str) {
        revision.clone_into(&mut self.target.revision);
        // Where the cluster records it.
        self.target.written = self.target.written.map(|_| self.now);
        if self.target.replicas > 0 {
            self.target.pods = Pods::Starting;
        }
    }
}

/// A cluster at rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// What was said on the way.
    pub events: Vec<Event>,
    /// Alerts that were sent on the way.
    pub alerts: Vec<Alert>,
    /// When to look again.
    pub wake: Option<Timestamp>,
}
