//! How far the steps are, in Flagger's words: `canaryWeight` and `iterations`.

use crate::strategy::{Kind, Label, Strategy};

/// How many steps have been entered.
///
/// A weight that is on no step counts as the next smaller one, so that edited `stepWeights` go on with the next larger
/// step.
pub(super) fn entered(strategy: &Strategy, weight: i64, iterations: i64) -> usize {
    match strategy.kind {
        Kind::Progressive => by_weight(strategy, weight, iterations),
        Kind::AbTest | Kind::BlueGreen if weight >= 100 => strategy.steps.len(),
        Kind::AbTest | Kind::BlueGreen => {
            usize::try_from(iterations.max(0)).unwrap_or(usize::MAX).min(strategy.steps.len())
        }
    }
}

fn by_weight(strategy: &Strategy, weight: i64, iterations: i64) -> usize {
    let entered = strategy.steps.shifts().iter().take_while(|step| match step.label {
        Label::Mirror => weight > 0 || iterations > 0,
        _ => weight > 0 && i64::from(step.traffic.canary) <= weight,
    });
    entered.count()
}

/// Flagger's `iterations` when so many steps have been entered.
pub(super) fn iterations(strategy: &Strategy, entered: usize) -> i64 {
    let first = strategy.steps.shifts().first().map(|step| step.label);
    match strategy.kind {
        Kind::Progressive => i64::from(entered > 0 && first == Some(Label::Mirror)),
        Kind::AbTest | Kind::BlueGreen => i64::try_from(entered).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::entered;
    use crate::strategy::{ab_test, blue_green, progressive};

    #[test]
    fn the_position_follows_weight_or_iterations() {
        let canary = progressive(&[10, 50], false, 0);
        assert_eq!([0, 9, 10, 20, 50, 60].map(|w| entered(&canary, w, 0)), [0, 0, 1, 1, 2, 2]);
        let mirrored = progressive(&[10, 50], true, 0);
        let at = [(0, 0), (0, 1), (10, 0), (50, 0)];
        assert_eq!(at.map(|(w, i)| entered(&mirrored, w, i)), [0, 1, 2, 3]);
        let ab = ab_test(3, 0);
        assert_eq!([-1, 0, 1, 3, 4].map(|i| entered(&ab, 0, i)), [0, 0, 1, 3, 3]);
        let most = blue_green(i64::MAX, false, true, 0);
        assert_eq!(entered(&most, 0, i64::MAX), usize::try_from(i64::MAX).unwrap());
    }
}
