//! Strategies as lists of steps: the engine runs steps and knows nothing of strategies.

mod step;
mod weights;

pub use step::{Gate, Label, Step, Steps};
pub use weights::progressive_weights;

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

/// What a provider leaves out of an analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsupported {
    /// `analysis.match`.
    AbTest,
    /// Steps of weight.
    Progressive,
    /// In their place `iterations` is set.
    Replaced,
    /// `analysis.mirror`.
    Mirror,
    /// `analysis.sessionAffinity`.
    Affinity,
    /// `analysis.stepWeightPromotion` of an A/B test.
    PromotionSteps,
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

impl Strategy {
    /// The rounds of an A/B test or a blue/green release that come before anything else; 0 for a progressive one.
    pub fn iterations(&self) -> i64 {
        self.steps.rounds()
    }

    /// The split after `position` steps have been entered; before the first it is all primary.
    pub fn routing(&self, position: usize) -> Routing {
        position.checked_sub(1).and_then(|i| self.steps.get(i)).map_or(Routing::PRIMARY, |step| step.traffic)
    }
}

/// The steps of a progressive canary.
pub fn progressive(weights: &[u8], mirror_first: bool, promotion_step: u8) -> Strategy {
    let step = |traffic, label| Step { traffic, gates: &[Gate::TrafficIncrease], label };
    let mirror = mirror_first.then(|| step(Routing::mirrored(true), Label::Mirror));
    let shifts = weights.iter().map(|weight| step(Routing::weighted(*weight), Label::Weight(*weight)));
    let shifts = mirror.into_iter().chain(shifts).collect();
    let steps = Steps { shifts, end: &[Gate::TrafficIncrease, Gate::Promotion], ..Steps::default() };
    Strategy { kind: Kind::Progressive, steps, promotion_step }
}

/// The steps of an A/B test: each iteration sends all matching requests to the canary.
pub fn ab_test(iterations: i64, promotion_step: u8) -> Strategy {
    let steps = Steps {
        rounds: iterations.max(0),
        round: Routing::CANARY,
        end: &[Gate::Promotion],
        ..Steps::default()
    };
    Strategy { kind: Kind::AbTest, steps, promotion_step }
}

/// The steps of a blue/green release: iterations without live traffic (or with mirrored traffic), then
/// the switch of all traffic to the canary, which is analysed once more.
///
/// `routed` is false for the provider `kubernetes`, which has no route to shift.
pub fn blue_green(iterations: i64, mirror: bool, routed: bool, promotion_step: u8) -> Strategy {
    let mirror = mirror && routed;
    let switched = if routed { Routing::CANARY } else { Routing::PRIMARY };
    let label = Label::Switch { mirrored: mirror, announced: routed };
    let switch = Step { traffic: switched, gates: &[Gate::Promotion], label };
    let (rounds, round) = (iterations.max(0), Routing::mirrored(mirror));
    let steps = Steps { rounds, round, last: Some(switch), end: &[Gate::Promotion], ..Steps::default() };
    Strategy { kind: Kind::BlueGreen, steps, promotion_step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_rounds_costs_nothing() {
        let most = i64::MAX;
        let bg = blue_green(most, false, true, 0);
        let last = usize::try_from(most).unwrap();
        assert_eq!(bg.steps.get(0).unwrap().label, Label::Iteration { n: 1, of: most });
        assert_eq!(bg.steps.get(last - 1).unwrap().label, Label::Iteration { n: most, of: most });
        assert_eq!(bg.steps.get(last).unwrap().traffic, Routing::CANARY);
        assert_eq!((bg.steps.get(last + 1), bg.iterations()), (None, most));
        assert_eq!(ab_test(most, 0).steps.get(last), None);
    }

    #[test]
    fn each_kind_of_release_has_its_gates() {
        use Gate::{Promotion, TrafficIncrease};
        let gates = |strategy: &Strategy| -> Vec<Vec<Gate>> {
            (0..=strategy.steps.len()).map(|place| strategy.steps.gates(place).to_vec()).collect()
        };
        let weights = progressive(&[10, 50], false, 0);
        let increase = vec![TrafficIncrease];
        assert_eq!(gates(&weights), [increase.clone(), increase, vec![TrafficIncrease, Promotion]]);
        assert_eq!(gates(&ab_test(1, 0)), [vec![], vec![Promotion]]);
        assert_eq!(gates(&blue_green(1, false, true, 0)), [vec![], vec![Promotion], vec![Promotion]]);
    }

    #[test]
    fn a_blue_green_release_mirrors_and_then_switches() {
        let bg = blue_green(2, true, true, 0);
        assert_eq!(bg.steps.len(), 3);
        assert_eq!(bg.routing(2), Routing::mirrored(true));
        assert_eq!(bg.routing(3), Routing::CANARY);
    }
}
