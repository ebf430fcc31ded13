//! What a rollout goes through, one after the other.

use crate::Routing;

/// One step: a split of traffic that is held for one interval and then checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The split while the step is analysed.
    pub traffic: Routing,
    /// The gates that have to be open before it is entered.
    pub gates: &'static [Gate],
    /// What entering the step means to the user.
    pub label: Label,
}

impl Step {
    /// The split that it asks for, as a text for comparisons.
    fn describe(&self) -> String {
        self.traffic.describe()
    }
}

/// What entering a step means to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// The canary's weight is raised to this percentage.
    Weight(u8),
    /// Traffic is mirrored before any of it is shifted.
    Mirror,
    /// One more iteration of this many.
    Iteration {
        /// Counts from 1.
        n: i64,
        /// `analysis.iterations`.
        of: i64,
    },
    /// Blue/green: all traffic goes to the canary. `announced` is false where there is no route to
    /// shift (provider `kubernetes`).
    Switch {
        /// Whether mirroring ends with this step.
        mirrored: bool,
        /// Whether an event tells of it.
        announced: bool,
    },
}

impl Label {
    /// Flagger's `canaryWeight` of the step.
    pub fn weight(self) -> u8 {
        match self {
            Self::Weight(weight) => weight,
            Self::Mirror | Self::Iteration { .. } | Self::Switch { .. } => 0,
        }
    }
}

/// Webhooks that hold a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// `confirm-rollout`.
    Start,
    /// `confirm-traffic-increase`.
    TrafficIncrease,
    /// `confirm-promotion`.
    Promotion,
}

/// The steps of a strategy. Rounds are alike, so that they are counted, not kept: any number of them costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Steps {
    /// What comes first; at most one for each percent of weight, and one that mirrors.
    pub(super) shifts: Vec<Step>,
    /// How many rounds follow.
    pub(super) rounds: i64,
    /// The split of each round.
    pub(super) round: Routing,
    /// What comes after the rounds.
    pub(super) last: Option<Step>,
    /// The gates before the promotion.
    pub(super) end: &'static [Gate],
}

impl Steps {
    /// How many there are; what does not fit is the largest number.
    pub fn len(&self) -> usize {
        let rounds = usize::try_from(self.rounds).unwrap_or(usize::MAX);
        self.shifts.len().saturating_add(rounds).saturating_add(usize::from(self.last.is_some()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The steps before the rounds.
    pub fn shifts(&self) -> &[Step] {
        &self.shifts
    }

    /// How many rounds there are.
    pub fn rounds(&self) -> i64 {
        self.rounds
    }

    /// The gates before the step at this place, or before the promotion where there is none.
    pub fn gates(&self, place: usize) -> &'static [Gate] {
        self.get(place).map_or(self.end, |step| step.gates)
    }

    /// The step at this place, counted from 0.
    pub fn get(&self, place: usize) -> Option<Step> {
        let Some(after) = place.checked_sub(self.shifts.len()) else {
            return self.shifts.get(place).copied();
        };
        match i64::try_from(after) {
            Ok(round) if round < self.rounds => {
                let label = Label::Iteration { n: round.saturating_add(1), of: self.rounds };
                Some(Step { traffic: self.round, gates: &[], label })
            }
            Ok(round) if round == self.rounds => self.last,
            _ => None,
        }
    }
}

impl Steps {
    /// Names the first `entered` steps: two plans have the same hash if these are alike.
    pub fn hash(&self, entered: usize) -> String {
        let shifts: Vec<String> = self.shifts.iter().take(entered).map(Step::describe).collect();
        let after = i64::try_from(entered.saturating_sub(self.shifts.len())).unwrap_or(i64::MAX);
        let rounds = after.min(self.rounds);
        let round = Some(self.round.describe()).filter(|_| rounds > 0);
        let last = self.last.filter(|_| after > self.rounds).map(|step| step.describe());
        crate::hash::short(&format!("{shifts:?} {rounds} {round:?} {last:?}"))
    }
}
