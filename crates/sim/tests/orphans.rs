//! What was generated under names that are not in use any more.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod scenario;

use std::{collections::BTreeMap, sync::Arc};

use scenario::Scenario;
use serin_core::{Action, Seen};

/// Steps until nothing is to be done now. Returns what was removed.
fn removed(s: &mut Scenario) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let before = s.world.status.clone();
        let actions = s.step();
        if actions.is_empty() && s.world.status == before {
            return all;
        }
        all.extend(actions.into_iter().filter_map(|action| match action {
            Action::Remove(entry) => Some(entry),
            _ => None,
        }));
    }
}

/// The user changes `service.name`.
fn rename(s: &mut Scenario, name: &str) {
    name.clone_into(&mut Arc::make_mut(&mut s.world.rollout).apex);
}

/// A canary at rest whose `service.name` has changed; `left` is what the cluster has under the former one.
fn renamed(left: Seen<bool>) -> Scenario {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50}"#);
    assert_eq!(s.world.status.service_name.as_deref(), Some("podinfo"));
    rename(&mut s, "web");
    s.world.orphans = BTreeMap::from([("service/podinfo".to_owned(), left)]);
    s
}

#[test]
fn former_names_go_when_the_new_ones_serve() {
    let mut s = renamed(Seen::Present(true));
    s.world.pending = Some("not accepted".to_owned());
    assert_eq!(removed(&mut s), [""; 0], "the new route has to be accepted first");
    assert_eq!(s.world.status.service_name.as_deref(), Some("web"));
    assert_eq!(s.world.status.leftovers, ["service/podinfo"]);
    s.world.pending = None;
    assert_eq!(removed(&mut s), [""; 0], "and the gateway needs a moment");
    s.seconds(3);
    s.seconds(3);
    assert_eq!(s.world.orphans["service/podinfo"], Seen::Absent);
    assert_eq!(s.world.status.leftovers, [""; 0]);
    assert_eq!(s.world.status.last_check_time, None);
}

#[test]
fn what_was_cut_off_is_removed_again() {
    let mut s = renamed(Seen::Present(true));
    removed(&mut s);
    s.world.pass(chrono::TimeDelta::seconds(3));
    let plan = s.world.plan(&s.script);
    assert_eq!(plan.actions, [Action::Remove("service/podinfo".to_owned())]);
    s.world.status = plan.status;
    s.world.pass(chrono::TimeDelta::seconds(3));
    assert_eq!(removed(&mut s), ["service/podinfo"]);
}

#[test]
fn what_is_not_ours_is_forgotten_and_what_is_unknown_is_not() {
    let mut s = renamed(Seen::Absent);
    removed(&mut s);
    assert_eq!(s.world.status.leftovers, [""; 0]);
    let mut s = renamed(Seen::Unknown("no answer".to_owned()));
    assert_eq!(removed(&mut s), [""; 0]);
    assert_eq!(s.world.status.leftovers, ["service/podinfo"]);
}

#[test]
fn a_name_that_comes_back_is_not_left_over() {
    let mut s = renamed(Seen::Present(true));
    removed(&mut s);
    rename(&mut s, "podinfo");
    s.world.orphans.clear();
    removed(&mut s);
    assert_eq!(s.world.status.leftovers, ["service/web"]);
}

#[test]
fn copies_of_configs_go_when_the_primary_uses_them_no_more() {
    let mut s = Scenario::initialized(r#"{"stepWeight":50,"maxWeight":50}"#);
    s.world.configs.insert("configmap/a".into(), "1".into());
    s.settle();
    s.pods_ready();
    s.interval();
    s.pods_ready();
    s.seconds(3);
    assert_eq!(s.world.status.leftovers, [""; 0]);
    s.world.configs.clear();
    s.world.orphans.insert("configmap/a".into(), Seen::Present(false));
    s.settle();
    assert_eq!(s.world.status.leftovers, ["configmap/a"], "remembered when the rollout begins");
    s.pods_ready();
    s.interval();
    s.pods_ready();
    s.seconds(3);
    assert_eq!(s.world.status.phase.to_string(), "Succeeded");
    assert_eq!(s.world.status.leftovers, ["configmap/a"], "still in use");
    s.world.orphans.insert("configmap/a".into(), Seen::Present(true));
    s.interval();
    s.seconds(3);
    s.seconds(3);
    assert_eq!(s.world.status.leftovers, [""; 0]);
}
