//! The Canary as webhooks and receivers of events are told of it.

use serin_api::Canary;
use serin_core::hash;
use serin_notify::Subject;

use crate::key::Key;

/// The Canary with the checksum of what its status says was applied.
pub fn of(canary: &Canary) -> Subject {
    let key = Key::of(canary);
    let status = canary.status.as_ref();
    let configs = status.and_then(|status| status.tracked_configs.as_ref());
    let applied = status.and_then(|status| status.last_applied_spec.as_deref());
    Subject {
        name: key.name.as_ref().to_owned(),
        namespace: key.namespace.as_ref().to_owned(),
        checksum: hash::checksum(configs, applied.unwrap_or_default()),
    }
}

/// As events tell of it: by the revision under analysis, `before` the decision; there is none before the initialisation.
pub fn told(before: &Canary, after: &Canary) -> Subject {
    let started = before.status.as_ref().is_some_and(|status| status.last_applied_spec.is_some());
    of(if started { before } else { after })
}
