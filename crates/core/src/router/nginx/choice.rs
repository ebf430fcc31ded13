//! Which requests `analysis.match` chooses, in the words of the controller.

use std::collections::{BTreeMap, BTreeSet};

use serin_api::{CanarySpec, canary::StringMatch};

use crate::spec_error::SpecError;

/// What chooses requests, after the prefix of the controller's annotations.
pub(super) const CHOICES: [&str; 4] =
    ["canary-by-header", "canary-by-header-value", "canary-by-header-pattern", "canary-by-cookie"];

/// What chooses requests: a header, a cookie, or either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    header: Option<(String, StringMatch)>,
    cookie: Option<String>,
}

impl Choice {
    /// From `analysis.match`.
    pub(super) fn of(spec: &CanarySpec) -> Result<Self, Vec<SpecError>> {
        let error = |value: String, problem: &str, remedy: &str| {
            Err(vec![SpecError::new("spec.analysis.match", value, problem, remedy)])
        };
        let entries = &spec.analysis.match_;
        if !entries.is_empty() && spec.analysis.iterations.unwrap_or(0) < 1 {
            let problem = "nginx cannot send a share of the requests that are chosen by a header or a cookie";
            return error(String::new(), problem, "set spec.analysis.iterations in the place of weights");
        }
        if entries.iter().any(|entry| entry.headers.as_ref().is_none_or(BTreeMap::is_empty)) {
            let problem = "nginx chooses requests by a header or a cookie";
            return error(String::new(), problem, "compare a header in each entry");
        }
        let all = entries.iter().flat_map(|entry| entry.headers.iter().flatten());
        let (mut cookies, mut headers): (Vec<_>, Vec<_>) =
            all.partition(|(name, compared)| *name == "cookie" && compared.exact.is_some());
        cookies.dedup();
        headers.dedup();
        for (found, what) in [(&cookies, "cookie"), (&headers, "header")] {
            if found.len() > 1 {
                let names: BTreeSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                let names: Vec<&str> = names.into_iter().collect();
                let problem = format!("nginx compares one {what} with one value");
                return error(
                    names.join(", "),
                    &problem,
                    "leave one; a regular expression can stand for several values",
                );
            }
        }
        if let Some((name, _)) = headers.iter().find(|(_, by)| by.prefix.is_some() || by.suffix.is_some()) {
            let problem = "nginx compares headers by exact or regex";
            return error(
                (*name).clone(),
                problem,
                "write a regular expression in the place of prefix or suffix",
            );
        }
        Ok(Self {
            header: headers.first().map(|(name, compared)| ((*name).clone(), (*compared).clone())),
            cookie: cookies.first().and_then(|(_, compared)| compared.exact.clone()),
        })
    }

    /// The annotations that say so, without their prefix.
    pub(super) fn said(self) -> Vec<(&'static str, String)> {
        let set = |value: Option<String>| value.filter(|value| !value.is_empty());
        let (name, by) = self.header.map_or((None, StringMatch::default()), |(name, by)| (Some(name), by));
        let [header, value, pattern, cookie] = CHOICES;
        let all =
            [(header, name), (value, set(by.exact)), (pattern, set(by.regex)), (cookie, set(self.cookie))];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}
