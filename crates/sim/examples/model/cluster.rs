//! The state of the model: a virtual cluster in which time is what it means, not what it reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta};
use serin_api::{CanaryStatus, Phase, canary::Waiting};
use serin_core::{
    Action, Rollout, Routing, Timestamp,
    affinity::{Cookie, Cookies},
    hash::promotion_id,
    identity,
    state::ObjectNames,
};
use serin_sim::{
    Pods, UsersRoute, VirtualServices, World,
    world::{VirtualPrimary, VirtualTarget},
};

use crate::{
    cookies::Jar,
    outbox::{Parts, listed, notification},
};

/// How much of the present window is over. Nothing else of the time matters to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Window {
    None,
    Fresh,
    Drained,
    Over,
}

/// What matters of a cluster, small and hashable. Revisions are numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cluster {
    pub(crate) phase: Phase,
    pub(crate) failed_checks: i64,
    pub(crate) weight: i64,
    pub(crate) iterations: i64,
    pub(crate) applied: Option<u8>,
    pub(crate) promoted: Option<u8>,
    pub(crate) rolling_back: bool,
    pub(crate) waiting_for: Option<String>,
    /// Kind and subject of what is waited for.
    pub(crate) waiting: Option<(String, String)>,
    pub(crate) window: Window,
    pub(crate) target: (u8, bool, Pods),
    pub(crate) primary: Option<(u8, Pods)>,
    pub(crate) services: VirtualServices,
    pub(crate) route: Option<Routing>,
    /// The route, if its user made it before the Canary.
    pub(crate) users_route: Option<UsersRoute>,
    pub(crate) life: Life,
    pub(crate) cookies: Jar,
    /// The parts of the notifications that the status lists.
    pub(crate) notifications: Vec<Parts<bool>>,
}

/// How far the Canary itself is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Life {
    pub(crate) finalizer: bool,
    pub(crate) deleting: bool,
    pub(crate) gone: bool,
}

/// An action under way, with the revision of the target that was observed when it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pending {
    pub(crate) action: Action,
    pub(crate) revision: u8,
    /// Whether the primary served when it was decided.
    pub(crate) primary_served: bool,
    /// Whether the target did.
    pub(crate) target_served: bool,
}

/// The time of every decision.
pub(crate) fn start() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(1)
}

fn number(revision: &str) -> Option<u8> {
    revision.parse().ok()
}

