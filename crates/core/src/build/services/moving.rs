//! Ports of generated Services while traffic moves from one to another.
//!
//! A route and a Service cannot be changed in one moment: a port that the route refers to stays beside the new one
//! until the route has moved. The name of a port is what its endpoints are found by: a port with traffic keeps it.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::ports::{TCP, free, same_slot};
use crate::{
    Rollout,
    build::{BuildError, metadata::Map},
    json::{int, items, set, text, texts},
};

/// Keeps the ports with these numbers that a live Service has, and the names of those that have traffic.
pub(super) fn retain(body: &mut Value, live: &Value, numbers: &[i64]) {
    let Some(mut ports) = body["spec"]["ports"].as_array().cloned() else { return };
    let stays = |port: &&Value| {
        int(port, "/port").is_some_and(|number| numbers.contains(&number))
            && !ports.iter().any(|wanted| same_slot(wanted, port))
    };
    let kept: Vec<Value> = items(live, "/spec/ports").filter(stays).map(own_fields).collect();
    let names: Vec<String> =
        kept.iter().filter_map(|port| text(port, "/name")).map(ToOwned::to_owned).collect();
    for port in &mut ports {
        let wanted = text(port, "/name").unwrap_or_default().to_owned();
        let number = int(port, "/port").unwrap_or_default();
        let beside = free(&wanted, &wanted, number, |name| name == wanted);
        let has = items(live, "/spec/ports").find(|other| same_slot(port, other));
        let has = has.and_then(|other| text(other, "/name")).unwrap_or_default();
        if !has.is_empty() && (numbers.contains(&number) || has == beside) {
            set(port, "name", Some(has.into()));
        } else if names.contains(&wanted) {
            set(port, "name", Some(beside.into()));
        }
    }
    ports.extend(kept);
    body["spec"]["ports"] = ports.into();
}

/// The labels by which a Service selects the primary's pods. A label that only its new pods have is added when they have
/// taken the place of all former ones, which serve until then.
pub(super) fn selected(wanted: &Map, primary: Option<&Value>, live: Option<&Value>) -> Map {
    let now = live.map(|live| texts(live, "/spec/selector")).unwrap_or_default();
    let exchanging = primary.is_some_and(|primary| !rolled_out(primary));
    let wider = !now.is_empty() && now.iter().all(|(label, value)| wanted.get(label) == Some(value));
    if exchanging && wider { now } else { wanted.clone() }
}

/// What of a live port is ours to say again.
fn own_fields(port: &Value) -> Value {
    let mut kept = json!({});
    for field in ["name", "protocol", "port", "targetPort", "appProtocol"] {
        set(&mut kept, field, port.get(field).cloned());
    }
    kept
}

/// Where requests to the main port of the primary's Services go: a port that its pods do not have leads nowhere, so
/// that what is there stays until they have it.
///
/// # Errors
/// Neither the target's pods nor the primary's have a port of that name, or of that number where the number before it
/// is one that the pods declare.
pub(super) fn target_port(
    rollout: &Rollout,
    wanted: &IntOrString,
    target: Option<&Value>,
    primary: Option<&Value>,
    live: Option<&Value>,
) -> Result<Value, BuildError> {
    let name = match wanted {
        IntOrString::String(name) => name,
        IntOrString::Int(number) => {
            let stays = stays(rollout, i64::from(*number), target, primary, live)?;
            return Ok(stays.unwrap_or(json!(number)));
        }
    };
    let next = target.and_then(|target| number(target, name));
    let now = primary.and_then(|primary| number(primary, name));
    let present = live.and_then(|port| port.get("targetPort")).filter(|present| !present.is_null());
    let led_to = present.and_then(|present| match primary {
        Some(primary) => leads_to(present, primary),
        None => present.as_i64(),
    });
    match (primary, present) {
        (None, _) if target.is_none() || next.is_some() => Ok(name.as_str().into()),
        (Some(primary), _) if now.is_some() && (rolled_out(primary) || led_to.is_none()) => {
            Ok(name.as_str().into())
        }
        // Pods with and without the name serve side by side: the number is the same for all.
        (Some(_), Some(_)) if now.is_some() && now == led_to => Ok(json!(now)),
        (Some(_), _) if now.is_some() => Ok(name.as_str().into()),
        (Some(_), Some(_)) if next.is_some() && next == led_to => Ok(json!(next)),
        (Some(_), Some(present)) if next.is_some() => Ok(present.clone()),
        _ => Err(no_such_port(rollout, name, target.or(primary))),
    }
}

