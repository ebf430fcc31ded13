//! The conditions that say why a Canary cannot be served, or that an alert about it did not arrive.

use chrono::SubsecRound;
use serin_api::{CanaryStatus, canary::CanaryCondition};

use crate::{Timestamp, stall::Stall};

/// The condition's type, as tools that wait for objects know it.
const STALLED: &str = "Stalled";

/// The condition of a Canary whose last alert did not reach everybody.
const ALERT_FAILED: &str = "AlertFailed";

/// The condition of a stall, if there is one among these.
pub(crate) fn standing(conditions: &[CanaryCondition]) -> Option<&CanaryCondition> {
    find(STALLED, conditions)
}

/// Sets or removes the condition of a stall. One that says the same stays as it is.
pub(crate) fn set(status: &mut CanaryStatus, stall: Option<&Stall>, now: Timestamp) {
    put(STALLED, &mut status.conditions, stall, now);
}

/// Sets or removes the condition of an alert that did not arrive. One that says the same stays as
/// it is.
pub(crate) fn set_alert(status: &mut CanaryStatus, failure: Option<&Stall>, now: Timestamp) {
    put(ALERT_FAILED, &mut status.conditions, failure, now);
}

fn find<'a>(type_: &str, conditions: &'a [CanaryCondition]) -> Option<&'a CanaryCondition> {
    conditions.iter().find(|condition| condition.type_ == type_ && condition.status == "True")
}

fn says(condition: &CanaryCondition, stall: &Stall) -> bool {
    let message = condition.message.as_deref().unwrap_or_default();
    condition.reason == stall.reason && message == stall.message
}

fn put(type_: &str, conditions: &mut Vec<CanaryCondition>, stall: Option<&Stall>, now: Timestamp) {
    let standing = find(type_, conditions);
    let same = match (standing, stall) {
        (None, None) => true,
        (Some(standing), Some(stall)) => says(standing, stall),
        _ => false,
    };
    if same {
        return;
    }
    let now = now.trunc_subsecs(0);
    let since = standing.and_then(|condition| condition.last_transition_time).unwrap_or(now);
    conditions.retain(|condition| condition.type_ != type_);
    conditions.extend(stall.map(|stall| CanaryCondition {
        type_: type_.to_owned(),
        status: "True".to_owned(),
        reason: stall.reason.to_owned(),
        message: Some(stall.message.clone()),
        last_update_time: Some(now),
        last_transition_time: Some(since),
    }));
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn a_stall_comes_and_goes_and_leaves_other_conditions_alone() {
        let now = DateTime::UNIX_EPOCH;
        let type_ = "Promoted".to_owned();
        let promoted = CanaryCondition { type_, ..CanaryCondition::default() };
        let conditions = vec![promoted.clone()];
        let mut status = CanaryStatus { conditions, ..CanaryStatus::default() };
        set(&mut status, None, now);
        assert_eq!(status.conditions, std::slice::from_ref(&promoted));

        let stall = Stall::new("InvalidSpec", "service.port is missing");
        set(&mut status, Some(&stall), now);
        let first = status.clone();
        set(&mut status, Some(&stall), now + TimeDelta::minutes(1));
        assert_eq!(status, first);
        assert!(standing(&status.conditions).is_some_and(|standing| says(standing, &stall)));

        let other = Stall::new("InvalidSpec", "service.port is 0");
        set(&mut status, Some(&other), now + TimeDelta::minutes(1));
        assert_ne!(status, first);
        assert_eq!(status.conditions[1].last_transition_time, Some(now));

        let failure = Stall::new("SecretNotFound", "secrets \"hook\" not found");
        set_alert(&mut status, Some(&failure), now);
        set(&mut status, None, now);
        assert_eq!(status.conditions.len(), 2);
        assert_eq!(status.conditions[1].type_, ALERT_FAILED);
        set_alert(&mut status, None, now);
        assert_eq!(status.conditions, [promoted]);
    }
}
