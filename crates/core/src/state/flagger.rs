//! A status that Flagger wrote, read as Serin would have written it.
//!
//! Flagger writes no `observedGeneration`, and drops it together with whatever else of a status is not its own. So
//! its absence tells whose status it is, whichever operator was here before.
//!
//! Nothing is written for the sake of taking over: what is read here is written with the next change. While
//! nothing is under way, or the user holds a rollout, by a gate or by `suspend`, there is none.

use chrono::TimeDelta;
use serin_api::{CanaryStatus, Phase};

use super::{condition, configs};
use crate::{Observation, Rollout, Timestamp, observe::Seen, strategy::Kind, time::later};

/// How much older than Flagger's look a template has to be to be surely the one it looked at: times are whole
/// seconds, of two machines.
const MARGIN: TimeDelta = TimeDelta::seconds(2);

/// A status of Flagger's, read.
pub(crate) struct Taken {
    /// As Serin would have written it.
    pub(crate) status: CanaryStatus,
    /// Whether it was read in full, so that what is written is Serin's.
    pub(crate) claimed: bool,
}

/// Whether Flagger wrote the status, or nobody.
pub(crate) fn written_by_flagger(obs: &Observation) -> bool {
    obs.status.observed_generation.is_none() && obs.rollout.generation.is_some()
}

/// Reads a status of Flagger's. Where something that it takes cannot be read now, the status stays Flagger's, and it is
/// tried again.
pub(crate) fn take_over(obs: &Observation) -> Option<Taken> {
    if !written_by_flagger(obs) {
        return None;
    }
    let mut reader = Reader { obs, next: obs.status.clone() };
    let claimed = reader.read();
    Some(Taken { status: reader.next, claimed })
}

struct Reader<'a> {
    obs: &'a Observation,
    next: CanaryStatus,
}

