//! The models: one for each part of the core that other parts do not influence.
//!
//! All at once they are more than a computer can count; one after the other they are not. What is
//! left out of a model is what its decisions do not depend on: [`Lifecycle::decides_alike`] asserts
//! it of the notifications.

/// What a Canary asks for, and what happens to it at most.
#[derive(Clone, Copy)]
pub(crate) struct Configuration {
    pub(crate) name: &'static str,
    /// `spec.analysis`, with a metric beside it.
    pub(crate) analysis: &'static str,
    /// Other fields of `spec`.
    pub(crate) spec: &'static str,
    /// How many revisions the target has.
    pub(crate) revisions: u8,
    /// How many faults there are: pods that fail, or are not ready any more.
    pub(crate) faults: u8,
    /// How many notifications wait at the same time to be told. With 0, people hear of everything
    /// at once.
    pub(crate) notifications: usize,
    /// Whether a Service and a route of the user's serve before the Canary, which may be deleted at any
    /// moment.
    pub(crate) users_own: bool,
}

/// The models of `make model`.
pub(crate) const FULL: [Configuration; 9] = [
    Configuration { faults: 6, ..configuration("progressive", WEIGHTS) },
    Configuration { faults: 6, ..configuration("a/b", AB) },
    configuration("blue/green, mirrored", BLUE_GREEN),
    Configuration { spec: KUBERNETES, ..configuration("blue/green, no route", BLUE_GREEN) },
    configuration("promotion in steps", STEPPED),
    Configuration { spec: UNCHECKED, ..configuration("without analysis", WEIGHTS) },
    configuration("session affinity", AFFINITY),
    configuration("gates", GATES),
    Configuration { revisions: 3, faults: 3, notifications: 2, ..configuration("telling", TELLING) },
];

const KUBERNETES: &str = r#"{"provider":"kubernetes"}"#;
const UNCHECKED: &str = r#"{"skipAnalysis":true}"#;
const WEIGHTS: &str = r#"{"stepWeights":[20,50]}"#;
const AB: &str = r#"{"iterations":2,"match":[{"headers":{"x-canary":{"exact":"yes"}}}]}"#;
const BLUE_GREEN: &str = r#"{"iterations":1,"mirror":true}"#;
const STEPPED: &str = r#"{"stepWeights":[60],"stepWeightPromotion":40}"#;
const AFFINITY: &str = r#"{"stepWeights":[20,50],
    "sessionAffinity":{"cookieName":"ck","primaryCookieName":"pk"}}"#;
const GATES: &str = r#"{"stepWeights":[20,50],"webhooks":[
    {"name":"cr","type":"confirm-rollout","url":"http://t/"},
    {"name":"pre","type":"pre-rollout","url":"http://t/"},
    {"name":"roll","type":"rollout","url":"http://t/"},
    {"name":"cti","type":"confirm-traffic-increase","url":"http://t/"},
    {"name":"cp","type":"confirm-promotion","url":"http://t/"},
    {"name":"rb","type":"rollback","url":"http://t/"}]}"#;
const TELLING: &str = r#"{"stepWeights":[50],"webhooks":[
    {"name":"cp","type":"confirm-promotion","url":"http://t/"},
    {"name":"done","type":"post-rollout","url":"http://t/"}]}"#;

const fn configuration(name: &'static str, analysis: &'static str) -> Configuration {
    Configuration { name, analysis, spec: "{}", revisions: 4, faults: 4, notifications: 0, users_own: false }
}
