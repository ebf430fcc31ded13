//! Deletion with `revertOnDeletion`, in virtual time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::sync::Arc;

use chrono::TimeDelta;
use scenario::Scenario;
use serin_api::Phase;
use serin_core::{Action, Plan, Routing, Seen, Timestamp, decide, observe::Answers};
use serin_sim::Pods;

fn deleted() -> Scenario {
    let mut s = Scenario::initialized(r#"{"stepWeight":50}"#);
    let rollout = Arc::make_mut(&mut s.world.rollout);
    rollout.spec.revert_on_deletion = true;
    rollout.deleting = true;
    rollout.finalizer = true;
    s
}

const BACK: [Action; 2] = [Action::RevertApex, Action::RevertRoute];

#[test]
fn the_primary_goes_only_when_gateways_had_time_to_notice_that_the_target_took_over() {
    let mut s = deleted();
    assert_eq!(s.step(), [Action::ScaleTarget(1)]);
    assert_eq!(s.world.status.phase, Phase::Terminating);
    assert_eq!(s.step(), [], "the target is awaited");
    s.world.pods_ready();
    assert_eq!(s.step(), BACK);
    assert_eq!(s.step(), []);
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(s.step(), [BACK[0].clone(), BACK[1].clone(), Action::RemoveFinalizer]);
}

#[test]
fn what_a_crash_cut_off_is_done_at_the_end() {
    let mut s = deleted();
    s.step();
    s.world.pods_ready();
    let plan = s.world.plan(&s.script);
    assert_eq!(plan.actions, BACK);
    s.world.status = plan.status;
    s.world.pass(TimeDelta::seconds(1));
    assert_eq!(s.step()[..2], BACK);
}

/// What is decided at that time, when the target's controller calls it ready and its Service has no endpoint.
fn without_endpoints(s: &Scenario, now: Timestamp) -> Plan {
    let mut seen = s.world.observe(Answers::default());
    seen.endpoints.canary = Seen::Present(0);
    seen.now = now;
    decide(&seen)
}

#[test]
fn pods_that_are_about_to_end_are_no_target_that_took_over() {
    let mut s = deleted();
    s.step();
    s.world.pods_ready();
    let waiting = without_endpoints(&s, s.world.now);
    assert_eq!(waiting.actions, []);
    let deadline = s.world.now + s.world.rollout.spec.progress_deadline();
    assert_eq!(without_endpoints(&s, deadline).actions, BACK, "a Canary can always be deleted");
    assert_eq!(s.step(), BACK);
}

/// Amid an analysis, with half of the traffic on a target that does not serve any more.
#[test]
fn a_canary_that_is_lost_while_it_is_deleted_has_no_share() {
    let mut s = Scenario::initialized_with(r#"{"stepWeight":50}"#, r#"{"revertOnDeletion":true}"#);
    s.ship("b");
    s.pods_ready();
    assert_eq!(s.world.route.unwrap().canary, 50);
    s.world.delete();
    s.step();
    assert_eq!(s.world.status.phase, Phase::Terminating);
    s.world.target.pods = Pods::Starting;
    assert_eq!(s.step(), [Action::ApplyRoute(Routing::PRIMARY.kept_warm())]);
    assert_eq!(s.step(), [], "the target is awaited");
}
