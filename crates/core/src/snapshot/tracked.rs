//! The configs that a target uses.

use std::collections::BTreeMap;

use super::Snapshot;
use crate::{
    Rollout, Seen,
    build::configs::{config_refs, missing},
};

/// What is known of the tracked configs.
pub(super) struct Tracked {
    /// All of them by key, unless one is unknown or a required one is absent.
    pub(super) checksums: Seen<BTreeMap<String, String>>,
    /// Checksums of the configs that are known to exist, even if others cannot be read.
    pub(super) present: BTreeMap<String, String>,
    /// Flagger's text for the first required one that does not exist.
    pub(super) missing: Option<String>,
}

impl Snapshot {
    /// Looks up everything that the target's pods refer to.
    pub(super) fn tracked(&self, rollout: &Rollout) -> Tracked {
        let target = match self.known_target(rollout) {
            Ok(target) => target,
            Err(why) => return Tracked::unknown(why),
        };
        let refs = if rollout.config_tracking { config_refs(target) } else { Vec::new() };
        let mut present = BTreeMap::new();
        let mut absent = None;
        for reference in refs {
            let key = reference.key();
            match self.configs.get(&key) {
                None => return Tracked::unknown(format!("{key} was not read")),
                Some(Seen::Unknown(why)) => return Tracked::unknown(why.clone()),
                Some(Seen::Absent) if reference.required && absent.is_none() => absent = Some(reference),
                Some(Seen::Absent) => {}
                Some(Seen::Present(config)) if config.ignored => {}
                Some(Seen::Present(config)) => drop(present.insert(key, config.checksum.clone())),
            }
        }
        let missing = absent.map(|reference| missing(&reference, &rollout.namespace));
        let checksums = if missing.is_some() { Seen::Absent } else { Seen::Present(present.clone()) };
        Tracked { checksums, present, missing }
    }
}

impl Tracked {
    fn unknown(why: String) -> Self {
        Self { checksums: Seen::Unknown(why), present: BTreeMap::new(), missing: None }
    }
}
