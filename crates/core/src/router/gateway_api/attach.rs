//! The Gateways that a route is to be attached to, also while they are exchanged.
//!
//! A Gateway that serves a route now is let go when the ones that the Canary names have taken it, and not at all for
//! one that is not there.

use serin_api::{HttpRoute, gateway::ParentReference};

use super::{
    accept, normalise,
    parents::{Gateways, gateway_key, named, unattachable},
};
use crate::Rollout;

/// The parents that a route is to have now.
pub(super) struct Parents {
    pub(super) refs: Vec<ParentReference>,
    /// Why one that the Canary names is not among them.
    pub(super) unattached: Option<String>,
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
