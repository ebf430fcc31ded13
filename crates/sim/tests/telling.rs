//! Whatever happens, and wherever the operator dies: every event is written once, and every alert reaches its receiver
//! with one name, under which it is repeated only if the operator died.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::prelude::*;
use scenario::Scenario;
use serin_analysis::outcome::Outcome;
use serin_api::{CanaryStatus, Phase, canary::Notification};
use serin_core::{
    delivery::{Delivery, Part},
    outbox::{event_name, id},
};
use serin_sim::Pods;

/// What can happen to a canary.
#[derive(Clone, Debug)]
enum Happening {
    Ship(u8),
    Pods(Pods),
    Seconds(u8),
    Metric(bool),
    Gate(&'static str, bool),
    /// The operator dies after this many more steps.
    DieAfter(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    let pods = prop_oneof![4 => Just(Pods::Ready), 1 => Just(Pods::Starting), 1 => Just(Pods::Failed)];
    let gate = prop_oneof![Just("cr"), Just("cti"), Just("cp"), Just("rb")];
    prop_oneof![
        2 => (0_u8..4).prop_map(Happening::Ship),
        4 => pods.prop_map(Happening::Pods),
        6 => prop_oneof![Just(1_u8), Just(10)].prop_map(Happening::Seconds),
        2 => any::<bool>().prop_map(Happening::Metric),
        2 => (gate, any::<bool>()).prop_map(|(hook, open)| Happening::Gate(hook, open)),
        3 => (0_usize..10).prop_map(Happening::DieAfter),
    ]
}

const ANALYSIS: &str = r#"{"stepWeights":[20,60],"threshold":2,
    "metrics":[{"name":"error-rate","query":"vector(0)","thresholdRange":{"max":1}}],
    "webhooks":[{"name":"cr","type":"confirm-rollout","url":"http://t/"},
        {"name":"cti","type":"confirm-traffic-increase","url":"http://t/"},
        {"name":"cp","type":"confirm-promotion","url":"http://t/"},
        {"name":"rb","type":"rollback","url":"http://t/"},
        {"name":"done","type":"post-rollout","url":"http://t/"}]}"#;

/// The operator with the world it talks to: the API server's events, and people.
#[derive(Default)]
struct Shell {
    /// What the operator knows that it has told; lost when it dies.
    told: BTreeSet<Delivery>,
    /// The steps until it dies.
    left: Option<usize>,
    deaths: usize,
    /// By name, how often each was tried and what it says.
    events: BTreeMap<String, (usize, String)>,
    /// By name, how often each arrived and what it says.
    alerts: BTreeMap<String, (usize, String)>,
    /// Everything that a written status promised to tell.
    promised: BTreeMap<String, String>,
}

/// The operator is dead.
struct Dead;

impl Shell {
    /// Something that happens as a whole; the operator may die before it.
    fn step(&mut self) -> Result<(), Dead> {
        match &mut self.left {
            Some(0) => Err(Dead),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Reconciles until nothing is left to do. `None` when it never comes to rest.
    fn reconcile(&mut self, s: &mut Scenario) -> Option<()> {
        for _ in 0..80 {
            match self.round(s) {
                Ok(true) => return Some(()),
                Ok(false) => {}
                Err(Dead) => {
                    self.told.clear();
                    self.left = None;
                    self.deaths += 1;
                }
            }
        }
        None
    }

    /// One look, as the controller takes it. Whether nothing is left to do.
    fn round(&mut self, s: &mut Scenario) -> Result<bool, Dead> {
        s.world.pass(TimeDelta::microseconds(1));
        s.world.deliveries.done.clone_from(&self.told);
        let plan = s.world.plan(&s.script);
        let status = plan.status.clone();
        let wrote = status != s.world.status;
        if wrote {
            self.step()?;
            self.promise(&s.world.status, &status);
            s.world.status = status.clone();
        }
        for action in &plan.actions {
            self.step()?;
            s.world.apply(action);
        }
        for item in &status.pending_notifications {
            self.tell(item)?;
        }
        Ok(!wrote && plan.actions.is_empty())
    }

    fn promise(&mut self, before: &CanaryStatus, after: &CanaryStatus) {
        for item in after
            .pending_notifications
            .iter()
            .filter(|item| before.pending_notifications.iter().all(|old| old.at != item.at))
        {
            for (index, event) in item.events.iter().enumerate() {
                self.promised.insert(event_name("e", item.at, index), event.message.clone());
            }
            for (index, alert) in item.alerts.iter().enumerate() {
                self.promised.insert(id(item.at, index), alert.message.clone());
            }
        }
    }

    fn tell(&mut self, item: &Notification) -> Result<(), Dead> {
        for part in Part::ALL.into_iter().filter(|part| part.is_in(item)) {
            let delivery = Delivery { at: item.at, part };
            if self.told.contains(&delivery) {
                continue;
            }
            for (index, event) in item.events.iter().enumerate().filter(|_| part == Part::Events) {
                self.step()?;
                let entry = self.events.entry(event_name("e", item.at, index)).or_default();
                *entry = (entry.0 + 1, event.message.clone());
            }
            for (index, alert) in item.alerts.iter().enumerate().filter(|_| part == Part::Alerts) {
                self.step()?;
                let entry = self.alerts.entry(id(item.at, index)).or_default();
                *entry = (entry.0 + 1, alert.message.clone());
            }
            self.step()?;
            self.told.insert(delivery);
        }
        Ok(())
    }
}

fn happen(s: &mut Scenario, shell: &mut Shell, event: &Happening) {
    match event {
        Happening::Ship(n) => s.world.change_target(&format!("r{n}")),
        Happening::Pods(pods) => {
            s.world.pods_ready();
            if s.world.target.replicas > 0 {
                s.world.target.pods = *pods;
            }
        }
        Happening::Seconds(n) => s.world.pass(TimeDelta::seconds(i64::from(*n))),
        Happening::Metric(good) => {
            s.script.values.insert("error-rate".into(), Outcome::sample(if *good { 0.0 } else { 9.0 }));
        }
        Happening::Gate(hook, true) => drop(s.script.closed.remove(*hook)),
        Happening::Gate(hook, false) => drop(s.script.closed.insert((*hook).into(), "closed".into())),
        Happening::DieAfter(steps) => shell.left = Some(*steps),
    }
}

/// The end of a rollout without an alert, if there is any: the transition.
fn untold_end(before: &CanaryStatus, after: &CanaryStatus) -> Option<(Phase, Phase)> {
    let alerted = after.pending_notifications.iter().any(|item| !item.alerts.is_empty());
    let begins_rollback = before.rollback_reason.is_none() && after.rollback_reason.is_some();
    // The alert of a rollback is sent when it begins, and nothing is promoted when nothing was to be released.
    let ends = match (before.phase, after.phase) {
        (from, to) if from == to => false,
        (Phase::Waiting, Phase::Succeeded) => false,
        (_, Phase::Failed) => before.rollback_reason.is_none(),
        (_, Phase::Initialized | Phase::Succeeded) => true,
        _ => begins_rollback && after.phase != Phase::Finalising,
    };
    (ends && !alerted).then_some((before.phase, after.phase))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn everything_is_told_once_wherever_the_operator_dies(events in prop::collection::vec(happening(), 1..60)) {
        let mut s = Scenario::new(ANALYSIS);
        s.script.closed.insert("rb".into(), "no".into());
        let mut shell = Shell::default();
        shell.promise(&CanaryStatus::default(), &s.world.status);
        for event in &events {
            happen(&mut s, &mut shell, event);
            prop_assert!(shell.reconcile(&mut s).is_some(), "does not come to rest: {}", s.line());
        }
        shell.left = None;
        prop_assert!(shell.reconcile(&mut s).is_some());
        let told: BTreeMap<String, String> =
            shell.events.iter().chain(&shell.alerts).map(|(name, (_, text))| (name.clone(), text.clone())).collect();
        prop_assert_eq!(told, shell.promised.clone());
        for (name, (times, text)) in &shell.alerts {
            prop_assert!(*times <= 1 + shell.deaths, "{}: {} arrived {} times", name, text, times);
            prop_assert!(*times == 1 || shell.deaths > 0, "{}: {} arrived {} times", name, text, times);
        }
        let open = s.world.status.pending_notifications.iter().any(|item| !item.alerts.is_empty() || item.hooks.is_some());
        prop_assert!(!open, "told, and still listed: {:?}", s.world.status.pending_notifications);
    }

    #[test]
    fn every_end_of_a_rollout_has_its_alert(events in prop::collection::vec(happening(), 1..60)) {
        let mut s = Scenario::new(ANALYSIS);
        s.script.closed.insert("rb".into(), "no".into());
        for event in &events {
            happen(&mut s, &mut Shell::default(), event);
            for _ in 0..80 {
                s.world.pass(TimeDelta::microseconds(1));
                let before = CanaryStatus { pending_notifications: Vec::new(), ..s.world.status.clone() };
                s.world.status = before.clone();
                let plan = s.world.plan(&s.script);
                prop_assert_eq!(untold_end(&before, &plan.status), None, "{}", s.line());
                let idle = plan.actions.is_empty() && plan.status == before;
                s.world.status = plan.status;
                plan.actions.iter().for_each(|action| s.world.apply(action));
                if idle {
                    break;
                }
            }
        }
    }
}

/// Operators before 0.2 listed it under another name.
#[test]
fn what_an_operator_before_listed_is_still_told_and_moves() {
    let mut s = Scenario::initialized(ANALYSIS);
    let pending = std::mem::take(&mut s.world.status.pending_notifications);
    assert!(!pending.is_empty());
    s.world.status.news.clone_from(&pending);
    let plan = s.world.plan(&s.script);
    let moved = CanaryStatus { news: Vec::new(), pending_notifications: pending, ..s.world.status.clone() };
    assert_eq!((plan.status, plan.actions.len()), (moved.clone(), 0));
    s.world.status = moved.clone();
    assert_eq!(s.world.plan(&s.script).status, moved);
}
