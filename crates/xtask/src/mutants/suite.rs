//! The tests that are to notice, and which of them does.

use std::{fmt, process::Command};

use anyhow::{Context, Result, ensure};

use super::copy::Sources;

/// Tests that are compiled and run together: the arguments of `cargo test`.
type Group = &'static [&'static str];

/// What the core says of one decision, one text or one object.
const CORE: Group = &["-p", "serin-core", "--lib", "--test", "build_objects"];

/// Whole rollouts, one after the other.
const ROLLOUTS: Group = &["-p", "serin-sim", "--test", "transcripts", "--test", "traffic"];

/// What is special: hooks, names, deletion and the like.
const SCENARIOS: Group = &[
    "-p",
    "serin-sim",
    "--test",
    "affinity",
    "--test",
    "catalogue",
    "--test",
    "deletion",
    "--test",
    "handover",
    "--test",
    "hooks",
    "--test",
    "identity",
    "--test",
    "orphans",
    "--test",
    "limits",
    "--test",
    "nginx",
    "--test",
    "predecessor",
    "--test",
    "routing",
    "--test",
    "takeover",
    "--test",
    "targets",
    "--test",
    "telling",
    "--test",
    "unknown",
];

/// Any order of events.
const ORDERS: Group = &["-p", "serin-sim", "--test", "properties", "--test", "model"];

/// What is decided shows in rollouts, everything else in the core's own tests.
const OF_DECISIONS: [Group; 4] = [ROLLOUTS, CORE, SCENARIOS, ORDERS];
const OF_THE_REST: [Group; 4] = [CORE, ROLLOUTS, SCENARIOS, ORDERS];

/// Processor seconds after which a test runs for ever, and KiB after which it grows for ever.
const LIMITS: &str = "ulimit -t 600; ulimit -v 12582912 2>/dev/null; exec cargo \"$@\"";

/// Runs the tests on a copy of the sources.
pub(super) struct Suite<'a> {
    sources: &'a Sources,
}

/// A test that failed.
#[derive(Debug, Default)]
pub(super) struct Killer {
    /// The test binary, as cargo names it.
    binary: String,
    /// The first of its tests that failed.
    test: String,
    /// How many failed in it.
    failed: usize,
}

impl fmt::Display for Killer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { binary, test, failed } = self;
        match failed {
            0 => write!(to, "{binary} (it ended early)"),
            1 => write!(to, "{binary}: {test}"),
            more => write!(to, "{binary}: {test} and {} more", more - 1),
        }
    }
}

impl<'a> Suite<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources }
    }

    /// The first test binary that fails after a change of this file.
    pub(super) fn first_failure(&self, file: &str) -> Result<Option<Killer>> {
        let decides = file.starts_with("crates/core/src/decide") || file.starts_with("crates/core/src/state");
        for group in if decides { OF_DECISIONS } else { OF_THE_REST } {
            if let Some(killer) = self.failure_of(group)? {
                return Ok(Some(killer));
            }
        }
        Ok(None)
    }

    fn failure_of(&self, group: Group) -> Result<Option<Killer>> {
        let output = self.command(group).output().context("cargo test")?;
        if output.status.success() {
            return Ok(None);
        }
        let (said, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let binary = failed_binary(&errors);
        ensure!(binary.is_some(), "it does not compile: {errors}");
        let failed: Vec<&str> = failed_tests(&said).collect();
        Ok(binary.map(|binary| Killer {
            binary,
            test: failed.first().copied().unwrap_or_default().to_owned(),
            failed: failed.len(),
        }))
    }

    /// Nothing is kept of a failure: the next mistake is judged without it. What is built needs no debug information.
    fn command(&self, group: Group) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", LIMITS, "cargo", "test", "--quiet"]).args(group);
        command.current_dir(&self.sources.folder).env("CARGO_TARGET_DIR", &self.sources.build);
        command.env("CARGO_PROFILE_DEV_DEBUG", "false").env("RUST_BACKTRACE", "0");
        command.env("INSTA_UPDATE", "no").env("INSTA_FORCE_PASS", "0");
        command.env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true").env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command
    }
}

/// The test binary that cargo stopped at, as `<package>/<test>`.
fn failed_binary(errors: &str) -> Option<String> {
    let rerun = errors.lines().find_map(|line| line.split_once("to rerun pass `")?.1.strip_suffix('`'))?;
    let words: Vec<&str> = rerun.split_whitespace().filter(|word| !word.starts_with('-')).collect();
    Some(words.join("/"))
}

fn failed_tests(said: &str) -> impl Iterator<Item = &str> {
    said.lines().filter_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_of_a_failure() {
        let binary = |errors: &str| failed_binary(errors);
        let rerun = "error: test failed, to rerun pass `-p serin-sim --test transcripts`\n\nCaused by:";
        assert_eq!(binary(rerun).as_deref(), Some("serin-sim/transcripts"));
        let lib = "error: test failed, to rerun pass `-p serin-core --lib`";
        assert_eq!(binary(lib).as_deref(), Some("serin-core"));
        assert_eq!(binary("error[E0425]: cannot find value"), None);
        let said = "failures:\n\n---- a::b stdout ----\nthread panicked\n---- c stdout ----\n";
        assert_eq!(failed_tests(said).collect::<Vec<_>>(), ["a::b", "c"]);
    }

    #[test]
    fn a_test_that_failed_is_named_with_its_binary() {
        let killer = |failed| Killer { binary: "serin-sim/model".into(), test: "t".into(), failed };
        assert_eq!(killer(0).to_string(), "serin-sim/model (it ended early)");
        assert_eq!(killer(1).to_string(), "serin-sim/model: t");
        assert_eq!(killer(3).to_string(), "serin-sim/model: t and 2 more");
    }
}
