//! What was delivered of the outbox, and what is taken out of it for that.

use std::collections::BTreeSet;

use serin_api::{
    CanaryStatus,
    canary::{AlertSeverity, Notification, NotificationAlert},
};

use crate::{Timestamp, stall::Stall};

/// Something that is told as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The events.
    Events,
    /// The alerts.
    Alerts,
    /// The post-rollout hooks.
    Hooks,
}

impl Part {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Events, Self::Alerts, Self::Hooks];

    /// Whether there is anything of this kind to tell.
    pub fn is_in(self, item: &Notification) -> bool {
        match self {
            Self::Events => !item.events.is_empty(),
            Self::Alerts => !item.alerts.is_empty(),
            Self::Hooks => item.hooks.is_some(),
        }
    }

    fn take_from(self, item: &mut Notification) {
        match self {
            Self::Events => item.events.clear(),
            Self::Alerts => item.alerts.clear(),
            Self::Hooks => item.hooks = None,
        }
    }
}

/// One part of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// The time that names the entry.
    pub at: Timestamp,
    /// What of it.
    pub part: Part,
}

/// What the shell knows of telling people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// What was delivered of the entries that the status lists.
    pub done: BTreeSet<Delivery>,
    /// How serious alerts are that nobody wants: they need not be kept.
    pub unwanted: BTreeSet<AlertSeverity>,
    /// How the last alert fared; `None` when this operator has sent none.
    pub last_alert: Option<Result<(), Stall>>,
}

impl Deliveries {
    /// Whether nobody is left to be told of this part.
    fn is_done(&self, item: &Notification, part: Part) -> bool {
        let unwanted = |alert: &NotificationAlert| self.unwanted.contains(&alert.severity);
        self.done.contains(&Delivery { at: item.at, part })
            || part == Part::Alerts && item.alerts.iter().all(unwanted)
    }
}

/// Takes out of `next` what was told, if a write is worth it.
///
/// `observed` is the status as it stands in the cluster. A status that is written anyway holds nothing that was told.
/// A write of its own is worth it for alerts and hooks, which cannot be recognised when they are repeated; events can.
pub(crate) fn forget_told(next: &mut CanaryStatus, observed: &CanaryStatus, deliveries: &Deliveries) {
    let mut items = next.pending_notifications.clone();
    let mut worth_it = observed != next;
    for item in &mut items {
        for part in Part::ALL {
            if part.is_in(item) && deliveries.is_done(item, part) {
                part.take_from(item);
                worth_it |= part != Part::Events;
            }
        }
    }
    if worth_it {
        items.retain(|item| Part::ALL.iter().any(|part| part.is_in(item)));
        next.pending_notifications = items;
    }
}
