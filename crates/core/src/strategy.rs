//! Strategies as lists of steps: the engine runs steps and knows nothing of strategies.

use crate::Routing;

/// What kind of release a Canary asks for; decides texts and the shape of the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Traffic is shifted in weights.
    Progressive,
    /// Requests that match `analysis.match` go to the canary.
    AbTest,
    /// The canary is tested without live traffic and then switched to.
    BlueGreen,
}

impl Kind {
    /// The value of the label `deployment_strategy` of Flagger's counters.
    pub fn label(self) -> &'static str {
        match self {
            Self::Progressive => "canary",
            Self::AbTest => "ab-testing",
            Self::BlueGreen => "blue-green",
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

/// What a provider that shifts no traffic leaves out of an analysis, as Flagger tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsupported {
    /// `analysis.match`.
    AbTest,
    /// Steps of weight.
    Progressive,
    /// In their place `iterations` is set.
    Replaced,
}

/// One step: a split of traffic that is held for one interval and then checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The split while the step is analysed.
    pub routing: Routing,
    /// What entering the step means to the user.
    pub label: Label,
}

impl Step {
    /// The split that it asks for, as a text for comparisons.
    fn describe(&self) -> String {
        self.routing.describe()
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

/// The steps of one rollout and how traffic goes back to the primary afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Strategy {
    /// What kind of release it is.
    pub kind: Kind,
    /// Entered one after the other; never empty in a valid rollout.
    pub steps: Steps,
    /// `analysis.stepWeightPromotion`: by how much the primary's weight grows in each interval of the
    /// promotion; 0 moves everything at once.
    pub promotion_step: u8,
}

/// The steps of a strategy. Rounds are alike, so that they are counted, not kept: any number of them costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Steps {
    /// What comes first; at most one for each percent of weight, and one that mirrors.
    shifts: Vec<Step>,
    /// How many rounds follow.
    rounds: i64,
    /// The split of each round.
    round: Routing,
    /// What comes after the rounds.
    last: Option<Step>,
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

    /// The step at this place, counted from 0.
    pub fn get(&self, place: usize) -> Option<Step> {
        let Some(after) = place.checked_sub(self.shifts.len()) else {
            return self.shifts.get(place).copied();
        };
        match i64::try_from(after) {
            Ok(round) if round < self.rounds => {
                let label = Label::Iteration { n: round.saturating_add(1), of: self.rounds };
                Some(Step { routing: self.round, label })
            }
            Ok(round) if round == self.rounds => self.last,
            _ => None,
        }
    }
}

impl Steps {
    fn hash(&self, entered: usize) -> String {
        let shifts: Vec<String> = self.shifts.iter().take(entered).map(Step::describe).collect();
        let after = i64::try_from(entered.saturating_sub(self.shifts.len())).unwrap_or(i64::MAX);
        let rounds = after.min(self.rounds);
        let round = Some(self.round.describe()).filter(|_| rounds > 0);
        let last = self.last.filter(|_| after > self.rounds).map(|step| step.describe());
        crate::hash::short(&format!("{shifts:?} {rounds} {round:?} {last:?}"))
    }
}

impl Strategy {
    /// How many steps have been entered, from what Flagger's status fields say.
    ///
    /// A weight that is on no step counts as the next smaller one, so that edited `stepWeights` go on
    /// with the next larger step.
    pub fn position(&self, weight: i64, iterations: i64) -> usize {
        match self.kind {
            Kind::Progressive => self.position_by_weight(weight, iterations),
            Kind::AbTest | Kind::BlueGreen if weight >= 100 => self.steps.len(),
            Kind::AbTest | Kind::BlueGreen => {
                usize::try_from(iterations.max(0)).unwrap_or(usize::MAX).min(self.steps.len())
            }
        }
    }

    fn position_by_weight(&self, weight: i64, iterations: i64) -> usize {
        let entered = self.steps.shifts.iter().take_while(|step| match step.label {
            Label::Mirror => weight > 0 || iterations > 0,
            _ => weight > 0 && i64::from(step.routing.canary) <= weight,
        });
        entered.count()
    }

    /// The gates before the step at this place, or before the promotion where there is none.
    pub fn gates(&self, place: usize) -> &'static [Gate] {
        let step = self.steps.get(place).map(|step| step.label);
        match (self.kind, step) {
            (Kind::Progressive, Some(_)) => &[Gate::TrafficIncrease],
            (Kind::Progressive, None) => &[Gate::TrafficIncrease, Gate::Promotion],
            (_, Some(Label::Switch { .. }) | None) => &[Gate::Promotion],
            (_, Some(_)) => &[],
        }
    }

    /// Flagger's `iterations` when so many steps have been entered.
    pub fn rounds_of(&self, entered: usize) -> i64 {
        match self.kind {
            Kind::Progressive => self
                .steps
                .shifts
                .first()
                .map_or(0, |first| i64::from(entered > 0 && first.label == Label::Mirror)),
            Kind::AbTest | Kind::BlueGreen => i64::try_from(entered).unwrap_or(i64::MAX),
        }
    }

    /// Names the first `entered` steps: two plans have the same hash if these are alike.
    pub fn hash(&self, entered: usize) -> String {
        self.steps.hash(entered)
    }

    /// The rounds of an A/B test or a blue/green release that come before anything else; 0 for a progressive one.
    pub fn iterations(&self) -> i64 {
        self.steps.rounds
    }

    /// The split after `position` steps have been entered; before the first it is all primary.
    pub fn routing(&self, position: usize) -> Routing {
        position.checked_sub(1).and_then(|i| self.steps.get(i)).map_or(Routing::PRIMARY, |step| step.routing)
    }
}

