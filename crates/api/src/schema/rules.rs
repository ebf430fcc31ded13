//! What could never work and is refused at admission, as CEL rules.
//!
//! Each rule is one that Flagger, Kubernetes or Gateway API would fall over later; whatever could work is left alone.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{JSONSchemaProps, ValidationRule};

use super::path;

/// A rule of the Canary: where it holds, the expression, and what to tell the user.
struct Rule {
    path: &'static str,
    cel: &'static str,
    message: &'static str,
}

const CANARY: &[Rule] = &[
    Rule {
        path: "spec",
        cel: "self.targetRef.kind == 'Service' || \
               (has(self.service) && self.service.port >= 1.0 && self.service.port <= 65535.0)",
        message: "service.port must be from 1 to 65535, for the generated Services need it",
    },
    Rule {
        path: "spec",
        cel: "!has(self.provider) || !self.provider.startsWith('gatewayapi:') || \
               (has(self.service) && has(self.service.gatewayRefs) && size(self.service.gatewayRefs) > 0)",
        message: "service.gatewayRefs must name a Gateway, for the route of a gatewayapi provider needs a parent",
    },
    Rule {
        path: "spec",
        cel: "(self.targetRef.kind == 'Service' && self.targetRef.apiVersion == 'serving.knative.dev/v1') == \
               (has(self.provider) && self.provider == 'knative')",
        message: "provider knative and a target of serving.knative.dev/v1 need each other",
    },
    Rule {
        path: "spec",
        cel: "self.targetRef.kind != 'Service' || self.targetRef.apiVersion != 'serving.knative.dev/v1' || \
               !has(self.autoscalerRef)",
        message: "a Knative Service scales itself: remove autoscalerRef",
    },
    Rule {
        path: "spec.autoscalerRef.primaryScalerReplicas",
        cel: "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
        message: "minReplicas must not be above maxReplicas",
    },
    Rule {
        path: "spec.service.mirror[].backendRef",
        cel: "size(self.group) != 0 || self.kind != 'Service' || has(self.port)",
        message: "port must be given for a Service",
    },
    Rule {
        path: "spec.analysis.sessionAffinity",
        cel: "self.cookieName != (has(self.primaryCookieName) ? self.primaryCookieName : '')",
        message: "cookieName must not be empty and must differ from primaryCookieName",
    },
];

/// Puts the rules of the Canary where they belong.
pub(super) fn add(root: &mut JSONSchemaProps) {
    for Rule { path, cel, message } in CANARY {
        if let Some(node) = path::find(root, path) {
            node.x_kubernetes_validations.get_or_insert_default().push(ValidationRule {
                rule: (*cel).to_owned(),
                message: Some((*message).to_owned()),
                ..ValidationRule::default()
            });
        }
    }
}

/// Where the rules belong.
#[cfg(test)]
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    CANARY.iter().map(|rule| rule.path)
}
