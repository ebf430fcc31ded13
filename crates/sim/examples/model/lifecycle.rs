//! What can happen, and in which order: anything, at any moment.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use serin_analysis::outcome::Outcome;
use serin_core::{
    Plan, Rollout,
    observe::Answers,
    rollout::HookKind,
    validate::{Settings, validate},
};
use serin_sim::{Pods, Script, VirtualServices};
use stateright::{Model, Property};

use crate::{
    cluster::{Cluster, Pending, Window, start},
    configurations::Configuration,
    ghost::Ghost,
    handover,
    outbox::Outbox,
    properties,
    rest::Rests,
};

/// The name of the one metric.
const METRIC: &str = "error-rate";

/// The webhooks that hold a rollout when they do not pass.
const GATES: [HookKind; 5] = [
    HookKind::ConfirmRollout,
    HookKind::PreRollout,
    HookKind::Rollout,
    HookKind::ConfirmTrafficIncrease,
    HookKind::ConfirmPromotion,
];

/// A cluster, the actions that a controller has decided on and not carried out yet, and what is
/// remembered of the past to judge the present.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) cluster: Cluster,
    pub(crate) pending: Vec<Pending>,
    pub(crate) ghost: Ghost,
    /// What became of the notifications that the status lists.
    pub(crate) outbox: Outbox,
    /// How many more faults may happen.
    faults: u8,
}

/// What webhooks and metrics answer in one decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    Pass,
    /// The metric is beyond its bound.
    Fail,
    /// The metric cannot be read.
    Error,
    /// The webhooks of this type do not pass.
    Closed(HookKind),
    /// The rollback hooks ask for it.
    Rollback,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The controller decides, and writes the status.
    Decide(Answer),
    /// The controller carries out its next action.
    Act,
    /// The controller tells people of the first thing that it has not told yet.
    Tell,
    /// The controller dies and starts again.
    Crash,
    /// Time passes.
    Tick,
    /// The user ships another revision.
    Ship(u8),
    TargetPods(Pods),
    PrimaryPods(Pods),
    /// The user deletes the Canary.
    Delete,
}

pub(crate) struct Lifecycle {
    pub(crate) rollout: Arc<Rollout>,
    pub(crate) configuration: Configuration,
    /// What may be answered to a decision that asks.
    answers: Vec<Answer>,
    pub(crate) rests: Rests,
}

impl Lifecycle {
    pub(crate) fn new(configuration: Configuration) -> Self {
        let json = |text: &str| serde_json::from_str(text).expect("the text is JSON");
        let mut analysis: serde_json::Value = json(configuration.analysis);
        analysis["threshold"] = json!(2);
        analysis["metrics"] = json!([{"name": METRIC, "query": "vector(0)", "thresholdRange": {"max": 1}}]);
        let canary = serin_testkit::canary(analysis, json(configuration.spec)).expect("it is a Canary");
        let rollout = Arc::new(validate(&canary, &Settings::default()).expect("the manifest is valid"));
        let answers = answers(&rollout);
        Self { rollout, configuration, answers, rests: Rests::default() }
    }

    /// Whether notifications are part of the state.
    pub(crate) fn tells(&self) -> bool {
        self.configuration.notifications > 0
    }

    pub(crate) fn has(&self, kind: HookKind) -> bool {
        self.rollout.hooks_of(kind).next().is_some()
    }

    fn plan(&self, cluster: &Cluster, outbox: &Outbox, answer: Answer) -> Plan {
        let mut world = cluster.world(&self.rollout);
        world.deliveries = outbox.deliveries(start());
        world.plan(&self.script(answer))
    }

    fn script(&self, answer: Answer) -> Script {
        let outcome = match answer {
            Answer::Fail => Outcome::sample(50.0),
            Answer::Error => Outcome::Error("connection refused".to_owned()),
            Answer::Pass | Answer::Closed(_) | Answer::Rollback => Outcome::sample(0.0),
        };
        let closed =
            |kind| answer == Answer::Closed(kind) || kind == HookKind::Rollback && answer != Answer::Rollback;
        let hooks = self.rollout.hooks.iter().filter(|hook| closed(hook.kind));
        let closed = hooks.map(|hook| (hook.name.clone(), "closed".to_owned())).collect();
        Script { closed, values: BTreeMap::from([(METRIC.to_owned(), outcome)]), ..Script::default() }
    }

    /// Whether answers make a difference at this moment.
    pub(crate) fn asks(&self, cluster: &Cluster) -> bool {
        let observation = cluster.world(&self.rollout).observe(Answers::default());
        !serin_core::decide(&observation).asks.is_empty()
    }

