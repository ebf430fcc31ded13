//! How far a release is, as the manifest and the status tell a reader: nothing of it is asked of the core.

use serin_api::canary::CanaryAnalysis;

use crate::cluster::Cluster;

/// How many steps a release has: each weight, or each iteration. Without `match`, iterations are a test before all
/// traffic is switched, which is one step more.
pub(crate) fn all(analysis: &CanaryAnalysis) -> usize {
    match rounds(analysis) {
        0 => analysis.step_weights.len(),
        rounds => rounds + usize::from(analysis.match_.is_empty()),
    }
}

/// How many of them have been entered. All traffic is the end of every way.
pub(crate) fn entered(cluster: &Cluster, analysis: &CanaryAnalysis) -> usize {
    if cluster.weight >= 100 {
        return all(analysis);
    }
    match rounds(analysis) {
        0 => analysis.step_weights.iter().filter(|weight| **weight <= cluster.weight).count(),
        _ => at_least(cluster.iterations),
    }
}

fn rounds(analysis: &CanaryAnalysis) -> usize {
    at_least(analysis.iterations.unwrap_or_default())
}

fn at_least(count: i64) -> usize {
    usize::try_from(count.max(0)).unwrap_or(usize::MAX)
}
