//! What can happen, and in which order: anything, at any moment.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use serin_analysis::outcome::Outcome;
use serin_api::Phase;
use serin_core::{
    Action, Plan, Rollout,
    news::forget_told,
    observe::Answers,
    validate::{Settings, validate},
};
use serin_sim::{Pods, Script};
use stateright::{Model, Property};

use crate::{
    cluster::{Cluster, Pending, Window},
    properties::{self, Ghost},
};

/// The name of the one metric.
const METRIC: &str = "error-rate";

/// A cluster, the actions that a controller has decided on and not carried out yet, and what is
/// remembered of the past to judge the present.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) cluster: Cluster,
    pub(crate) pending: Vec<Pending>,
    pub(crate) ghost: Ghost,
    /// How many of the alerts that the status lists this controller knows that it has told, the first ones.
    told: usize,
    /// How many more faults may happen.
    faults: u8,
}

/// How the analysis of a tick comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Checks {
    Pass,
    Fail,
    Error,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// The controller decides, and writes the status.
    Decide(Checks),
    /// The controller carries out its next action.
    Act,
    /// The controller tells people of every alert that it has not told yet.
    Tell,
    /// The controller dies and starts again.
    Crash,
    /// Time passes.
    Tick,
    /// The user ships another revision.
    Ship(u8),
    TargetPods(Pods),
    PrimaryPods(Pods),
}

pub(crate) struct Lifecycle {
    rollout: Arc<Rollout>,
    revisions: u8,
    faults: u8,
}

