//! What happened to the objects of a scenario, one step after the other.

use serde_json::Value;
use serin_e2e::{
    Kind,
    history::{Version, Versions},
    invariants::warms_up,
};

use super::{Aspect, Topic, Transcript};
use crate::normal::Normal;

/// What client-go puts before the text of an event that it counts together with others.
const COMBINED: &str = "(combined from similar events): ";

/// Before the annotations of the NGINX Ingress controller.
const NGINX: &str = "nginx.ingress.kubernetes.io/";

/// Everything that the versions of objects tell.
pub(crate) fn of(versions: &Versions, normal: &mut Normal) -> Transcript {
    let mut transcript = Transcript::default();
    for version in versions.in_order().into_iter().filter(|version| !version.gone) {
        match version.kind {
            Kind::CANARY => status(&version.object["status"], normal, &mut transcript),
            Kind::ROUTE => transcript.add_news(Topic::new(Aspect::Route, ""), split(&version.object)),
            Kind::INGRESS if is_canary(&version.object) => {
                transcript.add_news(Topic::new(Aspect::Route, ""), share(&version.object));
            }
            Kind::DEPLOYMENT => replicas(version, &mut transcript),
            Kind::EVENT => event(&version.object, normal, &mut transcript),
            _ => {}
        }
    }
    transcript
}

fn status(status: &Value, normal: &mut Normal, transcript: &mut Transcript) {
    let Some(phase) = status["phase"].as_str() else { return };
    transcript.add_news(Topic::new(Aspect::Phases, ""), phase);
    let number = |field: &str| status[field].as_i64().unwrap_or_default();
    let (weight, iterations, failed) = (number("canaryWeight"), number("iterations"), number("failedChecks"));
    let line = format!("{phase} weight {weight} iterations {iterations} failed {failed}");
    transcript.add_news(Topic::new(Aspect::Status, ""), line);
    for condition in status["conditions"].as_array().into_iter().flatten() {
        let text = |field: &str| condition[field].as_str().unwrap_or_default();
        let line = format!("{} {}: {}", text("status"), text("reason"), text("message"));
        transcript.add_news(Topic::new(Aspect::Conditions, text("type")), normal.text(&line));
    }
}

/// The weights of each rule, and where requests are mirrored to. Serin's rule for no request is compared among the
/// objects.
fn split(route: &Value) -> String {
    let rules = route.pointer("/spec/rules").and_then(Value::as_array);
    let texts: Vec<String> = rules.into_iter().flatten().filter(|rule| !warms_up(rule)).map(rule).collect();
    texts.join(" | ")
}

/// Whether an Ingress is a copy for the canary.
fn is_canary(ingress: &Value) -> bool {
    ingress["metadata"]["annotations"][format!("{NGINX}canary")] == "true"
}

/// What an Ingress for the canary says of its share.
fn share(ingress: &Value) -> String {
    let annotations = ingress["metadata"]["annotations"].as_object().into_iter().flatten();
    let said = annotations.filter_map(|(key, value)| Some((key.strip_prefix(NGINX)?, value.as_str()?)));
    let said = said.filter(|(key, _)| key.starts_with("canary-"));
    said.map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
}

fn rule(rule: &Value) -> String {
    let backends = rule["backendRefs"].as_array().into_iter().flatten();
    let backend = |backend: &Value| format!("{} {}", name(backend), backend["weight"]);
    let mirrors = rule["filters"].as_array().into_iter().flatten();
    let mirrors = mirrors.filter_map(|filter| filter.pointer("/requestMirror/backendRef"));
    let mirror = |backend: &Value| format!("mirror to {}", name(backend));
    backends.map(backend).chain(mirrors.map(mirror)).collect::<Vec<_>>().join(", ")
}

fn name(backend: &Value) -> &str {
    backend["name"].as_str().unwrap_or("?")
}

fn replicas(version: &Version, transcript: &mut Transcript) {
    let count = &version.object["spec"]["replicas"];
    transcript.add_news(Topic::new(Aspect::Replicas, &version.name), count.to_string());
}

