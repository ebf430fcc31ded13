//! The virtual cluster.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use serin_api::CanaryStatus;
use serin_core::{
    Action, Observation, Plan, Rollout, Routing, Seen, Timestamp,
    affinity::Cookies,
    decide,
    delivery::Deliveries,
    hash::promotion_id,
    observe::{
        Acceptance, Answers, Endpoints, Obstacle, Primary, Readiness, Route, Scaler, Services, Strangers,
        Synced, Target,
    },
    plan::{Alert, Event, ServiceRole},
    stall::Stall,
};

use crate::Script;

/// Why nothing is known of what depends on a target that is not there.
const MISSING: &str = "the target is missing";

/// How the pods of a workload are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pods {
    /// Not ready yet, or not any more.
    Starting,
    /// Ready, with endpoints.
    Ready,
    /// Not ready, and the progress deadline is over.
    Failed,
}

/// The workload of the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualTarget {
    /// The revision its template has.
    pub revision: String,
    /// When a client wrote it.
    pub written: Option<Timestamp>,
    /// Its replicas.
    pub replicas: i32,
    /// Its pods.
    pub pods: Pods,
}

/// The clone that takes the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualPrimary {
    /// The revision it was copied from.
    pub revision: String,
    /// What names revision and configs together.
    pub promotion_id: String,
    /// Its replicas.
    pub replicas: i32,
    /// Its pods.
    pub pods: Pods,
    /// Whether pods of the version before serve while new ones start.
    pub rolling: bool,
}

/// The autoscaler of the target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualScaler {
    /// Its lower bound.
    pub min_replicas: i32,
    /// Whether it holds the target at 0; `None` for a kind that need not be paused.
    pub paused: Option<bool>,
    /// Whether the primary has its copy.
    pub copied: bool,
}

impl VirtualScaler {
    fn see(&self) -> Scaler {
        Scaler {
            primary: if self.copied { Seen::Present(true) } else { Seen::Absent },
            min_replicas: Seen::Present(self.min_replicas),
            paused: self.paused.map_or(Seen::Absent, Seen::Present),
        }
    }
}

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
    /// Which Services exist: apex, primary, canary.
    pub services: [bool; 3],
    /// The target's autoscaler, if the Canary names one.
    pub scaler: Option<VirtualScaler>,
    /// The split of the route, once it was made.
    pub route: Option<Routing>,
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
    /// What keeps the Canary from being served.
    pub obstacle: Option<Obstacle>,
    /// What keeps actions from being carried out.
    pub fault: Option<Stall>,
    /// What the controller knows of telling people.
    pub deliveries: Deliveries,
    /// What a gateway says of other routes that take the same requests.
    pub overlaps: Option<String>,
}

