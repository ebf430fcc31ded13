//! Any strategy, any order of events: the invariants hold at every write, a plan that is cut off after
//! any of its actions is made good, and with faults ended every rollout comes to rest.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use proptest::prelude::*;
use scenario::Scenario;
use serin_analysis::outcome::Outcome;
use serin_api::Phase;
use serin_core::{Action, Plan, affinity::Cookies, command::Verb};
use serin_sim::{Pods, World};

/// What can happen to a canary.
#[derive(Clone, Debug)]
enum Happening {
    Ship(u8),
    Config(u8),
    Target(Pods),
    Primary(Pods),
    Seconds(u8),
    Metric(bool),
    Gate(&'static str, bool),
    /// The controller dies after this many of its next actions.
    CutAfter(usize),
    Unaccepted(bool),
    /// A person gives a command, for the right revision or for another.
    Command(Verb, bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let pods = prop_oneof![4 => Just(Pods::Ready), 1 => Just(Pods::Starting), 1 => Just(Pods::Failed)];
    let gate = prop_oneof![Just("cr"), Just("cti"), Just("cp"), Just("pre"), Just("roll"), Just("rb")];
    prop_oneof![
        2 => (0_u8..4).prop_map(Happening::Ship),
        1 => (0_u8..3).prop_map(Happening::Config),
        4 => pods.clone().prop_map(Happening::Target),
        4 => pods.prop_map(Happening::Primary),
        6 => prop_oneof![Just(1_u8), Just(5), Just(10)].prop_map(Happening::Seconds),
        2 => any::<bool>().prop_map(Happening::Metric),
        2 => (gate, any::<bool>()).prop_map(|(hook, open)| Happening::Gate(hook, open)),
        2 => (0_usize..4).prop_map(Happening::CutAfter),
        1 => any::<bool>().prop_map(Happening::Unaccepted),
        2 => (proptest::sample::select(&Verb::ALL[..]), prop_oneof![4 => Just(true), 1 => Just(false)])
            .prop_map(|(verb, meant)| Happening::Command(verb, meant)),
    ]
}

fn analysis() -> impl Strategy<Value = String> {
    let hooks = r#""webhooks":[{"name":"cr","type":"confirm-rollout","url":"http://t/"},{"name":"pre","type":"pre-rollout","url":"http://t/"},
        {"name":"roll","url":"http://t/"},{"name":"cti","type":"confirm-traffic-increase","url":"http://t/"},
        {"name":"cp","type":"confirm-promotion","url":"http://t/"},{"name":"rb","type":"rollback","url":"http://t/"}]"#;
    let metrics = r#""metrics":[{"name":"error-rate","query":"vector(0)","thresholdRange":{"max":1}}]"#;
    let steps = prop_oneof![
        (1_u8..=100, 0_u8..=100).prop_map(|(s, m)| format!(r#""stepWeight":{s},"maxWeight":{m}"#)),
        (1_u8..50, 50_u8..=100, 0_u8..60)
            .prop_map(|(a, b, p)| format!(r#""stepWeights":[{a},{b}],"stepWeightPromotion":{p}"#)),
        (1_u8..4, any::<bool>()).prop_map(|(n, m)| format!(r#""iterations":{n},"mirror":{m}"#)),
        (1_u8..4)
            .prop_map(|n| format!(r#""iterations":{n},"match":[{{"headers":{{"x":{{"exact":"y"}}}}}}]"#)),
    ];
    let affinity = prop_oneof![
        Just(""),
        Just(r#""sessionAffinity":{"cookieName":"ck"},"#),
        Just(r#""sessionAffinity":{"cookieName":"ck","primaryCookieName":"pk"},"#),
    ];
    (steps, 1_u8..4, affinity)
        .prop_map(move |(steps, t, a)| format!(r#"{{{steps},"threshold":{t},{a}{metrics},{hooks}}}"#))
}

/// What must be true of every plan on the cluster it was made for.
fn check(world: &World, plan: &Plan, rolled_back: &mut Option<String>) -> Result<(), TestCaseError> {
    let primary_ready = primary_serves(world);
    let canary_ready = world.target.replicas > 0 && world.target.pods == Pods::Ready;
    let current = world.route.map_or(0, |r| r.canary);
    if plan.status.last_applied_spec != world.status.last_applied_spec {
        *rolled_back = None;
    }
    for action in &plan.actions {
        match action {
            Action::ApplyRoute(r) => {
                prop_assert!(r.canary <= 100 && r.primary() + r.canary == 100, "S1");
                prop_assert!(r.canary <= current || canary_ready, "S2: {r:?} with {world:?}");
                prop_assert!(r.canary >= current || primary_ready, "S2: {r:?} with {world:?}");
                let same = rolled_back.is_some() && *rolled_back == plan.status.last_applied_spec;
                // Save for what a primary had that cannot serve.
                prop_assert!(!same || r.canary <= current || !primary_ready, "S5: {r:?} with {world:?}");
            }
            Action::ScaleTarget(0) => prop_assert!(primary_ready, "S3: {world:?}"),
            _ => {}
        }
    }
    let same_run = plan.status.phase != Phase::Finalising;
    if plan.status.rollback_reason.is_some() && same_run {
        rolled_back.clone_from(&plan.status.last_applied_spec);
    }
    if plan.status.phase == Phase::Progressing && world.status.phase != Phase::Progressing {
        *rolled_back = None;
    }
    Ok(())
}

fn primary_serves(world: &World) -> bool {
    let primary = world.primary.as_ref();
    primary.is_some_and(|p| p.pods == Pods::Ready || p.rolling && p.pods == Pods::Starting)
}

/// Nobody reads the same twice.
fn check_events(plan: &Plan) -> Result<(), TestCaseError> {
    let mut texts: Vec<&str> = plan.events.iter().map(|event| event.message.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    prop_assert_eq!(texts.len(), plan.events.len(), "{:?}", plan.events);
    Ok(())
}

/// Cookies are there while the canary has a share, the same for the whole run, and never those of another.
fn check_cookies(world: &World, plan: &Plan) -> Result<(), TestCaseError> {
    let (before, after) = (Cookies::of(&world.status), Cookies::of(&plan.status));
    if world.rollout.affinity().is_none() {
        prop_assert_eq!(after, Cookies::default());
        return Ok(());
    }
    prop_assert!(after.canary.is_none() || after.canary != after.previous, "{world:?}");
    if before.canary.is_some() && after.canary.is_some() {
        prop_assert_eq!(&before.canary, &after.canary);
    }
    if before.canary.is_some() && after.canary.is_none() {
        prop_assert_eq!(&before.canary, &after.previous);
    }
    for action in &plan.actions {
        if let Action::ApplyRoute(r) = action {
            let needed = r.canary > 0 && primary_serves(world);
            prop_assert!(!needed || after.canary.is_some(), "{r:?} without a cookie: {world:?}");
        }
    }
    Ok(())
}

/// Reconciles; dies after `cut` actions of one plan if that is given.
fn reconcile(
    s: &mut Scenario,
    mut cut: Option<usize>,
    back: &mut Option<String>,
) -> Result<(), TestCaseError> {
    for _ in 0..60 {
        let plan = s.world.plan(&s.script);
        check(&s.world, &plan, back)?;
        check_cookies(&s.world, &plan)?;
        check_events(&plan)?;
        if plan.actions.is_empty() && plan.status == s.world.status {
            return Ok(());
        }
        s.world.status = plan.status;
        let all = plan.actions.len();
        for action in plan.actions.iter().take(cut.unwrap_or(all)) {
            s.world.apply(action);
        }
        if all > 0 && cut.take().is_some() {
            return Ok(());
        }
    }
    Err(TestCaseError::fail(format!("does not come to rest: {:?}", s.world)))
}

fn happen(s: &mut Scenario, event: &Happening) -> Option<usize> {
    match event {
        Happening::Ship(n) => s.world.change_target(&format!("r{n}")),
        Happening::Config(n) => {
            s.world.configs.insert("configmap/app".into(), n.to_string());
        }
        Happening::Target(pods) if s.world.target.replicas > 0 => s.world.target.pods = *pods,
        Happening::Primary(pods) => {
            if let Some(primary) = &mut s.world.primary {
                primary.pods = *pods;
                primary.rolling = false;
            }
        }
        Happening::Seconds(n) => s.world.pass(chrono::TimeDelta::seconds(i64::from(*n))),
        Happening::Metric(good) => {
            s.script.values.insert("error-rate".into(), Outcome::sample(if *good { 0.0 } else { 9.0 }));
        }
        Happening::Gate(hook, open) => {
            if *open {
                s.script.closed.remove(*hook);
            } else {
                s.script.closed.insert((*hook).into(), "closed".into());
            }
        }
        Happening::CutAfter(n) => return Some(*n),
        Happening::Unaccepted(is) => s.world.pending = is.then(|| "not accepted".to_owned()),
        Happening::Command(verb, meant) => s.world.command = Some(command(s, *verb, *meant)),
        Happening::Target(_) => {}
    }
    None
}

/// The same verb at the same time is the same command.
fn command(s: &Scenario, verb: Verb, meant: bool) -> String {
    let id = format!("{}-{}", verb.name(), s.world.now);
    let revision = if meant { s.world.target.revision.as_str() } else { "other" };
    serde_json::json!({"id": id, "verb": verb.name(), "revision": revision}).to_string()
}

fn heal(s: &mut Scenario) {
    s.world.command = None;
    if s.world.status.paused.is_some() {
        let healing = s.world.now + chrono::TimeDelta::milliseconds(1);
        s.world.now = healing;
        s.world.command = Some(command(s, Verb::Resume, true));
    }
    s.script.closed.clear();
    s.script.closed.insert("rb".into(), "no".into());
    s.script.values.clear();
    s.world.pending = None;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn invariants_hold_and_rollouts_end(
        analysis in analysis(),
        events in prop::collection::vec(happening(), 1..60),
    ) {
        let mut s = Scenario::new(&analysis);
        s.script.closed.insert("rb".into(), "no".into());
        let mut back = None;
        for event in &events {
            let cut = happen(&mut s, event);
            reconcile(&mut s, cut, &mut back)?;
        }
        heal(&mut s);
        for _ in 0..300 {
            s.world.pods_ready();
            reconcile(&mut s, None, &mut back)?;
            s.world.pass(chrono::TimeDelta::seconds(5));
        }
        let ended = matches!(s.world.status.phase, Phase::Initialized | Phase::Succeeded | Phase::Failed);
        prop_assert!(ended, "L4: {} waits for {:?}", s.line(), s.world.status.waiting_for);
        prop_assert!(s.world.route.is_none_or(|r| r.canary == 0 && !r.mirror), "S6: {}", s.line());
        let left = Cookies::of(&s.world.status);
        prop_assert!(left.canary.is_none() && left.primary.is_none(), "S6: {left:?}");
        prop_assert_eq!(&s.world.cookies, &left, "S6: only the way to take cookies back stays");
    }
}
