//! Who answered: answers by the side of the route.

use std::{collections::BTreeMap, fmt};

use super::{Failure, Tally};
use crate::{
    Kind,
    history::Versions,
    invariants::{App, Side},
};

/// Answers and failures by side.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// All requests.
    pub requests: u64,
    /// All answers of each side.
    pub by_side: BTreeMap<Side, u64>,
    /// Failures among the canary's answers.
    pub failed_in_canary: u64,
    /// All other failures: of the primary, of the gateway, and those without an answer.
    pub failed_elsewhere: u64,
    /// The first of those other failures.
    pub elsewhere: Vec<Failure>,
}

impl Report {
    /// The tally by side, going by the addresses that the app's pods had in this history.
    pub fn new(tally: &Tally, versions: &Versions, app: &App) -> Self {
        let sides = sides(versions, app);
        let mut report = Self { requests: tally.requests(), ..Self::default() };
        for (answer, count) in &tally.answers {
            let side = answer.pod.as_ref().and_then(|ip| sides.get(ip));
            if let Some(side) = side {
                *report.by_side.entry(*side).or_default() += count;
            }
            match side {
                _ if answer.is_ok() => {}
                Some(Side::Canary) => report.failed_in_canary += count,
                _ => report.failed_elsewhere += count,
            }
        }
        let by_canary = |failure: &&Failure| {
            failure.answer.pod.as_ref().and_then(|ip| sides.get(ip)) == Some(&Side::Canary)
        };
        report.elsewhere = tally.failures.iter().filter(|failure| !by_canary(failure)).cloned().collect();
        report
    }

    /// Answers of a side.
    pub fn of(&self, side: Side) -> u64 {
        self.by_side.get(&side).copied().unwrap_or(0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (primary, canary) = (self.of(Side::Primary), self.of(Side::Canary));
        write!(formatter, "{} requests, {primary} to the primary, {canary} to the canary; ", self.requests)?;
        let (inside, outside) = (self.failed_in_canary, self.failed_elsewhere);
        write!(formatter, "failed: {inside} in the canary, {outside} elsewhere")
    }
}

/// The side of each pod address that the app's pods have, or had.
pub fn sides(versions: &Versions, app: &App) -> BTreeMap<String, Side> {
    let (primary, canary) = (format!("{}-primary-", app.target), format!("{}-", app.target));
    let mut sides = BTreeMap::new();
    for version in versions.in_order().into_iter().filter(|version| version.kind == Kind::POD) {
        let side = match &version.name {
            name if name.starts_with(&primary) => Side::Primary,
            name if name.starts_with(&canary) => Side::Canary,
            _ => continue,
        };
        if let Some(ip) = version.object.pointer("/status/podIP").and_then(|ip| ip.as_str()) {
            sides.insert(ip.to_owned(), side);
        }
    }
    sides
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;
    use crate::{
        history::Version,
        traffic::{Answer, RequestEnd},
    };

    fn pod(name: &str, ip: &str) -> Version {
        let object = json!({"status": {"podIP": ip}});
        let name = name.to_owned();
        Version { revision: 1, kind: Kind::POD, name, gone: false, object, seen: Instant::now() }
    }

    #[test]
    fn failures_count_for_the_side_that_answered() {
        let versions = [pod("app-primary-7f-x", "10.0.0.1"), pod("app-6c-y", "10.0.0.2")];
        let mut tally = Tally::default();
        for (status, pod) in [(200, "10.0.0.1"), (200, "10.0.0.2"), (500, "10.0.0.2"), (503, "")] {
            let pod = (!pod.is_empty()).then(|| pod.to_owned());
            let answer = Answer { outcome: RequestEnd::Status(status), pod, version: None };
            tally.add(answer, Duration::ZERO);
        }
        let report = Report::new(&tally, &versions.into_iter().collect(), &App::named("app"));
        assert_eq!(
            report.to_string(),
            "4 requests, 1 to the primary, 2 to the canary; failed: 1 in the canary, 1 elsewhere"
        );
        let elsewhere: Vec<_> = report.elsewhere.iter().map(|failure| &failure.answer.outcome).collect();
        assert_eq!(elsewhere, [&RequestEnd::Status(503)]);
    }
}
