//! The autoscaler of the target.

use serin_core::{Seen, observe::Scaler};

use super::World;

/// The autoscaler of the target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VirtualScaler {
    /// Its lower bound.
    pub min_replicas: i32,
    /// Whether it holds the target at 0; `None` for a kind that need not be paused.
    pub paused: Option<bool>,
    /// Whether the primary has its copy.
    pub copied: bool,
}

impl VirtualScaler {
    pub(super) fn see(&self) -> Scaler {
        Scaler {
            primary: if self.copied { Seen::Present(true) } else { Seen::Absent },
            min_replicas: Seen::Present(self.min_replicas),
            paused: self.paused.map_or(Seen::Absent, Seen::Present),
        }
    }
}

impl World {
    pub(super) fn with_scaler(&mut self, change: impl FnOnce(&mut VirtualScaler)) {
        self.scaler.as_mut().map(change);
    }
}
