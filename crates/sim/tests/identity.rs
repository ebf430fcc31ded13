//! The Canary names other objects than before, or nobody remembers what it named.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::{collections::BTreeMap, sync::Arc};

use scenario::Scenario;
use serin_api::{CanaryStatus, Phase};
use serin_core::{Action, Routing, Seen};
use serin_sim::VirtualServices;

const STEPS: &str = r#"{"stepWeights":[20,60]}"#;

fn started() -> Scenario {
    let mut s = Scenario::initialized(STEPS);
    s.ship("b");
    s.pods_ready();
    assert_eq!(s.world.route.unwrap().canary, 20);
    s
}

/// The user names another target; its primary is not there yet.
fn exchange(s: &mut Scenario) {
    "web".clone_into(&mut Arc::make_mut(&mut s.world.rollout).target);
    "w".clone_into(&mut s.world.target.revision);
    s.world.target.replicas = 1;
}

fn rename(s: &mut Scenario) {
    "web".clone_into(&mut Arc::make_mut(&mut s.world.rollout).apex);
}

#[test]
fn another_target_at_rest_is_initialised_anew() {
    let mut s = Scenario::initialized(STEPS);
    exchange(&mut s);
    assert_eq!(s.step(), []);
    let status = &s.world.status;
    assert_eq!((status.phase, &status.last_promoted_spec), (Phase::Initializing, &None));
    assert_eq!(status.leftovers, ["deployment/podinfo"]);
    assert_eq!(status.target_name.as_deref(), Some("deployment/web"));
    assert_eq!(s.world.route, Some(Routing::PRIMARY));
}

#[test]
fn another_target_amid_a_rollout_takes_the_share_first() {
    let mut s = started();
    exchange(&mut s);
    assert_eq!(s.step(), [Action::ApplyRoute(Routing::PRIMARY.kept_warm())]);
    assert_eq!(s.world.status.phase, Phase::Progressing);
    s.step();
    assert_eq!((s.world.status.phase, s.world.status.canary_weight), (Phase::Initializing, 0));
    assert!(s.world.status.canary_traffic_ended.is_some());
}

#[test]
fn services_of_another_name_amid_a_rollout_begin_the_analysis_anew() {
    let mut s = started();
    s.interval();
    rename(&mut s);
    s.world.former_route = Seen::Present(true);
    s.world.route = None;
    s.world.services = VirtualServices::default();
    s.take_events();
    let mut before = Vec::new();
    for _ in 0..4 {
        before = s.step();
        if before.contains(&Action::ReleaseRoute("podinfo".to_owned())) {
            break;
        }
        assert!(
            before.iter().all(|action| matches!(action, Action::ApplyRoute(_))),
            "nothing else comes before the share is given back: {before:?}"
        );
    }
    assert_eq!(before, [Action::ReleaseRoute("podinfo".to_owned())]);
    assert_eq!(s.world.status.iterations, 0);
    s.step();
    assert_eq!((s.world.status.phase, s.world.status.canary_weight), (Phase::Progressing, 0));
    assert!(s.world.status.leftovers.contains(&"service/podinfo".to_owned()));
    assert!(s.take_events().iter().any(|text| text.ends_with("other names now! Restarting analysis")));
}

#[test]
fn services_of_another_name_between_rollouts_start_nothing() {
    let mut s = Scenario::initialized(STEPS);
    rename(&mut s);
    s.world.services = VirtualServices::default();
    s.settle();
    assert_eq!(s.world.status.phase, Phase::Initialized);
    assert!(s.world.services.are_made(), "{:?} {:?}", s.world.services, s.world.status.waiting_for);
    assert_eq!(s.take_events(), [""; 0]);
}

/// What is done after the status was lost, until the cluster rests.
fn after_the_loss(s: &mut Scenario) -> Vec<Action> {
    s.world.status = CanaryStatus::default();
    until_it_rests(s)
}

fn until_it_rests(s: &mut Scenario) -> Vec<Action> {
    let mut all = Vec::new();
    for _ in 0..40 {
        let before = s.world.status.clone();
        let actions = s.step();
        if actions.is_empty() && s.world.status == before {
            return all;
        }
        s.world.pods_ready();
        all.extend(actions);
    }
    unreachable!("it does not come to rest");
}

/// Nobody knows whether what the target asks for failed: it is looked at as something new.
#[test]
fn a_lost_status_releases_nothing_that_was_not_analysed() {
    let mut s = started();
    let actions = after_the_loss(&mut s);
    assert!(!actions.contains(&Action::ApplyPrimary), "{actions:?}");
    assert_eq!(s.world.primary.as_ref().unwrap().revision, "a");
    assert_eq!(s.world.status.phase, Phase::Progressing, "{:?}", s.world.status);
    s.interval();
    s.interval();
    s.pods_ready();
    s.seconds(3);
    s.seconds(3);
    assert_eq!(
        (s.world.status.phase, s.world.primary.as_ref().unwrap().revision.as_str()),
        (Phase::Succeeded, "b")
    );
}

#[test]
fn a_revision_that_failed_is_analysed_again_after_the_status_was_lost() {
    let mut s = Scenario::initialized(
        r#"{"stepWeights":[20,60],"threshold":1,"webhooks":[{"name":"roll","url":"http://t/"}]}"#,
    );
    s.ship("bad");
    s.pods_ready();
    s.script.closed.insert("roll".into(), "no".into());
    s.interval();
    s.seconds(3);
    s.seconds(3);
    assert_eq!(s.world.status.phase, Phase::Failed);
    let actions = after_the_loss(&mut s);
    assert!(!actions.contains(&Action::ApplyPrimary), "{actions:?}");
    for _ in 0..4 {
        s.interval();
    }
    assert_eq!(
        (s.world.status.phase, s.world.primary.as_ref().unwrap().revision.as_str()),
        (Phase::Failed, "a")
    );
}

/// A backup that was made while the Canary was being deleted names the revision that failed.
#[test]
fn a_restored_deletion_releases_nothing_that_was_not_analysed() {
    let mut s = started();
    s.world.status.phase = Phase::Terminating;
    assert_eq!(s.world.status.last_applied_spec.as_deref(), Some("b"));
    let actions = until_it_rests(&mut s);
    assert!(!actions.contains(&Action::ApplyPrimary), "{actions:?}");
    assert_eq!(s.world.primary.as_ref().unwrap().revision, "a");
}

/// What the primary runs is what the target asks for: nothing is to be analysed.
#[test]
fn a_lost_status_at_rest_is_found_again() {
    let mut s = Scenario::initialized(STEPS);
    let actions = after_the_loss(&mut s);
    assert!(!actions.contains(&Action::ApplyPrimary), "{actions:?}");
    assert_eq!(s.world.status.phase, Phase::Initialized);
    assert_eq!(s.world.status.last_promoted_spec.as_deref(), Some("a"));
}

#[test]
fn a_copy_of_a_former_autoscaler_goes_at_once() {
    let mut s = started();
    s.world.status.leftovers = vec!["horizontalpodautoscaler/podinfo".to_owned()];
    s.world.orphans = BTreeMap::from([("horizontalpodautoscaler/podinfo".to_owned(), Seen::Present(true))]);
    assert_eq!(s.step(), [Action::Remove("horizontalpodautoscaler/podinfo".to_owned())]);
}
