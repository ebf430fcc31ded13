//! The Canary as webhooks and receivers of events are told of it.

use serin_api::{Canary, Phase};
use serin_core::hash;
use serin_notify::Subject;

use crate::key::Key;

/// The Canary with the checksum of what its status says was applied.
pub(crate) fn of(canary: &Canary) -> Subject {
    let applied = canary.status.as_ref().and_then(|status| status.last_applied_spec.as_deref());
    with(canary, applied.unwrap_or_default())
}

fn with(canary: &Canary, applied: &str) -> Subject {
    let key = Key::of(canary);
    let configs = canary.status.as_ref().and_then(|status| status.tracked_configs.as_ref());
    Subject {
        name: key.name.as_ref().to_owned(),
        namespace: key.namespace.as_ref().to_owned(),
        checksum: hash::checksum(configs, applied),
    }
}

/// As events tell of it: by the revision under analysis, `before` the decision. In the initialisation there is none until
/// it ends.
pub(crate) fn told(before: &Canary, after: &Canary) -> Subject {
    match (initialises(before), initialises(after)) {
        (false, _) => of(before),
        (true, false) => of(after),
        (true, true) => with(before, ""),
    }
}

fn initialises(canary: &Canary) -> bool {
    let status = canary.status.as_ref();
    status.is_none_or(|status| matches!(status.phase, Phase::None | Phase::Initializing))
}