/// Flagger's weights of a progressive canary, strictly rising, the last one at least `max_weight`.
///
/// `step` is `stepWeight`, `steps` is `stepWeights` (used when `step` is not positive and the list is
/// not empty), `max` is `maxWeight` (0: 100).
pub fn progressive_weights(step: i64, steps: &[i64], max: i64) -> Vec<u8> {
    if steps.is_empty() || step > 0 {
        let max = if max > 0 { max.min(100) } else { 100 };
        return even_weights(step, max);
    }
    let mut weights: Vec<u8> = Vec::new();
    for weight in steps.iter().map(|w| clamp(*w)) {
        if weight > weights.last().copied().unwrap_or(0) {
            weights.push(weight);
        }
    }
    weights
}

fn even_weights(step: i64, max: i64) -> Vec<u8> {
    let mut weights = Vec::new();
    let mut weight = 0;
    while step > 0 && weight < max {
        weight = weight.saturating_add(step).min(100);
        weights.push(clamp(weight));
    }
    weights
}

fn clamp(weight: i64) -> u8 {
    u8::try_from(weight.clamp(0, 100)).unwrap_or(100)
}

/// The steps of a progressive canary.
pub fn progressive(weights: &[u8], mirror_first: bool, promotion_step: u8) -> Strategy {
    let mirror = mirror_first.then_some(Step { routing: Routing::mirrored(true), label: Label::Mirror });
    let shifts = weights.iter().map(|w| Step { routing: Routing::weighted(*w), label: Label::Weight(*w) });
    let shifts = mirror.into_iter().chain(shifts).collect();
    Strategy { kind: Kind::Progressive, steps: Steps { shifts, ..Steps::default() }, promotion_step }
}

/// The steps of an A/B test: each iteration sends all matching requests to the canary.
pub fn ab_test(iterations: i64, promotion_step: u8) -> Strategy {
    let steps = Steps { rounds: iterations.max(0), round: Routing::CANARY, ..Steps::default() };
    Strategy { kind: Kind::AbTest, steps, promotion_step }
}

/// The steps of a blue/green release: iterations without live traffic (or with mirrored traffic), then
/// the switch of all traffic to the canary, which is analysed once more.
///
/// `routed` is false for the provider `kubernetes`, which has no route to shift.
pub fn blue_green(iterations: i64, mirror: bool, routed: bool, promotion_step: u8) -> Strategy {
    let mirror = mirror && routed;
    let switched = if routed { Routing::CANARY } else { Routing::PRIMARY };
    let switch = Step { routing: switched, label: Label::Switch { mirrored: mirror, announced: routed } };
    let (rounds, round) = (iterations.max(0), Routing::mirrored(mirror));
    let steps = Steps { rounds, round, last: Some(switch), ..Steps::default() };
    Strategy { kind: Kind::BlueGreen, steps, promotion_step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_steps_may_pass_the_maximum_but_not_100() {
        assert_eq!(progressive_weights(10, &[], 50), [10, 20, 30, 40, 50]);
        assert_eq!(progressive_weights(20, &[], 50), [20, 40, 60]);
        assert_eq!(progressive_weights(60, &[], 0), [60, 100]);
        assert_eq!(progressive_weights(100, &[], 500), [100]);
        assert_eq!(progressive_weights(0, &[], 50), Vec::<u8>::new());
    }

    #[test]
    fn any_number_of_rounds_costs_nothing() {
        let most = i64::MAX;
        let bg = blue_green(most, false, true, 0);
        let last = usize::try_from(most).unwrap();
        assert_eq!(bg.steps.get(0).unwrap().label, Label::Iteration { n: 1, of: most });
        assert_eq!(bg.steps.get(last - 1).unwrap().label, Label::Iteration { n: most, of: most });
        assert_eq!(bg.steps.get(last).unwrap().routing, Routing::CANARY);
        assert_eq!((bg.steps.get(last + 1), bg.iterations()), (None, most));
        assert_eq!(bg.position(0, most), last);
        assert_eq!(ab_test(most, 0).steps.get(last), None);
        assert_eq!(progressive_weights(most, &[], 100), [100]);
        assert_eq!(progressive_weights(0, &[1, most], 0), [1, 100]);
    }

    #[test]
    fn listed_steps_rise_strictly() {
        assert_eq!(progressive_weights(0, &[1, 5, 5, 3, 50, 120], 0), [1, 5, 50, 100]);
        assert_eq!(progressive_weights(5, &[10, 50], 10), [5, 10]);
    }

    #[test]
    fn position_follows_weight_or_iterations() {
        let canary = progressive(&[10, 50], false, 0);
        assert_eq!([0, 9, 10, 20, 50, 60].map(|w| canary.position(w, 0)), [0, 0, 1, 1, 2, 2]);
        let mirrored = progressive(&[10, 50], true, 0);
        assert_eq!([(0, 0), (0, 1), (10, 0), (50, 0)].map(|(w, i)| mirrored.position(w, i)), [0, 1, 2, 3]);
        let ab = ab_test(3, 0);
        assert_eq!([-1, 0, 1, 3, 4].map(|i| ab.position(0, i)), [0, 0, 1, 3, 3]);
        let bg = blue_green(2, true, true, 0);
        assert_eq!(bg.steps.len(), 3);
        assert_eq!(bg.routing(2), Routing::mirrored(true));
        assert_eq!(bg.routing(3), Routing::CANARY);
    }
}
