//! The models of `make model` with fewer revisions and faults, so that they run with every test.
#![allow(clippy::expect_used)]

#[path = "../examples/model/cluster.rs"]
mod cluster;
#[path = "../examples/model/configurations.rs"]
mod configurations;
#[path = "../examples/model/cookies.rs"]
mod cookies;
#[path = "../examples/model/ghost.rs"]
mod ghost;
#[path = "../examples/model/handover.rs"]
mod handover;
#[path = "../examples/model/lifecycle.rs"]
mod lifecycle;
#[path = "../examples/model/outbox.rs"]
mod outbox;
#[path = "../examples/model/properties.rs"]
mod properties;
#[path = "../examples/model/rest.rs"]
mod rest;
#[path = "../examples/model/steps.rs"]
mod steps;

use configurations::Configuration;
use lifecycle::Lifecycle;
use stateright::{Checker, Model};

#[test]
fn the_invariants_hold_in_every_order() {
    for full in configurations::FULL {
        let (revisions, faults) = match full {
            Configuration { users_own: true, .. } => (2, 0),
            Configuration { notifications: 0, .. } => (3, 1),
            _ => (2, 1),
        };
        let configuration = Configuration { revisions, faults, ..full };
        let checker = Lifecycle::new(configuration).checker().threads(2).spawn_bfs().join();
        let states = checker.unique_state_count();
        assert!(states > 500, "{}: {states} states", configuration.name);
        checker.assert_properties();
    }
}
