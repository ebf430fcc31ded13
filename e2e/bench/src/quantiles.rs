//! Quantiles: of measured values, and of a histogram.

use serde::Serialize;

/// Seconds, or what else was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Quantiles {
    /// The values at these ranks; zeros if there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        Self { p50: at(50), p99: at(99), max: at(100) }
    }
}

/// A histogram: how many values were at most as large as each bound. The last bound is infinite.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Buckets(Vec<(f64, u64)>);

impl Buckets {
    /// From bounds and cumulative counts, in any order.
    pub(crate) fn new(buckets: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let mut buckets: Vec<_> = buckets.into_iter().collect();
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self(buckets)
    }

    /// What was added after an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let count = |bound: f64| {
            let found = earlier.0.iter().find(|(other, _)| other.total_cmp(&bound).is_eq());
            found.map_or(0, |(_, count)| *count)
        };
        Self(self.0.iter().map(|(bound, now)| (*bound, now.saturating_sub(count(*bound)))).collect())
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.last().map_or(0, |(_, count)| *count)
    }

    /// The bound below which this share of the values lies; `None` if that is beyond the largest finite bound,
    /// or if there are no values.
    pub(crate) fn below(&self, percent: u64) -> Option<f64> {
        let wanted = (self.count() * percent).div_ceil(100).max(1);
        let (bound, _) = self.0.iter().find(|(_, count)| *count >= wanted)?;
        bound.is_finite().then_some(*bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_of_values_that_were_measured() {
        let hundred = Quantiles::of((1..=100).rev().map(f64::from));
        assert_eq!(hundred, Quantiles { p50: 50.0, p99: 99.0, max: 100.0 });
        assert_eq!(Quantiles::of([3.0]), Quantiles { p50: 3.0, p99: 3.0, max: 3.0 });
        assert_eq!(Quantiles::of([]), Quantiles::default());
    }

    #[test]
    fn a_histogram_knows_bounds() {
        let before = Buckets::new([(0.1, 5), (1.0, 5), (f64::INFINITY, 5)]);
        let after = Buckets::new([(f64::INFINITY, 105), (1.0, 104), (0.1, 95)]);
        let added = after.since(&before);
        assert_eq!((added.count(), added.below(50), added.below(99)), (100, Some(0.1), Some(1.0)));
        assert_eq!(added.below(100), None);
        assert_eq!(Buckets::default().below(50), None);
    }
}
