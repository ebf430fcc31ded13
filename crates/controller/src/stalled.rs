//! The conditions that say why a Canary cannot be served, or that an alert about it did not arrive.

use chrono::{DateTime, SubsecRound, Utc};
use serin_api::{CanaryStatus, canary::CanaryCondition};

/// The condition's type, as tools that wait for objects know it.
pub(crate) const STALLED: &str = "Stalled";

/// The condition of a Canary whose last alert did not reach everybody.
pub(crate) const ALERT_FAILED: &str = "AlertFailed";

/// Why a Canary is not served, or an alert did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    /// One word.
    pub(crate) reason: String,
    /// Which field or object, its value, and the remedy.
    pub(crate) message: String,
}

impl Stall {
    /// A stall for this reason.
    pub(crate) fn new(reason: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason: reason.into(), message: message.into() }
    }
}

/// The stall that a status tells of by a condition of this type.
fn of(type_: &str, status: &CanaryStatus) -> Option<Stall> {
    let found = status.conditions.iter().find(|condition| is(type_, condition))?;
    Some(Stall::new(&found.reason, found.message.clone().unwrap_or_default()))
}

fn is(type_: &str, condition: &CanaryCondition) -> bool {
    condition.type_ == type_ && condition.status == "True"
}

/// Sets or removes the condition of a stall. Returns whether that changed anything.
pub(crate) fn set(status: &mut CanaryStatus, stall: Option<&Stall>, now: DateTime<Utc>) -> bool {
    put(STALLED, status, stall, now)
}

/// Sets or removes the condition of an alert that did not arrive. Returns whether that changed
/// anything.
pub(crate) fn set_alert(status: &mut CanaryStatus, failure: Option<&Stall>, now: DateTime<Utc>) -> bool {
    put(ALERT_FAILED, status, failure, now)
}

fn put(type_: &str, status: &mut CanaryStatus, stall: Option<&Stall>, now: DateTime<Utc>) -> bool {
    if of(type_, status).as_ref() == stall {
        return false;
    }
    let now = now.trunc_subsecs(0);
    let since = status.conditions.iter().find(|condition| is(type_, condition));
    let since = since.and_then(|c| c.last_transition_time).unwrap_or(now);
    status.conditions.retain(|condition| condition.type_ != type_);
    status.conditions.extend(stall.map(|stall| CanaryCondition {
        type_: type_.to_owned(),
        status: "True".to_owned(),
        reason: stall.reason.clone(),
        message: Some(stall.message.clone()),
        last_update_time: Some(now),
        last_transition_time: Some(since),
    }));
    true
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_stall_comes_and_goes_and_leaves_other_conditions_alone() {
        let now = DateTime::UNIX_EPOCH;
        let promoted = CanaryCondition { type_: "Promoted".to_owned(), ..CanaryCondition::default() };
        let mut status = CanaryStatus { conditions: vec![promoted.clone()], ..CanaryStatus::default() };
        assert!(!set(&mut status, None, now));

        let stall = Stall::new("InvalidSpec", "service.port is missing");
        assert!(set(&mut status, Some(&stall), now));
        assert!(!set(&mut status, Some(&stall), now + TimeDelta::minutes(1)));
        assert_eq!(of(STALLED, &status), Some(stall));

        let other = Stall::new("InvalidSpec", "service.port is 0");
        assert!(set(&mut status, Some(&other), now + TimeDelta::minutes(1)));
        assert_eq!(status.conditions[1].last_transition_time, Some(now));

        let failure = Stall::new("SecretNotFound", "secrets \"hook\" not found");
        assert!(set_alert(&mut status, Some(&failure), now) && !set_alert(&mut status, Some(&failure), now));
        assert!(set(&mut status, None, now));
        assert_eq!((status.conditions.len(), status.conditions[1].type_.as_str()), (2, ALERT_FAILED));
        assert!(set_alert(&mut status, None, now));
        assert_eq!(status.conditions, [promoted]);
    }
}
