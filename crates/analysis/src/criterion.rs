//! What a value is held against.

use serin_api::canary::{CanaryMetric, ThresholdRange};

/// When a value passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Criterion {
    /// Every number of it keeps these bounds.
    Within(Bounds),
}

/// Inclusive limits of a value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    /// The least that passes.
    pub min: Option<f64>,
    /// The most that passes.
    pub max: Option<f64>,
}

impl Criterion {
    /// The criterion of a metric; `threshold_is_min` tells what the older `threshold` means.
    pub(crate) fn of(metric: &CanaryMetric, threshold_is_min: bool) -> Self {
        Self::Within(Bounds::of(metric, threshold_is_min))
    }
}

impl Bounds {
    /// The bounds of a metric. The older single `threshold` is the least success rate, and the most that anything
    /// else may be; unset, it is 0.
    fn of(metric: &CanaryMetric, threshold_is_min: bool) -> Self {
        let threshold = Some(metric.threshold.unwrap_or_default());
        match metric.threshold_range {
            Some(ThresholdRange { min, max }) => Self { min, max },
            None if threshold_is_min => Self { min: threshold, max: None },
            None => Self { min: None, max: threshold },
        }
    }
}
