//! What keeps the actions of a Canary from being carried out, and what events told of it.

use serin_core::stall::Stall;

/// Faults of one Canary.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    standing: Option<Stall>,
    told: Option<String>,
}

impl Faults {
    /// Returns the fault of the last action that failed, while it lasts.
    pub(crate) fn standing(&self) -> Option<Stall> {
        self.standing.clone()
    }

    /// Keeps the fault of an action.
    pub(crate) fn stand(&mut self, fault: Stall) {
        self.standing = Some(fault);
    }

    /// Forgets the fault of an action.
    pub(crate) fn clear(&mut self) {
        self.standing = None;
    }

    /// Returns whether an event has to tell of a fault. Each text is told once until another one
    /// comes.
    pub(crate) fn tell(&mut self, text: &str) -> bool {
        let new = self.told.as_deref() != Some(text);
        self.told = Some(text.to_owned());
        new
    }

    /// Notes that all is well, so that an event tells of the last fault should it come again.
    pub(crate) fn recovered(&mut self) {
        self.told = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_told_once() {
        let mut faults = Faults::default();
        assert!(faults.tell("a"));
        assert!(!faults.tell("a"));
        assert!(faults.tell("b"));
        faults.recovered();
        assert!(faults.tell("b"));
    }

    #[test]
    fn a_fault_stands_until_it_is_cleared() {
        let mut faults = Faults::default();
        faults.stand(Stall::new("Forbidden", "grant it"));
        faults.recovered();
        assert_eq!(faults.standing(), Some(Stall::new("Forbidden", "grant it")));
        faults.clear();
        assert_eq!(faults.standing(), None);
    }
}