/// What a number gives way to: what the Service leads to now, while the primary's pods declare that port and not the
/// wanted one. Pods need not declare what they listen on: of those that declare neither, nothing is known.
fn stays(
    rollout: &Rollout,
    wanted: i64,
    target: Option<&Value>,
    primary: Option<&Value>,
    live: Option<&Value>,
) -> Result<Option<Value>, BuildError> {
    let present = live.and_then(|port| port.get("targetPort")).filter(|present| !present.is_null());
    let (Some(primary), Some(present)) = (primary, present) else { return Ok(None) };
    let Some(led_to) = leads_to(present, primary) else { return Ok(None) };
    if led_to == wanted {
        return Ok(None);
    }
    if declares(primary, wanted) {
        return Ok((!rolled_out(primary)).then(|| present.clone()));
    }
    if !declares(primary, led_to) {
        return Ok(None);
    }
    if target.is_none_or(|target| declares(target, wanted)) {
        return Ok(Some(present.clone()));
    }
    Err(no_such_port(rollout, &wanted.to_string(), target))
}

/// The number that a live target port stands for in these pods.
fn leads_to(present: &Value, workload: &Value) -> Option<i64> {
    match present {
        Value::String(name) => number(workload, name),
        present => present.as_i64(),
    }
}

/// Whether the primary's Service leads to a port that the primary's new pods do not have any more: while they replace
/// the former ones, no single number leads to all.
pub fn changes_port(rollout: &Rollout, service: &Value, primary: &Value) -> bool {
    let Some(spec) = rollout.spec.service.as_ref() else { return false };
    let IntOrString::Int(wanted) = spec.target_port_or_default() else { return false };
    let mut ports = items(service, "/spec/ports");
    let main = ports.find(|port| int(port, "/port") == Some(spec.port));
    let led_to = main.and_then(|port| port["targetPort"].as_i64());
    led_to.is_some_and(|led_to| {
        led_to != i64::from(wanted) && declares(primary, i64::from(wanted)) && !declares(primary, led_to)
    })
}

/// Why no request reaches the pods of a workload by this port; `None` where nothing is known against it.
pub fn unreachable(rollout: &Rollout, workload: &Value) -> Option<String> {
    let service = rollout.spec.service.as_ref()?;
    let IntOrString::String(name) = service.target_port_or_default() else { return None };
    let known = workload.pointer("/spec/template/spec/containers").is_some();
    (known && number(workload, &name).is_none())
        .then(|| no_such_port(rollout, &name, Some(workload)).to_string())
}

fn no_such_port(rollout: &Rollout, wanted: &str, workload: Option<&Value>) -> BuildError {
    let ports = workload.into_iter().flat_map(containers).flat_map(|c| items(c, "/ports"));
    let tell = |port: &Value| {
        let number = int(port, "/containerPort")?.to_string();
        Some(text(port, "/name").map_or(number.clone(), |name| format!("{name} ({number})")))
    };
    let ports: Vec<String> = ports.filter_map(tell).collect();
    BuildError::NoSuchPort {
        target: format!("{} {}", rollout.target_kind.name(), rollout.target_name()),
        name: wanted.to_owned(),
        has: if ports.is_empty() { "none".to_owned() } else { ports.join(", ") },
    }
}

/// The number of a container's port by its name.
fn number(workload: &Value, name: &str) -> Option<i64> {
    let ports = containers(workload).flat_map(|container| items(container, "/ports"));
    let mut ports = ports.filter(|port| text(port, "/protocol").unwrap_or(TCP) == TCP);
    int(ports.find(|port| text(port, "/name") == Some(name))?, "/containerPort")
}

/// Whether a container declares this TCP port.
fn declares(workload: &Value, number: i64) -> bool {
    let mut ports = containers(workload).flat_map(|container| items(container, "/ports"));
    ports.any(|port| {
        text(port, "/protocol").unwrap_or(TCP) == TCP && int(port, "/containerPort") == Some(number)
    })
}

/// The containers that run as long as their pod.
fn containers(workload: &Value) -> impl Iterator<Item = &Value> {
    let lasting = |container: &&Value| text(container, "/restartPolicy") == Some("Always");
    let sidecars = items(workload, "/spec/template/spec/initContainers").filter(lasting);
    items(workload, "/spec/template/spec/containers").chain(sidecars)
}

