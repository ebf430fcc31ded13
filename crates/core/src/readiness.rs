//! How far the rollout of a workload is, in Flagger's words.

mod pods;

pub use pods::trouble;

use chrono::TimeDelta;
use serde_json::Value;

use crate::{
    Timestamp,
    json::{int, text},
    observe::Readiness,
    time::later,
};

/// Judges a Deployment.
///
/// `threshold_percent` is `analysis.primaryReadyThreshold` or `analysis.canaryReadyThreshold`: the share of
/// the updated replicas that must be available. `deadline` is the Canary's `progressDeadlineSeconds`.
pub fn deployment(live: &Value, threshold_percent: i64, deadline: TimeDelta) -> Readiness {
    let observed = int(live, "/status/observedGeneration").unwrap_or(0);
    if int(live, "/metadata/generation").unwrap_or(0) > observed {
        return waiting("observed deployment generation less than desired generation", None);
    }
    if let Some(failed) = exceeded_own_deadline(live) {
        return failed;
    }
    match replicas_missing(live, threshold_percent) {
        Some(what) => {
            let what = no_pods(live).map_or(what.clone(), |why| format!("{what}: {why}"));
            waiting(&what, unavailable_since(live).map(|since| later(since, deadline)))
        }
        None => Readiness::Ready,
    }
}

/// Why the API server refuses pods, in its words.
fn no_pods(live: &Value) -> Option<&str> {
    let failure = condition(live, "ReplicaFailure")?;
    (text(failure, "/status") == Some("True")).then(|| text(failure, "/message"))?
}

/// A Deployment that is not ready and is paused: its controller makes no new pods and counts no deadline, so the
/// Canary's counts from `since`, when its status was last changed.
pub fn unless_paused(
    live: &Value,
    readiness: Readiness,
    deadline: TimeDelta,
    since: Option<Timestamp>,
) -> Readiness {
    let paused = live.pointer("/spec/paused").and_then(Value::as_bool) == Some(true);
    match readiness {
        Readiness::NotReady { fatal_at, .. } if paused => Readiness::NotReady {
            message: "waiting for rollout to finish: the Deployment is paused, set its spec.paused to false"
                .to_owned(),
            fatal_at: fatal_at.or(since.map(|since| later(since, deadline))),
        },
        other => other,
    }
}

/// Judges a DaemonSet.
///
/// `since` is when the Canary's status was last changed: its deadline counts from there, as the DaemonSet
/// itself tells no times.
pub fn daemon_set(
    live: &Value,
    threshold_percent: i64,
    deadline: TimeDelta,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Readiness {
    let observed = int(live, "/status/observedGeneration").unwrap_or(0);
    if int(live, "/metadata/generation").unwrap_or(0) > observed {
        return waiting("observed daemonset generation less than desired generation", None);
    }
    let Some(what) = pods_missing(live, threshold_percent) else { return Readiness::Ready };
    let fatal_at = since.map(|since| later(since, deadline));
    if fatal_at.is_some_and(|at| at <= now) {
        let message = format!("exceeded its progressDeadlineSeconds: {}", deadline.num_seconds());
        return Readiness::NotReady { message, fatal_at };
    }
    waiting(&what, fatal_at)
}

fn pods_missing(live: &Value, threshold_percent: i64) -> Option<String> {
    let count = |field: &str| int(live, &format!("/status/{field}")).unwrap_or(0);
    let (wanted, updated) = (count("desiredNumberScheduled"), count("updatedNumberScheduled"));
    let (available, enough) = (count("numberAvailable"), share(wanted, threshold_percent));
    if updated < wanted {
        Some(format!("{updated} out of {wanted} new pods have been updated"))
    } else if available < enough {
        Some(format!(
            "{available} of {enough} (readyThreshold {threshold_percent}%) updated pods are available"
        ))
    } else {
        None
    }
}

fn waiting(what: &str, fatal_at: Option<Timestamp>) -> Readiness {
    Readiness::NotReady { message: format!("waiting for rollout to finish: {what}"), fatal_at }
}

/// The deadline of the Deployment itself, which its controller watches.
fn exceeded_own_deadline(live: &Value) -> Option<Readiness> {
    let progressing = condition(live, "Progressing")?;
    if text(progressing, "/reason") != Some("ProgressDeadlineExceeded") {
        return None;
    }
    let name = text(live, "/metadata/name").unwrap_or_default();
    let message = format!("deployment {name:?} exceeded its progress deadline");
    Some(Readiness::NotReady { message, fatal_at: Some(Timestamp::MIN_UTC) })
}

/// Since when too few pods are available, if that is so and the controller is at work.
fn unavailable_since(live: &Value) -> Option<Timestamp> {
    condition(live, "Progressing")?;
    let available = condition(live, "Available")?;
    let short = text(available, "/status") == Some("False")
        && text(available, "/reason") == Some("MinimumReplicasUnavailable");
    short.then(|| text(available, "/lastUpdateTime")?.parse().ok()).flatten()
}

fn replicas_missing(live: &Value, threshold_percent: i64) -> Option<String> {
    let count = |field: &str| int(live, &format!("/status/{field}")).unwrap_or(0);
    let updated = count("updatedReplicas");
    let available = count("availableReplicas");
    let wanted = int(live, "/spec/replicas").unwrap_or(updated);
    let enough = share(updated, threshold_percent);
    if updated < wanted {
        Some(format!("{updated} out of {wanted} new replicas have been updated"))
    } else if count("replicas") > updated {
        Some(format!("{} old replicas are pending termination", count("replicas") - updated))
    } else if available < enough {
        Some(format!(
            "{available} of {enough} (readyThreshold {threshold_percent}%) updated replicas are available"
        ))
    } else {
        None
    }
}

/// Flagger's rounding: single precision, cut off.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as Flagger computes it")]
fn share(replicas: i64, percent: i64) -> i64 {
    (replicas as f32 * (percent as f32 / 100.0)) as i64
}

fn condition<'a>(live: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = live.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|c| text(c, "/type") == Some(kind))
}

#[cfg(test)]
mod tests;
