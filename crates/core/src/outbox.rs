//! What is still to be told.
//!
//! A decision's events, alerts and calls of post-rollout hooks are part of the status that it writes. A crash after
//! the write therefore loses none of them: the next operator finds them there and tells them. Each has a name that
//! follows from the status alone, so that an event which was written before the crash cannot be written again, and
//! a receiver of alerts can tell a repetition. See decision 8.

use chrono::{SubsecRound, TimeDelta};
use serin_api::{
    Phase,
    canary::{AlertSeverity, Notification, NotificationAlert, NotificationEvent},
};

use crate::{
    Timestamp,
    plan::{Alert, Event, Level, Severity},
    time::later,
};

/// Notifications that are kept. More wait only when receivers are much slower than rollouts.
const MOST: usize = 8;

/// Bytes of a message; the API server takes no longer ones.
const LONGEST: usize = 1024;

/// How long the API server keeps events, unless it is told otherwise. What is older was told, or would be gone by now.
pub const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Adds what a decision has to tell. Of too much, the oldest events are dropped, and alerts only when there are no
/// others.
pub(crate) fn record(
    outbox: &mut Vec<Notification>,
    now: Timestamp,
    events: &[Event],
    alerts: &[Alert],
    hooks: Option<Phase>,
) {
    outbox.push(Notification {
        at: moment(outbox, now),
        events: events.iter().map(keep_event).collect(),
        alerts: alerts.iter().map(keep_alert).collect(),
        hooks,
    });
    while outbox.len() > MOST {
        let quiet = |item: &Notification| item.alerts.is_empty() && item.hooks.is_none();
        outbox.remove(outbox.iter().position(quiet).unwrap_or_default());
    }
}

/// A time that no other notifications in the status has, whatever the clock does.
fn moment(outbox: &[Notification], now: Timestamp) -> Timestamp {
    let now = now.trunc_subsecs(6);
    let last = outbox.last().map(|item| later(item.at, TimeDelta::microseconds(1)));
    last.map_or(now, |last| now.max(last))
}

/// The name of the event number `index`: `<canary>.<time>`, as clients name events, within the 253 characters that
/// names may have.
pub fn event_name(canary: &str, at: Timestamp, index: usize) -> String {
    let canary: String = canary.chars().take(220).collect();
    format!("{canary}.{}", id(at, index))
}

/// What tells this event or alert from all others of a Canary.
pub fn id(at: Timestamp, index: usize) -> String {
    let nanos = at.timestamp_nanos_opt().unwrap_or_default();
    format!("{nanos:x}{index:02x}")
}

/// The event as it was decided.
pub fn event(item: &NotificationEvent) -> Event {
    let level = match item.type_.as_str() {
        "Normal" => Level::Normal,
        "Error" => Level::Error,
        _ => Level::Warning,
    };
    Event { level, message: item.message.clone(), phase: item.phase }
}

/// The alert as it was decided.
pub fn alert(item: &NotificationAlert) -> Alert {
    let severity = match item.severity {
        AlertSeverity::Info => Severity::Info,
        AlertSeverity::Warn => Severity::Warn,
        AlertSeverity::Error => Severity::Error,
    };
    Alert { severity, message: item.message.clone(), fields: item.fields }
}

fn keep_event(event: &Event) -> NotificationEvent {
    let type_ = match event.level {
        Level::Normal => "Normal",
        Level::Warning => "Warning",
        Level::Error => "Error",
    };
    NotificationEvent { type_: type_.to_owned(), message: truncated(&event.message), phase: event.phase }
}

fn keep_alert(alert: &Alert) -> NotificationAlert {
    NotificationAlert {
        severity: alert.severity.into(),
        message: truncated(&alert.message),
        fields: alert.fields,
    }
}

/// At most 1024 bytes, cut between characters.
pub fn truncated(message: &str) -> String {
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let end = (0..=LONGEST - 3).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", &message[..end])
}

#[cfg(test)]
mod tests;
