//! What the user made before the Canary changes hands, and comes back.

use std::sync::Arc;

use serde_json::json;
use serin_api::Phase;
use serin_core::{Action, Plan, Rollout};
use serin_sim::{Pods, UsersRoute, World};
use stateright::Property;

use crate::{
    cluster::{Cluster, Pending},
    ghost::Ghost,
    lifecycle::{Lifecycle, State},
};

/// Steps in which a route is given back at most: one that a crash keeps back each time must not keep its Canary for ever.
const MOST_STEPS: i64 = 10;

/// The route as its user wrote it, with a rule for another application.
pub(crate) fn users_route(rollout: &Rollout) -> UsersRoute {
    let rule = |path: &str, service: &str| {
        json!({
            "matches": [{"path": {"type": "PathPrefix", "value": path}}],
            "backendRefs": [{"name": service, "port": 9898}],
        })
    };
    let rules = [rule("/api", "other"), rule("/", &rollout.apex)];
    UsersRoute::new(rollout, json!({"parentRefs": [{"name": "gateway"}], "rules": rules}))
}

impl Ghost {
    /// No action takes anything from clients that were served, and what goes was given back.
    pub(crate) fn handed_over(
        &mut self,
        before: &Cluster,
        after: &Cluster,
        pending: &Pending,
        rollout: &Arc<Rollout>,
    ) {
        let (was, is) = (before.world(rollout), after.world(rollout));
        let as_decided = (before.target_serves(), before.primary_serves())
            == (pending.target_served, pending.primary_served);
        // A target that never becomes ready does not keep its Canary.
        let hopeless = before.life.deleting && before.target.2 == Pods::Failed;
        // The model's primary has no old pods that serve while new ones start.
        let rolls = pending.action == Action::ApplyPrimary;
        self.note("H1", as_decided && !hopeless && !rolls && was.served().lost(is.served()));
        self.note("H2", surprises(&was, &is));
        let ends = is.gone && before.phase == Phase::Terminating && before.iterations < MOST_STEPS;
        self.note("H3", ends && !is.is_given_back());
    }

    /// The finalizer goes when the target serves, or never will.
    pub(crate) fn lets_go(&mut self, before: &Cluster, plan: &Plan) {
        let goes = before.life.deleting && plan.actions.contains(&Action::RemoveFinalizer);
        self.note("H4", goes && !before.target_serves() && before.target.2 != Pods::Failed);
    }
}

/// Whether a gateway learns of a Service in the moment in which it gets requests, or forgets one that had some.
fn surprises(before: &World, after: &World) -> bool {
    let Some((before, after)) = before.users_route.as_ref().zip(after.users_route.as_ref()) else {
        return false;
    };
    before.live != after.live
        && (!after.with_traffic().is_subset(&before.named())
            || !before.with_traffic().is_subset(&after.named()))
}

/// What holds of what changes hands.
pub(crate) fn properties() -> Vec<Property<Lifecycle>> {
    vec![
        Property::always("H1 no action takes away what answers", |_, s: &State| s.ghost.kept("H1")),
        Property::always("H2 a gateway knows a Service before and after its traffic", |_, s: &State| {
            s.ghost.kept("H2")
        }),
        Property::always("H3 the user's Service and route are given back", |_, s: &State| s.ghost.kept("H3")),
        Property::always("H4 the finalizer goes when the target serves", |_, s: &State| s.ghost.kept("H4")),
        Property::sometimes("a route of the user's is taken", |_, s: &State| {
            s.cluster.users_route.as_ref().is_some_and(|route| !route.is_as_written())
                && s.cluster.phase == Phase::Succeeded
        }),
        Property::sometimes("a Canary goes amid an analysis", |_, s: &State| {
            s.cluster.life.deleting && s.cluster.route.is_some_and(|route| route.canary > 0)
        }),
        Property::sometimes("what was taken is given back", |model: &Lifecycle, s: &State| {
            s.cluster.life.gone
                && s.cluster.promoted > Some(0)
                && s.cluster.world(&model.rollout).is_given_back()
        }),
    ]
}
