//! The model check of `make model` with fewer revisions and faults, so that it runs with every test.
#![allow(clippy::expect_used)]

#[path = "../examples/model/cluster.rs"]
mod cluster;
#[path = "../examples/model/lifecycle.rs"]
mod lifecycle;
#[path = "../examples/model/properties.rs"]
mod properties;

use lifecycle::Lifecycle;
use stateright::{Checker, Model};

#[test]
fn the_invariants_hold_in_every_order() {
    for (name, model) in Lifecycle::all(2, 2) {
        let checker = model.checker().threads(2).spawn_bfs().join();
        assert!(checker.unique_state_count() > 1000, "{name}: {} states", checker.unique_state_count());
        checker.assert_properties();
    }
}
