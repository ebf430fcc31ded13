//! The Gateways that a Canary names, and what is known against one.

use std::collections::BTreeMap;

use std::sync::Arc;

use serde_json::Value;
use serin_api::gateway::{GROUP, ParentReference};

use super::{normalise, parts::attached};
use crate::{
    Rollout, Seen,
    json::{int, items, text},
};

/// Gateways by `<namespace>/<name>`.
pub type Gateways = BTreeMap<String, Seen<Arc<Value>>>;

/// The key of a parent among [`Gateways`]; `None` for one that is no Gateway.
pub fn gateway_key(parent: &ParentReference, namespace: &str) -> Option<String> {
    let (group, kind) = (parent.group.as_deref(), parent.kind.as_deref());
    let gateway = group.unwrap_or(GROUP) == GROUP && kind.unwrap_or("Gateway") == "Gateway";
    gateway.then(|| format!("{}/{}", parent.namespace.as_deref().unwrap_or(namespace), parent.name))
}

/// The parents as `spec.service.gatewayRefs` names them.
pub(super) fn named(rollout: &Rollout) -> Vec<ParentReference> {
    let Some(service) = &rollout.spec.service else { return Vec::new() };
    let mut spec = attached(service);
    normalise(&mut spec);
    spec.parent_refs
}

/// Why a Gateway cannot take the route; `None` where nothing is known against it.
pub(super) fn unattachable(
    rollout: &Rollout,
    gateways: &Gateways,
    parent: &ParentReference,
) -> Option<String> {
    let key = gateway_key(parent, &rollout.namespace)?;
    let gateway = match gateways.get(&key)? {
        Seen::Unknown(_) => return None,
        Seen::Absent => return Some(format!("Gateway {key} does not exist")),
        Seen::Present(gateway) => gateway,
    };
    let all: Vec<&Value> = items(gateway, "/spec/listeners").collect();
    let meant = |listener: &&&Value| {
        parent.section_name.as_deref().is_none_or(|name| text(listener, "/name") == Some(name))
            && parent.port.is_none_or(|port| int(listener, "/port") == Some(port))
    };
    let listeners: Vec<&Value> = all.iter().filter(meant).copied().collect();
    if listeners.is_empty() && !all.is_empty() {
        let names: Vec<&str> = all.iter().filter_map(|listener| text(listener, "/name")).collect();
        let wanted = match (&parent.section_name, parent.port) {
            (Some(name), _) => format!("named {name}"),
            (None, Some(port)) => format!("on port {port}"),
            (None, None) => String::new(),
        };
        return Some(format!("Gateway {key} has no listener {wanted}: it has {}", names.join(", ")));
    }
    let own = key.split('/').next() == Some(rollout.namespace.as_str());
    let open = |listener: &&Value| {
        let from = text(listener, "/allowedRoutes/namespaces/from").unwrap_or("Same");
        own || from != "Same" && from != "None"
    };
    if !all.is_empty() && !listeners.iter().any(open) {
        return Some(format!("Gateway {key} takes no routes of namespace {}", rollout.namespace));
    }
    let hosts = rollout.spec.service.as_ref().map_or(&[][..], |service| &service.hosts);
    let hosts: Vec<&String> = hosts.iter().filter(|host| *host != "*").collect();
    let serves = |listener: &&Value| {
        let name = text(listener, "/hostname").filter(|name| !name.is_empty());
        name.is_none_or(|name| hosts.is_empty() || hosts.iter().any(|host| meet(name, host)))
    };
    let none = !listeners.is_empty() && !listeners.iter().any(serves);
    none.then(|| format!("Gateway {key} has no listener for the hosts of the Canary"))
}

/// Whether two host names, each of which may begin with `*.`, have a host in common.
fn meet(one: &str, other: &str) -> bool {
    let under = |host: &str, wildcard: &str| {
        wildcard.strip_prefix('*').is_some_and(|suffix| host.trim_start_matches('*').ends_with(suffix))
    };
    one == other || under(one, other) || under(other, one)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a.example.com", "a.example.com", true)]
    #[case("*.example.com", "a.example.com", true)]
    #[case("a.example.com", "*.example.com", true)]
    #[case("*.example.com", "*.b.example.com", true)]
    #[case("*.example.com", "example.com", false)]
    #[case("a.example.com", "b.example.com", false)]
    fn hosts_meet(#[case] listener: &str, #[case] host: &str, #[case] expected: bool) {
        assert_eq!(meet(listener, host), expected);
    }
}