    fn decisions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.cluster.life.gone {
            return;
        }
        let most = self.configuration.notifications;
        if self.tells() && state.outbox.len() >= most && state.outbox.has_untold() {
            return;
        }
        if self.asks(&state.cluster) {
            steps.extend(self.answers.iter().copied().map(Step::Decide));
        } else {
            steps.push(Step::Decide(Answer::Pass));
        }
    }

    fn faults(state: &State, steps: &mut Vec<Step>) {
        let (_, up, target) = state.cluster.target;
        let primary = state.cluster.primary.map(|(_, pods)| pods);
        if up {
            steps.extend(changes(target).map(Step::TargetPods));
        }
        if let Some(primary) = primary {
            steps.extend(changes(primary).map(Step::PrimaryPods));
        }
    }

    pub(crate) fn decide(&self, state: &mut State, answer: Answer) {
        let before = state.cluster.clone();
        let plan = self.plan(&before, &state.outbox, answer);
        if self.tells() {
            state.ghost.note("T5", !self.decides_alike(&before, &plan, answer));
        }
        state.cluster.write(&plan.status, &self.rollout);
        self.follow_news(state, &before, &plan);
        state.ghost.decided(&before, &state.cluster, &plan, answer, &self.rollout);
        let revision = before.target.0;
        let (primary_served, target_served) = (before.primary_serves(), before.target_serves());
        let pending = |action| Pending { action, revision, primary_served, target_served };
        state.pending = plan.actions.into_iter().map(pending).collect();
    }

    /// Whether what is still to be told changes nothing but what is to be told: the reason why the other models can do
    /// without it.
    fn decides_alike(&self, cluster: &Cluster, plan: &Plan, answer: Answer) -> bool {
        let silent = self.plan(&cluster.silent(), &Outbox::default(), answer);
        let status = serin_api::CanaryStatus {
            pending_notifications: silent.status.pending_notifications.clone(),
            ..plan.status.clone()
        };
        Plan { status, ..plan.clone() } == silent
    }

    fn follow_news(&self, state: &mut State, before: &Cluster, plan: &Plan) {
        let changed = before.silent() != state.cluster.silent();
        let promised = state.outbox.is_promised(plan, changed, start());
        let kept = state.outbox.follow(&plan.status.pending_notifications, start());
        state.ghost.note("T1", !promised || !kept);
        if !self.tells() {
            state.cluster.notifications.clear();
            state.outbox = Outbox::default();
        }
    }

    pub(crate) fn act(&self, state: &mut State) {
        let pending = state.pending.remove(0);
        state.ghost.acted(&state.cluster, &pending, self.rollout.affinity().is_some());
        let before = state.cluster.clone();
        state.cluster.apply(&pending, &self.rollout);
        if self.configuration.users_own {
            state.ghost.handed_over(&before, &state.cluster, &pending, &self.rollout);
        }
    }

    /// A target that runs, and what its user made.
    fn before_the_canary(&self) -> Cluster {
        let mut cluster = Cluster::new();
        if self.configuration.users_own {
            cluster.services = VirtualServices::in_use();
            cluster.users_route = Some(handover::users_route(&self.rollout));
        }
        cluster
    }

    pub(crate) fn tell(state: &mut State) {
        let once = state.outbox.tell();
        state.ghost.note("T3", !once);
    }
}

/// What the webhooks of a rollout and its metric may answer.
fn answers(rollout: &Rollout) -> Vec<Answer> {
    let some = |kind: &HookKind| rollout.hooks_of(*kind).next().is_some();
    let closed = GATES.into_iter().filter(some).map(Answer::Closed);
    let rollback = some(&HookKind::Rollback).then_some(Answer::Rollback);
    [Answer::Pass, Answer::Fail, Answer::Error].into_iter().chain(closed).chain(rollback).collect()
}

/// How pods can change: coming up costs nothing, everything else is a fault.
fn changes(pods: Pods) -> impl Iterator<Item = Pods> {
    [Pods::Starting, Pods::Ready, Pods::Failed].into_iter().filter(move |to| {
        matches!((pods, to), (Pods::Starting, Pods::Ready | Pods::Failed) | (Pods::Ready, Pods::Starting))
            || matches!((pods, to), (Pods::Failed, Pods::Ready))
    })
}

fn is_fault(from: Pods, to: Pods) -> bool {
    (from, to) != (Pods::Starting, Pods::Ready)
}

impl Model for Lifecycle {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            cluster: self.before_the_canary(),
            pending: Vec::new(),
            ghost: Ghost::default(),
            outbox: Outbox::default(),
            faults: self.configuration.faults,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.pending.is_empty() {
            self.decisions(state, steps);
        } else {
            steps.push(Step::Act);
        }
        if !state.pending.is_empty() || state.outbox.has_told() {
            steps.push(Step::Crash);
        }
        if state.pending.is_empty() && state.outbox.has_untold() {
            steps.push(Step::Tell);
        }
        if matches!(state.cluster.window, Window::Fresh | Window::Drained) {
            steps.push(Step::Tick);
        }
        if state.cluster.target.0 + 1 < self.configuration.revisions {
            steps.push(Step::Ship(state.cluster.target.0 + 1));
        }
        if self.configuration.users_own && !state.cluster.life.deleting {
            steps.push(Step::Delete);
        }
        Self::faults(state, steps);
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Decide(answer) => self.decide(&mut state, answer),
            Step::Act => self.act(&mut state),
            Step::Tell => Self::tell(&mut state),
            Step::Crash => {
                state.pending.clear();
                state.outbox.crashed();
            }
            Step::Tick => state.cluster.tick(),
            Step::Ship(revision) => {
                state.cluster.target.0 = revision;
                if state.cluster.target.1 {
                    state.cluster.target.2 = Pods::Starting;
                }
            }
            Step::Delete => state.cluster.delete(&self.rollout),
            Step::TargetPods(to) => {
                state.faults = spend(state.faults, state.cluster.target.2, to)?;
                state.cluster.target.2 = to;
            }
            Step::PrimaryPods(to) => {
                let (_, pods) = state.cluster.primary.as_mut()?;
                state.faults = spend(state.faults, *pods, to)?;
                *pods = to;
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

fn spend(faults: u8, from: Pods, to: Pods) -> Option<u8> {
    if is_fault(from, to) { faults.checked_sub(1) } else { Some(faults) }
}
