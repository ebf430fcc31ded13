//! Traffic first (S13, S14): whatever else is missing or waited for, what the route should say now is decided and
//! written by the very first plan.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use rstest::rstest;
use scenario::Scenario;
use serin_api::{Phase, canary::CanaryCondition};
use serin_core::{
    Action, Observation, Routing, Seen,
    observe::{Acceptance, INVALID_SPEC, Obstacle, Synced},
    plan::ServiceRole,
    stall::Stall,
};

const STEPS: &str = r#"{"stepWeights":[20,60],"stepWeightPromotion":50}"#;

/// A canary at rest, in each phase that has a route of its own.
fn at(phase: Phase) -> Scenario {
    let gate = r#"{"stepWeights":[20,60],"webhooks":[{"name":"cr","type":"confirm-rollout","url":"http://t/"},
        {"name":"cp","type":"confirm-promotion","url":"http://t/"}]}"#;
    let gated = matches!(phase, Phase::Waiting | Phase::WaitingPromotion);
    let mut s = Scenario::initialized(if gated { gate } else { STEPS });
    match phase {
        Phase::Initialized => return s,
        Phase::Waiting => drop(s.script.closed.insert("cr".into(), "closed".into())),
        Phase::WaitingPromotion => drop(s.script.closed.insert("cp".into(), "closed".into())),
        _ => {}
    }
    s.ship("b");
    s.pods_ready();
    for _ in 0..12 {
        if s.world.status.phase == phase {
            return s;
        }
        s.interval();
        if phase == Phase::Promoting && s.world.status.phase == phase {
            return s;
        }
        s.world.pods_ready();
        s.settle();
    }
    assert_eq!(s.world.status.phase, phase);
    s
}

fn target_missing(o: &mut Observation) {
    o.target = Seen::Absent;
    o.endpoints.canary = Seen::Present(0);
}

fn nothing(_: &mut Observation) {}

fn target_unreadable(o: &mut Observation) {
    o.target = Seen::Unknown("timeout".to_owned());
}

fn configs_missing(o: &mut Observation) {
    o.configs = Seen::Absent;
}

fn primary_unreadable(o: &mut Observation) {
    o.primary = Seen::Unknown("timeout".to_owned());
}

fn not_accepted(o: &mut Observation) {
    if let Seen::Present(route) = &mut o.route {
        route.acceptance = Acceptance::Pending("no gateway has reported".to_owned());
    }
}

fn obstacle(o: &mut Observation) {
    o.obstacle = Some(Obstacle { reason: "NameConflict", message: "it is taken".to_owned() });
}

/// The splits that the first plan writes.
fn written(s: &Scenario, change: impl FnMut(&mut Observation)) -> Vec<Routing> {
    let plan = s.answered(change).1;
    let splits = plan.actions.iter().filter_map(|action| match action {
        Action::ApplyRoute(routing) => Some(*routing),
        _ => None,
    });
    splits.collect()
}

const PHASES: [Phase; 6] = [
    Phase::Initialized,
    Phase::Waiting,
    Phase::Progressing,
    Phase::WaitingPromotion,
    Phase::Promoting,
    Phase::Succeeded,
];

#[rstest]
#[case::nothing(nothing)]
#[case::target_missing(target_missing)]
#[case::target_unreadable(target_unreadable)]
#[case::configs_missing(configs_missing)]
#[case::primary_unreadable(primary_unreadable)]
#[case::not_accepted(not_accepted)]
#[case::obstacle(obstacle)]
fn a_route_out_of_shape_is_mended_whatever_else_is_missing(#[case] change: fn(&mut Observation)) {
    for phase in PHASES {
        let s = at(phase);
        let split = s.world.route.unwrap();
        let mut missing = false;
        let mended = written(&s, |o| {
            change(o);
            missing |= o.target == Seen::Absent;
            if let Seen::Present(route) = &mut o.route {
                route.in_shape = false;
            }
        });
        let deserted = missing && split.canary > 0;
        let expected = if deserted { Routing { canary: 0, ..split } } else { split };
        assert_eq!(mended, [expected], "{phase}");
    }
}

