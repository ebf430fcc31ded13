//! The built-in checks `request-success-rate` and `request-duration`, for every data plane.

mod queries;

use crate::template::{TemplateError, TemplateModel, render};
use queries::Queries;

/// Metric name of the built-in success rate check; its value is a percentage.
pub const REQUEST_SUCCESS_RATE: &str = "request-success-rate";
/// Metric name of the built-in duration check; its bounds are milliseconds.
pub const REQUEST_DURATION: &str = "request-duration";

/// Whose metrics the built-in checks query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Observer {
    /// App Mesh's Envoy sidecars, by pod.
    AppMesh,
    /// Apache APISIX, by route.
    Apisix,
    /// Contour's Envoy, by Service.
    Contour,
    /// Gloo's Envoy, by upstream.
    Gloo,
    /// The application's own `http_request_duration_seconds` histogram, by pod; any Gateway API data plane.
    Http,
    /// Istio's proxies, by workload.
    Istio,
    /// Knative's Envoy, by revision.
    Knative,
    /// Kuma's Envoy sidecars, by Service.
    Kuma,
    /// Linkerd's proxies, by Deployment.
    Linkerd,
    /// NGINX ingress controller, by Ingress.
    Nginx,
    /// Open Service Mesh, by Deployment.
    Osm,
    /// Skipper, by route.
    Skipper,
    /// Traefik's own route kind, by service.
    Traefik,
}

/// How the pods of the target are named, for data planes whose metrics know nothing but the pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PodNames {
    /// `<target>-<hash>-<random>`, as those of a Deployment are named.
    #[default]
    OfReplicaSet,
    /// `<target>-<random>`, as those of a `DaemonSet` are named.
    OfDaemonSet,
}

impl PodNames {
    /// Returns how pods of a target of this kind (`spec.targetRef.kind`) are named.
    pub fn of(target_kind: &str) -> Self {
        if target_kind == "DaemonSet" { Self::OfDaemonSet } else { Self::OfReplicaSet }
    }
}

/// A built-in check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Builtin {
    /// [`REQUEST_SUCCESS_RATE`]
    SuccessRate,
    /// [`REQUEST_DURATION`]
    Duration,
}

impl Builtin {
    /// The built-in check that a metric's name stands for.
    pub fn named(metric: &str) -> Option<Self> {
        match metric {
            REQUEST_SUCCESS_RATE => Some(Self::SuccessRate),
            REQUEST_DURATION => Some(Self::Duration),
            _ => None,
        }
    }
}

/// The name that chooses the observer and stands in "no values" events.
///
/// `global` is the operator's mesh provider, `canary` is `spec.provider`; `service_target` says that the target is a
/// core Service.
pub fn metrics_provider(global: &str, canary: Option<&str>, service_target: bool) -> String {
    let chosen = match canary.filter(|provider| !provider.is_empty()) {
        Some(_) if global.contains("linkerd") => "linkerd",
        Some(provider) => provider,
        None if global.contains("crossover") => "crossover",
        None => global,
    };
    if service_target { format!("{chosen}:service") } else { chosen.to_owned() }
}

/// The observer of a [`metrics_provider`]; an unknown one is taken for Istio.
pub fn observer(metrics_provider: &str) -> Observer {
    match metrics_provider {
        provider if provider.starts_with("appmesh") => Observer::AppMesh,
        provider if provider.starts_with("gloo") => Observer::Gloo,
        provider if provider.starts_with("gatewayapi") => Observer::Http,
        "kubernetes" => Observer::Http,
        "apisix" => Observer::Apisix,
        "contour" => Observer::Contour,
        "knative" => Observer::Knative,
        "kuma" => Observer::Kuma,
        "linkerd" => Observer::Linkerd,
        "nginx" => Observer::Nginx,
        "osm" => Observer::Osm,
        "skipper" => Observer::Skipper,
        "traefik" => Observer::Traefik,
        _ => Observer::Istio,
    }
}

impl Observer {
    /// The query of a built-in check, on one line.
    ///
    /// # Errors
    /// None of the templates can fail for a complete model; the error is passed on all the same.
    pub fn query(
        self,
        check: Builtin,
        pods: PodNames,
        model: &TemplateModel,
    ) -> Result<String, TemplateError> {
        let template = match check {
            Builtin::SuccessRate => self.queries().success_rate,
            Builtin::Duration => self.queries().duration,
        };
        let query = match (self, pods) {
            (Self::Skipper, _) => render(template, &as_skipper_names_routes(model))?,
            (_, PodNames::OfReplicaSet) => render(template, model)?,
            (_, PodNames::OfDaemonSet) => {
                render(&template.replace(queries::REPLICA_SET_PODS, queries::DAEMON_SET_PODS), model)?
            }
        };
        Ok(on_one_line(&query))
    }

    /// Whole milliseconds of the duration query's value: the application's histogram is in seconds, all others in
    /// milliseconds. Fractions are cut off; what does not fit is the largest or smallest number.
    #[expect(clippy::cast_possible_truncation, reason = "cutting off fractions and saturating is meant")]
    pub fn milliseconds(self, value: f64) -> i64 {
        if self == Self::Http { (value * 1000.0) as i64 } else { value as i64 }
    }

    fn queries(self) -> Queries {
        match self {
            Self::AppMesh => queries::APPMESH,
            Self::Apisix => queries::APISIX,
            Self::Contour => queries::CONTOUR,
            Self::Gloo => queries::GLOO,
            Self::Http => queries::HTTP,
            Self::Istio => queries::ISTIO,
            Self::Knative => queries::KNATIVE,
            Self::Kuma => queries::KUMA,
            Self::Linkerd => queries::LINKERD,
            Self::Nginx => queries::NGINX,
            Self::Osm => queries::OSM,
            Self::Skipper => queries::SKIPPER,
            Self::Traefik => queries::TRAEFIK,
        }
    }
}

/// The built-in templates hold neither comments nor strings with white space, so that line breaks mean nothing.
fn on_one_line(query: &str) -> String {
    let words: Vec<_> = query.split_ascii_whitespace().collect();
    words.join(" ").replace("{ ", "{").replace(", }", ",}")
}

/// Skipper writes `_` for every character of a name that is no letter, digit or underscore.
fn as_skipper_names_routes(model: &TemplateModel) -> TemplateModel {
    let plain = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    TemplateModel {
        name: plain(&model.name),
        namespace: plain(&model.namespace),
        target: plain(&model.target),
        service: plain(&model.service),
        ingress: plain(&model.ingress),
        ..model.clone()
    }
}

#[cfg(test)]
mod tests;
