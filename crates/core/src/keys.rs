//! Keys by which Serin marks objects: the ones that Flagger uses.

/// The finalizer of Canaries with `revertOnDeletion`.
pub const FINALIZER: &str = "finalizer.flagger.app";

/// Key of the node selector that no node fits: a DaemonSet that has it runs nowhere.
pub const SCALED_TO_ZERO: &str = "flagger.app/scale-to-zero";

/// Annotation of the primary's template that says what was promoted ([`crate::hash::promotion_id`]).
pub const PROMOTION_ID: &str = "flagger-id";