#[rstest]
#[case::nothing(nothing)]
#[case::target_missing(target_missing)]
#[case::target_unreadable(target_unreadable)]
#[case::configs_missing(configs_missing)]
#[case::primary_unreadable(primary_unreadable)]
#[case::not_accepted(not_accepted)]
#[case::obstacle(obstacle)]
fn a_canary_without_endpoints_has_no_share(#[case] change: fn(&mut Observation)) {
    for phase in [Phase::Progressing, Phase::WaitingPromotion, Phase::Promoting] {
        let s = at(phase);
        assert!(s.world.route.unwrap().canary > 0, "{phase}");
        let written = written(&s, |o| {
            change(o);
            o.endpoints.canary = Seen::Present(0);
            o.endpoints.primary = Seen::Present(1);
        });
        assert_eq!(written, [Routing::PRIMARY.kept_warm()], "{phase}");
    }
}

#[rstest]
#[case::nothing(nothing)]
#[case::target_unreadable(target_unreadable)]
#[case::configs_missing(configs_missing)]
#[case::primary_unreadable(primary_unreadable)]
#[case::not_accepted(not_accepted)]
fn a_primary_without_endpoints_has_no_share(#[case] change: fn(&mut Observation)) {
    for phase in [Phase::Progressing, Phase::WaitingPromotion, Phase::Promoting] {
        let s = at(phase);
        let written = written(&s, |o| {
            change(o);
            o.endpoints.primary = Seen::Present(0);
            o.endpoints.canary = Seen::Present(1);
        });
        assert_eq!(written, [Routing::CANARY.kept_warm()], "{phase}");
    }
}

/// A version that nobody has met or approved is given no users for another's fault.
#[rstest]
fn a_canary_without_users_is_given_none(
    #[values(Phase::Initialized, Phase::Waiting, Phase::Succeeded)] phase: Phase,
) {
    let s = at(phase);
    let written = written(&s, |o| {
        o.endpoints.primary = Seen::Present(0);
        o.endpoints.canary = Seen::Present(1);
    });
    assert_eq!(written, []);
}

/// Neither can serve: nothing is better than what is there.
#[rstest]
fn with_no_endpoints_at_all_the_split_stays(
    #[values(Phase::Progressing, Phase::WaitingPromotion, Phase::Promoting)] phase: Phase,
) {
    let s = at(phase);
    let written = written(&s, |o| {
        o.endpoints.primary = Seen::Present(0);
        o.endpoints.canary = Seen::Present(0);
    });
    assert_eq!(written, []);
}

/// Nobody judges it while it is in the way.
#[test]
fn an_obstacle_takes_the_share_of_a_version_under_analysis() {
    let s = at(Phase::Progressing);
    assert_eq!(written(&s, obstacle), [Routing::PRIMARY.kept_warm()]);
}

fn invalid(o: &mut Observation) {
    o.obstacle = Some(Obstacle { reason: INVALID_SPEC, message: "spec.service.timeout: soon".to_owned() });
}

/// What serves is looked after as the last valid spec asks for it.
#[test]
fn a_spec_that_became_invalid_keeps_what_serves() {
    for phase in PHASES {
        let s = at(phase);
        let judging = matches!(phase, Phase::Progressing | Phase::WaitingPromotion);
        let expected = if judging { Routing::PRIMARY.kept_warm() } else { s.world.route.unwrap() };
        let by_hand = written(&s, |o| {
            invalid(o);
            if let Seen::Present(route) = &mut o.route {
                route.routing = Some(Routing { canary: 70, ..expected });
            }
        });
        assert_eq!(by_hand, [expected], "{phase}");
        let plan = s.answered(|o| {
            invalid(o);
            o.services.primary = Synced::No;
        });
        assert!(plan.1.actions.contains(&Action::ApplyService(ServiceRole::Primary)), "{phase}");
    }
}

/// Its pods are of a version that nobody has approved.
#[test]
fn a_newer_version_loses_the_share_of_the_one_that_is_promoted() {
    let mut s = at(Phase::Promoting);
    let approved = s.world.status.last_applied_spec.clone();
    assert!(s.world.route.unwrap().canary > 0);
    s.ship("newer");
    assert_eq!(s.world.route, Some(Routing::PRIMARY.kept_warm()));
    assert_eq!(s.world.status.last_applied_spec, approved, "what was approved is still promoted");
}

#[rstest]
#[case::target_missing(target_missing)]
#[case::configs_missing(configs_missing)]
#[case::obstacle(obstacle)]
#[case::invalid(invalid)]
fn a_route_that_was_deleted_is_made_again(#[case] change: fn(&mut Observation)) {
    for phase in PHASES {
        let s = at(phase);
        let written = written(&s, |o| {
            change(o);
            o.route = Seen::Absent;
        });
        assert_eq!(written.len(), 1, "{phase}");
    }
}

