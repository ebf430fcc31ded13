//! What must hold in every state of a model, and what must be possible in it.

use serin_api::Phase;
use serin_core::{Routing, rollout::HookKind};
use stateright::Property;

use crate::{
    handover,
    lifecycle::{Lifecycle, State},
};

/// What must hold of this model.
pub(crate) fn of(model: &Lifecycle) -> Vec<Property<Lifecycle>> {
    let mut properties = safety();
    if model.rollout.affinity().is_some() {
        properties.extend(affinity());
    }
    if model.tells() {
        properties.extend(telling());
    }
    if model.configuration.users_own {
        properties.extend(handover::properties());
    }
    if model.has(HookKind::ConfirmPromotion) {
        properties.push(Property::sometimes("the promotion is held", |_, s: &State| {
            s.cluster.phase == Phase::WaitingPromotion
        }));
    }
    properties
}

/// What holds of every kind of release.
fn safety() -> Vec<Property<Lifecycle>> {
    vec![
        Property::always("S1 weights lie in 0..=100 and sum to 100", |_, s: &State| {
            s.cluster.route.is_none_or(|r| r.canary <= 100 && r.primary() + r.canary == 100)
        }),
        Property::always("S2 traffic grows only on a ready side", |_, s: &State| s.ghost.kept("S2")),
        Property::always("S3 the last ready copy stays", |_, s: &State| s.ghost.kept("S3")),
        Property::always("S4 only an analysed revision is promoted", |_, s: &State| s.ghost.kept("S4")),
        Property::always("S5 no rise after a rollback began", |_, s: &State| s.ghost.kept("S5")),
        Property::always("S6 at the end the route is as before", |model: &Lifecycle, s: &State| {
            let before = model.rollout.router.shifts().then_some(Routing::PRIMARY);
            !matches!(s.cluster.phase, Phase::Initialized | Phase::Succeeded) || s.cluster.route == before
        }),
        Property::always("S12 a canary that is lost loses its traffic", |_, s: &State| s.ghost.kept("S12")),
        Property::always("G1 nothing goes on that is told to hold", |_, s: &State| s.ghost.kept("G1")),
        Property::always("G2 too many failed checks roll back", |model: &Lifecycle, s: &State| {
            let failed = s.cluster.failed_checks >= model.rollout.threshold;
            !failed || s.cluster.phase != Phase::Progressing || s.cluster.rolling_back
        }),
        Property::always("L4 without faults it comes to rest", Lifecycle::comes_to_rest),
        Property::always("O1 each end is counted, and nothing else", |_, s: &State| s.ghost.kept("O1")),
        Property::always("T1 what is not told is not forgotten", |_, s: &State| s.ghost.kept("T1")),
        Property::always("T2 every end has its alert", |_, s: &State| s.ghost.kept("T2")),
        Property::always("T4 an alert tells of a change", |_, s: &State| s.ghost.kept("T4")),
        Property::sometimes("a revision is promoted", |_, s: &State| {
            s.cluster.phase == Phase::Succeeded && s.cluster.promoted > Some(0)
        }),
        Property::sometimes("a revision is rolled back", |_, s: &State| {
            s.cluster.phase == Phase::Failed && s.cluster.route.is_none_or(|r| r.canary == 0)
        }),
    ]
}

/// What holds of the cookies.
fn affinity() -> Vec<Property<Lifecycle>> {
    vec![
        Property::always("C1 a run gives one cookie", |_, s: &State| s.ghost.kept("C1")),
        Property::always("C2 a cookie that goes is taken back", |_, s: &State| s.ghost.kept("C2")),
        Property::always("C3 each step draws the primary's users anew", |_, s: &State| s.ghost.kept("C3")),
        Property::always("C4 who is sent to the canary gets its cookie", |_, s: &State| s.ghost.kept("C4")),
        Property::always("C5 no cookie outlives its run", |_, s: &State| {
            let ended = matches!(s.cluster.phase, Phase::Initialized | Phase::Succeeded | Phase::Failed);
            let idle = s.cluster.weight == 0 && s.cluster.route.is_none_or(|route| route.canary == 0);
            let given = &s.cluster.cookies.given;
            !ended || !idle || (given.canary.is_none() && given.primary.is_none())
        }),
        Property::sometimes("a cookie is taken back", |_, s: &State| {
            s.cluster.cookies.on_route.previous.is_some()
        }),
    ]
}

/// What holds of the notifications that wait in the status.
fn telling() -> Vec<Property<Lifecycle>> {
    vec![
        Property::always("T3 without a crash nothing is told twice", |_, s: &State| s.ghost.kept("T3")),
        Property::always("T5 what is to be told decides nothing", |_, s: &State| s.ghost.kept("T5")),
        Property::sometimes("something is told again after a crash", |_, s: &State| s.outbox.repeats()),
    ]
}
