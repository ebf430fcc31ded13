//! The status that this replica wrote last: whose it is, and what the API server does not have of
//! it.

use serin_api::CanaryStatus;

use crate::status::Unstored;

/// What is known of the status that this replica wrote.
#[derive(Debug, Default)]
pub(crate) struct OwnStatus {
    unstored: Option<Box<Unstored>>,
    owner: Owner,
}

/// Whose the status in the cluster is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Owner {
    /// This replica wrote no status in this term.
    #[default]
    Unknown,
    /// This replica, as far as is known.
    Us,
    /// Another operator took it, and users were told.
    Another,
}

impl OwnStatus {
    /// Begins a term: another replica may have written it.
    pub(super) fn begin_term(&mut self) {
        self.owner = Owner::Unknown;
    }

    /// Notes that the status in the cluster is ours, unless another operator took it in this term.
    pub(crate) fn claim(&mut self) {
        if self.owner == Owner::Unknown {
            self.owner = Owner::Us;
        }
    }

    /// Whether the status in the cluster is ours, as far as is known.
    pub(crate) fn is_ours(&self) -> bool {
        self.owner == Owner::Us
    }

    /// Notes that another operator took the status. Users are told of it once in a term.
    pub(crate) fn lose(&mut self) {
        self.owner = Owner::Another;
    }

    /// Notes what the API server does not have of the status. Returns whether something was missing
    /// before.
    pub(crate) fn set_unstored(&mut self, unstored: Option<Box<Unstored>>) -> bool {
        std::mem::replace(&mut self.unstored, unstored).is_some()
    }

    /// The status with what the API server does not have of it; `None` when it is complete, or
    /// another's.
    pub(crate) fn restored(&self, observed: Option<&CanaryStatus>) -> Option<CanaryStatus> {
        self.unstored.as_ref()?.restore(observed)
    }

    /// The status that the API server has in the place of this one.
    pub(crate) fn stored(&self, decided: Option<&CanaryStatus>) -> Option<CanaryStatus> {
        match &self.unstored {
            Some(unstored) if Some(unstored.decided()) == decided => unstored.stored().cloned(),
            _ => decided.cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_was_lost_is_not_claimed_again_in_the_same_term() {
        let mut status = OwnStatus::default();
        status.claim();
        assert!(status.is_ours());
        status.lose();
        status.claim();
        assert!(!status.is_ours());
        status.begin_term();
        status.claim();
        assert!(status.is_ours());
    }

    #[test]
    fn what_is_not_stored_is_put_back_and_left_out_of_what_is_stored() {
        let stored = CanaryStatus::default();
        let decided = CanaryStatus { waiting_for: Some("pods".to_owned()), ..stored.clone() };
        let mut status = OwnStatus::default();
        assert!(!status.set_unstored(Unstored::kept(&decided, Some(&stored))));
        assert_eq!(status.restored(Some(&stored)), Some(decided.clone()));
        assert_eq!(status.stored(Some(&decided)), Some(stored.clone()));
        assert!(status.set_unstored(None));
        assert_eq!(status.stored(Some(&decided)), Some(decided));
    }
}