/// What the API server refuses is not asked for again and again; the weights can be changed all the same.
#[test]
fn a_route_that_is_refused_gets_its_weights() {
    let mut s = at(Phase::Progressing);
    s.world.misshapen = true;
    s.world.refused = Some("spec.service.match: no".to_owned());
    assert_eq!(written(&s, nothing), [], "a shape that is refused");
    s.canary_unready();
    assert_eq!(s.world.route, Some(Routing::PRIMARY.kept_warm()));
    assert!(s.world.misshapen);
}

/// What answers for a target that was just made anew may be what is left of the deleted one.
#[test]
fn a_target_made_anew_gets_no_share_on_account_of_the_pods_of_the_deleted_one() {
    for phase in [Phase::Progressing, Phase::WaitingPromotion, Phase::Promoting] {
        let mut s = at(phase);
        let share = s.world.route.unwrap().canary;
        s.world.target_gone = true;
        s.settle();
        assert_eq!(s.world.route.unwrap().canary, 0, "{phase}");
        s.world.target_gone = false;
        s.settle();
        assert_eq!(s.world.route.unwrap().canary, 0, "{phase}: its pods are not known to be new ones");
        s.interval();
        let back = if phase == Phase::Promoting { 0 } else { share };
        assert_eq!(s.world.route.unwrap().canary, back, "{phase}");
    }
}

/// The stalls in the statuses that are written while the cluster comes to rest.
fn stalls(s: &mut Scenario) -> Vec<Option<String>> {
    let mut written = Vec::new();
    for _ in 0..10 {
        let before = s.world.status.clone();
        let acted = s.step();
        let stalled = |condition: &&CanaryCondition| condition.type_ == "Stalled";
        let stall = s.world.status.conditions.iter().find(stalled);
        written.push(stall.map(|stall| stall.reason.clone()));
        if acted.is_empty() && s.world.status == before {
            return written;
        }
    }
    unreachable!("it does not come to rest: {written:?}");
}

/// A repair of the route says nothing of what stalls the Canary, which is looked at after it.
#[rstest]
fn a_stall_stands_while_the_route_is_mended(
    #[values(Phase::Initialized, Phase::Progressing, Phase::Promoting)] phase: Phase,
) {
    let mut s = at(phase);
    s.world.obstacle = Some(Obstacle { reason: "NameTaken", message: "it is taken".to_owned() });
    s.settle();
    let conditions = s.world.status.conditions.clone();
    s.world.misshapen = true;
    let written = stalls(&mut s);
    assert!(written.len() > 1 && !s.world.misshapen, "{phase}: {written:?}");
    assert!(written.iter().all(|stall| stall.as_deref() == Some("NameTaken")), "{phase}: {written:?}");
    assert_eq!(s.world.status.conditions, conditions, "{phase}");

    s.world.obstacle = None;
    s.world.misshapen = true;
    assert_eq!(s.step(), [Action::ApplyRoute(s.world.route.unwrap())], "{phase}");
    assert_eq!(stalls(&mut s).iter().flatten().count(), 0, "{phase}");
}

/// What cannot be written is told in the place of what the decision waits for, and only as long.
#[test]
fn a_fault_is_told_as_long_as_it_stands() {
    let mut s = at(Phase::Initialized);
    s.world.fault = Some(Stall::new("Forbidden", "grant it"));
    assert_eq!(stalls(&mut s), [Some("Forbidden".to_owned()), Some("Forbidden".to_owned())]);
    s.world.obstacle = Some(Obstacle { reason: "NameTaken", message: "it is taken".to_owned() });
    assert_eq!(stalls(&mut s).last(), Some(&Some("Forbidden".to_owned())));
    s.world.fault = None;
    assert_eq!(stalls(&mut s).last(), Some(&Some("NameTaken".to_owned())));
}

/// What a user has to mend stays told between two checks, and is told once.
#[test]
fn a_route_that_is_refused_stays_told() {
    let mut s = at(Phase::Progressing);
    s.world.misshapen = true;
    s.world.refused = Some("spec.service.match: no".to_owned());
    s.take_events();
    for second in 0..25 {
        s.seconds(1);
        let told = s.world.status.waiting_for.is_some();
        assert!(told || second < 16, "second {second}");
    }
    let told = s.take_events();
    let halts = told.iter().filter(|event| event.contains("spec.service.match: no")).count();
    assert!(halts <= 1, "{told:#?}");
}
