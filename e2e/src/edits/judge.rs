//! Which failures have a cause that the user declared, and which are losses.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Kind, Settings,
    history::{Version, Versions},
    invariants::{App, PATIENCE, Slices, Violation, violations},
    traffic::{Failure, Tally},
};

/// How long after its cause has ended a request may still fail: a gateway learns of new endpoints in its own time.
const GRACE: Duration = Duration::from_secs(3);

/// How long requests may fail after the user has taken away, by hand, what served them.
const AFTERMATH: Duration = Duration::from_secs(5);

/// Why a request may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// There is no Canary, or this one was never initialised.
    NoCanary,
    /// The Canary names another host, another path, another provider, or not the Gateway that is there.
    Elsewhere,
    /// No side has a ready endpoint.
    NoEndpoint,
    /// The user has just taken away, by hand, what serves.
    ByHand,
}

/// The time in which a cause was there.
#[derive(Clone, Debug)]
pub struct Span {
    cause: Cause,
    from: Instant,
    to: Option<Instant>,
}

impl Span {
    fn explains(&self, begin: Instant, end: Instant) -> bool {
        self.from <= end && self.to.is_none_or(|to| begin <= to + GRACE)
    }
}

/// What the release is, as far as requests are concerned.
pub struct Declared<'a> {
    /// The host that users ask for.
    pub host: &'a str,
    /// Where the gateway is.
    pub settings: &'a Settings,
}

#[derive(Default)]
struct State {
    canary: Option<Value>,
    /// Canaries that were initialised, by uid.
    initialised: BTreeSet<String>,
    slices: Slices,
}

impl State {
    fn see(&mut self, version: &Version) {
        self.slices.see(version);
        if version.kind != Kind::CANARY {
            return;
        }
        self.canary = (!version.gone).then(|| version.object.clone());
        let phase = version.object.pointer("/status/phase").and_then(Value::as_str).unwrap_or_default();
        if !["", "Initializing"].contains(&phase) {
            self.initialised.insert(uid(&version.object));
        }
    }

    fn holds(&self, cause: Cause, declared: &Declared) -> bool {
        match cause {
            Cause::NoCanary => {
                self.canary.as_ref().is_none_or(|canary| !self.initialised.contains(&uid(canary)))
            }
            Cause::Elsewhere => self.canary.as_ref().is_some_and(|canary| is_elsewhere(canary, declared)),
            Cause::NoEndpoint => {
                !self.slices.any(|service| service.ends_with("-primary") || service.ends_with("-canary"))
            }
            Cause::ByHand => false,
        }
    }
}

fn uid(object: &Value) -> String {
    object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a Canary declares that requests of `/` to the host through the Gateway are not its own.
fn is_elsewhere(canary: &Value, declared: &Declared) -> bool {
    let service = &canary["spec"]["service"];
    let list = |field: &str| service[field].as_array().map_or(&[][..], Vec::as_slice);
    let host = list("hosts").iter().any(|host| host == declared.host);
    let gateway = list("gatewayRefs").iter().any(|parent| {
        let settings = declared.settings;
        parent["name"] == settings.gateway_name.as_str()
            && parent["namespace"] == settings.gateway_namespace.as_str()
            && parent.get("sectionName").is_none()
    });
    let all = |found: &Value| found["uri"]["prefix"] == "/" || found["uri"]["regex"] == "^/.*";
    let path = list("match").is_empty() || list("match").iter().any(all);
    let provider = canary["spec"]["provider"].as_str().unwrap_or("gatewayapi:v1");
    !host || !gateway || !path || !provider.starts_with("gatewayapi")
}

/// When which cause was there.
pub fn spans(versions: &Versions, declared: &Declared, by_hand: &[Instant]) -> Vec<Span> {
    let mut state = State::default();
    let mut open: BTreeMap<Cause, Instant> = BTreeMap::new();
    let mut spans: Vec<Span> = by_hand
        .iter()
        .map(|at| Span { cause: Cause::ByHand, from: *at, to: Some(*at + AFTERMATH) })
        .collect();
    for version in versions.iter() {
        state.see(version);
        for cause in [Cause::NoCanary, Cause::Elsewhere, Cause::NoEndpoint] {
            if state.holds(cause, declared) {
                open.entry(cause).or_insert(version.seen);
            } else if let Some(from) = open.remove(&cause) {
                spans.push(Span { cause, from, to: Some(version.seen) });
            }
        }
    }
    spans.extend(open.into_iter().map(|(cause, from)| Span { cause, from, to: None }));
    spans
}

/// The failures of a sequence.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Those without a cause.
    pub lost: Vec<Failure>,
    /// How many had which cause.
    pub excused: BTreeMap<Cause, u64>,
}

