//! What came out, for people and for scripts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
    time::Duration,
};

use crate::{
    difference::Difference,
    intended::{Intended, Rule},
    scenario::Scenario,
};

/// The result of one scenario.
#[derive(Debug, Default)]
pub(crate) struct ScenarioResult {
    /// Numbers of the rules that cover differences, and how many.
    intended: BTreeMap<usize, usize>,
    unexpected: Vec<String>,
    took: Duration,
}

impl ScenarioResult {
    /// Holds differences to the rules.
    pub(crate) fn of(scenario: &str, differences: &[Difference], intended: &Intended) -> Self {
        let mut outcome = Self::default();
        for difference in differences {
            match intended.find(scenario, difference) {
                Some(rule) => *outcome.intended.entry(rule).or_default() += 1,
                None => outcome.unexpected.push(difference.to_string()),
            }
        }
        outcome
    }

    /// One that could not be played.
    pub(crate) fn broken(error: &anyhow::Error) -> Self {
        Self { unexpected: vec![format!("{error:#}")], ..Self::default() }
    }

    /// With the time that it took.
    pub(crate) fn after(self, took: Duration) -> Self {
        Self { took, ..self }
    }

    /// A line for the scenario, one for each row that differs, and one for each difference that matters.
    pub(crate) fn tell(&self, scenario: &Scenario, intended: &Intended) -> String {
        let name = &scenario.name;
        let rows = self.rows(intended);
        let mut text = match (rows.len(), self.unexpected.len()) {
            (0, 0) => format!("{name}: equal"),
            (rows, 0) => {
                let lines: usize = self.intended.values().sum();
                format!(
                    "{name}: equal but for {} on purpose ({})",
                    counted(lines, "line"),
                    counted(rows, "row")
                )
            }
            (_, unexpected) => format!("{name}: {unexpected} UNEXPECTED"),
        };
        if !self.took.is_zero() {
            write!(text, ", {} s", self.took.as_secs()).ok();
        }
        for (row, count) in rows {
            // Writing to a String does not fail.
            write!(text, "\n    {count:3} {row}").ok();
        }
        if !self.unexpected.is_empty() {
            write!(text, "\n  {}", scenario.about.trim()).ok();
        }
        for difference in &self.unexpected {
            write!(text, "\n  UNEXPECTED {difference}").ok();
        }
        text
    }

    /// How many lines each row of the page stands for.
    fn rows<'a>(&self, intended: &'a Intended) -> BTreeMap<&'a str, usize> {
        let mut rows = BTreeMap::new();
        for (rule, count) in &self.intended {
            *rows.entry(intended.rule(*rule).map_or("", |rule| rule.row.as_str())).or_default() += count;
        }
        rows
    }

    /// Whether it differs, and only in what may differ everywhere.
    fn is_general(&self, intended: &Intended) -> bool {
        let general = |rule: &usize| intended.rule(*rule).is_some_and(Rule::is_general);
        !self.intended.is_empty() && self.unexpected.is_empty() && self.intended.keys().all(general)
    }
}

/// A number and what it counts.
fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("{number} {what}") } else { format!("{number} {what}s") }
}

/// The results of all scenarios.
#[derive(Debug, Default)]
pub(crate) struct Report {
    outcomes: Vec<ScenarioResult>,
    /// Rules that no scenario needed.
    idle: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, outcome: ScenarioResult) {
        self.outcomes.push(outcome);
    }

    /// After all scenarios: a rule that none of them needed is out of date.
    pub(crate) fn hold_rules(&mut self, intended: &Intended) {
        let seen: BTreeSet<usize> =
            self.outcomes.iter().flat_map(|outcome| outcome.intended.keys().copied()).collect();
        self.idle = intended.idle(&seen).map(ToString::to_string).collect();
    }

    /// What stands before the last line: in how many scenarios only that differs which may differ everywhere.
    pub(crate) fn summary(&self, intended: &Intended) -> String {
        let lines: usize = self.outcomes.iter().flat_map(|outcome| outcome.intended.values()).sum();
        let general = self.outcomes.iter().filter(|outcome| outcome.is_general(intended)).count();
        format!("{lines} lines differ on purpose; in {general} scenarios only such as may differ everywhere")
    }

    /// Rules that no scenario needed.
    pub(crate) fn idle(&self) -> &[String] {
        &self.idle
    }

    /// What should not be.
    pub(crate) fn unexpected(&self) -> usize {
        self.idle.len() + self.outcomes.iter().map(|outcome| outcome.unexpected.len()).sum::<usize>()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let good = |outcome: &&ScenarioResult| outcome.unexpected.is_empty();
        let (equal, intended): (Vec<_>, Vec<_>) =
            self.outcomes.iter().filter(good).partition(|outcome| outcome.intended.is_empty());
        write!(
            formatter,
            "differential: {} scenarios, {} equal, {} with intended differences, unexpected: {}",
            self.outcomes.len(),
            equal.len(),
            intended.len(),
            self.unexpected(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_scenarios_and_what_should_not_be() {
        let mut report = Report::default();
        report.add(ScenarioResult::default());
        report.add(ScenarioResult { intended: BTreeMap::from([(0, 2)]), ..ScenarioResult::default() });
        report.add(ScenarioResult { unexpected: vec!["a".into(), "b".into()], ..ScenarioResult::default() });
        assert_eq!(
            report.to_string(),
            "differential: 3 scenarios, 1 equal, 1 with intended differences, unexpected: 2"
        );
    }

    #[test]
    fn what_could_not_be_played_is_unexpected() {
        let mut report = Report::default();
        report.add(ScenarioResult::broken(&anyhow::anyhow!("no cluster")));
        assert_eq!(report.unexpected(), 1);
    }
}