/// The same text is told once: how often depends on how long something took.
fn event(event: &Value, normal: &mut Normal, transcript: &mut Transcript) {
    if event["involvedObject"]["kind"] != "Canary" {
        return;
    }
    let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let message = text("/message").trim_start_matches(COMBINED);
    let line = format!("{} {} {}: {message}", text("/source/component"), text("/type"), text("/reason"));
    transcript.add_once(Topic::new(Aspect::Events, ""), normal.text(&line));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn version(revision: u64, kind: Kind, object: Value) -> Version {
        let name = object["metadata"]["name"].as_str().unwrap_or("podinfo").to_owned();
        Version { revision, kind, name, gone: false, object, seen: std::time::Instant::now() }
    }

    fn lines(versions: Vec<Version>, aspect: Aspect, of: &str) -> Vec<String> {
        let versions = versions.into_iter().collect();
        super::of(&versions, &mut Normal::new(&[]).unwrap()).lines(&Topic::new(aspect, of)).to_vec()
    }

    #[test]
    fn a_status_is_told_when_it_changes() {
        let status = |revision, weight| {
            let condition =
                json!({"type": "Promoted", "status": "Unknown", "reason": "Progressing", "message": "m"});
            let status = json!({"phase": "Progressing", "canaryWeight": weight, "conditions": [condition]});
            version(revision, Kind::CANARY, json!({"status": status}))
        };
        let versions = vec![status(1, 0), status(2, 0), status(3, 20)];
        assert_eq!(lines(versions.clone(), Aspect::Phases, ""), ["Progressing"]);
        assert_eq!(lines(versions.clone(), Aspect::Conditions, "Promoted"), ["Unknown Progressing: m"]);
        let expected =
            ["Progressing weight 0 iterations 0 failed 0", "Progressing weight 20 iterations 0 failed 0"];
        assert_eq!(lines(versions, Aspect::Status, ""), expected);
    }

    #[test]
    fn a_route_is_its_weights_and_mirrors_without_the_rule_for_no_request() {
        let backends = json!([{"name": "p", "weight": 80}, {"name": "c", "weight": 20}]);
        let mirror = json!([{"requestMirror": {"backendRef": {"name": "c"}}}]);
        let warm = json!({"matches": [{"headers": [{"name": "x-serin-warm-up"}]}], "backendRefs": []});
        let route = json!({"spec": {"rules": [{"backendRefs": backends, "filters": mirror}, warm]}});
        assert_eq!(
            lines(vec![version(1, Kind::ROUTE, route)], Aspect::Route, ""),
            ["p 80, c 20, mirror to c"]
        );
    }

    #[test]
    fn a_copy_of_an_ingress_is_its_share() {
        let ingress = |canary: Value| {
            let annotations = json!({
                "nginx.ingress.kubernetes.io/canary": canary, "nginx.ingress.kubernetes.io/canary-weight": "20", "a": "b",
            });
            version(1, Kind::INGRESS, json!({"metadata": {"annotations": annotations}}))
        };
        assert_eq!(lines(vec![ingress(json!("true"))], Aspect::Route, ""), ["canary-weight 20"]);
        assert_eq!(lines(vec![ingress(json!(null))], Aspect::Route, ""), [""; 0]);
    }

    #[test]
    fn events_on_the_canary_are_told_once_and_without_what_client_go_adds() {
        let event = |revision, kind, message: &str| {
            let object = json!({
                "involvedObject": {"kind": kind}, "type": "Normal", "reason": "Synced", "message": message,
                "source": {"component": "flagger"},
            });
            version(revision, Kind::EVENT, object)
        };
        let combined = format!("{COMBINED}a");
        let versions = vec![event(1, "Canary", &combined), event(2, "Pod", "b"), event(3, "Canary", "a")];
        assert_eq!(lines(versions, Aspect::Events, ""), ["flagger Normal Synced: a"]);
    }
}
