//! The differences that are meant, each tied to a row of `docs/differences.md`.

use std::{collections::BTreeSet, fmt, path::Path};

use anyhow::{Context, Result, ensure};
use regex::Regex;
use serde::Deserialize;

use crate::{difference::Difference, side::Side, transcript::Aspect};

/// Which differences one row stands for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// The first cell of the row.
    pub(crate) row: String,
    /// What is seen of it.
    aspects: BTreeSet<Aspect>,
    /// Who has the line; both when it is not said.
    only: Option<Side>,
    /// The line.
    #[serde(default)]
    line: Option<Pattern>,
    /// Lines to the letter, instead. Each of them must be seen.
    #[serde(default)]
    exactly: Vec<String>,
    /// Where it may happen; everywhere when it is not said.
    #[serde(default)]
    scenarios: BTreeSet<String>,
    /// Whether it is seen only in some runs.
    #[serde(default)]
    pub(crate) sometimes: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    /// A pattern stands for the whole line.
    fn try_from(text: String) -> Result<Self, regex::Error> {
        Regex::new(&format!("^(?:{text})$")).map(Self)
    }
}

impl Rule {
    fn covers(&self, scenario: &str, difference: &Difference) -> bool {
        self.aspects.contains(&difference.topic.aspect)
            && self.only.is_none_or(|side| side == difference.only)
            && (self.scenarios.is_empty() || self.scenarios.contains(scenario))
            && self.line.as_ref().is_some_and(|line| line.0.is_match(&difference.line))
    }

    /// Whether it may be seen in every scenario.
    pub(crate) fn is_general(&self) -> bool {
        self.scenarios.is_empty()
    }

    /// A rule for each line.
    fn single(self) -> Result<Vec<Self>> {
        ensure!(self.line.is_some() == self.exactly.is_empty(), "`{}`: say either line or exactly", self.row);
        if self.exactly.is_empty() {
            return Ok(vec![self]);
        }
        let rule = |text: &String| {
            let line = Some(Pattern::try_from(regex::escape(text))?);
            Ok(Self { line, exactly: Vec::new(), ..self.clone() })
        };
        self.exactly.iter().map(rule).collect()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.as_ref().map_or("", |line| line.0.as_str());
        write!(formatter, "`{}`: {line}", self.row)
    }
}

/// All rules.
#[derive(Debug)]
pub(crate) struct Intended(Vec<Rule>);

impl Intended {
    /// Reads the rules, and holds each to a row of the page.
    ///
    /// # Errors
    /// A rule is wrong, or names no row.
    pub(crate) fn load(rules: &Path, page: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(rules).with_context(|| format!("reading {}", rules.display()))?;
        let rules: Vec<Rule> = serde_saphyr::from_str(&text).with_context(|| rules.display().to_string())?;
        let text = std::fs::read_to_string(page).with_context(|| format!("reading {}", page.display()))?;
        Self::new(rules, &rows(&text))
    }

    fn new(rules: Vec<Rule>, rows: &BTreeSet<String>) -> Result<Self> {
        let mut single = Vec::new();
        for rule in rules {
            ensure!(rows.contains(&rule.row), "docs/differences.md has no row `{}`", rule.row);
            single.extend(rule.single()?);
        }
        Ok(Self(single))
    }

    /// The number of the rule that covers a difference.
    pub(crate) fn find(&self, scenario: &str, difference: &Difference) -> Option<usize> {
        self.0.iter().position(|rule| rule.covers(scenario, difference))
    }

    /// The rule of a number.
    pub(crate) fn rule(&self, number: usize) -> Option<&Rule> {
        self.0.get(number)
    }

    /// The rules that should have been seen, but were not.
    pub(crate) fn idle<'a>(&'a self, seen: &'a BTreeSet<usize>) -> impl Iterator<Item = &'a Rule> {
        let idle = |(number, rule): &(usize, &Rule)| !rule.sometimes && !seen.contains(number);
        self.0.iter().enumerate().filter(idle).map(|(_, rule)| rule)
    }
}

/// The first cell of each row of each table.
fn rows(page: &str) -> BTreeSet<String> {
    let cell = |line: &str| line.strip_prefix('|')?.split('|').next().map(|cell| cell.trim().to_owned());
    page.lines().filter_map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Topic;

    const RULES: &str = r"
- row: waiting for pods
  aspects: [events, told]
  only: flagger
  line: Warning .* not ready.*
- row: mirror
  aspects: [route]
  scenarios: [mirror]
  line: a 100
";

    fn intended() -> Intended {
        let rows = rows("| what | Flagger |\n|---|---|\n| waiting for pods | a |\n| mirror | b |\n");
        Intended::new(serde_saphyr::from_str(RULES).unwrap(), &rows).unwrap()
    }

    fn difference(aspect: Aspect, only: Side, line: &str) -> Difference {
        Difference { topic: Topic::new(aspect, ""), only, line: line.to_owned() }
    }

    #[test]
    fn a_difference_is_covered_by_aspect_side_and_the_whole_line() {
        let find = |aspect, only, line| intended().find("x", &difference(aspect, only, line));
        assert_eq!(find(Aspect::Events, Side::Flagger, "Warning p not ready: 1"), Some(0));
        assert_eq!(find(Aspect::Events, Side::Serin, "Warning p not ready: 1"), None);
        assert_eq!(find(Aspect::Alerts, Side::Flagger, "Warning p not ready: 1"), None);
        assert_eq!(find(Aspect::Events, Side::Flagger, "a Warning p not ready: 1"), None);
    }

    #[test]
    fn a_rule_may_hold_for_some_scenarios_only() {
        let split = difference(Aspect::Route, Side::Serin, "a 100");
        assert_eq!(intended().find("mirror", &split), Some(1));
        assert_eq!(intended().find("other", &split), None);
    }

    #[test]
    fn rules_that_are_never_needed_are_found() {
        let intended = intended();
        let seen = BTreeSet::from([0]);
        let idle: Vec<_> = intended.idle(&seen).map(|rule| rule.row.as_str()).collect();
        assert_eq!(idle, ["mirror"]);
    }

    #[test]
    fn lines_to_the_letter_are_rules_of_their_own() {
        let text = r#"[{row: mirror, aspects: [route], scenarios: [x], exactly: ["a.b", "[c]"]}]"#;
        let intended = Intended::new(serde_saphyr::from_str(text).unwrap(), &rows("| mirror |\n")).unwrap();
        let find = |line| intended.find("x", &difference(Aspect::Route, Side::Serin, line));
        assert_eq!([find("a.b"), find("[c]"), find("axb")], [Some(0), Some(1), None]);
        let idle: Vec<_> = intended.idle(&BTreeSet::from([0])).map(ToString::to_string).collect();
        assert_eq!(idle, [r"`mirror`: ^(?:\[c\])$"]);
        let both = r"[{row: mirror, aspects: [route], line: a, exactly: [a]}]";
        assert!(Intended::new(serde_saphyr::from_str(both).unwrap(), &rows("| mirror |\n")).is_err());
    }

    #[test]
    fn every_rule_needs_a_row() {
        let error = Intended::new(serde_saphyr::from_str(RULES).unwrap(), &BTreeSet::new()).unwrap_err();
        assert!(error.to_string().contains("`waiting for pods`"));
    }

    #[test]
    fn the_rules_of_the_suite_have_rows() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Intended::load(&here.join("intended.yaml"), &here.join("../../docs/differences.md")).unwrap();
    }
}
