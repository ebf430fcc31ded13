//! The weights of a progressive canary.

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
        assert_eq!(progressive_weights(i64::MAX, &[], 100), [100]);
    }

    #[test]
    fn listed_steps_rise_strictly() {
        assert_eq!(progressive_weights(0, &[1, 5, 5, 3, 50, 120], 0), [1, 5, 50, 100]);
        assert_eq!(progressive_weights(0, &[1, i64::MAX], 0), [1, 100]);
        assert_eq!(progressive_weights(5, &[10, 50], 10), [5, 10]);
    }
}
