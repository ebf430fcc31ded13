//! What a command means where the rollout stands.

use super::Verb;
use crate::state::Stage;

/// What follows from a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This is done.
    Obey(Effect),
    /// There is nothing to do, for this reason.
    NoEffect(&'static str),
    /// It is not done, for this reason.
    Refuse(&'static str),
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing advances from here on.
    Pause,
    /// It may advance again.
    Resume,
    /// The rollout starts, whatever its gate says.
    Start,
    /// The next step, whatever holds it.
    Advance,
    /// The promotion, as soon as the canary is ready.
    PromoteFull,
    /// The rollback.
    Abort,
    /// The analysis of a revision that failed.
    Retry,
    /// The analysis anew.
    Restart,
}

const NOTHING: &str = "nothing is in progress";
const UNPAUSED: &str = "the rollout is not paused";
const DELETED: &str = "the Canary is being deleted";
const GOES_BACK: &str = "the revision is being rolled back";
const APPROVED: &str = "the revision was approved and is being copied to the primary, which goes on";
const ENDED: &str = "the rollout has ended: the target is back at the promoted revision";

/// The answer to a command, by where the rollout stands and whether a person holds it.
pub fn answer(verb: Verb, stage: &Stage, paused: bool) -> Answer {
    use Answer::{NoEffect, Refuse};
    match stage {
        Stage::New | Stage::Initializing { .. } | Stage::Initialized | Stage::Succeeded => NoEffect(NOTHING),
        Stage::Terminating { .. } | Stage::Terminated => Refuse(DELETED),
        Stage::CalledOff { .. } => NoEffect(ENDED),
        Stage::WaitingToStart { .. } => waiting(verb, paused),
        Stage::Analysing(analysis) => analysing(verb, paused, analysis.promote_full),
        Stage::RollingBack { .. } => match verb {
            Verb::Abort => NoEffect(GOES_BACK),
            Verb::Resume => NoEffect(UNPAUSED),
            _ => Refuse(GOES_BACK),
        },
        Stage::Promoting { .. } | Stage::Finalising { .. } => match verb {
            Verb::Promote | Verb::PromoteFull => NoEffect(APPROVED),
            Verb::Resume => NoEffect(UNPAUSED),
            _ => Refuse(APPROVED),
        },
        Stage::Failed { .. } => match verb {
            Verb::Retry => Answer::Obey(Effect::Retry),
            Verb::Pause | Verb::Resume | Verb::Abort => NoEffect(NOTHING),
            _ => Refuse("the revision has failed: retry has it analysed again"),
        },
    }
}

fn waiting(verb: Verb, paused: bool) -> Answer {
    match verb {
        Verb::Promote => Answer::Obey(Effect::Start),
        Verb::Restart => Answer::NoEffect("the analysis has not begun"),
        _ => under_way(verb, paused),
    }
}

fn analysing(verb: Verb, paused: bool, promoted: bool) -> Answer {
    match verb {
        Verb::Promote | Verb::PromoteFull if promoted => {
            Answer::NoEffect("the revision is promoted already, as soon as it is ready")
        }
        Verb::Promote => Answer::Obey(Effect::Advance),
        Verb::Restart => Answer::Obey(Effect::Restart),
        _ => under_way(verb, paused),
    }
}

/// What means the same before the start and after it.
fn under_way(verb: Verb, paused: bool) -> Answer {
    match verb {
        Verb::Pause if paused => Answer::NoEffect("the rollout is paused already"),
        Verb::Pause => Answer::Obey(Effect::Pause),
        Verb::Resume if paused => Answer::Obey(Effect::Resume),
        Verb::Resume => Answer::NoEffect(UNPAUSED),
        Verb::PromoteFull => Answer::Obey(Effect::PromoteFull),
        Verb::Abort => Answer::Obey(Effect::Abort),
        Verb::Promote | Verb::Retry | Verb::Restart => Answer::NoEffect("the revision has not failed"),
    }
}