impl<'a> Reader<'a> {
    fn rollout(&self) -> &'a Rollout {
        &self.obs.rollout
    }

    /// Whether all of it could be read.
    fn read(&mut self) -> bool {
        match self.next.phase {
            Phase::Progressing | Phase::WaitingPromotion => {
                self.take_over_split() && self.take_over_configs() && self.take_over_revision()
            }
            Phase::Promoting => {
                self.take_over_split()
                    && self.take_over_configs()
                    && self.take_over_revision()
                    && self.take_over_promotion()
            }
            Phase::Finalising => self.take_over_revision(),
            Phase::Initializing => self.take_over_primary(),
            Phase::Initialized | Phase::Succeeded => self.take_over_promoted(),
            Phase::Failed => self.take_over_failure(),
            _ => true,
        }
    }

    /// The route tells how far the rollout is: at a gate, and in a promotion that followed one, Flagger's status
    /// does not.
    fn take_over_split(&mut self) -> bool {
        let iterations = self.rollout().strategy.iterations();
        let gated = self.next.phase == Phase::WaitingPromotion;
        if gated {
            self.next.iterations = iterations;
        }
        self.next.iterations = self.next.iterations.max(0);
        if !self.rollout().router.shifts() {
            return true;
        }
        let routing = match &self.obs.route {
            Seen::Unknown(_) => return false,
            Seen::Absent => return true,
            Seen::Present(route) => route.routing,
        };
        if let Some(routing) = routing {
            self.take_over_weight(i64::from(routing.canary), iterations);
        }
        true
    }

    fn take_over_weight(&mut self, canary: i64, iterations: i64) {
        let steps = i64::try_from(self.rollout().strategy.steps.len()).unwrap_or(i64::MAX);
        let promoting = self.next.phase == Phase::Promoting;
        match (self.rollout().strategy.kind, canary) {
            // Releases that are not progressive have a weight between 0 and 100 only while they are
            // promoted in steps.
            (Kind::Progressive, _) | (_, 1..100) => self.next.canary_weight = canary,
            (Kind::AbTest, 100) => {
                let least = if promoting { steps } else { 1 };
                self.next.iterations = self.next.iterations.max(least);
            }
            (Kind::BlueGreen, 100) => self.next.iterations = steps,
            (Kind::AbTest | Kind::BlueGreen, _) if promoting => self.next.iterations = 0,
            (Kind::AbTest, _) => {}
            (Kind::BlueGreen, _) => self.next.iterations = self.next.iterations.min(iterations),
        }
    }

    /// What Flagger did not look at is what it is now.
    fn take_over_configs(&mut self) -> bool {
        match &self.obs.configs {
            Seen::Unknown(_) => return false,
            _ if !self.rollout().config_tracking => {}
            Seen::Present(now) if !configs::changed(configs::read(&self.next).as_ref(), true, now) => {
                configs::write(Some(now), &mut self.next);
            }
            Seen::Present(_) | Seen::Absent => {}
        }
        true
    }

    /// Flagger copies the template before it says so: the primary carries what was analysed, under a name that
    /// Flagger made up.
    fn take_over_promotion(&mut self) -> bool {
        match &self.obs.primary {
            Seen::Unknown(_) => return false,
            Seen::Absent => {}
            Seen::Present(primary) => self.next.adopted_promotion.clone_from(&primary.promotion_id),
        }
        true
    }

    /// A primary that is coming up, and is a copy of the target, need not be made again.
    fn take_over_primary(&mut self) -> bool {
        match &self.obs.primary {
            Seen::Unknown(_) => return false,
            Seen::Present(primary) if primary.matches_target => {
                self.next.adopted_promotion.clone_from(&primary.promotion_id);
            }
            Seen::Present(_) | Seen::Absent => {}
        }
        true
    }

    /// Between rollouts the primary runs what the hashes stand for. If it runs the target's template, that is the one,
    /// whatever another Flagger's hash of it is.
    fn take_over_promoted(&mut self) -> bool {
        let (primary, now) = (&self.obs.primary, &self.obs.configs);
        if matches!(primary, Seen::Unknown(_)) || matches!(now, Seen::Unknown(_)) {
            return false;
        }
        let tracks = self.rollout().config_tracking;
        let known = configs::read(&self.next);
        let same = |now| !tracks || !configs::changed(known.as_ref(), true, now);
        let runs = primary.present().is_some_and(|primary| primary.matches_target);
        if let Some(target) = self.obs.target.present()
            && self.renamed(&target.revision)
            && runs
            && now.present().is_some_and(same)
        {
            self.next.last_applied_spec = Some(target.revision.clone());
            self.next.last_promoted_spec = Some(target.revision.clone());
        }
        self.target_known()
    }

    fn renamed(&self, revision: &str) -> bool {
        self.next.last_applied_spec.as_ref().is_some_and(|name| name != revision)
    }

    /// While it is `Failed`, Flagger writes the target's hash down in each interval. A template that is older
    /// than that is the one that failed, whatever another Flagger's hash of it is.
    fn take_over_failure(&mut self) -> bool {
        let promoted = self.next.last_promoted_spec == self.next.last_applied_spec;
        let Some(revision) = self.older_than(self.next.last_transition_time) else {
            return self.target_known();
        };
        if promoted {
            self.next.last_promoted_spec = Some(revision.clone());
        }
        self.next.last_applied_spec = Some(revision);
        true
    }

    /// A rollout begins with a hash of the target. A template that is older than the rollout is the one under
    /// analysis, whatever another Flagger's hash of it is.
    ///
    /// The condition has been `Unknown` since the rollout began, or since its gate was found closed. A restart
    /// for a newer revision does not change it, nor does it make that revision older.
    fn take_over_revision(&mut self) -> bool {
        let begun = condition::promoted(&self.next.conditions);
        let begun = begun.filter(|condition| condition.status == "Unknown");
        let begun = begun.and_then(|condition| condition.last_transition_time);
        if let Some(revision) = self.older_than(begun) {
            self.next.last_applied_spec = Some(revision);
        }
        self.target_known()
    }

    fn target_known(&self) -> bool {
        !matches!(self.obs.target, Seen::Unknown(_))
    }

    /// The target's revision, if Flagger has another name for it and its template was written before this time.
    fn older_than(&self, time: Option<Timestamp>) -> Option<String> {
        let target = self.obs.target.present()?;
        let old = later(target.template_written?, MARGIN) < time?;
        (self.renamed(&target.revision) && old).then(|| target.revision.clone())
    }
}
