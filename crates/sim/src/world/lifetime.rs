//! The Canary itself: its finalizer, and what is left when it is gone.

use std::sync::Arc;

use serin_core::Rollout;

use super::World;

impl World {
    /// The user deletes the Canary. Without a finalizer it is gone at once.
    pub fn delete(&mut self) {
        self.canary().deleting = true;
        self.end_without_finalizer();
    }

    pub(super) fn set_finalizer(&mut self, there: bool) {
        self.canary().finalizer = there;
        self.end_without_finalizer();
    }

    /// The Canary, to be changed.
    pub(super) fn canary(&mut self) -> &mut Rollout {
        Arc::make_mut(&mut self.rollout)
    }

    /// What the Canary owns goes with it; what others made stays as it is.
    fn end_without_finalizer(&mut self) {
        if !self.rollout.deleting || self.rollout.finalizer || self.gone {
            return;
        }
        self.gone = true;
        self.primary = None;
        self.formers.clear();
        self.orphans.clear();
        self.services = std::mem::take(&mut self.services).of_the_user();
        if self.users_route.is_none() {
            self.route = None;
        }
        self.with_scaler(|scaler| scaler.copied = false);
    }

    /// Whether everything that the user made serves as it did before the Canary: the apex Service selects the target's
    /// pods, and the route says what its user wrote.
    pub fn is_given_back(&self) -> bool {
        let apex = !self.services.users_apex || self.services.apex == Some(super::Selects::Target);
        apex && self.users_route.as_ref().is_none_or(super::UsersRoute::is_as_written)
    }
}
