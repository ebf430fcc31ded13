//! What the operator's flags say about all Canaries.

use chrono::TimeDelta;

/// What the operator's flags say about all Canaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `-mesh-provider`: routes the traffic of Canaries without `spec.provider`.
    pub mesh_provider: String,
    /// `-ingress-annotations-prefix`: what stands before the slash in the annotations of an Ingress controller.
    pub ingress_annotations: String,
    /// The shortest time between two checks; shorter intervals are raised to it.
    pub min_interval: TimeDelta,
    /// `-selector-labels`: keys of which one must select the target's pods, the first one wins.
    pub selector_labels: Vec<String>,
    /// `-include-label-prefix`: labels and annotations with one of these go from the target to the primary;
    /// `*` stands for all.
    pub include_label_prefix: Vec<String>,
    /// `-enable-config-tracking`: whether changes to ConfigMaps and Secrets start a rollout.
    pub config_tracking: bool,
    /// `-no-cross-namespace-refs`: whether templates and alert providers must be in the Canary's namespace.
    pub no_cross_namespace_refs: bool,
    /// How long requests under way may take to end before the canary is scaled down.
    pub drain: TimeDelta,
}

impl Default for Settings {
    /// Flagger's defaults, with the Gateway API for the mesh provider.
    fn default() -> Self {
        Self {
            mesh_provider: "gatewayapi:v1".to_owned(),
            ingress_annotations: "nginx.ingress.kubernetes.io".to_owned(),
            min_interval: TimeDelta::seconds(10),
            selector_labels: ["app", "name", "app.kubernetes.io/name"].map(ToOwned::to_owned).to_vec(),
            include_label_prefix: Vec::new(),
            config_tracking: true,
            no_cross_namespace_refs: false,
            drain: TimeDelta::milliseconds(500),
        }
    }
}
