//! Which objects may be written: ours, those that were left behind by us, and those that the user hands over by naming
//! them. Everything else stays as it is, and says so.
//!
//! | object | may be taken |
//! |---|---|
//! | the primary, the Services `-primary` and `-canary` | generated for this Canary; made by Serin or Flagger, and without a controller |
//! | copies of configs and of autoscalers | the same; generated for another Canary too, for copies are shared |
//! | the Service and the route named by `service.name` | anybody's but another Canary's |

use std::fmt;

use serde_json::Value;

use crate::{
    Rollout,
    build::{managed, owner},
    json::{items, text},
};

/// What has to be known of an object before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Generated for one Canary alone.
    Generated,
    /// A copy that Canaries share.
    Shared,
    /// Named by the user.
    Named,
}

/// An object that is not ours and has a name that a generated one would have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// Its kind.
    pub kind: &'static str,
    /// Its name, in the Canary's namespace.
    pub name: String,
    /// Whose it is, as far as that is known.
    pub whose: String,
    /// What would have its name, and where that comes from: a field or an object of the user's.
    pub purpose: String,
    /// What the user can do.
    pub remedy: String,
}

impl Conflict {
    /// An object under the name of the Canary's Services that is another Canary's.
    pub fn of_a_named(rollout: &Rollout, kind: &'static str, whose: String) -> Self {
        Self {
            kind,
            name: rollout.apex.clone(),
            whose,
            purpose: format!("that of Canary {}", rollout.name),
            remedy: "set spec.service.name to another name in one of both Canaries, or delete one of them"
                .to_owned(),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, whose, purpose, remedy } = self;
        write!(f, "{kind} {name} {whose}, and is not overwritten with {purpose}: {remedy}")
    }
}

/// Whose a live object is, unless it may be taken.
pub fn foreign(rollout: &Rollout, claim: Claim, live: &Value) -> Option<String> {
    let mut controllers =
        items(live, "/metadata/ownerReferences").filter(|o| o.get("controller") == Some(&Value::Bool(true)));
    let controller = controllers.next();
    let of_canary = controller.is_some_and(|owner| text(owner, "/kind") == Some("Canary"));
    let taken = match (claim, controller) {
        _ if owner::owned(rollout, live) => true,
        (Claim::Named, _) => !of_canary,
        (Claim::Shared, Some(_)) => of_canary,
        (Claim::Shared, None) if shared(live) => true,
        (Claim::Generated | Claim::Shared, None) => made(live),
        (Claim::Generated, Some(_)) => false,
    };
    (!taken).then(|| whose(controller, live))
}

/// Whether it was generated, whoever its owner is now. A primary is also known by its promotion, for instance after it
/// was restored from a backup.
fn made(live: &Value) -> bool {
    managed::made(live) || live.pointer("/spec/template/metadata/annotations/flagger-id").is_some()
}

/// Whether it is a copy that a Canary shares.
fn shared(live: &Value) -> bool {
    items(live, "/metadata/ownerReferences").any(|owner| text(owner, "/kind") == Some("Canary"))
}

fn whose(controller: Option<&Value>, live: &Value) -> String {
    let maker = managed::maker(live);
    match (controller, maker) {
        (Some(owner), _) => {
            let part = |pointer| text(owner, pointer).unwrap_or_default();
            format!("is owned by {} {}", part("/kind"), part("/name"))
        }
        (None, Some(maker)) => format!("was made by {maker}"),
        (None, None) => "was not made for this Canary".to_owned(),
    }
}

/// The Canary that a target was generated for, if it was: only what a user wrote can be released.
pub fn generated_for(target: &Value) -> Option<&str> {
    let owners = items(target, "/metadata/ownerReferences");
    let mut canaries = owners.filter(|owner| {
        owner.get("controller") == Some(&Value::Bool(true)) && text(owner, "/kind") == Some("Canary")
    });
    text(canaries.next()?, "/name")
}

#[cfg(test)]
mod tests;
