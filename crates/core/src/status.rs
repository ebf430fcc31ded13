//! Transitions of the status, as Flagger writes them.

mod configs;

pub use configs::{configs, configs_changed, record_configs};

use chrono::{SubsecRound, TimeDelta};
use serin_api::{CanaryStatus, Phase, canary::CanaryCondition};

use crate::{Rollout, Timestamp, time::later};

/// The condition type that `kubectl wait --for=condition=promoted` looks at.
pub const PROMOTED: &str = "Promoted";

/// Sets the phase and Flagger's condition for it.
pub fn set_phase(status: &mut CanaryStatus, phase: Phase, rollout: &Rollout, now: Timestamp) {
    status.phase = phase;
    set_condition(status, phase, rollout, now);
}

/// Forgets what belongs to the previous rollout.
pub fn reset(status: &mut CanaryStatus) {
    status.canary_weight = 0;
    status.failed_checks = 0;
    status.iterations = 0;
    status.rollback_reason = None;
    status.last_check_time = None;
    status.adopted_promotion = None;
    status.canary_lost_traffic = false;
}

/// Whether two statuses differ in anything but the time of writing and what is still to be told.
pub fn differs(a: &CanaryStatus, b: &CanaryStatus) -> bool {
    let timeless =
        |s: &CanaryStatus| CanaryStatus { last_transition_time: None, news: Vec::new(), ..s.clone() };
    timeless(a) != timeless(b)
}

/// Whether two statuses differ in more than what is waited for, and what was measured meanwhile.
pub fn decided(a: &CanaryStatus, b: &CanaryStatus) -> bool {
    let held = |s: &CanaryStatus| CanaryStatus {
        waiting_for: None,
        last_check_time: None,
        service_name: None,
        target_name: None,
        autoscaler_name: None,
        route_name: None,
        checks: Vec::new(),
        ..s.clone()
    };
    differs(&held(a), &held(b))
}

/// The moment as statuses keep it: whole milliseconds.
pub fn stamp(now: Timestamp) -> Timestamp {
    now.trunc_subsecs(3)
}

/// The moment as Kubernetes writes it: whole seconds.
pub fn seconds(now: Timestamp) -> Timestamp {
    now.trunc_subsecs(0)
}

/// When a window that was opened at `since` is over; at once when none is open.
pub fn due(since: Option<Timestamp>, window: TimeDelta, now: Timestamp) -> Timestamp {
    since.map_or(now, |since| later(since, window))
}

fn set_condition(status: &mut CanaryStatus, phase: Phase, rollout: &Rollout, now: Timestamp) {
    let kind = rollout.target_kind.name();
    let (value, message) = describe(status, phase, kind);
    let reason = phase.to_string();
    let old = status.conditions.iter().position(|c| c.type_ == PROMOTED);
    let before = old.map(|i| &status.conditions[i]);
    if before.is_some_and(|c| c.status == value && c.reason == reason) {
        return;
    }
    let kept = before.filter(|c| c.status == value).and_then(|c| c.last_transition_time);
    let condition = CanaryCondition {
        type_: PROMOTED.to_owned(),
        status: value.to_owned(),
        reason,
        message: Some(message),
        last_update_time: Some(seconds(now)),
        last_transition_time: Some(kept.unwrap_or_else(|| seconds(now))),
    };
    match old {
        Some(i) => status.conditions[i] = condition,
        None => status.conditions.push(condition),
    }
}

fn describe(status: &CanaryStatus, phase: Phase, kind: &str) -> (&'static str, String) {
    let unknown = |text: &str| ("Unknown", text.to_owned());
    match phase {
        Phase::Initialized => ("True", format!("{kind} initialization completed.")),
        Phase::Waiting | Phase::WaitingPromotion => unknown("Waiting for approval."),
        Phase::Progressing => unknown("New revision detected, progressing canary analysis."),
        Phase::Promoting => unknown("Canary analysis completed, starting primary rolling update."),
        Phase::Finalising => unknown("Canary analysis completed, routing all traffic to primary."),
        Phase::Succeeded => {
            ("True", "Canary analysis completed successfully, promotion finished.".to_owned())
        }
        Phase::Failed if status.last_promoted_spec.is_none() => {
            ("False", format!("{kind} initialization failed, it serves without a primary."))
        }
        Phase::Failed if status.canary_weight > 0 => (
            "False",
            format!("Canary analysis failed, {kind} goes on serving: no primary could take its traffic."),
        ),
        Phase::Failed => ("False", format!("Canary analysis failed, {kind} scaled to zero.")),
        Phase::None | Phase::Initializing | Phase::Terminating | Phase::Terminated => {
            unknown(&format!("New {kind} detected, starting initialization."))
        }
    }
}
