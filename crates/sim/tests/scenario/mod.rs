//! A virtual cluster with a canary of podinfo, driven step by step.

use chrono::{DateTime, TimeDelta};
use serin_api::Phase;
use serin_core::{
    Action, Observation, Plan, Timestamp, decide,
    observe::Answers,
    plan::{Alert, Event},
    validate::{Settings, validate},
};
use serin_sim::{Pods, Script, World};
use serin_testkit::canary;

#[allow(dead_code)]
pub(crate) struct Scenario {
    pub(crate) world: World,
    pub(crate) script: Script,
    events: Vec<Event>,
    alerts: Vec<Alert>,
}

fn start() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[allow(dead_code)]
impl Scenario {
    /// A canary that nobody has looked at yet.
    pub(crate) fn new(analysis: &str) -> Self {
        Self::with_spec(analysis, "{}")
    }

    /// As [`Self::new`], with more fields of the spec.
    pub(crate) fn with_spec(analysis: &str, spec: &str) -> Self {
        let mut scenario = Self::unseen(analysis, spec);
        scenario.settle();
        scenario
    }

    /// As [`Self::with_spec`], and the operator has not looked at it either.
    pub(crate) fn unseen(analysis: &str, spec: &str) -> Self {
        let rollout = validate(&canary(json(analysis), json(spec)).unwrap(), &Settings::default()).unwrap();
        let world = World::new(rollout, start(), "a");
        Self { world, script: Script::default(), events: vec![], alerts: vec![] }
    }

    /// A canary whose primary is up and that waits for a new revision.
    pub(crate) fn initialized(analysis: &str) -> Self {
        Self::initialized_with(analysis, "{}")
    }

    /// As [`Self::initialized`], with more fields of the spec.
    pub(crate) fn initialized_with(analysis: &str, spec: &str) -> Self {
        let mut scenario = Self::with_spec(analysis, spec);
        scenario.pods_ready();
        scenario.take_events();
        scenario
    }

    /// Brings the cluster to rest, and waits until it tells why it waits.
    pub(crate) fn settle(&mut self) {
        let wake = self.rest();
        let soon = wake.filter(|at| *at - self.world.now <= TimeDelta::seconds(2));
        let draining =
            self.world.status.phase == Phase::Finalising || self.world.status.rollback_reason.is_some();
        let tick = self.world.status.last_check_time.map(|since| since + self.world.rollout.interval);
        if let Some(at) = soon.filter(|at| !draining && Some(*at) != tick) {
            self.world.now = at;
            self.rest();
        }
    }

    fn rest(&mut self) -> Option<Timestamp> {
        let settled = self.world.settle(&self.script, 30).expect("the core comes to rest");
        self.events.extend(settled.events);
        self.alerts.extend(settled.alerts);
        settled.wake
    }

    pub(crate) fn ship(&mut self, revision: &str) {
        self.world.change_target(revision);
        self.settle();
    }

    pub(crate) fn pods_ready(&mut self) {
        self.world.pods_ready();
        self.settle();
    }

    pub(crate) fn target_ready(&mut self) {
        self.world.target.pods = Pods::Ready;
        self.settle();
    }

    pub(crate) fn canary_unready(&mut self) {
        self.world.target.pods = Pods::Starting;
        self.settle();
    }

    pub(crate) fn canary_fails(&mut self) {
        self.world.target.pods = Pods::Failed;
        self.settle();
    }

    pub(crate) fn primary_unready(&mut self) {
        self.world.primary.as_mut().unwrap().pods = Pods::Starting;
        self.settle();
    }

    pub(crate) fn primary_fails(&mut self) {
        self.world.primary.as_mut().unwrap().pods = Pods::Failed;
        self.settle();
    }

    pub(crate) fn seconds(&mut self, seconds: i64) {
        self.world.pass(TimeDelta::seconds(seconds));
        self.settle();
    }

    /// Lets one interval of the analysis pass.
    pub(crate) fn interval(&mut self) {
        self.seconds(10);
    }

    /// Lets requests under way end.
    pub(crate) fn drain(&mut self) {
        self.seconds(1);
    }

    pub(crate) fn take_events(&mut self) -> Vec<String> {
        self.take_told().0.into_iter().map(|event| event.message).collect()
    }

    pub(crate) fn take_alerts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.alerts).into_iter().map(|alert| alert.message).collect()
    }

    /// What was said since the last time; the alerts stay.
    pub(crate) fn take_told(&mut self) -> (Vec<Event>, Vec<Alert>) {
        (std::mem::take(&mut self.events), self.alerts.clone())
    }

    /// One decision on a changed observation, long enough after the last for a wait to be told.
    pub(crate) fn answered(&self, mut change: impl FnMut(&mut Observation)) -> (Observation, Plan) {
        let mut answers = Answers::default();
        loop {
            let mut seen = self.world.observe(answers.clone());
            change(&mut seen);
            seen.now += TimeDelta::seconds(16);
            let plan = decide(&seen);
            if plan.asks.is_empty() {
                return (seen, plan);
            }
            for ask in &plan.asks {
                self.script.answer(ask, &mut answers);
            }
        }
    }

    /// What that decision says is added to what was said; nothing else of it happens.
    pub(crate) fn look(mut self, change: impl FnMut(&mut Observation)) -> Self {
        let plan = self.answered(change).1;
        self.events.extend(plan.events);
        self.alerts.extend(plan.alerts);
        self
    }

    /// Decides once and carries it out. Returns the actions.
    pub(crate) fn step(&mut self) -> Vec<Action> {
        let plan = self.world.plan(&self.script);
        self.world.status = plan.status;
        self.events.extend(plan.events);
        self.alerts.extend(plan.alerts);
        plan.actions.iter().for_each(|action| self.world.apply(action));
        plan.actions
    }

    /// Status and cluster in one line.
    pub(crate) fn line(&self) -> String {
        let s = &self.world.status;
        let split = self.world.route.map_or("-".to_owned(), |r| format!("{}/{}", r.primary(), r.canary));
        format!(
            "{} w={} fc={} it={} applied={} promoted={} replicas={} route={split}",
            s.phase,
            s.canary_weight,
            s.failed_checks,
            s.iterations,
            s.last_applied_spec.as_deref().unwrap_or_default(),
            s.last_promoted_spec.as_deref().unwrap_or_default(),
            self.world.target.replicas,
        )
    }
}
