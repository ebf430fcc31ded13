//! Requests as the operator counts them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::exposition;

const METRIC: &str = "serin_api_requests_total";
const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];

/// Counts by verb and resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Requests {
    /// Under `<verb> <resource>`.
    pub(crate) by: BTreeMap<String, u64>,
    /// Those among them that were refused, under `<verb> <resource> <code>`; code 0: no answer came.
    pub(crate) refused: BTreeMap<String, u64>,
}

impl Requests {
    /// Of the operator's metrics.
    pub(crate) fn read(text: &str) -> Self {
        let mut requests = Self::default();
        for sample in exposition::samples(text, METRIC) {
            let label = |name: &str| sample.labels.get(name).map_or("", String::as_str);
            let what = format!("{} {}", label("verb"), label("resource"));
            *requests.by.entry(what.clone()).or_default() += sample.count();
            let code: u16 = label("code").parse().unwrap_or(0);
            if code == 0 || code >= 400 {
                *requests.refused.entry(format!("{what} {code}")).or_default() += sample.count();
            }
        }
        requests
    }

    /// Those that came after an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self { by: difference(&self.by, &earlier.by), refused: difference(&self.refused, &earlier.refused) }
    }

    pub(crate) fn total(&self) -> u64 {
        self.by.values().sum()
    }

    /// Those that change something.
    pub(crate) fn writes(&self) -> u64 {
        self.by.iter().filter(|(what, _)| WRITES.contains(&verb(what))).map(|(_, count)| count).sum()
    }

    /// The number of requests of each verb.
    pub(crate) fn by_verb(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (what, count) in &self.by {
            *counts.entry(verb(what).to_owned()).or_default() += count;
        }
        counts
    }
}

fn verb(what: &str) -> &str {
    what.split(' ').next().unwrap_or_default()
}

/// What was added to each counter; counters that did not move are left out.
pub(crate) fn difference(
    later: &BTreeMap<String, u64>,
    earlier: &BTreeMap<String, u64>,
) -> BTreeMap<String, u64> {
    let moved = later.iter().map(|(what, count)| {
        (what.clone(), count.saturating_sub(earlier.get(what).copied().unwrap_or_default()))
    });
    moved.filter(|(_, count)| *count > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = r#"serin_api_requests_total{verb="list",resource="canaries",code="200"} 1
serin_api_requests_total{verb="patch",resource="canaries/status",code="200"} 5
"#;
    const AFTER: &str = r#"serin_api_requests_total{verb="list",resource="canaries",code="200"} 1
serin_api_requests_total{verb="patch",resource="canaries/status",code="200"} 15
serin_api_requests_total{verb="patch",resource="canaries/status",code="409"} 2
serin_api_requests_total{verb="create",resource="events",code="201"} 3
"#;

    #[test]
    fn only_what_came_in_between_counts() {
        let requests = Requests::read(AFTER).since(&Requests::read(BEFORE));
        let by = [("create events".to_owned(), 3), ("patch canaries/status".to_owned(), 12)];
        assert_eq!(requests.by, BTreeMap::from(by));
        assert_eq!(requests.refused, BTreeMap::from([("patch canaries/status 409".to_owned(), 2)]));
        assert_eq!((requests.total(), requests.writes()), (15, 15));
        assert_eq!(requests.by_verb()["patch"], 12);
        assert_eq!(Requests::read(BEFORE).writes(), 5);
    }
}
