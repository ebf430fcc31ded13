//! No number or duration of any field ends the process, or is kept once for each of what it counts.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use chrono::{DateTime, TimeDelta};
use rstest::rstest;
use serde_json::{Value, json};
use serin_api::CanaryStatus;
use serin_core::{
    Timestamp,
    validate::{Settings, validate},
};
use serin_sim::{Pods, Script, World};
use serin_testkit::canary;

const NUMBERS: [f64; 6] = [-1e300, -1.0, 0.0, 1_000_000_000_000.0, 9_223_372_036_854_775_807.0, 1e300];
const DURATIONS: [&str; 5] =
    ["-1h", "0s", "9999999h", "2562047h47m16.854775807s", "-2562047h47m16.854775808s"];

/// Fields of the spec that are numbers.
const COUNTS: [&str; 12] = [
    "/progressDeadlineSeconds",
    "/analysis/iterations",
    "/analysis/threshold",
    "/analysis/maxWeight",
    "/analysis/stepWeight",
    "/analysis/stepWeights/0",
    "/analysis/stepWeightPromotion",
    "/analysis/primaryReadyThreshold",
    "/analysis/canaryReadyThreshold",
    "/analysis/sessionAffinity/maxAge",
    "/analysis/webhooks/0/retries",
    "/analysis/metrics/0/threshold",
];

/// Fields of the spec that are durations.
const SPANS: [&str; 4] = [
    "/analysis/interval",
    "/analysis/metrics/0/interval",
    "/analysis/webhooks/0/timeout",
    "/service/corsPolicy/maxAge",
];

fn start() -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn shapes() -> [Value; 4] {
    let progressive = json!({"stepWeight": 50, "maxWeight": 50, "stepWeightPromotion": 50});
    let listed = json!({"stepWeights": [10, 50]});
    let ab = json!({"iterations": 2, "match": [{"headers": {"x": {"exact": "y"}}}]});
    [progressive, listed, ab, json!({"iterations": 2, "mirror": true})]
}

/// The spec of each kind of release with this value at the field, where it has the field or may have it.
fn specs(field: &str, value: &Value) -> Vec<(Value, Value)> {
    let make = |shape: Value| {
        let mut analysis = shape;
        analysis["metrics"] = json!([{"name": "error-rate", "query": "vector(0)", "threshold": 1}]);
        analysis["webhooks"] = json!([{"name": "load", "type": "rollout", "url": "http://t/"}]);
        let mut all = json!({"analysis": analysis, "service": {"corsPolicy": {}}});
        if field.contains("sessionAffinity") {
            all["analysis"]["sessionAffinity"] = json!({"cookieName": "c"});
        }
        let (parent, name) = field.rsplit_once('/').unwrap();
        match all.pointer_mut(parent)? {
            Value::Array(items) => *items.get_mut(name.parse::<usize>().ok()?)? = value.clone(),
            parent => parent[name] = value.clone(),
        }
        let mut rest = all;
        let analysis = rest["analysis"].take();
        rest.as_object_mut()?.remove("analysis");
        if rest["service"]["corsPolicy"] == json!({}) {
            rest.as_object_mut()?.remove("service");
        }
        Some((analysis, rest))
    };
    shapes().into_iter().filter_map(make).collect()
}

/// Plays a release with checks that pass, and one with checks that fail, for a hundred looks.
fn play(analysis: &Value, rest: &Value, status: Option<&CanaryStatus>) {
    let Ok(canary) = canary(analysis.clone(), rest.clone()) else { return };
    let Ok(rollout) = validate(&canary, &Settings::default()) else { return };
    for value in [0.0, f64::INFINITY] {
        let mut world = World::new(rollout.clone(), start(), "a");
        let script = Script { value, ..Script::default() };
        for look in 0_i64..100 {
            if look == 10 {
                world.status = status.cloned().unwrap_or(world.status);
                world.change_target("b");
            }
            let settled = world.settle(&script, 60);
            world.pods_ready();
            if look % 7 == 5 {
                world.target.pods = Pods::Failed;
            }
            let wake = settled.and_then(|settled| settled.wake).unwrap_or(world.now);
            let soon = world.now.checked_add_signed(TimeDelta::seconds(look)).unwrap_or(world.now);
            world.now = wake.max(soon);
        }
    }
}

#[rstest]
fn any_number_is_borne(#[values(0, 1, 2, 3, 4, 5)] number: usize) {
    for field in COUNTS {
        for (analysis, rest) in specs(field, &json!(NUMBERS[number])) {
            play(&analysis, &rest, None);
        }
    }
}

#[rstest]
fn any_duration_is_borne(#[values(0, 1, 2, 3, 4)] duration: usize) {
    for field in SPANS {
        for (analysis, rest) in specs(field, &json!(DURATIONS[duration])) {
            play(&analysis, &rest, None);
        }
    }
}

#[test]
fn any_status_is_borne() {
    let time =
        |text: &str| json!({"lastCheckTime": text, "lastTransitionTime": text, "canaryTrafficEnded": text});
    let count = |number: f64| json!({"failedChecks": number, "canaryWeight": number, "iterations": number});
    let mut edits = vec![time("0001-01-01T00:00:00Z"), time("9999-12-31T23:59:59Z")];
    edits.extend(NUMBERS.map(count));
    for edit in edits {
        for phase in ["Initialized", "Progressing", "WaitingPromotion", "Promoting", "Finalising", "Failed"] {
            let mut status = edit.clone();
            status["phase"] = json!(phase);
            status["lastAppliedSpec"] = json!("a");
            let status: CanaryStatus = serde_json::from_value(status).unwrap();
            for shape in shapes() {
                play(&shape, &json!({}), Some(&status));
            }
        }
    }
}

#[test]
fn gos_longest_duration_is_an_interval() {
    let analysis = json!({"stepWeight": 50, "interval": "2562047h47m16.854775807s"});
    let canary = canary(analysis, json!({})).unwrap();
    let rollout = validate(&canary, &Settings::default()).unwrap();
    assert_eq!(rollout.interval, TimeDelta::nanoseconds(i64::MAX));
}
