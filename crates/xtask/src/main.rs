//! Checks of the repository that no ready-made tool does.
//!
//! `cargo xtask check` fails with one line for each thing that is wrong; `cargo xtask generate` writes what is
//! generated from the types.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that people read")]

mod chart;
mod circles;
mod deps;
mod figures;
mod files;
mod functions;
mod generated;
mod links;
mod mutants;
mod parity;
mod reference;
mod report;
mod sizes;

use std::process::ExitCode;

use anyhow::{Context, Result};
use report::Report;

const USAGE: &str = "usage: cargo xtask <command>
  check     sizes, dependencies, circles of imports, generated files, links and the parity table; exit code 1 if
            anything is wrong
  generate  write deploy/crds and docs/reference from the types in crates/api, the chart's copies of deploy/, and the
            figures of docs/figures.json in README and docs
  mutants [PART]  make mistakes on purpose in what decides, those whose names have the part, and print which tests
            notice; exit code 1 if one survives
  figure NAME TEXT  keep a measured figure in docs/figures.json, and write it where it is shown";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("check") => finish(check()),
        Some("generate") => finish(generate()),
        Some("mutants") => finish(mutants::run(&std::env::args().nth(2).unwrap_or_default())),
        Some("figure") => finish(figure()),
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn check() -> Result<bool> {
    let root = files::root();
    let reports = [
        sizes::check(&sizes::read(&root)?),
        deps::check()?,
        circles::check(&circles::read(&root)?)?,
        generated::check(&root, &generated::all(&root)?),
        mutants::check(&root)?,
        links::check(&root, &links::read(&root)?),
        parity::check(&root, &parity::read(&root)?),
    ];
    reports.iter().for_each(Report::print);
    Ok(reports.iter().all(Report::is_clean))
}

fn generate() -> Result<bool> {
    let root = files::root();
    for file in generated::all(&root)? {
        if generated::write(&root, &file)? {
            println!("wrote {}", file.path);
        }
    }
    Ok(true)
}

fn figure() -> Result<bool> {
    let [name, text] = [2, 3].map(|place| std::env::args().nth(place));
    let (name, text) = name.zip(text).context("name the figure and its text")?;
    figures::keep(&files::root(), &name, &text)?;
    generate()
}

fn finish(outcome: Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
