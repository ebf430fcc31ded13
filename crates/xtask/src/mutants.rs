//! Mistakes made on purpose, one at a time: each has to fail a test.
//!
//! A mistake is a text of the sources and what takes its place. The sources are copied, so that nothing happens to the
//! ones that are worked on.

mod table;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::files;

/// A mistake.
struct Mutant {
    /// What goes wrong, in a few words.
    name: &'static str,
    /// The source file.
    file: &'static str,
    /// A text that the file has once.
    before: &'static str,
    /// What takes its place.
    after: &'static str,
}

/// Makes each mistake whose name contains `only`, and prints which tests notice. Whether all were noticed.
pub(crate) fn run(only: &str) -> Result<bool> {
    let ground = Ground::new(&files::root())?;
    let mut survivors = Vec::new();
    let chosen: Vec<&Mutant> = table::ALL.iter().filter(|mutant| mutant.name.contains(only)).collect();
    for mutant in &chosen {
        let begun = Instant::now();
        let killers = ground.killers(mutant)?;
        let told = killers.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let verdict = if killers.is_empty() {
            "SURVIVES".to_owned()
        } else {
            format!("killed by {}: {told}", killers.len())
        };
        println!("{:<58} {verdict} ({} s)", mutant.name, begun.elapsed().as_secs());
        if killers.is_empty() {
            survivors.push(mutant.name);
        }
    }
    println!("mutants: {} of {} killed", chosen.len() - survivors.len(), chosen.len());
    Ok(survivors.is_empty())
}

/// Each mistake can be made: its text is there, once.
pub(crate) fn check(root: &Path) -> Result<crate::report::Report> {
    let mut problems = Vec::new();
    for mutant in table::ALL {
        let source = fs::read_to_string(root.join(mutant.file)).with_context(|| mutant.file)?;
        let found = source.matches(mutant.before).count();
        if found != 1 {
            problems.push(format!(
                "{}: {} has its text {found} times: {}",
                mutant.name, mutant.file, mutant.before
            ));
        }
    }
    Ok(crate::report::Report { problems, summary: format!("mutants: {}", table::ALL.len()) })
}

/// A copy of the sources, with a build folder of its own.
struct Ground {
    sources: PathBuf,
    build: PathBuf,
}

impl Ground {
    fn new(root: &Path) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let ground = Self { sources: target.join("mutants/sources"), build: target.join("mutants/build") };
        if ground.sources.exists() {
            fs::remove_dir_all(&ground.sources)?;
        }
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--", "Cargo.*", "crates", "e2e", "*.toml", "metric-templates"])
            .current_dir(root);
        let listed = git.output().context("git ls-files")?;
        for file in String::from_utf8(listed.stdout)?.split_terminator('\0') {
            let (from, to) = (root.join(file), ground.sources.join(file));
            if let Some(folder) = to.parent().filter(|_| from.is_file()) {
                fs::create_dir_all(folder)?;
                fs::copy(from, to)?;
            }
        }
        ensure!(ground.failures()?.is_empty(), "the tests fail without any mistake");
        Ok(ground)
    }

    /// The tests that notice.
    fn killers(&self, mutant: &Mutant) -> Result<BTreeSet<String>> {
        let file = self.sources.join(mutant.file);
        let source = fs::read_to_string(&file).with_context(|| mutant.file)?;
        ensure!(source.matches(mutant.before).count() == 1, "{}: its text is not there", mutant.name);
        fs::write(&file, source.replace(mutant.before, mutant.after))?;
        let killers = self.failures();
        fs::write(&file, source)?;
        killers.with_context(|| mutant.name)
    }

    fn failures(&self) -> Result<BTreeSet<String>> {
        let mut command = Command::new("cargo");
        command.args(["test", "--quiet", "--no-fail-fast", "-p", "serin-core", "-p", "serin-sim", "--tests"]);
        command.current_dir(&self.sources).env("CARGO_TARGET_DIR", &self.build).env("RUST_BACKTRACE", "0");
        // What a mistake leaves unused is no matter.
        command.env("RUSTFLAGS", "-Awarnings");
        let output = command.output().context("cargo test")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let failed = text.lines().filter_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"));
        let failed: BTreeSet<String> = failed.map(ToOwned::to_owned).collect();
        let compiles = output.status.success() || !failed.is_empty();
        ensure!(compiles, "it does not compile: {}", String::from_utf8_lossy(&output.stderr));
        Ok(failed)
    }
}
