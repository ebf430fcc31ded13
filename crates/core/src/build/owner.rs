//! Generated objects belong to their Canary and are deleted with it.

use serde_json::{Value, json};

use crate::{
    Rollout,
    json::{items, text},
};

/// The owner reference of everything that is generated for a Canary.
pub fn reference(rollout: &Rollout) -> Value {
    json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "name": rollout.name,
        "uid": rollout.uid,
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// Whether an object was generated for this Canary; an object of the same name that the user made was not.
pub fn owned(rollout: &Rollout, live: &Value) -> bool {
    items(live, "/metadata/ownerReferences").any(|owner| is_this(rollout, owner))
}

/// Whether an object was generated for any Canary.
pub fn of_a_canary(live: &Value) -> bool {
    items(live, "/metadata/ownerReferences").any(controlled_by_canary)
}

fn controlled_by_canary(owner: &Value) -> bool {
    owner.get("controller") == Some(&Value::Bool(true)) && text(owner, "/kind") == Some("Canary")
}

fn is_this(rollout: &Rollout, owner: &Value) -> bool {
    controlled_by_canary(owner) && text(owner, "/name") == Some(&rollout.name)
}

/// The owners of an existing object of this Canary's. One that nobody controls becomes its own: it was left
/// behind by a Canary that was deleted without what it had generated.
pub fn adopted(rollout: &Rollout, live: &Value) -> Vec<Value> {
    let owners: Vec<Value> = items(live, "/metadata/ownerReferences").cloned().collect();
    let controlled = owners.iter().any(|owner| owner.get("controller") == Some(&Value::Bool(true)));
    let own = (!controlled).then(|| reference(rollout));
    owners.into_iter().chain(own).collect()
}

/// Owners of an object that this Canary shares with others: this one is its controller.
pub fn shared(rollout: &Rollout, live: Option<&Value>) -> Vec<Value> {
    let others = live.into_iter().flat_map(|live| items(live, "/metadata/ownerReferences"));
    let others = others.filter(|owner| !same_canary(rollout, owner)).cloned().map(demoted);
    std::iter::once(reference(rollout)).chain(others).collect()
}

fn same_canary(rollout: &Rollout, owner: &Value) -> bool {
    text(owner, "/uid") == Some(&rollout.uid)
        || (text(owner, "/kind") == Some("Canary") && text(owner, "/name") == Some(&rollout.name))
}

/// An object can have one controller only.
fn demoted(mut owner: Value) -> Value {
    owner["controller"] = Value::Bool(false);
    owner
}
