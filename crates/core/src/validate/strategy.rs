//! Which steps a release takes.

use serin_api::{CanarySpec, canary::CanaryAnalysis};

use super::SpecError;
use crate::{
    router::Capabilities,
    strategy::{self, Strategy, Unsupported, progressive_weights},
};

/// Rounds of checks where no traffic can be shifted and the manifest names none.
const ITERATIONS: i64 = 10;

/// Leaves out of an analysis what the router cannot do. Returns what to tell the user of it.
pub(super) fn fit(analysis: &mut CanaryAnalysis, able: Capabilities) -> Vec<Unsupported> {
    if !able.weights {
        return without_route(analysis);
    }
    let mut warnings = Vec::new();
    if !able.mirror && std::mem::take(&mut analysis.mirror) {
        warnings.push(Unsupported::Mirror);
    }
    if !able.affinity && analysis.session_affinity.take().is_some() {
        warnings.push(Unsupported::Affinity);
    }
    let chooses = !able.shares_of_matches && !analysis.match_.is_empty();
    if analysis.step_weight_promotion.take_if(|step| chooses && *step > 0).is_some() {
        warnings.push(Unsupported::PromotionSteps);
    }
    warnings
}

/// A provider that shifts no traffic: what needs a route is left out, and the canary is tested for a number of rounds,
/// as in Flagger.
fn without_route(analysis: &mut CanaryAnalysis) -> Vec<Unsupported> {
    let mut warnings = Vec::new();
    if !analysis.match_.is_empty() {
        analysis.match_.clear();
        warnings.push(Unsupported::AbTest);
    }
    if analysis.iterations.unwrap_or(0) < 1 {
        analysis.iterations = Some(ITERATIONS);
        warnings.extend([Unsupported::Progressive, Unsupported::Replaced]);
    }
    warnings
}

/// The steps of the analysis; `routed` tells whether a route shifts traffic.
pub(super) fn strategy(spec: &CanarySpec, routed: bool) -> Result<Strategy, SpecError> {
    let analysis = &spec.analysis;
    let iterations = analysis.iterations.unwrap_or(0);
    let promotion = promotion_step(analysis);
    if iterations > 0 && !analysis.match_.is_empty() {
        return Ok(strategy::ab_test(iterations, promotion));
    }
    if iterations > 0 {
        return Ok(strategy::blue_green(iterations, analysis.mirror, routed, promotion));
    }
    let weights = progressive_weights(
        analysis.step_weight.unwrap_or(0),
        &analysis.step_weights,
        analysis.max_weight.unwrap_or(0),
    );
    if weights.is_empty() && !spec.skip_analysis {
        return Err(SpecError::new(
            "spec.analysis",
            "",
            "there is no step: a new revision would never get any traffic",
            "set stepWeight, stepWeights or iterations",
        ));
    }
    Ok(strategy::progressive(&weights, analysis.mirror, promotion))
}

fn promotion_step(analysis: &CanaryAnalysis) -> u8 {
    u8::try_from(analysis.step_weight_promotion.unwrap_or(0).clamp(0, 100)).unwrap_or(0)
}
