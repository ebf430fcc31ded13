//! Draws that a seed repeats.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// The draws of one sequence.
pub(super) struct Dice(StdRng);

impl Dice {
    /// The same seed gives the same draws.
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// One of these, which are not none.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.0.random_range(0..all.len())]
    }

    /// A number from this range.
    pub(super) fn number(&mut self, range: std::ops::RangeInclusive<i64>) -> i64 {
        self.0.random_range(range)
    }

    /// Whether something comes about that does so many times in a hundred.
    pub(super) fn happens(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_draws() {
        let draws = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| dice.number(0..=9)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }
}
