//! How many pods a Service can send requests to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value;

use super::Snapshot;
use crate::{
    Rollout, Seen,
    build::services,
    json::{int, items, text},
    observe::{Endpoints, Strangers},
    plan::ServiceRole,
    rollout::TargetKind,
};

/// What is known of the EndpointSlices of both generated Services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slices {
    /// Endpoints of `<apex>-primary`. Absent where the operator may not read them: the pods that
    /// the workload calls ready count then.
    pub primary: Seen<Vec<SliceTally>>,
    /// Endpoints of `<apex>-canary`.
    pub canary: Seen<Vec<SliceTally>>,
}

/// The endpoints of one EndpointSlice, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SliceTally {
    /// The names of its ports that have a number; a port without a name is "".
    pub ports: BTreeSet<String>,
    /// Ready ones, by the name of their pod without its last part: what made the pod. Those of no pod, or of one whose
    /// name was cut off, are under "".
    pub ready: BTreeMap<String, u32>,
    /// Endpoints whose pods are being deleted.
    pub leaving: u32,
}

/// Ready endpoints of one side.
struct Side {
    own: Seen<u32>,
    strangers: Vec<String>,
    /// Whether the port that the Canary names leads as far as that of the route.
    follows: bool,
}

impl Snapshot {
    /// Ready endpoints of both sides. A target may be a Service of something that Kubernetes does not watch
    /// (a name elsewhere, addresses that the user lists): that counts as ready, as with Flagger. So do the pods
    /// that the workload calls ready where the operator may not read endpoints.
    pub(super) fn endpoints(&self, rollout: &Rollout) -> Endpoints {
        let primary = self.side(rollout, ServiceRole::Primary);
        let canary = self.side(rollout, ServiceRole::Canary);
        let leaving =
            self.slices.primary.as_ref().map(|slices| slices.iter().map(|slice| slice.leaving).sum());
        Endpoints {
            leaving,
            unreachable: self.target.object().and_then(|target| services::unreachable(rollout, target)),
            follow: primary.follows && canary.follows,
            primary: primary.own,
            canary: canary.own,
            strangers: Strangers { primary: primary.strangers, canary: canary.strangers },
        }
    }

    fn primary_changes_port(&self, rollout: &Rollout) -> bool {
        let found = self.primary_service.object().zip(self.primary.object());
        found.is_some_and(|(service, primary)| services::changes_port(rollout, service, primary))
    }

    fn side(&self, rollout: &Rollout, role: ServiceRole) -> Side {
        let (service, slices, workload) = match role {
            ServiceRole::Canary => (&self.canary_service, &self.slices.canary, &self.target),
            _ => (&self.primary_service, &self.slices.primary, &self.primary),
        };
        let (service_name, name) = match role {
            ServiceRole::Canary => (rollout.canary_service(), rollout.target.clone()),
            _ => (rollout.primary_service(), rollout.primary()),
        };
        let known = |own| Side { own, strangers: Vec::new(), follows: true };
        let slices = match (service, slices) {
            (Seen::Present(service), _) if !rollout.target_kind.has_pods() && selects_nothing(service) => {
                return known(Seen::Present(1));
            }
            (_, Seen::Absent) => {
                return known(workload.as_ref().map(|workload| ready_pods(rollout, workload)));
            }
            (_, Seen::Unknown(why)) => return known(Seen::Unknown(why.clone())),
            (_, Seen::Present(slices)) => slices,
        };
        let wanted = rollout.spec.service.as_ref().map(|service| service.port);
        let routed = self.port_of_route(rollout, &service_name, service.object());
        let on = |number: Option<i64>| match port_name(service, number) {
            Some(port) => count(rollout.target_kind, slices, &port, &name),
            None => known(Seen::Present(0)),
        };
        let mut now = on(routed.or(wanted));
        if role == ServiceRole::Primary && self.primary_changes_port(rollout) {
            now.own = Seen::Present(0);
        }
        let moves = routed.is_some() && routed != wanted;
        let follows = !moves || now.own == Seen::Present(0) || on(wanted).own != Seen::Present(0);
        Side { follows, ..now }
    }
}

/// The name of the port of this number, or of the first one; `None` if the Service does not have it, or is not there.
fn port_name(service: &Seen<Arc<Value>>, number: Option<i64>) -> Option<String> {
    let mut ports = items(service.object()?, "/spec/ports");
    let port = ports.find(|port| number.is_none() || int(port, "/port") == number)?;
    Some(text(port, "/name").unwrap_or_default().to_owned())
}

fn count(kind: TargetKind, slices: &[SliceTally], port: &str, workload: &str) -> Side {
    let (mut own, mut strangers) = (0_u32, BTreeSet::new());
    let reachable = slices.iter().filter(|slice| slice.ports.contains(port));
    for (maker, ready) in reachable.flat_map(|slice| &slice.ready) {
        if kind.made(workload, maker) {
            own = own.saturating_add(*ready);
        } else if *ready > 0 {
            strangers.insert(maker.clone());
        }
    }
    Side { own: Seen::Present(own), strangers: strangers.into_iter().collect(), follows: true }
}

/// What the workload's controller says. Of a Service nothing is known: it counts as ready.
fn ready_pods(rollout: &Rollout, workload: &Value) -> u32 {
    let field = match rollout.target_kind {
        TargetKind::Deployment => "/status/readyReplicas",
        TargetKind::DaemonSet => "/status/numberReady",
        TargetKind::Service => return 1,
    };
    let ready = workload.pointer(field).and_then(Value::as_u64).unwrap_or_default();
    u32::try_from(ready).unwrap_or(u32::MAX)
}

fn selects_nothing(service: &Value) -> bool {
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    text(service, "/spec/type") == Some("ExternalName") || selector.is_none_or(serde_json::Map::is_empty)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn slice(ports: &[&str], ready: &[(&str, u32)]) -> SliceTally {
        SliceTally {
            ports: ports.iter().map(|port| (*port).to_owned()).collect(),
            ready: ready.iter().map(|(maker, n)| ((*maker).to_owned(), *n)).collect(),
            leaving: 0,
        }
    }

    #[test]
    fn only_endpoints_with_the_port_count() {
        let slices = [slice(&[], &[("app-1", 2)]), slice(&["http"], &[("app-2", 1)])];
        let of = |port| count(TargetKind::Deployment, &slices, port, "app").own;
        assert_eq!((of("http"), of("web")), (Seen::Present(1), Seen::Present(0)));
    }

    #[rstest]
    #[case::own(TargetKind::Deployment, "app-primary-5d4f", true)]
    #[case::of_a_neighbour(TargetKind::Deployment, "app-primary-worker-5d4f", false)]
    #[case::of_the_target(TargetKind::Deployment, "app-5d4f", false)]
    #[case::of_no_pod(TargetKind::Deployment, "", true)]
    #[case::of_a_daemon_set(TargetKind::DaemonSet, "app-primary", true)]
    #[case::of_another(TargetKind::DaemonSet, "app", false)]
    #[case::of_a_service(TargetKind::Service, "anything-1", true)]
    fn pods_are_told_by_their_names(#[case] kind: TargetKind, #[case] maker: &str, #[case] own: bool) {
        let side = count(kind, &[slice(&[""], &[(maker, 1)])], "", "app-primary");
        assert_eq!((side.own, side.strangers.is_empty()), (Seen::Present(u32::from(own)), own));
    }
}
