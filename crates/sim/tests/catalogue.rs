//! Every text that a decision can tell: Flagger's catalogue of events and the alerts, to the letter, with type and
//! severity, each from the decision that tells it. What has no row here fails the tests below.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "catalogue/kinds.rs"]
mod kinds;
#[path = "catalogue/moments.rs"]
mod moments;
mod scenario;
#[path = "catalogue/table.rs"]
mod table;

use serin_core::{
    event::post_rollout,
    plan::{Alert, Event, Level, Severity},
};
use table::{CATALOGUE, Row, SHELL};

fn level(level: Level) -> &'static str {
    match level {
        Level::Normal => "Normal",
        Level::Warning => "Warning",
        Level::Error => "Error",
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Error => "error",
    }
}

fn event(event: &Event) -> (&'static str, String) {
    (level(event.level), event.message.clone())
}

fn alert(alert: &Alert) -> (&'static str, String) {
    (severity(alert.severity), alert.message.clone())
}

fn rows() -> impl Iterator<Item = &'static Row> {
    CATALOGUE.iter().flat_map(|moment| moment.told).chain(SHELL)
}

#[test]
fn each_moment_tells_what_flagger_tells_and_nothing_else() {
    for moment in CATALOGUE {
        let (events, alerts) = (moment.play)().take_told();
        let told: Vec<_> = events.iter().map(event).chain(alerts.iter().map(alert)).collect();
        let expected: Vec<_> = moment.told.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect();
        assert_eq!(told, expected, "{}", moment.when);
    }
}

/// Each kind of event, alert, cause and wait has a row with its words, its type or severity.
#[test]
fn every_kind_has_a_row() {
    let rollout = kinds::rollout();
    let events = kinds::events().into_iter().map(|kind| (level(kind.level()), kind.text(&rollout)));
    let alerts = kinds::alerts().into_iter().map(|kind| (severity(kind.severity()), kind.text(&rollout)));
    let told: Vec<(&str, &str)> = rows().copied().collect();
    let missing: Vec<_> =
        events.chain(alerts).filter(|(kind, text)| !told.contains(&(*kind, text.as_str()))).collect();
    assert!(missing.is_empty(), "without a row: {missing:#?}");
}

#[test]
fn no_kind_is_forgotten() {
    kinds::assert_complete();
}

/// The controller calls the post-rollout hooks, after the status is written.
#[test]
fn the_answers_of_post_rollout_hooks_are_told_in_flaggers_words() {
    let told = [post_rollout("done", Ok(())), post_rollout("done", Err("why"))];
    let expected = [SHELL[0], SHELL[1]].map(|(kind, text)| (kind, text.to_owned()));
    assert_eq!(told.map(|(kind, text)| (level(kind), text)), expected);
}

/// A row for every entry of Flagger's own list, save for those that cannot happen here.
#[test]
fn the_catalogue_of_flagger_is_complete() {
    let told: Vec<&str> = rows().map(|(_, text)| *text).collect();
    let missing: Vec<_> = table::FLAGGERS
        .iter()
        .filter(|(kind, format)| !rows().any(|(told, text)| told == kind && is_filled_in(format, text)))
        .collect();
    assert!(missing.is_empty(), "without a row: {missing:#?} in {told:#?}");
}

/// Whether `text` is this format, its `{}` filled in.
fn is_filled_in(format: &str, text: &str) -> bool {
    let mut rest = text;
    format.split("{}").filter(|piece| !piece.trim().is_empty()).all(|piece| match rest.find(piece) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}
