//! Times that have to pass.

use chrono::TimeDelta;

use crate::{
    Rollout, Timestamp,
    time::{later, millis},
};

/// A time that has to pass before something goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hold {
    /// What it is for.
    pub kind: HoldKind,
    /// When it began, in whole milliseconds.
    pub since: Timestamp,
}

/// What a time has to pass for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldKind {
    /// The next check of the analysis, step of a promotion or question to a gate: `analysis.interval`.
    Check,
    /// A primary, or a canary that lost its traffic, is to stay ready for one `analysis.interval`.
    Settle,
    /// Requests under way end: the operator's drain time.
    Drain,
    /// Gateways notice that a route is gone, before what it pointed to goes.
    Notice,
}

/// How long gateways may go on with a route that is gone: a busy one is told late, and nothing confirms it.
const NOTICED: TimeDelta = TimeDelta::seconds(3);

impl HoldKind {
    /// How long it takes.
    pub fn length(self, rollout: &Rollout) -> TimeDelta {
        match self {
            Self::Check | Self::Settle => rollout.interval,
            Self::Drain => rollout.drain,
            Self::Notice => rollout.drain.max(NOTICED),
        }
    }
}

impl Hold {
    /// One that begins now.
    pub fn begin(kind: HoldKind, now: Timestamp) -> Self {
        Self { kind, since: millis(now) }
    }

    /// When it is over, if it is for this.
    pub fn end(self, kind: HoldKind, rollout: &Rollout) -> Timestamp {
        later(self.since, kind.length(rollout))
    }
}