impl World {
    /// A cluster with a running target and a Canary that nobody has looked at yet.
    pub fn new(rollout: Rollout, now: Timestamp, revision: &str) -> Self {
        Self {
            now,
            rollout: Arc::new(rollout),
            status: CanaryStatus::default(),
            target: VirtualTarget {
                revision: revision.to_owned(),
                written: None,
                replicas: 1,
                pods: Pods::Ready,
            },
            target_gone: false,
            primary: None,
            configs: BTreeMap::new(),
            services: [false; 3],
            scaler: None,
            route: None,
            cookies: Cookies::default(),
            orphans: BTreeMap::new(),
            pending: None,
            leaving: 0,
            misshapen: false,
            refused: None,
            former_route: Seen::Absent,
            obstacle: None,
            fault: None,
            deliveries: Deliveries::default(),
            overlaps: None,
        }
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
            route: self.route.map_or(Seen::Absent, |routing| Seen::Present(self.see_route(routing))),
            endpoints: self.see_endpoints(),
            orphans: self.orphans.clone(),
            former_route: self.former_route.clone(),
            route_written: None,
            ports_until: None,
            obstacle: self.obstacle.clone(),
            fault: self.fault.clone(),
            deliveries: self.deliveries.clone(),
            answers,
        }
    }

    fn see_target(&self) -> Target {
        let idle = self.target.replicas == 0;
        let pods = if idle { Pods::Ready } else { self.target.pods };
        Target {
            revision: self.target.revision.clone(),
            template_written: self.target.written,
            replicas: self.target.replicas,
            readiness: self.readiness(pods),
        }
    }

    fn see_primary(&self, primary: &VirtualPrimary) -> Primary {
        Primary {
            promotion_id: Some(primary.promotion_id.clone()),
            matches_target: !self.target_gone && primary.revision == self.target.revision,
            replicas: primary.replicas,
            readiness: self.readiness(primary.pods),
        }
    }

    fn see_configs(&self) -> Seen<BTreeMap<String, String>> {
        if self.target_gone { Seen::Unknown(MISSING.to_owned()) } else { Seen::Present(self.configs.clone()) }
    }

    fn see_services(&self) -> Services {
        let synced = |made: bool| if made { Synced::Yes } else { Synced::No };
        let [apex, primary, canary] = self.services.map(synced);
        let canary = if self.target_gone { Synced::Unknown(MISSING.to_owned()) } else { canary };
        Services { apex, apex_in_use: false, primary, canary, elsewhere: false }
    }

    fn see_route(&self, routing: Routing) -> Route {
        let acceptance = self.pending.clone().map_or(Acceptance::Accepted, Acceptance::Pending);
        let wanted = Cookies::of(&self.status).on_route(routing.canary);
        let in_shape = !self.misshapen && (self.rollout.affinity().is_none() || self.cookies == wanted);
        Route {
            routing: Some(routing),
            in_shape,
            preexisting: false,
            warm: routing.warm,
            acceptance,
            refused: self.refused.clone().filter(|_| !in_shape),
            unattached: None,
            overlaps: self.overlaps.clone(),
        }
    }

    fn see_endpoints(&self) -> Endpoints {
        let count = |ready: bool, n: i32| Seen::Present(if ready { n.unsigned_abs() } else { 0 });
        let primary = self.primary.as_ref();
        Endpoints {
            primary: count(primary.is_some_and(serves), primary.map_or(0, |p| p.replicas)),
            canary: count(!self.target_gone && self.target.pods == Pods::Ready, self.target.replicas),
            leaving: Seen::Present(self.leaving),
            strangers: Strangers::default(),
            unreachable: None,
            follow: true,
        }
    }

    fn readiness(&self, pods: Pods) -> Readiness {
        let message =
            "waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";
        match pods {
            Pods::Ready => Readiness::Ready,
            Pods::Starting => Readiness::NotReady { message: message.to_owned(), fatal_at: None },
            Pods::Failed => Readiness::NotReady {
                message: "deployment exceeded its progress deadline".to_owned(),
                fatal_at: Some(self.now),
            },
        }
    }

    /// Carries out an action, as the API server and its controllers would.
    pub fn apply(&mut self, action: &Action) {
        match action {
            Action::ApplyService(role) => self.services[service(*role)] = true,
            Action::ApplyPrimary => self.copy_target(),
            Action::ApplyRoute(routing) => self.write_route(*routing),
            Action::ScaleTarget(replicas) => {
                self.target.replicas = *replicas;
                self.target.pods = Pods::Starting;
            }
            Action::Remove(entry) => drop(self.orphans.insert(entry.clone(), Seen::Absent)),
            Action::RevertApex => self.services[service(ServiceRole::Apex)] = false,
            Action::ApplyScaler => self.with_scaler(|scaler| scaler.copied = true),
            Action::PauseScaler(paused) => self.with_scaler(|scaler| scaler.paused = Some(*paused)),
            Action::ReleaseRoute(_) => self.former_route = Seen::Present(false),
            Action::AddFinalizer | Action::RemoveFinalizer | Action::RevertRoute => {}
        }
    }

    /// A route that is refused as a whole is given other weights, if there is one.
    fn write_route(&mut self, routing: Routing) {
        let wanted = Cookies::of(&self.status).on_route(routing.canary);
        let whole = self.route.is_some() && !self.misshapen && (self.cookies == wanted);
        match (&self.refused, self.route) {
            (Some(_), None) => {}
            (Some(_), Some(now)) if !whole => {
                let mirror = now.mirror && routing.mirror;
                self.route = Some(Routing { canary: routing.canary, mirror, ..now });
            }
            _ => {
                self.route = Some(routing);
                self.cookies = wanted;
                self.misshapen = false;
            }
        }
    }

    fn with_scaler(&mut self, change: impl FnOnce(&mut VirtualScaler)) {
        self.scaler.as_mut().map(change);
    }

    fn copy_target(&mut self) {
        let id = promotion_id(&self.rollout.uid, &self.target.revision, &self.configs);
        let replicas = self.target.replicas.max(1);
        match &mut self.primary {
            Some(primary) if primary.promotion_id == id => {}
            Some(primary) => {
                primary.revision.clone_from(&self.target.revision);
                primary.promotion_id = id;
                primary.rolling = primary.pods == Pods::Ready;
                primary.pods = Pods::Starting;
            }
            None => {
                let revision = self.target.revision.clone();
                let pods = Pods::Starting;
                self.primary =
                    Some(VirtualPrimary { revision, promotion_id: id, replicas, pods, rolling: false });
            }
        }
    }

    /// Decides, answering what is asked.
    pub fn plan(&self, script: &Script) -> Plan {
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

/// Whether requests to the primary are answered.
fn serves(primary: &VirtualPrimary) -> bool {
    primary.pods == Pods::Ready || primary.rolling && primary.pods == Pods::Starting
}

fn service(role: ServiceRole) -> usize {
    match role {
        ServiceRole::Apex => 0,
        ServiceRole::Primary => 1,
        ServiceRole::Canary => 2,
    }
}
