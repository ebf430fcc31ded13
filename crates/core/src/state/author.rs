//! From what was decided to the status that is written.

use serin_api::CanaryStatus;

use super::{State, codec, flagger, stalled, undecided};
use crate::{Observation, stall::Stall, time};

/// A status in the making.
pub(crate) struct Draft<'a> {
    obs: &'a Observation,
    /// A status of Flagger's as Serin would have written it.
    taken: Option<flagger::Taken>,
    /// What was read of it, before anything was decided.
    start: State,
}

impl<'a> Draft<'a> {
    /// Reads the observed status, one of Flagger's as Serin would have written it.
    pub(crate) fn new(obs: &'a Observation) -> Self {
        let taken = flagger::take_over(obs);
        let status = taken.as_ref().map_or(&obs.status, |taken| &taken.status);
        Self { obs, start: codec::read(status, &obs.rollout), taken }
    }

    /// The state from which the decision begins.
    pub(crate) fn start(&self) -> &State {
        &self.start
    }

    /// The status for this state. Where nothing was decided, it is the one that was read, to the letter.
    pub(crate) fn status(&self, next: &State) -> CanaryStatus {
        if *next == self.start {
            let taken = self.taken.as_ref().map(|taken| &taken.status);
            return taken.unwrap_or(&self.obs.status).clone();
        }
        codec::write(next, &self.obs.rollout)
    }

    /// The status that is written for this state: with the condition of a stall, and without what
    /// was delivered and configs that are not tracked.
    pub(crate) fn publish(&self, next: &State, stall: Option<&Stall>) -> CanaryStatus {
        let (obs, mut status) = (self.obs, self.status(next));
        status.move_news();
        if obs.rollout.target_kind.has_pods() && !obs.rollout.config_tracking {
            status.tracked_configs = None;
        }
        stalled::set(&mut status, stall, obs.now);
        undecided::settle(&mut status, &obs.status, &obs.deliveries, obs.now);
        status
    }

    /// Whether the status for this state differs from the observed one in anything but the time of writing and what is
    /// still to be told.
    pub(crate) fn differs(&self, next: &State) -> bool {
        let timeless = |status: CanaryStatus| CanaryStatus {
            last_transition_time: None,
            news: Vec::new(),
            pending_notifications: Vec::new(),
            ..status
        };
        timeless(self.status(next)) != timeless(self.obs.status.clone())
    }

    /// Whether the status is one of Flagger's in which nothing was decided.
    pub(crate) fn stays_flaggers(&self, next: &State) -> bool {
        self.taken.is_some() && !decided(&self.start, next)
    }

    /// Stamps generation and time on a state that is to be written.
    ///
    /// A status of Flagger's is not written for the sake of the objects' names alone, and stays Flagger's where something
    /// of it could not be read.
    pub(crate) fn seal(&self, next: &mut State) {
        let foreign = flagger::written_by_flagger(self.obs);
        let before = codec::names(&self.obs.status);
        let unnamed = foreign && before.service.is_none();
        let names = next.names.clone();
        if unnamed {
            next.names = before;
        }
        let news = self.differs(next);
        if news {
            next.names = names;
        }
        if !foreign || news && self.taken.as_ref().is_none_or(|taken| taken.claimed) {
            next.generation = self.obs.rollout.generation;
        }
        if news || self.differs(next) {
            next.written = Some(time::seconds(self.obs.now));
        }
    }

    /// Gives the objects the names that they had in the observed status.
    pub(crate) fn keep_names(&self, next: &mut State) {
        next.names = codec::names(&self.obs.status);
    }
}

/// Whether two states differ in more than what is waited for, and what was measured meanwhile.
fn decided(a: &State, b: &State) -> bool {
    let held = |state: &State| State {
        waiting: None,
        hold: None,
        names: super::ObjectNames::default(),
        checks: Vec::new(),
        written: None,
        outbox: Vec::new(),
        ..state.clone()
    };
    held(a) != held(b)
}
