//! What a failure was: when, with which answer or error, from whom, and what the rollout had just done.

use std::fmt::Write;

use serde_json::Value;

use super::Failure;
use crate::{
    Kind,
    history::{Version, Versions},
    invariants::App,
    timeline,
};

/// Changes before a failure that are told with it.
const CHANGES: usize = 4;

/// Tells of each failure, with the seconds of the timeline and the time of the gateway's log.
pub fn account(failures: &[Failure], versions: &Versions, app: &App) -> String {
    failures.iter().map(|failure| one(failure, versions, app)).collect()
}

fn one(failure: &Failure, versions: &Versions, app: &App) -> String {
    let Failure { at, time, took, answer } = failure;
    let begin = timeline::begin(versions).unwrap_or(*at);
    let (seconds, time) = (at.duration_since(begin).as_secs_f32(), time.format("%H:%M:%S%.3fZ"));
    let (took, phase) = (took.as_secs_f32(), phase(failure, versions, app));
    let mut text = format!("{seconds:>7.2}s {time} after {took:.3} s: {} ", answer.outcome);
    // Writing to a String does not fail.
    writeln!(text, "from {}, {phase}", pod(failure, versions)).ok();
    for change in timeline::before(versions, *at, CHANGES) {
        writeln!(text, "    had seen {change}").ok();
    }
    text
}

/// The name and address of the pod that answered, as far as it is known.
fn pod(failure: &Failure, versions: &Versions) -> String {
    let Some(ip) = &failure.answer.pod else { return "no pod".to_owned() };
    let has = |version: &&Version| {
        version.kind == Kind::POD
            && version.object.pointer("/status/podIP").and_then(Value::as_str) == Some(ip)
    };
    let name = versions.iter().find(has).map_or("an unknown pod", |version| &version.name);
    format!("{name} ({ip})")
}

/// How far the rollout was.
fn phase(failure: &Failure, versions: &Versions, app: &App) -> String {
    let known = |version: &&Version| version.seen <= failure.at;
    let Some(canary) = versions.of(Kind::CANARY, &app.canary).rfind(known) else {
        return "before there was a Canary".to_owned();
    };
    let status = &canary.object["status"];
    let phase = status["phase"].as_str().unwrap_or("no phase");
    format!("in {phase} with weight {}", status["canaryWeight"].as_i64().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::*;
    use crate::traffic::{Answer, RequestEnd};

    #[test]
    fn a_failure_is_told_with_its_time_its_answer_and_what_was_done_before() {
        let begin = Instant::now();
        let version = |revision: u64, kind, name: &str, object| Version {
            revision,
            kind,
            name: name.to_owned(),
            gone: false,
            object,
            seen: begin + Duration::from_secs(revision),
        };
        let canary = |phase, weight| json!({"status": {"phase": phase, "canaryWeight": weight}});
        let backends = json!([{"name": "app-primary", "weight": 90}, {"name": "app-canary", "weight": 10}]);
        let versions = [
            version(1, Kind::POD, "app-primary-7f-x", json!({"status": {"podIP": "10.0.0.1"}})),
            version(2, Kind::CANARY, "app", canary("Progressing", 10)),
            version(3, Kind::ROUTE, "app", json!({"spec": {"rules": [{"backendRefs": backends}]}})),
            version(9, Kind::CANARY, "app", canary("Promoting", 50)),
        ];
        let versions = versions.into_iter().collect();
        let answer =
            Answer { outcome: RequestEnd::Status(503), pod: Some("10.0.0.1".to_owned()), version: None };
        let time = DateTime::<Utc>::UNIX_EPOCH;
        let at = begin + Duration::from_secs(4);
        let failure = Failure { at, time, took: Duration::from_millis(20), answer };
        let told = account(&[failure], &versions, &App::named("app"));
        assert_eq!(
            told,
            "   3.00s 00:00:00.000Z after 0.020 s: 503 from app-primary-7f-x (10.0.0.1), in Progressing with weight 10\n    \
             had seen    1.00s Canary     app                      Progressing weight 10 iterations 0 failed 0\n    \
             had seen    2.00s HTTPRoute  app                      app-primary 90 / app-canary 10\n"
        );
    }
}
