//! Model checks the core that ships: every order of reconciles, crashes, faults, answers and new
//! revisions, for a progressive canary and for an A/B test.
//!
//! The last line is `model: <n> states, depth <d>, <p> properties hold, <t> s`; the exit code is 1 when a
//! property is violated, after the shortest way to it was printed.
#![allow(clippy::print_stdout, clippy::expect_used)]

mod cluster;
mod lifecycle;
mod properties;

use std::{process::ExitCode, time::Instant};

use lifecycle::Lifecycle;
use stateright::{Checker, Expectation, Model};

fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the time the check took is for people")]
    let start = Instant::now();
    let (mut states, mut depth, mut held, mut broken) = (0, 0, 0, 0);
    for (name, model) in Lifecycle::all(4, 4) {
        let checker = model.checker().threads(2).spawn_bfs().join();
        states += checker.unique_state_count();
        depth = depth.max(checker.max_depth());
        let found = checker.discoveries();
        let properties = checker.model().properties();
        println!("{name}: {} states, depth {}", checker.unique_state_count(), checker.max_depth());
        for property in properties {
            let path = found.get(property.name);
            let wanted = property.expectation == Expectation::Sometimes;
            if path.is_some() == wanted {
                held += 1;
                continue;
            }
            broken += 1;
            println!("{name}: VIOLATED {}", property.name);
            for (state, step) in path.into_iter().flat_map(|path| path.clone().into_vec()) {
                println!("  {state:?}\n    -> {step:?}");
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let verdict = if broken == 0 { format!("{held} properties hold") } else { format!("{broken} VIOLATED") };
    println!("model: {states} states, depth {depth}, {verdict}, {seconds:.1} s");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
