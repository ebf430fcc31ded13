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

/// One step: a split of traffic that is held for one interval and then checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The split while the step is analysed.
    pub routing: Routing,
    /// What entering the step means to the user.
    pub label: Label,
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

/// The steps of one rollout and how traffic goes back to the primary afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Strategy {
    /// What kind of release it is.
    pub kind: Kind,
    /// Entered one after the other; never empty in a valid rollout.
    pub steps: Vec<Step>,
    /// `analysis.stepWeightPromotion`: by how much the primary's weight grows in each interval of the
    /// promotion; 0 moves everything at once.
    pub promotion_step: u8,
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
            Kind::AbTest | Kind::BlueGreen => usize::try_from(iterations).unwrap_or(0).min(self.steps.len()),
        }
    }

    fn position_by_weight(&self, weight: i64, iterations: i64) -> usize {
        let entered = self.steps.iter().take_while(|step| match step.label {
            Label::Mirror => weight > 0 || iterations > 0,
            _ => weight > 0 && i64::from(step.routing.canary) <= weight,
        });
        entered.count()
    }

    /// The rounds of an A/B test or a blue/green release that come before anything else; 0 for a progressive one.
    pub fn iterations(&self) -> i64 {
        let rounds = self.steps.iter().filter(|step| matches!(step.label, Label::Iteration { .. }));
        i64::try_from(rounds.count()).unwrap_or(i64::MAX)
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
        weight = (weight + step).min(100);
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
    Strategy { kind: Kind::Progressive, steps: mirror.into_iter().chain(shifts).collect(), promotion_step }
}

/// The steps of an A/B test: each iteration sends all matching requests to the canary.
pub fn ab_test(iterations: i64, promotion_step: u8) -> Strategy {
    let steps = (1..=iterations)
        .map(|n| Step { routing: Routing::CANARY, label: Label::Iteration { n, of: iterations } })
        .collect();
    Strategy { kind: Kind::AbTest, steps, promotion_step }
}

/// The steps of a blue/green release: iterations without live traffic (or with mirrored traffic), then
/// the switch of all traffic to the canary, which is analysed once more.
///
/// `routed` is false for the provider `kubernetes`, which has no route to shift.
pub fn blue_green(iterations: i64, mirror: bool, routed: bool, promotion_step: u8) -> Strategy {
    let mirror = mirror && routed;
    let switched = if routed { Routing::CANARY } else { Routing::PRIMARY };
    let steps = (1..=iterations)
        .map(|n| Step { routing: Routing::mirrored(mirror), label: Label::Iteration { n, of: iterations } })
        .chain([Step { routing: switched, label: Label::Switch { mirrored: mirror, announced: routed } }])
        .collect();
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
