//! The ports of the Services.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};
use serin_api::canary::CanaryService;

use crate::{
    json::{int, items, set, text},
    names::is_label,
};

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
        "protocol": TCP,
        "port": service.port,
        "targetPort": service.target_port_or_default(),
    });
    set(&mut port, "appProtocol", service.app_protocol.clone().filter(|p| !p.is_empty()).map(Value::from));
    port
}

/// The other ports of the containers, and of sidecars that are init containers, by name. The main port is taken.
///
/// Returns the ports of the target's containers. Each number and protocol is listed once, under a
/// name of its own: the port's, or one of protocol and container. The last of equal names keeps it,
/// as in Flagger; a name that is taken or too long is replaced by one of protocol and number.
fn discovered(service: &CanaryService, target: &Value, main: &str) -> Vec<Value> {
    let pod = |containers: &str| format!("/spec/template/spec/{containers}");
    let lasting = |container: &&Value| text(container, "/restartPolicy") == Some("Always");
    let containers = items(target, &pod("containers")).flat_map(|c| declared(service, c, main));
    let mut found: BTreeMap<String, Declared> = BTreeMap::new();
    let mut left = Vec::new();
    for port in containers {
        left.extend(found.insert(port.name.clone(), port));
    }
    let sidecars = items(target, &pod("initContainers")).filter(lasting);
    left.extend(sidecars.flat_map(|c| declared(service, c, main)));
    let mut slots = BTreeSet::new();
    let mut named: BTreeMap<String, Declared> = BTreeMap::new();
    let (sound, odd): (Vec<Declared>, Vec<Declared>) =
        found.into_values().partition(|port| is_label(&port.name));
    for port in sound.into_iter().chain(odd).chain(left) {
        if slots.insert((port.number, port.protocol.clone())) {
            let taken = |name: &str| name == main || named.contains_key(name);
            let name = free(&port.name, &port.protocol.to_lowercase(), port.number, taken);
            named.insert(name, port);
        }
    }
    let port = |(name, Declared { number, protocol, .. }): (String, Declared)| json!({"name": name, "protocol": protocol, "port": number, "targetPort": number});
    named.into_iter().map(port).collect()
}

/// A port as a container declares it.
struct Declared {
    name: String,
    number: i64,
    protocol: String,
}

/// The ports of a container but for the main one.
fn declared(service: &CanaryService, container: &Value, main: &str) -> Vec<Declared> {
    let name = text(container, "/name").unwrap_or_default();
    if SIDECARS.contains(&name) {
        return Vec::new();
    }
    let one = |(i, port): (usize, &Value)| {
        let protocol = text(port, "/protocol").filter(|p| !p.is_empty()).unwrap_or(TCP);
        let number = int(port, "/containerPort")?;
        let taken = protocol == TCP && (number == service.port || is_main(service, port));
        let own = text(port, "/name").filter(|own| *own != main && !own.is_empty());
        let name = own.map_or_else(|| format!("{}-{name}-{i}", protocol.to_lowercase()), ToOwned::to_owned);
        (!taken).then(|| Declared { name, number, protocol: protocol.to_owned() })
    };
    items(container, "/ports").enumerate().filter_map(one).collect()
}

/// The name, or another one from `stem` and the port's number where it is taken or too long.
pub(super) fn free(name: &str, stem: &str, number: i64, taken: impl Fn(&str) -> bool) -> String {
    let numbered = |stem: &str| format!("{stem}-{number}");
    let more = (2_u32..).map(|n| format!("{}-{n}", numbered("port")));
    let mut names = [name.to_owned(), numbered(stem), numbered("port")].into_iter().chain(more);
    names.find(|name| is_label(name) && !taken(name)).unwrap_or_default()
}

fn is_main(service: &CanaryService, port: &Value) -> bool {
    match service.target_port_or_default() {
        IntOrString::Int(number) => int(port, "/containerPort") == Some(number.into()),
        IntOrString::String(name) => text(port, "/name") == Some(&name),
    }
}

/// The protocol of a port that names none.
pub(super) const TCP: &str = "TCP";

/// Whether two ports are one entry to the API server: the same number and protocol.
pub(super) fn same_slot(one: &Value, other: &Value) -> bool {
    let slot = |port: &Value| (int(port, "/port"), text(port, "/protocol").unwrap_or(TCP).to_owned());
    slot(one) == slot(other)
}
