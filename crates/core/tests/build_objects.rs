//! The generated objects, as a user would read them.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read is a failed test")]

#[path = "build_objects/support.rs"]
mod support;

#[path = "build_objects/acceptance.rs"]
mod acceptance;
#[path = "build_objects/affinity.rs"]
mod affinity;
#[path = "build_objects/daemon_set.rs"]
mod daemon_set;
#[path = "build_objects/handover.rs"]
mod handover;
#[path = "build_objects/identity.rs"]
mod identity;
#[path = "build_objects/nginx.rs"]
mod nginx;
#[path = "build_objects/original.rs"]
mod original;
#[path = "build_objects/orphans.rs"]
mod orphans;
#[path = "build_objects/parents.rs"]
mod parents;
#[path = "build_objects/primary.rs"]
mod primary;
#[path = "build_objects/reweighted.rs"]
mod reweighted;
#[path = "build_objects/route.rs"]
mod route;
#[path = "build_objects/scaler.rs"]
mod scaler;
#[path = "build_objects/selector.rs"]
mod selector;
#[path = "build_objects/service_target.rs"]
mod service_target;
#[path = "build_objects/services.rs"]
mod services;
#[path = "build_objects/snapshot.rs"]
mod snapshot;

use support::World;

#[test]
fn everything_for_a_target_with_configs() {
    insta::assert_yaml_snapshot!(World::load("configs.yaml").generated());
}

#[test]
fn everything_of_the_tutorial() {
    insta::assert_yaml_snapshot!(World::load("tutorial.yaml").generated());
}
