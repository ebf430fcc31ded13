//! The ports of the Services.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};
use serin_api::canary::CanaryService;

use crate::build::json::{int, items, set, text};

/// Sidecars whose ports are the mesh's.
const SIDECARS: [&str; 2] = ["istio-proxy", "envoy"];

/// The main port, then with `portDiscovery` every other port of the target's containers by name.
pub(super) fn ports(service: &CanaryService, target: &Value) -> Vec<Value> {
    let main = main(service);
    if !service.port_discovery {
        return vec![main];
    }
    let others = discovered(service, target, text(&main, "/name").unwrap_or_default());
    std::iter::once(main).chain(others).collect()
}

fn main(service: &CanaryService) -> Value {
    let mut port = json!({
        "name": service.port_name_or_default(),
        "protocol": "TCP",
        "port": service.port,
        "targetPort": service.target_port_or_default(),
    });
    set(&mut port, "appProtocol", service.app_protocol.clone().filter(|p| !p.is_empty()).map(Value::from));
    port
}

/// Ports by name; of equal names the last one counts. Names and numbers of the main port are taken.
fn discovered(service: &CanaryService, target: &Value, main: &str) -> Vec<Value> {
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for container in items(target, "/spec/template/spec/containers") {
        let name = text(container, "/name").unwrap_or_default();
        if SIDECARS.contains(&name) {
            continue;
        }
        for (i, port) in items(container, "/ports").enumerate() {
            let own = text(port, "/name").filter(|own| *own != main && !own.is_empty());
            let key = own.map_or_else(|| format!("tcp-{name}-{i}"), ToOwned::to_owned);
            match int(port, "/containerPort") {
                Some(number) if number != service.port && !is_main(service, port) => {
                    found.insert(key, number)
                }
                _ => None,
            };
        }
    }
    let mut numbers: Vec<i64> = Vec::new();
    found.retain(|_, number| {
        !numbers.contains(number) && {
            numbers.push(*number);
            true
        }
    });
    found
        .iter()
        .map(|(name, n)| json!({"name": name, "protocol": "TCP", "port": n, "targetPort": n}))
        .collect()
}

fn is_main(service: &CanaryService, port: &Value) -> bool {
    match service.target_port_or_default() {
        IntOrString::Int(number) => int(port, "/containerPort") == Some(number.into()),
        IntOrString::String(name) => text(port, "/name") == Some(&name),
    }
}

/// Whether two ports are one entry to the API server: the same number and protocol.
pub(super) fn same_slot(one: &Value, other: &Value) -> bool {
    let slot = |port: &Value| (int(port, "/port"), text(port, "/protocol").unwrap_or("TCP").to_owned());
    slot(one) == slot(other)
}
