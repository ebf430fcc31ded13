//! The label that tells the target's pods from the primary's.

use rstest::rstest;
use serde_json::json;
use serin_core::build::selector::Selector;

use crate::support::World;

#[rstest]
#[case::order_of_the_flag(&["name", "app"], ("name", "other"))]
#[case::default_order(&["app", "name", "app.kubernetes.io/name"], ("app", "anything"))]
#[case::spaces(&[" name "], ("name", "other"))]
fn the_first_candidate_wins_whatever_its_value(#[case] candidates: &[&str], #[case] expected: (&str, &str)) {
    let mut world = World::load("tutorial.yaml");
    world.settings.selector_labels = candidates.iter().map(|label| (*label).to_owned()).collect();
    let labels = json!({"name": "other", "app": "anything", "pod": "x"});
    world.find_mut("Deployment")["spec"]["selector"]["matchLabels"] = labels;
    let found = world.selector();
    assert_eq!((found.label.as_str(), found.value.as_str()), expected);
    assert_eq!(found.primary(), format!("{}-primary", expected.1));
    // All labels are carried over, so that neighbours which share one of them stay outside.
    let mut labels = world.target()["spec"]["selector"]["matchLabels"].clone();
    labels[expected.0] = json!(found.primary());
    assert_eq!(world.primary(None)["spec"]["selector"]["matchLabels"], labels);
}

#[test]
fn a_service_has_no_pods_to_tell_apart() {
    let world = World::load("service.yaml");
    assert_eq!(Selector::if_any(&world.rollout(), &world.settings, world.target(), None), Ok(None));
}
