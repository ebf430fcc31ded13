//! Every text that a decision can tell: Flagger's catalogue of events and the alerts, to the letter, with type and
//! severity, each from the decision that tells it. What has no row here fails the tests below.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "catalogue/literals.rs"]
mod literals;
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

fn event(event: &Event) -> (&'static str, String) {
    let kind = match event.level {
        Level::Normal => "Normal",
        Level::Warning => "Warning",
        Level::Error => "Error",
    };
    (kind, event.message.clone())
}

fn alert(alert: &Alert) -> (&'static str, String) {
    let severity = match alert.severity {
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Error => "error",
    };
    (severity, alert.message.clone())
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

/// The controller calls the post-rollout hooks, after the status is written.
#[test]
fn the_answers_of_post_rollout_hooks_are_told_in_flaggers_words() {
    let told = [post_rollout("done", Ok(())), post_rollout("done", Err("why"))];
    assert_eq!(told, [SHELL[0].1, SHELL[1].1]);
}

#[test]
fn every_text_that_the_source_can_tell_has_a_row() {
    let found = literals::of_decisions();
    assert!(found.len() > 60, "the source is not read: {found:?}");
    let told: Vec<&str> = rows().map(|(_, text)| *text).collect();
    let missing: Vec<_> =
        found.iter().filter(|literal| !told.iter().any(|text| literals::is_in(literal, text))).collect();
    assert!(missing.is_empty(), "without a row: {missing:#?}");
}

/// A row for every entry of Flagger's own list, save for those that cannot happen here.
#[test]
fn the_catalogue_of_flagger_is_complete() {
    let told: Vec<&str> = rows().map(|(_, text)| *text).collect();
    let missing: Vec<_> = table::FLAGGERS
        .iter()
        .filter(|(kind, format)| !rows().any(|(told, text)| told == kind && literals::is_in(format, text)))
        .collect();
    assert!(missing.is_empty(), "without a row: {missing:#?} in {told:#?}");
}
