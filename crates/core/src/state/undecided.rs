//! Statuses that are written without a decision: the Canary cannot be served as it is, an action
//! failed, or the operator ends.

use serin_api::{CanaryStatus, canary::Waiting};

use super::{WaitKind, stalled};
use crate::{
    Timestamp,
    delivery::{Deliveries, forget_told},
    stall::Stall,
    time,
};

/// The status of a Canary that cannot be served as it is, for this reason. Where the traffic of a
/// rollout was taken back, what comes next begins a time of its own.
pub fn unserved(
    observed: &CanaryStatus,
    canary: &str,
    stall: &Stall,
    taken_back: bool,
    now: Timestamp,
) -> CanaryStatus {
    let mut status = faulted(observed, stall, now);
    if taken_back {
        status.last_check_time = None;
    }
    if status.waiting_for.as_deref() == Some(&stall.message) {
        return status;
    }
    status.waiting_for = Some(stall.message.clone());
    status.waiting = Some(Waiting {
        kind: WaitKind::Person.name().to_owned(),
        subject: canary.to_owned(),
        since: Some(time::seconds(now)),
        until: None,
    });
    status
}

/// The status of a Canary for which what was decided could not be done, for this reason.
pub fn faulted(observed: &CanaryStatus, fault: &Stall, now: Timestamp) -> CanaryStatus {
    let mut status = observed.clone();
    stalled::set(&mut status, Some(fault), now);
    status
}

/// The status without what was delivered.
pub fn delivered(observed: &CanaryStatus, deliveries: &Deliveries, now: Timestamp) -> CanaryStatus {
    let mut status = observed.clone();
    status.move_news();
    settle(&mut status, observed, deliveries, now);
    status
}

/// Notes in a status how telling people fares.
pub(super) fn settle(
    status: &mut CanaryStatus,
    observed: &CanaryStatus,
    deliveries: &Deliveries,
    now: Timestamp,
) {
    if let Some(fared) = &deliveries.last_alert {
        stalled::set_alert(status, fared.as_ref().err(), now);
    }
    forget_told(status, observed, deliveries);
}
