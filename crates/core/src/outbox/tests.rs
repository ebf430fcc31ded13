use std::collections::BTreeSet;

use serin_api::CanaryStatus;

use super::*;
use crate::delivery::{Deliveries, Delivery, Part, forget_told};

fn at(micros: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::microseconds(micros)
}

fn event_of(message: &str) -> Event {
    Event { level: Level::Warning, message: message.to_owned(), phase: Phase::Failed }
}

fn alert_of(message: &str) -> Alert {
    Alert { severity: Severity::Error, message: message.to_owned(), fields: true }
}

fn with(entries: &[(i64, &[Part])]) -> CanaryStatus {
    let mut status = CanaryStatus::default();
    for (micros, parts) in entries {
        let events = if parts.contains(&Part::Events) { vec![event_of("e")] } else { Vec::new() };
        let alerts = if parts.contains(&Part::Alerts) { vec![alert_of("a")] } else { Vec::new() };
        let hooks = parts.contains(&Part::Hooks).then_some(Phase::Succeeded);
        record(&mut status.pending_notifications, at(*micros), &events, &alerts, hooks);
    }
    status
}

/// These parts of everything in a status were told.
fn done(status: &CanaryStatus, parts: &[Part]) -> Deliveries {
    let entries = status
        .pending_notifications
        .iter()
        .flat_map(|item| parts.iter().map(|part| Delivery { at: item.at, part: *part }));
    Deliveries { done: entries.collect(), ..Deliveries::default() }
}

#[test]
fn what_was_decided_comes_back_as_it_was() {
    let mut status = CanaryStatus::default();
    let levels = [Level::Normal, Level::Warning, Level::Error];
    let events = levels.map(|level| Event { level, ..event_of("Halt") });
    let severities = [Severity::Info, Severity::Warn, Severity::Error];
    let alerts = severities.map(|severity| Alert { severity, ..alert_of("failed") });
    record(&mut status.pending_notifications, at(5), &events, &alerts, Some(Phase::Failed));
    let json = serde_json::to_string(&status).unwrap();
    let read: CanaryStatus = serde_json::from_str(&json).unwrap();
    assert_eq!(read, status, "{json}");
    assert_eq!(read.pending_notifications[0].events.iter().map(event).collect::<Vec<_>>(), events);
    assert_eq!(read.pending_notifications[0].alerts.iter().map(alert).collect::<Vec<_>>(), alerts);
}

#[test]
fn no_two_notifications_have_the_same_time_whatever_the_clock_does() {
    let mut status = CanaryStatus::default();
    for micros in [100, 100, 90, 200] {
        record(
            &mut status.pending_notifications,
            at(micros) + TimeDelta::nanoseconds(7),
            &[event_of("e")],
            &[],
            None,
        );
    }
    let times: Vec<_> = status.pending_notifications.iter().map(|item| item.at).collect();
    assert_eq!(times, [at(100), at(101), at(102), at(200)]);
}

#[test]
fn of_too_many_notifications_the_oldest_go() {
    let entries: Vec<(i64, &[Part])> = (0..20).map(|i| (i, [Part::Alerts].as_slice())).collect();
    let status = with(&entries);
    assert_eq!((status.pending_notifications.len(), status.pending_notifications[0].at), (MOST, at(12)));
}

#[test]
fn of_too_many_notifications_those_without_alerts_go_first() {
    let entry = |i| (i, if i == 3 { [Part::Alerts].as_slice() } else { [Part::Events].as_slice() });
    let entries: Vec<(i64, &[Part])> = (0..20).map(entry).collect();
    assert_eq!(with(&entries).pending_notifications[0].at, at(3));
}

#[test]
fn a_write_that_happens_anyway_takes_everything_along_that_was_told() {
    let observed = with(&[(1, &[Part::Events]), (2, &[Part::Events, Part::Alerts])]);
    let mut next = CanaryStatus { canary_weight: 10, ..observed.clone() };
    forget_told(&mut next, &observed, &done(&observed, &[Part::Events]));
    assert_eq!(next.pending_notifications.len(), 1);
    assert_eq!(
        (next.pending_notifications[0].events.len(), next.pending_notifications[0].alerts.len()),
        (0, 1)
    );
}

#[test]
fn told_events_alone_are_not_worth_a_write() {
    let observed = with(&[(1, &[Part::Events])]);
    let mut next = observed.clone();
    forget_told(&mut next, &observed, &done(&observed, &Part::ALL));
    assert_eq!(next, observed);
}

#[test]
fn told_alerts_and_hooks_are_worth_a_write() {
    for part in [Part::Alerts, Part::Hooks] {
        let observed = with(&[(1, &[Part::Events, part])]);
        let mut next = observed.clone();
        forget_told(&mut next, &observed, &done(&observed, &Part::ALL));
        assert!(next.pending_notifications.is_empty(), "{part:?}");
        let mut next = observed.clone();
        forget_told(&mut next, &observed, &Deliveries::default());
        assert_eq!(next, observed, "{part:?}");
    }
}

#[test]
fn alerts_that_nobody_wants_are_not_kept() {
    let mut next = with(&[(1, &[Part::Alerts]), (2, &[Part::Events, Part::Alerts])]);
    let unwanted = BTreeSet::from([AlertSeverity::Error]);
    let deliveries = Deliveries { unwanted, ..Deliveries::default() };
    forget_told(&mut next, &CanaryStatus::default(), &deliveries);
    assert_eq!(next, with(&[(2, &[Part::Events])]));
}

#[test]
fn names_are_those_that_clients_give_to_events() {
    let time = Timestamp::from_timestamp(1_700_000_000, 5_000).unwrap();
    assert_eq!(event_name("podinfo", time, 2), "podinfo.17979cfe362a138802");
    assert!(event_name(&"a".repeat(253), time, 255).len() <= 253);
    assert_ne!(event_name("podinfo", time, 1), event_name("podinfo", time, 2));
}

#[test]
fn long_messages_are_cut_between_characters() {
    let text = truncated(&"ä".repeat(600));
    assert!(text.len() <= 1024 && text.ends_with("..."));
    assert_eq!(truncated("short"), "short");
}
