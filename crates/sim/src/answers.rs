//! What webhooks and metrics answer in a virtual cluster.

use std::collections::BTreeMap;

use serin_analysis::{
    Check, Source,
    outcome::{CheckOutcome, Outcome},
};
use serin_core::{
    observe::{Answers, HookAnswer},
    plan::Ask,
};

/// Answers by the name of hook or metric; what is not named passes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// What a webhook of this name says when it does not pass.
    pub closed: BTreeMap<String, String>,
    /// What a metric of this name yields.
    pub values: BTreeMap<String, Outcome>,
    /// The value of every metric that is not named.
    pub value: f64,
    /// Why the metric providers cannot be reached.
    pub providers: Option<String>,
}

impl Script {
    /// Adds the answer to a question.
    pub fn answer(&self, ask: &Ask, answers: &mut Answers) {
        match ask {
            Ask::Hook { hook, .. } => {
                let closed = self.closed.get(&hook.name);
                let answer = closed.map_or(HookAnswer::Pass, |why| HookAnswer::Fail(why.clone()));
                answers.hooks.insert(hook.clone(), answer);
            }
            Ask::Checks(checks) => answers.checks = self.outcomes(checks),
            Ask::Providers => answers.providers = Some(self.providers.clone().map_or(Ok(()), Err)),
        }
    }

    fn outcomes(&self, checks: &[Check]) -> Vec<(Check, CheckOutcome)> {
        let outcome = |name: &str| self.values.get(name).cloned().unwrap_or(Outcome::sample(self.value));
        let query = |source: &Source| match source {
            Source::Query(query) => Some(query.clone()),
            Source::Template(_) | Source::Settled(_) => None,
        };
        let answer = |c: &Check| CheckOutcome { query: query(&c.source), outcome: outcome(&c.metric) };
        checks.iter().map(|check| (check.clone(), answer(check))).collect()
    }
}
