//! What is left of names that the Canary does not use any more.

use std::collections::BTreeMap;

use super::Snapshot;
use crate::{
    Rollout, Seen,
    orphans::{Orphan, objects, ours, used_by},
};

impl Snapshot {
    /// For each entry of `status.leftovers`, whether something of it may go; [`Seen::Absent`] when nothing of
    /// ours is left.
    pub(super) fn orphans(&self, rollout: &Rollout) -> BTreeMap<String, Seen<bool>> {
        let entries = self.canary.status.iter().flat_map(|status| &status.leftovers);
        entries.map(|entry| (entry.clone(), self.left_of(rollout, entry))).collect()
    }

    fn left_of(&self, rollout: &Rollout, entry: &str) -> Seen<bool> {
        let mut left = Seen::Absent;
        for object in objects(rollout, entry) {
            match self.left(rollout, &object) {
                Seen::Absent => {}
                Seen::Unknown(why) => return Seen::Unknown(why),
                Seen::Present(may_go) => {
                    left = Seen::Present(may_go || matches!(left, Seen::Present(true)));
                }
            }
        }
        left
    }

    /// Whether one object of ours may go.
    fn left(&self, rollout: &Rollout, object: &Orphan) -> Seen<bool> {
        match (self.orphans.get(object), &self.primary) {
            (None, _) => Seen::Unknown(format!("{} was not read", object.name)),
            (Some(Seen::Unknown(why)), _) => Seen::Unknown(why.clone()),
            (Some(Seen::Present(live)), primary) if ours(rollout, live) => {
                primary.as_ref().map(|primary| !used_by(primary, object))
            }
            (Some(Seen::Present(_) | Seen::Absent), _) => Seen::Absent,
        }
    }
}
