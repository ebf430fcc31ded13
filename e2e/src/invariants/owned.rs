//! S15: nothing of the user's is written or owned, except for what the documentation names.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{App, Check};
use crate::{Kind, history::Version};

/// Whose name the operator's writes bear.
const OPERATOR: &str = "serin";

/// The kinds that are generated, and under whose names the user may have something.
const KINDS: [Kind; 7] = [
    Kind::SERVICE,
    Kind::ROUTE,
    Kind::DEPLOYMENT,
    Kind::DAEMON_SET,
    Kind::AUTOSCALER,
    Kind::CONFIG_MAP,
    Kind::SECRET,
];

/// S15.
#[derive(Default)]
pub(super) struct Users {
    /// What Canaries have named as their target or their apex.
    named: BTreeSet<String>,
    /// What came into being without the operator.
    known: BTreeSet<(Kind, String)>,
    /// What the operator made.
    ours: BTreeSet<(Kind, String)>,
}

impl Check for Users {
    fn name(&self) -> &'static str {
        "S15"
    }

    fn see(&mut self, version: &Version, app: &App) -> Option<String> {
        if version.kind == Kind::CANARY {
            let names = ["/spec/targetRef/name", "/spec/service/name"].map(|at| version.object.pointer(at));
            self.named.extend(names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        }
        if !KINDS.contains(&version.kind) {
            return None;
        }
        let key = (version.kind, version.name.clone());
        if version.gone {
            self.known.remove(&key);
            self.ours.remove(&key);
            return None;
        }
        let (written, owned) = (is_written(&version.object), is_owned(&version.object));
        if !self.known.contains(&key) && !self.ours.contains(&key) {
            let ours = written || owned;
            if ours { &mut self.ours } else { &mut self.known }.insert(key);
            return None;
        }
        if !self.known.contains(&key) {
            return None;
        }
        let deed = wrong(written && !self.may_be_written(version, app), owned)?;
        // Told once.
        self.known.remove(&key);
        self.ours.insert(key);
        Some(format!("the user's {} {} is {deed}", version.kind.name, version.name))
    }
}

impl Users {
    /// The target is scaled; the Service and the route of the apex's name are taken over, as documented.
    fn may_be_written(&self, version: &Version, app: &App) -> bool {
        let name = &version.name;
        let named = *name == app.apex || *name == app.target || self.named.contains(name);
        named && !matches!(version.kind, Kind::AUTOSCALER | Kind::CONFIG_MAP | Kind::SECRET)
    }
}

fn wrong(written: bool, owned: bool) -> Option<&'static str> {
    match (written, owned) {
        (_, true) => Some("owned by a Canary"),
        (true, _) => Some("written by the operator"),
        _ => None,
    }
}

fn is_written(object: &Value) -> bool {
    let managers = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    managers.is_some_and(|managers| managers.iter().any(|entry| entry["manager"] == OPERATOR))
}

fn is_owned(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["kind"] == "Canary"))
}
