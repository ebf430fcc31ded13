//! Our ports on a Service of the user's: beside the user's own ports, of which none is lost.

use serde_json::Value;
use serin_api::canary::CanaryService;

use super::ports::{TCP, free, same_slot};
use crate::{
    Rollout,
    build::{BuildError, managed},
    json::{int, items, set, text},
};

/// The ports, main port first, under names that the live Service takes.
///
/// A port that the user's Service has already keeps its name, also none: the user's next apply would fight for it. Only
/// a `service.portName` that is written down wins. A name that a port of the user's has is left to it.
///
/// # Errors
/// A port of the user's has no name, so that none can stand beside it.
pub(super) fn beside(
    rollout: &Rollout,
    service: &CanaryService,
    mut ports: Vec<Value>,
    live: &Value,
) -> Result<Vec<Value>, BuildError> {
    let stays: Vec<&Value> = items(live, "/spec/ports").filter(|port| users(live, port)).collect();
    let foreign: Vec<&Value> =
        stays.iter().copied().filter(|port| !ports.iter().any(|ours| same_slot(ours, port))).collect();
    if let Some(port) = foreign.iter().find(|port| name(port).is_none())
        && !rollout.deleting
    {
        return Err(unnamed(rollout, service, port));
    }
    let alone = foreign.is_empty() && ports.len() == 1;
    let named = service.port_name.as_ref().is_some_and(|name| !name.is_empty());
    let given: Vec<Option<&Value>> = ports
        .iter()
        .enumerate()
        .map(|(i, ours)| {
            let users = stays.iter().copied().find(|port| same_slot(ours, port));
            users.filter(|port| !(named && i == 0) && (alone || name(port).is_some()))
        })
        .collect();
    let kept = foreign.iter().copied().chain(given.iter().copied().flatten());
    let mut taken: Vec<String> = kept.filter_map(name).map(ToOwned::to_owned).collect();
    for (port, given) in ports.iter_mut().zip(given) {
        let chosen = match given {
            Some(users) => name(users).map(ToOwned::to_owned),
            None => Some(another(port, &taken)),
        };
        taken.extend(chosen.clone());
        set(port, "name", chosen.map(Value::from));
    }
    Ok(ports)
}

/// The port's own name, or `<name>-<number>` where a port of the user's has it.
fn another(port: &Value, taken: &[String]) -> String {
    let wanted = name(port).unwrap_or_default();
    let number = int(port, "/port").unwrap_or_default();
    free(wanted, wanted, number, |name| taken.iter().any(|other| other == name))
}

fn name(port: &Value) -> Option<&str> {
    text(port, "/name").filter(|name| !name.is_empty())
}

/// Whether a live port stays without us: somebody else set it, or nobody knows that we did.
fn users(live: &Value, port: &Value) -> bool {
    let number = int(port, "/port").unwrap_or_default();
    let protocol = text(port, "/protocol").unwrap_or(TCP);
    let set_by = managed::port_setters(live, number, protocol);
    set_by.others || !set_by.ours
}

fn unnamed(rollout: &Rollout, service: &CanaryService, port: &Value) -> BuildError {
    BuildError::UnnamedPort {
        service: format!("{}.{}", rollout.apex, rollout.namespace),
        port: int(port, "/port").unwrap_or_default(),
        ours: service.port,
    }
}
