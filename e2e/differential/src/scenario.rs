//! Scenarios: what is set up, and what is done with it. One file each in `scenarios/`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::receiver::{Answers, Reply, Turns};

/// What is played with both operators.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The file's name without its ending.
    #[serde(skip)]
    pub(crate) name: String,
    /// What it shows.
    pub(crate) about: String,
    /// Whether it belongs to the part that runs with all tests.
    #[serde(default)]
    pub(crate) fast: bool,
    /// Whether it is about waiting for pods. Elsewhere what is told of such a wait is left out.
    #[serde(default)]
    pub(crate) waits: bool,
    /// Flags of both operators, over those that all scenarios have.
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    /// Manifests that are applied first.
    #[serde(default)]
    pub(crate) objects: String,
    /// A merge patch of the target, or `null` for none.
    #[serde(default = "unchanged")]
    pub(crate) target: Value,
    /// A merge patch of the Canary.
    #[serde(default = "unchanged")]
    pub(crate) canary: Value,
    /// What the operators are answered.
    #[serde(default)]
    pub(crate) answers: Answers,
    /// What happens, in order.
    pub(crate) story: Vec<Step>,
}

fn unchanged() -> Value {
    json!({})
}

/// One thing that happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// Wait for something.
    Wait(Condition),
    /// Wait until both operators have come this far and rest, and keep the objects for the comparison, under this name.
    Compare(String),
    /// Change the image of the target to this version.
    Release(String),
    /// Merge a patch into an object.
    Patch(Patch),
    /// Apply manifests.
    Apply(String),
    /// Delete an object.
    Delete(Object),
    /// Answer a webhook so from now on, and the callers that are held.
    Answer(Answer),
    /// Let so many intervals pass.
    Rest(u32),
    /// With Flagger alone.
    Flagger(Box<Step>),
    /// With Serin alone.
    Serin(Box<Step>),
}

/// What can be waited for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Condition {
    /// The Canary has this phase.
    Phase(String),
    /// The canary has at least this weight.
    Weight(i64),
    /// This is the number of iterations, or more.
    Iterations(i64),
    /// So many checks have failed, or more.
    Failed(i64),
    /// An event contains this text.
    Event(String),
    /// A webhook was called so often since the story began.
    Calls(Calls),
    /// So many alerts came.
    Alerts(usize),
    /// An object does not exist any more.
    Gone(Object),
    /// A value in an object: its JSON pointer, and what it should be.
    Value(Field),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calls {
    pub(crate) hook: String,
    pub(crate) times: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) hook: String,
    pub(crate) with: Turns<Reply>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    pub(crate) kind: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) with: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) at: String,
    pub(crate) is: Value,
}

/// All scenarios of a folder, by their names.
///
/// # Errors
/// A file cannot be read, or is no scenario.
pub(crate) fn load(folder: &Path) -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        let mut scenario: Scenario =
            serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
        let name = path.file_stem().and_then(|stem| stem.to_str());
        name.context("a file without a name")?.clone_into(&mut scenario.name);
        ensure!(scenario.name.len() <= 40, "{}: the name is too long for a namespace", scenario.name);
        scenarios.push(scenario);
    }
    scenarios.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(scenarios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scenarios_of_the_suite_can_be_read() {
        let scenarios = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")).unwrap();
        assert!(scenarios.iter().any(|scenario| scenario.fast));
        assert!(scenarios.iter().all(|scenario| !scenario.story.is_empty() && !scenario.about.is_empty()));
    }

    #[test]
    fn a_scenario_is_a_table_of_steps() {
        let text = "
about: a test
canary: {spec: {skipAnalysis: true}}
answers: {hooks: {gate: 403}}
story:
  - wait: {phase: Initialized}
  - release: 6.9.1
  - wait: {calls: {hook: gate, times: 2}}
  - answer: {hook: gate, with: 200}
  - compare: end
";
        let scenario: Scenario = serde_saphyr::from_str(text).unwrap();
        assert_eq!(scenario.canary["spec"]["skipAnalysis"], true);
        assert!(matches!(&scenario.story[0], Step::Wait(Condition::Phase(phase)) if phase == "Initialized"));
        assert!(matches!(&scenario.story[1], Step::Release(version) if version == "6.9.1"));
    }
}
