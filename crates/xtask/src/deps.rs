//! The pure crates stay pure: whatever opens a connection or waits is out of their reach.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context, Result, ensure};

use crate::report::Report;

/// Packages that do I/O, or that only make sense together with it.
const IMPURE: [&str; 7] = ["axum", "hyper", "kube-client", "kube-runtime", "mio", "reqwest", "tokio"];

/// The pure crates, and the crates of this workspace that each may use.
const PURE: [(&str, &[&str]); 4] = [
    ("serin-api", &[]),
    ("serin-analysis", &["serin-api"]),
    ("serin-core", &["serin-api", "serin-analysis"]),
    ("serin-sim", &["serin-api", "serin-analysis", "serin-core"]),
];

/// Asks cargo what each pure crate reaches on its own, without the features that others switch on.
pub(crate) fn check() -> Result<Report> {
    let mut problems = Vec::new();
    for (name, allowed) in PURE {
        problems.extend(judge(name, allowed, &tree(name)?));
    }
    let names = PURE.map(|(name, _)| name).join(", ");
    Ok(Report { summary: format!("deps: {names} stay pure"), problems })
}

fn judge(name: &str, allowed: &[&str], tree: &str) -> Vec<String> {
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let impure = reached.iter().filter(|package| IMPURE.contains(package)).map(|package| {
        format!("{name} is pure but reaches {package}: see `cargo tree -p {name} -e normal -i {package}`")
    });
    let foreign = reached.iter().filter(|package| package.starts_with("serin-"));
    let foreign = foreign.filter(|package| **package != name && !allowed.contains(package)).map(|package| {
        format!("{name} uses {package}: dependencies point one way, see docs/architecture.md")
    });
    impure.chain(foreign).collect()
}

fn tree(name: &str) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["tree", "--package", name, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let output = Command::new(cargo).args(arguments).output().context("cannot run cargo tree")?;
    ensure!(
        output.status.success(),
        "cargo tree --package {name} failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).context("cargo tree printed something else than UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_tree_has_no_problems() {
        let tree =
            "serin-core v0.1.0 (/x)\nserin-api v0.1.0 (/y)\nkube-core v5.0.0\ntokio-util-lookalike v1\n";
        assert_eq!(judge("serin-core", &["serin-api"], tree), [""; 0]);
    }

    #[test]
    fn impure_and_upward_dependencies_are_named_once() {
        let tree = "serin-api v0.1.0 (/x)\ntokio v1.2.3\ntokio v1.2.3 (*)\nserin-core v0.1.0 (/y)\n";
        assert_eq!(
            judge("serin-api", &[], tree),
            [
                "serin-api is pure but reaches tokio: see `cargo tree -p serin-api -e normal -i tokio`",
                "serin-api uses serin-core: dependencies point one way, see docs/architecture.md",
            ]
        );
    }
}