impl Lifecycle {
    /// The models to check: so many revisions of the target, and so many faults.
    pub(crate) fn all(revisions: u8, faults: u8) -> [(&'static str, Self); 2] {
        let weights = r#"{"interval":"10s","threshold":2,"stepWeights":[20,50]}"#;
        let ab = r#"{"interval":"10s","threshold":2,"iterations":2,"match":[{"headers":{"x-canary":{"exact":"yes"}}}]}"#;
        let model = |analysis| Self::new(analysis, revisions, faults);
        [("progressive", model(weights)), ("a/b", model(ab))]
    }

    fn new(analysis: &str, revisions: u8, faults: u8) -> Self {
        let mut analysis: serde_json::Value =
            serde_json::from_str(analysis).expect("the analysis is well-formed");
        analysis["metrics"] = json!([{"name": METRIC, "query": "vector(0)", "thresholdRange": {"max": 1}}]);
        let canary = serin_testkit::canary(analysis, json!({})).expect("the analysis is of the API");
        let rollout = validate(&canary, &Settings::default()).expect("the manifest is valid");
        Self { rollout: Arc::new(rollout), revisions, faults }
    }

    fn plan(&self, cluster: &Cluster, checks: Checks) -> Plan {
        cluster.world(&self.rollout).plan(&script(checks))
    }

    /// Whether the answers of a tick make a difference at this moment.
    fn asks(&self, cluster: &Cluster) -> bool {
        let observation = cluster.world(&self.rollout).observe(Answers::default());
        !serin_core::decide(&observation).asks.is_empty()
    }

    fn written(&self, cluster: &Cluster, plan: &Plan) -> Cluster {
        let mut next = cluster.clone();
        next.write(&plan.status, &self.rollout);
        next
    }

    /// Whether the controller has nothing to do at this moment.
    fn idle(&self, state: &State) -> bool {
        let plan = self.plan(&state.cluster, Checks::Pass);
        plan.actions.is_empty() && state.told == 0 && self.written(&state.cluster, &plan) == state.cluster
    }

    fn decisions(&self, state: &State, steps: &mut Vec<Step>) {
        if self.asks(&state.cluster) {
            steps.extend([Checks::Pass, Checks::Fail, Checks::Error].map(Step::Decide));
        } else if !self.idle(state) {
            steps.push(Step::Decide(Checks::Pass));
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

    fn decide(&self, state: &mut State, checks: Checks) {
        let before = state.cluster.clone();
        let mut plan = self.plan(&before, checks);
        let observed = before.status(&self.rollout);
        let told = &observed.news[..state.told];
        forget_told(&mut plan.status, Some(&observed), |news, _| told.contains(news));
        state.cluster.write(&plan.status, &self.rollout);
        state.ghost.dropped(state.told, before.untold.len(), state.cluster.untold.len(), plan.alerts.len());
        state.told = 0;
        let revision = before.target.0;
        state.ghost.decided(&before, &state.cluster, &plan, checks, &self.rollout);
        state.pending = plan.actions.into_iter().map(|action| Pending { action, revision }).collect();
    }

    fn act(&self, state: &mut State) {
        let pending = state.pending.remove(0);
        state.ghost.acted(&state.cluster, &pending);
        state.cluster.apply(&pending, &self.rollout);
    }

    fn tell(state: &mut State) {
        state.ghost.told(state.told);
        state.told = state.cluster.untold.len();
    }

    /// From here on without faults and with checks that pass: does it come to rest, and where?
    pub(crate) fn comes_to_rest(&self, state: &State) -> bool {
        let mut state = state.clone();
        for _ in 0..200 {
            if !state.pending.is_empty() {
                self.act(&mut state);
            } else if state.told < state.cluster.untold.len() {
                Self::tell(&mut state);
            } else if self.asks(&state.cluster) || !self.idle(&state) {
                self.decide(&mut state, Checks::Pass);
            } else if !recover(&mut state.cluster) {
                let ended =
                    matches!(state.cluster.phase, Phase::Initialized | Phase::Succeeded | Phase::Failed);
                let told = state.cluster.untold.is_empty();
                return told && (ended || state.cluster.waiting_for.is_some());
            }
        }
        false
    }
}

/// Pods that are starting come up; then time passes. `false` when neither changes anything.
fn recover(cluster: &mut Cluster) -> bool {
    let before = cluster.clone();
    if cluster.target.1 && cluster.target.2 == Pods::Starting {
        cluster.target.2 = Pods::Ready;
    }
    if let Some((_, pods @ Pods::Starting)) = &mut cluster.primary {
        *pods = Pods::Ready;
    }
    if *cluster == before {
        cluster.tick();
    }
    *cluster != before
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

fn script(checks: Checks) -> Script {
    let outcome = match checks {
        Checks::Pass => Outcome::Value(0.0),
        Checks::Fail => Outcome::Value(50.0),
        Checks::Error => Outcome::Error("connection refused".to_owned()),
    };
    Script { values: BTreeMap::from([(METRIC.to_owned(), outcome)]), ..Script::default() }
}

impl Model for Lifecycle {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let ghost = Ghost::default();
        vec![State { cluster: Cluster::new(), pending: Vec::new(), ghost, told: 0, faults: self.faults }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.pending.is_empty() {
            self.decisions(state, steps);
        } else {
            steps.push(Step::Act);
        }
        if !state.pending.is_empty() || state.told > 0 {
            steps.push(Step::Crash);
        }
        if state.pending.is_empty() && state.told < state.cluster.untold.len() {
            steps.push(Step::Tell);
        }
        if matches!(state.cluster.window, Window::Fresh | Window::Drained) {
            steps.push(Step::Tick);
        }
        if state.cluster.target.0 + 1 < self.revisions {
            steps.push(Step::Ship(state.cluster.target.0 + 1));
        }
        Self::faults(state, steps);
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Decide(checks) => self.decide(&mut state, checks),
            Step::Act => self.act(&mut state),
            Step::Tell => Self::tell(&mut state),
            Step::Crash => {
                state.pending.clear();
                state.told = 0;
                state.ghost.crashed();
            }
            Step::Tick => state.cluster.tick(),
            Step::Ship(revision) => {
                state.cluster.target.0 = revision;
                if state.cluster.target.1 {
                    state.cluster.target.2 = Pods::Starting;
                }
            }
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
        properties::all()
    }
}

fn spend(faults: u8, from: Pods, to: Pods) -> Option<u8> {
    if is_fault(from, to) { faults.checked_sub(1) } else { Some(faults) }
}

/// Used by the properties to see what an action does to the route.
pub(crate) fn canary_share(action: &Action) -> Option<u8> {
    match action {
        Action::ApplyRoute(routing) => Some(routing.canary),
        _ => None,
    }
}
