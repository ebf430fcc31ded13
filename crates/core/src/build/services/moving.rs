//! Ports of generated Services while traffic moves from one to another.
//!
//! A route and a Service cannot be changed in one moment: a port that the route refers to stays beside the new one
//! until the route has moved. The name of a port is what its endpoints are found by: a port with traffic keeps it.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use super::ports::{TCP, free, same_slot};
use crate::{
    Rollout,
    build::{
        BuildError,
        json::{int, items, set, text},
    },
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

/// What of a live port is ours to say again.
fn own_fields(port: &Value) -> Value {
    let mut kept = json!({});
    for field in ["name", "protocol", "port", "targetPort", "appProtocol"] {
        set(&mut kept, field, port.get(field).cloned());
    }
    kept
}

/// Where requests to the main port of the primary's Services go: a name that its pods do not have leads nowhere, so
/// that what is there stays until they have it.
///
/// # Errors
/// Neither the target's pods nor the primary's have a port of that name.
pub(super) fn target_port(
    rollout: &Rollout,
    wanted: &IntOrString,
    target: Option<&Value>,
    primary: Option<&Value>,
    live: Option<&Value>,
) -> Result<Value, BuildError> {
    let IntOrString::String(name) = wanted else { return Ok(json!(wanted)) };
    let next = target.and_then(|target| number(target, name));
    let now = primary.and_then(|primary| number(primary, name));
    let present = live.and_then(|port| port.get("targetPort")).filter(|present| !present.is_null());
    let led_to = present.and_then(|present| match (present, primary) {
        (Value::String(name), Some(primary)) => number(primary, name),
        (present, _) => present.as_i64(),
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

/// Why no request reaches the pods of a workload by this port; `None` where nothing is known against it.
pub fn unreachable(rollout: &Rollout, workload: &Value) -> Option<String> {
    let service = rollout.spec.service.as_ref()?;
    let IntOrString::String(name) = service.target_port_or_default() else { return None };
    let known = workload.pointer("/spec/template/spec/containers").is_some();
    (known && number(workload, &name).is_none())
        .then(|| no_such_port(rollout, &name, Some(workload)).to_string())
}

fn no_such_port(rollout: &Rollout, name: &str, workload: Option<&Value>) -> BuildError {
    let names = workload.into_iter().flat_map(containers).flat_map(|c| items(c, "/ports"));
    let names: Vec<&str> = names.filter_map(|port| text(port, "/name")).collect();
    BuildError::NoSuchPort {
        target: format!("{} {}", rollout.target_kind.name(), rollout.target_name()),
        name: name.to_owned(),
        has: if names.is_empty() { "none with a name".to_owned() } else { names.join(", ") },
    }
}

/// The number of a container's port by its name.
fn number(workload: &Value, name: &str) -> Option<i64> {
    let ports = containers(workload).flat_map(|container| items(container, "/ports"));
    let mut ports = ports.filter(|port| text(port, "/protocol").unwrap_or(TCP) == TCP);
    int(ports.find(|port| text(port, "/name") == Some(name))?, "/containerPort")
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

    use super::*;

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
