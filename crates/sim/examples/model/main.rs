//! Model checks the core that ships: every order of reconciles, crashes, faults, answers and new revisions, in one
//! model after the other.
//!
//! Prints a line for each model; the last line is `model: <n> states, depth <d>, <p> properties hold, <t> s`. The exit
//! code is 1 when a property is violated, after the shortest way to it was printed. With a word as argument, only the
//! models are checked whose names contain it.
#![allow(clippy::print_stdout, clippy::expect_used)]

mod cluster;
mod configurations;
mod cookies;
mod ghost;
mod handover;
mod lifecycle;
mod outbox;
mod properties;
mod rest;
mod steps;

use std::{process::ExitCode, time::Instant};

use configurations::Configuration;
use lifecycle::Lifecycle;
use stateright::{Checker, Expectation, HasDiscoveries, Model};

#[derive(Default)]
struct Total {
    states: usize,
    depth: usize,
    held: usize,
    broken: usize,
}

fn main() -> ExitCode {
    let (start, mut total) = (now(), Total::default());
    let only = std::env::args().nth(1).unwrap_or_default();
    for configuration in configurations::FULL.into_iter().filter(|c| c.name.contains(&only)) {
        check(configuration, &mut total);
    }
    let Total { states, depth, held, broken } = total;
    let seconds = start.elapsed().as_secs_f64();
    let verdict = if broken == 0 { format!("{held} properties hold") } else { format!("{broken} VIOLATED") };
    println!("model: {states} states, depth {depth}, {verdict}, {seconds:.1} s");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "the time the check took is for people")]
fn now() -> Instant {
    Instant::now()
}

/// The second core is for the other half of the states.
fn check(configuration: Configuration, total: &mut Total) {
    let (name, start) = (configuration.name, now());
    let builder = Lifecycle::new(configuration).checker().threads(2);
    let checker = builder.finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let (held, broken) = judge(name, &checker);
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    let seconds = start.elapsed().as_secs_f64();
    println!("{name}: {states} states, depth {depth}, {held} properties hold, {seconds:.1} s");
    total.states += states;
    total.depth = total.depth.max(depth);
    total.held += held;
    total.broken += broken;
}

/// How many properties hold, and how many do not. The search ends at the first violation, so that what has not been
/// found until then may be still to come.
fn judge(name: &str, checker: &impl Checker<Lifecycle>) -> (usize, usize) {
    let (found, properties) = (checker.discoveries(), checker.model().properties());
    let (wanted, always): (Vec<_>, Vec<_>) =
        properties.iter().partition(|property| property.expectation == Expectation::Sometimes);
    let violated: Vec<_> = always.iter().filter(|property| found.contains_key(property.name)).collect();
    for property in &violated {
        println!("{name}: VIOLATED {}", property.name);
        for (state, step) in found.get(property.name).into_iter().flat_map(|path| path.clone().into_vec()) {
            println!("  {state:?}\n    -> {step:?}");
        }
    }
    let missing: Vec<_> = wanted.iter().filter(|property| !found.contains_key(property.name)).collect();
    if violated.is_empty() {
        for property in &missing {
            println!("{name}: NEVER {}", property.name);
        }
        return (properties.len() - missing.len(), missing.len());
    }
    (always.len() - violated.len(), violated.len())
}
