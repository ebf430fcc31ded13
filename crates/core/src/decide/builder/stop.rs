//! How a decision ends early.

use crate::{Rollout, Timestamp, plan::Ask, reason::WaitReason};

/// `Err` ends the decision early; it is not a failure.
pub(in crate::decide) type Flow<T = ()> = Result<T, Stop>;

/// Why a decision ends early.
#[derive(Debug)]
pub(in crate::decide) enum Stop {
    /// Something has to be waited for.
    Wait(Wait),
    /// All of this has to be asked first.
    Ask(Vec<Ask>),
    /// The actions so far have to be seen to work before more is decided.
    Acted,
}

#[derive(Debug)]
pub(in crate::decide) struct Wait {
    pub(super) reason: WaitReason,
    /// When to look again.
    pub(super) again: Option<Timestamp>,
    /// When it ends by itself.
    pub(super) until: Option<Timestamp>,
    /// Most likely over in a moment, even when it comes with a change of the status.
    pub(super) passing: bool,
    /// The reason of the condition `Stalled`, if only a user can end it.
    pub(super) stall: Option<&'static str>,
    /// Before that it is not told: it began a moment ago.
    pub(super) quiet_until: Option<Timestamp>,
}

impl Wait {
    /// What is waited for.
    pub(in crate::decide) fn reason(&self) -> &WaitReason {
        &self.reason
    }

    /// The same in words.
    pub(in crate::decide) fn text(&self, rollout: &Rollout) -> String {
        self.reason.text(rollout)
    }
}

impl From<WaitReason> for Stop {
    fn from(reason: WaitReason) -> Self {
        Self::Wait(Wait { reason, again: None, until: None, passing: false, stall: None, quiet_until: None })
    }
}

impl Stop {
    /// Not told before this time.
    pub(in crate::decide) fn quiet(self, until: Option<Timestamp>) -> Self {
        self.changed(|wait| wait.quiet_until = until)
    }

    /// Only a user can end this wait.
    pub(in crate::decide) fn stalled(self, reason: &'static str) -> Self {
        self.changed(|wait| wait.stall = Some(reason))
    }

    /// Most likely over in a moment.
    pub(super) fn passing(self) -> Self {
        self.changed(|wait| wait.passing = true)
    }

    /// It is looked at again at this time, if nothing changes before.
    pub(in crate::decide) fn again(self, at: Option<Timestamp>) -> Self {
        self.changed(|wait| wait.again = at)
    }

    /// It ends at this time without anybody's doing.
    pub(in crate::decide) fn until(self, at: Option<Timestamp>) -> Self {
        self.changed(|wait| (wait.again, wait.until) = (at, at))
    }

    fn changed(mut self, change: impl FnOnce(&mut Wait)) -> Self {
        if let Self::Wait(wait) = &mut self {
            change(wait);
        }
        self
    }
}
