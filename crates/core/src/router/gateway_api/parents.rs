//! The Gateways that a route is attached to, also while they are exchanged.
//!
//! A Gateway that serves a route now is let go when the ones that the Canary names have taken it, and not at all for
//! one that is not there.

use std::collections::BTreeMap;

use std::sync::Arc;

use serde_json::Value;
use serin_api::{
    HttpRoute,
    gateway::{GROUP, ParentReference},
};

use super::{accept, attached, normalise};
use crate::{
    Rollout, Seen,
    build::json::{int, items, text},
};

/// Gateways by `<namespace>/<name>`.
pub type Gateways = BTreeMap<String, Seen<Arc<Value>>>;

/// The parents that a route is to have now.
pub(super) struct Parents {
    pub(super) refs: Vec<ParentReference>,
    /// Why one that the Canary names is not among them.
    pub(super) unattached: Option<String>,
}

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

pub(super) fn wanted(rollout: &Rollout, gateways: &Gateways, live: Option<&HttpRoute>) -> Parents {
    let named = named(rollout);
    let Some(live) = live else { return Parents { refs: named, unattached: None } };
    let mut spec = live.spec.clone();
    normalise(&mut spec);
    let present = spec.parent_refs;
    let among = |list: &[ParentReference], parent: &ParentReference| {
        list.iter().any(|other| other.same_parent(parent, &rollout.namespace))
    };
    let mut added = named.iter().filter(|parent| !among(&present, parent));
    let missing = added.find_map(|parent| unattachable(rollout, gateways, parent));
    if let Some(why) = missing.filter(|_| !present.is_empty()) {
        return Parents { refs: present, unattached: Some(why) };
    }
    let taken = named.iter().all(|parent| accept::taken(rollout, live, parent));
    let former: Vec<_> = present.into_iter().filter(|parent| !taken && !among(&named, parent)).collect();
    let all: Vec<_> = named.iter().cloned().chain(former).collect();
    Parents { refs: if distinct(&all, &rollout.namespace) { all } else { named }, unattached: None }
}

/// The rule of the API: references to one Gateway have different listeners or ports.
fn distinct(parents: &[ParentReference], namespace: &str) -> bool {
    let place = |parent: &ParentReference| (gateway_key(parent, namespace), parent.kind.clone());
    let listener = |parent: &ParentReference| (parent.section_name.clone(), parent.port);
    parents.iter().enumerate().all(|(i, one)| {
        parents[i + 1..].iter().filter(|other| place(other) == place(one)).all(|other| {
            let said = listener(one) != (None, None) && listener(other) != (None, None);
            said && listener(one) != listener(other)
        })
    })
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