/// Judges every failure that was kept.
pub fn judge(tally: &Tally, spans: &[Span]) -> Judged {
    let mut judged = Judged::default();
    for failure in &tally.failures {
        let begin = failure.at.checked_sub(failure.took).unwrap_or(failure.at);
        match spans.iter().find(|span| span.explains(begin, failure.at)) {
            Some(span) => *judged.excused.entry(span.cause).or_default() += 1,
            None => judged.lost.push(failure.clone()),
        }
    }
    judged
}

/// The violations of the safety invariants that no deed of the user's explains.
pub fn unexplained(versions: &Versions, app: &App, by_hand: &[Instant]) -> Vec<Violation> {
    let seen: BTreeMap<u64, Instant> =
        versions.iter().map(|version| (version.revision, version.seen)).collect();
    let explained = |found: &Violation| {
        let of_others = ["S7", "S15"].contains(&found.invariant);
        let at = seen.get(&found.revision);
        let near = |deed: &Instant| at.is_some_and(|at| *deed <= *at && *at <= *deed + AFTERMATH + PATIENCE);
        !of_others && by_hand.iter().any(near)
    };
    violations(versions, app).into_iter().filter(|found| !explained(found)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::traffic::{Answer, RequestEnd};

    const HOST: &str = "a.example.com";

    fn canary(second: u64, hosts: &[&str], phase: &str) -> (u64, Kind, Value) {
        let settings = Settings::from_env();
        let parent = json!({"name": settings.gateway_name, "namespace": settings.gateway_namespace});
        let service = json!({"hosts": hosts, "gatewayRefs": [parent]});
        let metadata = json!({"uid": "1"});
        (
            second,
            Kind::CANARY,
            json!({"metadata": metadata, "spec": {"service": service}, "status": {"phase": phase}}),
        )
    }

    fn slice(second: u64, ready: bool) -> (u64, Kind, Value) {
        let labels = json!({"kubernetes.io/service-name": "podinfo-primary"});
        let endpoints = json!([{"conditions": {"ready": ready}}]);
        (second, Kind::SLICE, json!({"metadata": {"labels": labels}, "endpoints": endpoints}))
    }

    /// The cause of a failure in this second.
    fn cause(history: &[(u64, Kind, Value)], by_hand: &[u64], second: u64) -> Option<Cause> {
        let begin = Instant::now();
        let at = |second: u64| begin + Duration::from_secs(second);
        let version = |(second, kind, object): &(u64, Kind, Value)| Version {
            revision: *second,
            kind: *kind,
            name: "podinfo".to_owned(),
            gone: false,
            object: object.clone(),
            seen: at(*second),
        };
        let versions = history.iter().map(version).collect();
        let settings = Settings::from_env();
        let by_hand: Vec<Instant> = by_hand.iter().map(|second| at(*second)).collect();
        let spans = spans(&versions, &Declared { host: HOST, settings: &settings }, &by_hand);
        let answer = Answer { outcome: RequestEnd::Status(503), pod: None, version: None };
        let time = chrono::DateTime::UNIX_EPOCH;
        let failure = Failure { at: at(second), time, took: Duration::ZERO, answer };
        let tally = Tally { failures: vec![failure], ..Tally::default() };
        judge(&tally, &spans).excused.into_keys().next()
    }

    #[test]
    fn a_failure_is_lost_unless_the_user_declared_its_cause() {
        let served = [slice(1, true), canary(2, &[HOST], "Initialized")];
        assert_eq!(cause(&served, &[], 20), None);
        assert_eq!(cause(&served, &[18], 20), Some(Cause::ByHand));
        assert_eq!(cause(&served, &[2], 20), None, "long past");
        let moved = [&served[..], &[canary(10, &["b.example.com"], "Succeeded")]].concat();
        assert_eq!(cause(&moved, &[], 9), None);
        assert_eq!(cause(&moved, &[], 20), Some(Cause::Elsewhere));
        let gone = [&served[..], &[slice(10, false), slice(12, true)]].concat();
        assert_eq!(cause(&gone, &[], 14), Some(Cause::NoEndpoint));
        assert_eq!(cause(&gone, &[], 20), None, "it is there again");
        let new = [slice(1, true), canary(2, &[HOST], "Initializing")];
        assert_eq!(cause(&new, &[], 20), Some(Cause::NoCanary));
        let again = [&served[..], &[canary(10, &[HOST], "Initializing")]].concat();
        assert_eq!(cause(&again, &[], 20), None, "a release that served once serves on");
    }
}
