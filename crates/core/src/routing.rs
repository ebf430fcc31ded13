//! How traffic is split between primary and canary.

/// The split that a route is to have, or has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Routing {
    /// Percent of the traffic that goes to the canary, 0..=100; the primary takes the rest.
    ///
    /// In A/B testing it is the share of the requests that match `analysis.match`.
    pub canary: u8,
    /// Whether each request to the primary is also sent to the canary, its answer thrown away.
    pub mirror: bool,
    /// Whether both sides are kept in the gateway's configuration, whatever their share.
    ///
    /// Gateways drop a backend of weight 0, and the first requests to one that comes back can fail. During
    /// a rollout a rule that no request matches refers to both sides.
    pub warm: bool,
    /// Whether the canary also gets the requests that `analysis.match` does not choose: the primary cannot serve.
    pub everybody: bool,
}

impl Routing {
    /// All traffic goes to the primary: what a route is before and after every rollout.
    pub const PRIMARY: Self = Self { canary: 0, mirror: false, warm: false, everybody: false };
    /// All traffic goes to the canary.
    pub const CANARY: Self = Self { canary: 100, ..Self::PRIMARY };

    /// A split that sends `canary` percent to the canary; more than 100 counts as 100.
    pub fn weighted(canary: u8) -> Self {
        Self { canary: canary.min(100), ..Self::PRIMARY }
    }

    /// All traffic goes to the primary, and a copy of it to the canary if `mirror`.
    pub fn mirrored(mirror: bool) -> Self {
        Self { mirror, ..Self::PRIMARY }
    }

    /// Returns this split with both sides kept warm.
    #[must_use]
    pub fn kept_warm(self) -> Self {
        Self { warm: true, ..self }
    }

    /// What it asks for, as a text for comparisons.
    pub(crate) fn describe(self) -> String {
        format!("{}{}", self.canary, if self.mirror { "m" } else { "" })
    }

    /// Percent of the traffic that goes to the primary, 0..=100.
    pub fn primary(self) -> u8 {
        100 - self.canary.min(100)
    }
}
