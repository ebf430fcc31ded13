//! What people were told of what the status lists, and how it fared.

use std::collections::{BTreeMap, BTreeSet};

use serin_core::{delivery::Delivery, stall::Stall};

/// Most alerts that failed which wait for their events.
const UNREPORTED: usize = 8;

/// Deliveries of one Canary.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    /// What is being delivered (`false`) or has been (`true`).
    begun: BTreeMap<Delivery, bool>,
    /// How the last alert of this replica fared; `None` when it has sent none.
    last_alert: Option<Result<(), Stall>>,
    /// Alerts that failed, and no event has told yet.
    unreported: Vec<String>,
}

impl Delivered {
    /// Begins a term.
    pub(super) fn begin_term(&mut self) {
        self.last_alert = None;
        // Whoever was delivering these may have been stopped in the middle.
        self.begun.retain(|_, done| *done);
    }

    /// Claims a delivery. Returns `false` if somebody else has claimed it; after `true`, the caller
    /// has to call [`Self::end`].
    pub(crate) fn begin(&mut self, delivery: Delivery) -> bool {
        let begun = self.begun.contains_key(&delivery);
        self.begun.entry(delivery).or_default();
        !begun
    }

    /// Ends a delivery that [`Self::begin`] claimed: `done`, or to be tried again.
    pub(crate) fn end(&mut self, delivery: Delivery, done: bool) {
        if done {
            self.begun.insert(delivery, true);
        } else {
            self.begun.remove(&delivery);
        }
    }

    /// Returns what was delivered.
    pub(crate) fn done(&self) -> BTreeSet<Delivery> {
        self.begun.iter().filter_map(|(delivery, done)| done.then_some(*delivery)).collect()
    }

    /// Forgets what the status does not list any more.
    pub(crate) fn keep(&mut self, listed: impl Fn(&Delivery) -> bool) {
        self.begun.retain(|delivery, _| listed(delivery));
    }

    /// Whether nothing is being delivered or was, as far as the status may still list it.
    pub(crate) fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }

    /// Notes how the last alert fared: `failure` says why a receiver did not take it.
    pub(crate) fn note_alert(&mut self, failure: Option<Stall>) {
        if let Some(failure) = failure.as_ref().filter(|_| self.unreported.len() < UNREPORTED) {
            self.unreported.push(failure.message.clone());
        }
        self.last_alert = Some(failure.map_or(Ok(()), Err));
    }

    /// Returns how the last alert fared; `None` when this replica has sent none.
    pub(crate) fn last_alert(&self) -> Option<Result<(), Stall>> {
        self.last_alert.clone()
    }

    /// Takes the messages of alerts that failed since the last call.
    pub(crate) fn take_unreported(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unreported)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serin_core::delivery::Part;

    use super::*;

    const ALERTS: Delivery = Delivery { at: DateTime::UNIX_EPOCH, part: Part::Alerts };
    const EVENTS: Delivery = Delivery { at: DateTime::UNIX_EPOCH, part: Part::Events };

    #[test]
    fn each_delivery_has_one_owner_and_is_tried_again_when_it_failed() {
        let mut delivered = Delivered::default();
        assert!(delivered.begin(ALERTS) && !delivered.begin(ALERTS));
        delivered.end(ALERTS, false);
        assert!(delivered.begin(ALERTS));
        delivered.end(ALERTS, true);
        assert!(!delivered.begin(ALERTS));
        assert_eq!(delivered.done(), BTreeSet::from([ALERTS]));
        delivered.keep(|_| false);
        assert!(delivered.is_empty());
    }

    #[test]
    fn a_new_term_forgets_what_was_under_way_and_keeps_what_is_done() {
        let mut delivered = Delivered::default();
        delivered.begin(ALERTS);
        delivered.begin(EVENTS);
        delivered.end(EVENTS, true);
        delivered.note_alert(None);
        delivered.begin_term();
        assert_eq!(delivered.done(), BTreeSet::from([EVENTS]));
        assert!(delivered.last_alert().is_none() && delivered.begin(ALERTS));
    }

    #[test]
    fn an_alert_that_failed_is_reported_once_and_stands_until_one_arrives() {
        let mut delivered = Delivered::default();
        let failure = Stall::new("Refused", "status 500");
        delivered.note_alert(Some(failure.clone()));
        assert_eq!(delivered.take_unreported(), ["status 500"]);
        assert!(delivered.take_unreported().is_empty());
        assert_eq!(delivered.last_alert(), Some(Err(failure)));
        delivered.note_alert(None);
        assert_eq!(delivered.last_alert(), Some(Ok(())));
    }
}
