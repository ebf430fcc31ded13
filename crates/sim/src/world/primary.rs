//! The clone that takes the traffic.

use std::collections::BTreeSet;

use serin_core::{Seen, hash::promotion_id, observe::Primary};

use super::{Pods, World};

/// The clone that takes the traffic.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualPrimary {
    /// The revision it was copied from.
    pub revision: String,
    /// What names revision and configs together.
    pub promotion_id: String,
    /// Its replicas.
    pub replicas: i32,
    /// Its pods.
    pub pods: Pods,
    /// Whether pods of the version before serve while new ones start.
    pub rolling: bool,
    /// The ConfigMaps and Secrets of which it has copies.
    pub configs: BTreeSet<String>,
}

impl VirtualPrimary {
    /// Whether it has a pod that answers.
    pub fn serves(&self) -> bool {
        self.pods == Pods::Ready || self.rolling && self.pods == Pods::Starting
    }
}

impl World {
    pub(super) fn see_primary(&self, primary: &VirtualPrimary) -> Primary {
        Primary {
            promotion_id: Some(primary.promotion_id.clone()),
            matches_target: !self.target_gone && primary.revision == self.target.revision,
            replicas: primary.replicas,
            readiness: self.readiness(primary.pods),
        }
    }

    pub(super) fn copy_target(&mut self) {
        let id = promotion_id(&self.rollout.uid, &self.target.revision, &self.configs);
        let configs: BTreeSet<String> = self.configs.keys().cloned().collect();
        match &mut self.primary {
            Some(primary) if primary.promotion_id == id => {}
            Some(primary) => {
                primary.revision.clone_from(&self.target.revision);
                primary.promotion_id = id;
                primary.rolling = primary.serves();
                primary.pods = Pods::Starting;
                for unused in primary.configs.difference(&configs) {
                    self.orphans.insert(unused.clone(), Seen::Present(true));
                }
                primary.configs = configs;
            }
            None => {
                self.primary = Some(VirtualPrimary {
                    revision: self.target.revision.clone(),
                    promotion_id: id,
                    replicas: self.target.replicas.max(1),
                    pods: Pods::Starting,
                    rolling: false,
                    configs,
                });
            }
        }
    }
}
