//! What is left under names that the Canary does not use any more.

use serin_core::{Seen, identity};

use super::{VirtualServices, VirtualTarget, World};

impl World {
    /// The user names another target, which runs already. The primary of the former one serves on.
    pub fn exchange_target(&mut self, name: &str, revision: &str) {
        let former = identity::target(&self.rollout);
        name.clone_into(&mut self.canary().target);
        let entry = identity::target(&self.rollout);
        if entry == former {
            return;
        }
        self.target = VirtualTarget::running(revision);
        self.target_gone = false;
        self.services.follow_former(&former);
        if let Some(primary) = self.primary.take() {
            self.orphans.insert(former.clone(), Seen::Present(true));
            self.formers.insert(former, primary);
        }
        self.primary = self.formers.remove(&entry);
        self.services.follow_again(&entry);
        self.orphans.remove(&entry);
    }

    /// The user changes `service.name`: Services and route of the former name are left over.
    pub fn rename(&mut self, name: &str) {
        if self.rollout.apex == name {
            return;
        }
        let former = format!("service/{}", self.rollout.apex);
        name.clone_into(&mut self.canary().apex);
        self.orphans.remove(&format!("service/{name}"));
        if self.services != VirtualServices::default() || self.route.is_some() {
            self.orphans.insert(former, Seen::Present(true));
        }
        if let Some(split) = self.route.take() {
            self.former_route = Seen::Present(split.canary > 0 || split.mirror);
        }
        self.services = VirtualServices::default();
    }

    pub(super) fn remove(&mut self, entry: &str) {
        self.formers.remove(entry);
        if entry.starts_with("service/") {
            self.former_route = Seen::Absent;
        }
        self.orphans.insert(entry.to_owned(), Seen::Absent);
    }

    /// What is left of former names, and would stay for ever if nobody removed it.
    pub fn orphans(&self) -> Vec<&str> {
        let left = self.orphans.iter().filter(|(_, seen)| **seen != Seen::Absent);
        left.map(|(entry, _)| entry.as_str()).chain(self.formers.keys().map(String::as_str)).collect()
    }
}
