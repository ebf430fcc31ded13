//! What is known of a Canary's router. How it writes is the router's own business.

/// What a valid Canary knows of the router that serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterFacts {
    /// Its value of `spec.provider` and `-mesh-provider`.
    pub provider: &'static str,
    /// The kind of the object that splits the traffic, for messages.
    pub route_kind: &'static str,
    /// What it can do.
    pub capabilities: Capabilities,
}

impl RouterFacts {
    /// Whether traffic is shifted at all.
    pub fn shifts(&self) -> bool {
        self.capabilities.weights
    }
}

/// What a router can do. What it cannot is left out of an analysis, and told, or refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Capabilities {
    /// A share of all requests.
    pub weights: bool,
    /// A share of the requests that `analysis.match` chooses.
    pub shares_of_matches: bool,
    /// A copy of each request.
    pub mirror: bool,
    /// Users who stay on the version that they saw.
    pub affinity: bool,
}