/// Whether all pods of a workload are of its present template.
fn rolled_out(workload: &Value) -> bool {
    let status = |field: &str| int(workload, &format!("/status/{field}"));
    let seen =
        status("observedGeneration").unwrap_or(0) >= int(workload, "/metadata/generation").unwrap_or(0);
    let (all, updated) = match status("desiredNumberScheduled") {
        Some(all) => (Some(all), status("updatedNumberScheduled")),
        None => (status("replicas"), status("updatedReplicas")),
    };
    seen && all.unwrap_or(0) == updated.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serin_testkit::canary;

    use super::*;
    use crate::{settings::Settings, validate::validate};

    fn service(ports: &[(&str, i64)]) -> Value {
        let ports: Vec<Value> = ports
            .iter()
            .map(|(name, n)| json!({"name": name, "protocol": "TCP", "port": n, "targetPort": 9898}))
            .collect();
        json!({"spec": {"ports": ports}})
    }

    fn names(service: &Value) -> Vec<(String, i64)> {
        items(service, "/spec/ports")
            .map(|port| (text(port, "/name").unwrap().to_owned(), int(port, "/port").unwrap()))
            .collect()
    }

    fn pods(numbers: &[i64], rolled_out: bool) -> Value {
        let ports: Vec<Value> = numbers.iter().map(|n| json!({"containerPort": n})).collect();
        json!({"spec": {"template": {"spec": {"containers": [{"ports": ports}]}}},
            "status": {"replicas": 2, "updatedReplicas": if rolled_out { 2 } else { 1 }}})
    }

    #[rstest]
    #[case::all_pods_have_it(true, json!({"app": "a-primary"}), &["app", "new"])]
    #[case::former_pods_lack_it(false, json!({"app": "a-primary"}), &["app"])]
    #[case::they_are_anothers(false, json!({"app": "b-primary"}), &["app", "new"])]
    #[case::there_is_no_service(false, json!({}), &["app", "new"])]
    fn a_new_label_waits_for_the_pods_that_have_it(
        #[case] rolled_out: bool,
        #[case] live: Value,
        #[case] expected: &[&str],
    ) {
        let wanted = texts(&json!({"l": {"app": "a-primary", "new": "1"}}), "/l");
        let live = json!({"spec": {"selector": live}});
        let found = selected(&wanted, Some(&pods(&[], rolled_out)), Some(&live));
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    /// Where the primary's Service leads when `service.targetPort` becomes the number 8080.
    #[rstest]
    #[case::nobody_declares_anything(&[], &[], true, Some(8080))]
    #[case::only_the_new_version_has_it(&[9898], &[8080], true, Some(9898))]
    #[case::the_primary_gets_it(&[8080], &[8080], false, Some(9898))]
    #[case::the_primary_has_it(&[8080], &[8080], true, Some(8080))]
    #[case::both_ports_are_declared(&[9898, 8080], &[9898, 8080], true, Some(8080))]
    #[case::a_typo(&[9898], &[9898], true, None)]
    #[case::another_port_than_was_declared(&[9797], &[9797], true, Some(8080))]
    fn a_number_waits_for_the_pods_that_have_it(
        #[case] primary: &[i64],
        #[case] target: &[i64],
        #[case] rolled_out: bool,
        #[case] expected: Option<i64>,
    ) {
        let spec = json!({"service": {"port": 80, "targetPort": 8080, "gatewayRefs": [{"name": "g"}]}});
        let rollout =
            validate(&canary(json!({"stepWeight": 10}), spec).unwrap(), &Settings::default()).unwrap();
        let (primary, target) = (pods(primary, rolled_out), pods(target, true));
        let live = json!({"port": 80, "targetPort": 9898});
        let found =
            target_port(&rollout, &IntOrString::Int(8080), Some(&target), Some(&primary), Some(&live));
        assert_eq!(found.ok(), expected.map(|number| json!(number)));
    }

    #[rstest]
    #[case::nothing_moves(&[("http", 80)], &[("http", 80)], &[], &[("http", 80)])]
    #[case::the_route_is_on_the_former_one(&[("http", 80)], &[("http", 8080)], &[80], &[("http-8080", 8080), ("http", 80)])]
    #[case::both_are_there(&[("http-8080", 8080), ("http", 80)], &[("http", 8080)], &[80], &[("http-8080", 8080), ("http", 80)])]
    #[case::another_name(&[("http", 80)], &[("web", 80)], &[80], &[("http", 80)])]
    #[case::the_route_has_moved(&[("http-8080", 8080), ("http", 80)], &[("http", 8080)], &[], &[("http-8080", 8080)])]
    fn ports_move_one_after_the_other(
        #[case] live: &[(&str, i64)],
        #[case] wanted: &[(&str, i64)],
        #[case] route: &[i64],
        #[case] expected: &[(&str, i64)],
    ) {
        let mut body = service(wanted);
        retain(&mut body, &service(live), route);
        let expected: Vec<_> = expected.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        assert_eq!(names(&body), expected);
    }
}