impl Cluster {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::None,
            failed_checks: 0,
            weight: 0,
            iterations: 0,
            applied: None,
            promoted: None,
            rolling_back: false,
            waiting_for: None,
            waiting: None,
            window: Window::None,
            target: (0, true, Pods::Ready),
            primary: None,
            services: VirtualServices::default(),
            route: None,
            users_route: None,
            life: Life::default(),
            cookies: Jar::default(),
            notifications: Vec::new(),
        }
    }

    pub(crate) fn world(&self, rollout: &Arc<Rollout>) -> World {
        let (revision, up, pods) = self.target;
        let revision = revision.to_string();
        World {
            status: self.status(rollout),
            target: VirtualTarget { revision, written: None, replicas: i32::from(up), pods },
            primary: self.primary.map(|(revision, pods)| virtual_primary(rollout, revision, pods)),
            services: self.services.clone(),
            route: self.route,
            users_route: self.users_route.clone(),
            cookies: self.cookies.on_route.clone(),
            gone: self.life.gone,
            ..World::of(self.life.of(rollout), start(), "")
        }
    }

    pub(crate) fn status(&self, rollout: &Rollout) -> CanaryStatus {
        let elapsed = match self.window {
            Window::None => None,
            Window::Fresh => Some(TimeDelta::zero()),
            Window::Drained => Some(rollout.drain),
            Window::Over => Some(rollout.interval),
        };
        let Cookies { canary, primary, previous } = &self.cookies.given;
        let text = |cookie: &Option<Cookie>| cookie.as_ref().map(Cookie::to_string);
        let mut status = CanaryStatus {
            phase: self.phase,
            failed_checks: self.failed_checks,
            canary_weight: self.weight,
            iterations: self.iterations,
            last_applied_spec: self.applied.map(|r| r.to_string()),
            last_promoted_spec: self.promoted.map(|r| r.to_string()),
            tracked_configs: self.applied.map(|_| BTreeMap::default()),
            rollback_reason: self.rolling_back.then(|| "asked for".to_owned()),
            waiting_for: self.waiting_for.clone(),
            waiting: self.waiting.clone().map(|(kind, subject)| Waiting {
                kind,
                subject,
                since: Some(start()),
                until: None,
            }),
            last_check_time: elapsed.map(|elapsed| start() - elapsed),
            session_affinity_cookie: text(canary),
            primary_session_affinity_cookie: text(primary),
            previous_session_affinity_cookie: text(previous),
            pending_notifications: self
                .notifications
                .iter()
                .enumerate()
                .map(|(place, parts)| notification(place, *parts, start()))
                .collect(),
            ..CanaryStatus::default()
        };
        if self.phase != Phase::None {
            let mut names = ObjectNames::default();
            identity::record(rollout, &mut names);
            status.service_name = names.service;
            status.target_name = names.target;
            status.autoscaler_name = names.autoscaler;
            status.route_name = names.route;
        }
        status
    }

    /// Takes over what a plan writes.
    pub(crate) fn write(&mut self, status: &CanaryStatus, rollout: &Rollout) {
        self.phase = status.phase;
        self.failed_checks = status.failed_checks;
        self.weight = status.canary_weight;
        self.iterations = status.iterations;
        self.applied = status.last_applied_spec.as_deref().and_then(number);
        self.promoted = status.last_promoted_spec.as_deref().and_then(number);
        self.rolling_back = status.rollback_reason.is_some();
        self.waiting_for.clone_from(&status.waiting_for);
        self.waiting = status.waiting.clone().map(|waiting| (waiting.kind, waiting.subject));
        self.notifications = status.pending_notifications.iter().map(listed).collect();
        let on_route = std::mem::take(&mut self.cookies.on_route);
        self.cookies = Jar { given: Cookies::of(status), on_route }.counted();
        self.window = match status.last_check_time.map(|t| start() - t) {
            None => Window::None,
            Some(elapsed) if elapsed >= rollout.interval => Window::Over,
            Some(elapsed) if elapsed >= rollout.drain => Window::Drained,
            Some(_) => Window::Fresh,
        };
    }

    /// Carries out an action on what was observed when it was decided.
    pub(crate) fn apply(&mut self, pending: &Pending, rollout: &Arc<Rollout>) {
        let mut world = self.world(rollout);
        world.target.revision = pending.revision.to_string();
        world.apply(&pending.action);
        self.take(world);
    }

    fn take(&mut self, world: World) {
        self.primary = world.primary.map(|p| (number(&p.revision).unwrap_or(u8::MAX), p.pods));
        self.target.1 = world.target.replicas > 0;
        self.target.2 = world.target.pods;
        self.services = world.services;
        self.route = world.route;
        self.users_route = world.users_route;
        self.life.finalizer = world.rollout.finalizer;
        self.life.gone = world.gone;
        self.cookies.on_route = world.cookies;
        self.cookies = std::mem::take(&mut self.cookies).counted();
    }

    /// The user deletes the Canary.
    pub(crate) fn delete(&mut self, rollout: &Arc<Rollout>) {
        let mut world = self.world(rollout);
        world.delete();
        self.life.deleting = true;
        self.take(world);
    }

    /// Whether the target has a pod that answers.
    pub(crate) fn target_serves(&self) -> bool {
        self.target.1 && self.target.2 == Pods::Ready
    }

    /// Whether the primary has.
    pub(crate) fn primary_serves(&self) -> bool {
        self.primary.is_some_and(|(_, pods)| pods == Pods::Ready)
    }

    /// The same with nothing to tell.
    pub(crate) fn silent(&self) -> Self {
        Self { notifications: Vec::new(), ..self.clone() }
    }

    /// Time passes until the next moment that can matter.
    pub(crate) fn tick(&mut self) {
        self.window = match self.window {
            Window::Fresh => Window::Drained,
            Window::Drained => Window::Over,
            other => other,
        };
    }
}

impl Life {
    /// The Canary as it is now.
    fn of(self, rollout: &Arc<Rollout>) -> Arc<Rollout> {
        if (rollout.finalizer, rollout.deleting) == (self.finalizer, self.deleting) {
            return rollout.clone();
        }
        let rollout = Rollout::clone(rollout);
        Arc::new(Rollout { finalizer: self.finalizer, deleting: self.deleting, ..rollout })
    }
}

fn virtual_primary(rollout: &Rollout, revision: u8, pods: Pods) -> VirtualPrimary {
    let revision = revision.to_string();
    VirtualPrimary {
        promotion_id: promotion_id(&rollout.uid, &revision, &BTreeMap::default()),
        revision,
        replicas: 1,
        pods,
        rolling: false,
        configs: BTreeSet::default(),
    }
}
