//! What the status lists as still to be told, who knows that it was, and who has heard of it.

use chrono::TimeDelta;
use serin_api::{
    Phase,
    canary::{AlertSeverity, Notification, NotificationAlert, NotificationEvent},
};
use serin_core::{
    Plan, Timestamp,
    delivery::{Deliveries, Delivery, Part},
};

/// One value for each part of notifications, in the order of [`Part::ALL`].
pub(crate) type Parts<T> = [T; 3];

/// Notifications of the decision that was the `place`-th to have any. The last of them has the time
/// of the next decision, so that two can be told apart only if the core sees to it.
pub(crate) fn notification(place: usize, listed: Parts<bool>, start: Timestamp) -> Notification {
    let [events, alerts, hooks] = listed;
    let message = "something happened".to_owned();
    let event =
        NotificationEvent { type_: "Normal".to_owned(), message: message.clone(), phase: Phase::Progressing };
    let alert = NotificationAlert { severity: AlertSeverity::Info, message, fields: false };
    Notification {
        at: moment(place, start),
        events: events.then_some(event).into_iter().collect(),
        alerts: alerts.then_some(alert).into_iter().collect(),
        hooks: hooks.then_some(Phase::Succeeded),
    }
}

/// The time that names the notifications at this place.
fn moment(place: usize, start: Timestamp) -> Timestamp {
    start + TimeDelta::microseconds(i64::try_from(place).unwrap_or(i64::MAX))
}

/// Which parts there are.
pub(crate) fn listed(item: &Notification) -> Parts<bool> {
    Part::ALL.map(|part| part.is_in(item))
}

/// Whether people have heard of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Heard {
    #[default]
    No,
    /// Once, and the one who told them knows.
    Yes,
    /// The one who told them died before it was noted.
    Unnoted,
}

/// What became of one part of notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Entry {
    listed: bool,
    /// Whether this controller knows that it has told it.
    told: bool,
    heard: Heard,
}

/// The notifications of the status, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Outbox(Vec<Parts<Entry>>);

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this controller knows that it has told something that the status still lists.
    pub(crate) fn has_told(&self) -> bool {
        self.0.iter().flatten().any(|entry| entry.told)
    }

    pub(crate) fn has_untold(&self) -> bool {
        self.0.iter().flatten().any(|entry| entry.listed && !entry.told)
    }

    /// Whether the status lists nothing that could be told again, events aside, and nothing is untold.
    pub(crate) fn is_done(&self) -> bool {
        self.0.iter().all(|[_, alerts, hooks]| !alerts.listed && !hooks.listed) && !self.has_untold()
    }

    /// Whether something was told that has to be told again, as nobody knows of it.
    pub(crate) fn repeats(&self) -> bool {
        self.0.iter().flatten().any(|entry| entry.heard == Heard::Unnoted)
    }

    /// What this controller knows that it has told.
    pub(crate) fn deliveries(&self, start: Timestamp) -> Deliveries {
        let entries = self.0.iter().enumerate().flat_map(|(place, parts)| {
            let told = Part::ALL.into_iter().zip(parts).filter(|(_, entry)| entry.told);
            told.map(move |(part, _)| Delivery { at: moment(place, start), part })
        });
        Deliveries { done: entries.collect(), ..Deliveries::default() }
    }

    /// The place of notifications that the status had listed before.
    fn find(&self, item: &Notification, start: Timestamp) -> Option<usize> {
        let place = usize::try_from((item.at - start).num_microseconds()?).ok()?;
        (place < self.0.len()).then_some(place)
    }

    /// Whether a plan's status lists all that the plan has to tell. Without a change of the status, events alone are
    /// not worth a write.
    pub(crate) fn is_promised(&self, plan: &Plan, changed: bool, start: Timestamp) -> bool {
        let new: Vec<&Notification> = plan
            .status
            .pending_notifications
            .iter()
            .filter(|item| self.find(item, start).is_none())
            .collect();
        let count = |of: fn(&Notification) -> usize| new.iter().map(|item| of(item)).sum::<usize>();
        let events = count(|item| item.events.len()) == plan.events.len();
        count(|item| item.alerts.len()) == plan.alerts.len()
            && count(|item| usize::from(item.hooks.is_some())) == usize::from(!plan.hooks.is_empty())
            && (events || !changed)
    }

    /// Follows the notifications of a status that is written. `false` when something is gone that
    /// people have not heard of, or when two have one name.
    pub(crate) fn follow(&mut self, written: &[Notification], start: Timestamp) -> bool {
        let places: Vec<Option<usize>> = written.iter().map(|item| self.find(item, start)).collect();
        let left = |place| written.iter().zip(&places).filter(move |(_, from)| **from == Some(place));
        let kept = self.0.iter().enumerate().all(|(place, entries)| {
            let left: Vec<Parts<bool>> = left(place).map(|(item, _)| listed(item)).collect();
            let stays = left.first().copied().unwrap_or_default();
            left.len() <= 1 && entries.iter().zip(stays).all(|(entry, stays)| stays || entry.may_go())
        });
        let before = |from: Option<usize>| from.map(|place| self.0[place]).unwrap_or_default();
        self.0 =
            written.iter().zip(&places).map(|(item, from)| carried(before(*from), listed(item))).collect();
        kept
    }

    /// The controller tells the first thing that it does not know to have told. `false` when people hear of it twice
    /// without need. Events are written under a name, which makes the second time nothing.
    pub(crate) fn tell(&mut self) -> bool {
        let entries = self.0.iter_mut().flat_map(|item| Part::ALL.into_iter().zip(item));
        let Some((part, entry)) = entries.into_iter().find(|(_, entry)| entry.listed && !entry.told) else {
            return true;
        };
        let once = part == Part::Events || entry.heard != Heard::Yes;
        if entry.heard == Heard::No {
            entry.heard = Heard::Yes;
        }
        entry.told = true;
        once
    }

    /// Whoever knew what was told is gone.
    pub(crate) fn crashed(&mut self) {
        for entry in self.0.iter_mut().flatten() {
            entry.told = false;
            if entry.heard == Heard::Yes {
                entry.heard = Heard::Unnoted;
            }
        }
    }
}

impl Entry {
    /// Whether nothing is lost when the status does not list it any more.
    fn may_go(self) -> bool {
        !self.listed || self.told && self.heard != Heard::No
    }
}

/// What is still listed, as it was before.
fn carried(before: Parts<Entry>, listed: Parts<bool>) -> Parts<Entry> {
    let entry = |i: usize| if listed[i] { Entry { listed: true, ..before[i] } } else { Entry::default() };
    [entry(0), entry(1), entry(2)]
}
