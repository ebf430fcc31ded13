//! A history as a person reads it: one line for each change that matters.

use std::{fmt::Write, time::Instant};

use serde_json::Value;

use crate::{
    Kind,
    history::{Version, Versions},
};

/// Every change of phase, weight, replicas and endpoints, and every event, with the seconds since the first.
pub fn timeline(versions: &Versions) -> String {
    let Some(begin) = begin(versions) else { return String::new() };
    let mut lines = String::new();
    for (seen, text) in changes(versions) {
        // Writing to a String does not fail.
        writeln!(lines, "{} {text}", since(begin, seen)).ok();
    }
    lines
}

/// The last so many changes that had been seen by a moment, with the seconds since the first of all.
pub fn before(versions: &Versions, at: Instant, count: usize) -> Vec<String> {
    let Some(begin) = begin(versions) else { return Vec::new() };
    let mut past = changes(versions);
    past.retain(|(seen, _)| *seen <= at);
    past.sort_by_key(|(seen, _)| *seen);
    let last = past.split_off(past.len().saturating_sub(count));
    last.into_iter().map(|(seen, text)| format!("{} {text}", since(begin, seen))).collect()
}

/// The moment from which a timeline counts its seconds.
pub fn begin(versions: &Versions) -> Option<Instant> {
    versions.iter().map(|version| version.seen).min()
}

/// Every change that matters, as a line of text, in the order in which the cluster made them.
fn changes(versions: &Versions) -> Vec<(Instant, String)> {
    let mut lines = Vec::new();
    let mut last = std::collections::BTreeMap::new();
    for version in versions.in_order() {
        let Some(text) = line(version) else { continue };
        let key = (version.kind, version.name.clone());
        if last.get(&key) == Some(&text) {
            continue;
        }
        let Version { kind, name, .. } = version;
        lines.push((version.seen, format!("{:<10} {name:<24} {text}", short(*kind))));
        last.insert(key, text);
    }
    lines
}

fn since(begin: Instant, seen: Instant) -> String {
    format!("{:>7.2}s", seen.duration_since(begin).as_secs_f32())
}

fn short(kind: Kind) -> &'static str {
    match kind {
        Kind::AUTOSCALER => "HPA",
        Kind::SLICE => "Endpoints",
        other => other.name,
    }
}

fn line(version: &Version) -> Option<String> {
    if version.gone {
        return (version.kind != Kind::EVENT).then(|| "deleted".to_owned());
    }
    let object = &version.object;
    match version.kind {
        Kind::CANARY => Some(canary(object)),
        Kind::ROUTE => Some(route(object)),
        Kind::DEPLOYMENT => Some(deployment(object)),
        Kind::SLICE => Some(slice(object)),
        Kind::EVENT => Some(event(object)),
        Kind::SERVICE => Some(format!("selector {}", object["spec"]["selector"])),
        Kind::AUTOSCALER => Some(format!("scales {}", object["spec"]["scaleTargetRef"]["name"])),
        _ => None,
    }
}

fn canary(object: &Value) -> String {
    let status = &object["status"];
    let mut line = format!(
        "{} weight {} iterations {} failed {}",
        text(&status["phase"]),
        number(&status["canaryWeight"]),
        number(&status["iterations"]),
        number(&status["failedChecks"])
    );
    for (name, field) in [("waiting for", "waitingFor"), ("rollback:", "rollbackReason")] {
        if let Some(value) = status[field].as_str() {
            write!(line, ", {name} {value}").ok();
        }
    }
    for condition in status["conditions"].as_array().into_iter().flatten() {
        write!(
            line,
            "; {}={} {}",
            text(&condition["type"]),
            text(&condition["status"]),
            text(&condition["reason"])
        )
        .ok();
    }
    line
}

fn route(object: &Value) -> String {
    let rules = object.pointer("/spec/rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let rule = |rule: &Value| {
        let backends = rule["backendRefs"].as_array().map_or(&[][..], Vec::as_slice);
        let backend = |backend: &Value| format!("{} {}", text(&backend["name"]), number(&backend["weight"]));
        backends.iter().map(backend).collect::<Vec<_>>().join(" / ")
    };
    rules.iter().map(rule).collect::<Vec<_>>().join(" | ")
}

fn deployment(object: &Value) -> String {
    let (spec, status) = (&object["spec"], &object["status"]);
    let image = object.pointer("/spec/template/spec/containers/0/image").map(text).unwrap_or_default();
    format!(
        "wants {}, {} ready, {} updated, {}",
        number(&spec["replicas"]),
        number(&status["readyReplicas"]),
        number(&status["updatedReplicas"]),
        image.rsplit('/').next().unwrap_or_default()
    )
}

fn slice(object: &Value) -> String {
    let endpoints = object["endpoints"].as_array().map_or(&[][..], Vec::as_slice);
    let ready = endpoints.iter().filter(|endpoint| endpoint["conditions"]["ready"] == true).count();
    format!("{ready} of {} ready", endpoints.len())
}

fn event(object: &Value) -> String {
    let involved = &object["involvedObject"];
    format!("{} {}: {}", text(&object["type"]), text(&involved["kind"]), text(&object["message"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_changes_once() {
        let canary = |revision, weight| Version {
            revision,
            kind: Kind::CANARY,
            name: "app".to_owned(),
            gone: false,
            object: json!({"status": {"phase": "Progressing", "canaryWeight": weight}}),
            seen: Instant::now(),
        };
        let versions: Versions = [canary(1, 10), canary(2, 10), canary(3, 20)].into_iter().collect();
        let told = timeline(&versions);
        assert_eq!(told.lines().count(), 2, "{told}");
        assert!(told.contains("Progressing weight 10 iterations 0 failed 0"), "{told}");
    }
}
