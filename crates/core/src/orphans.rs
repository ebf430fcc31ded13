//! What a Canary generated under names that it does not use any more.

use serde_json::Value;

use crate::{
    Rollout,
    build::{
        configs::{ConfigKind, config_refs, copy_name},
        scaler::{self, ScalerKind},
    },
    json::{items, text},
    rollout::TargetKind,
    router::{self, ObjectKind, gateway_api::HTTP_ROUTE},
};

/// Kinds of which something can be left over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OrphanKind {
    /// A route, of the kind of its router.
    Route(&'static ObjectKind),
    /// A Service.
    Service,
    /// A primary's copy of a ConfigMap or Secret.
    Config(ConfigKind),
    /// The primary of a former target.
    Workload(TargetKind),
    /// A primary's copy of an autoscaler.
    Scaler(ScalerKind),
}

/// An object that may be left over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Orphan {
    /// Its kind.
    pub kind: OrphanKind,
    /// Its name, in the Canary's namespace.
    pub name: String,
}

/// The entry of `status.leftovers` for a former `service.name`.
pub fn service_entry(name: &str) -> String {
    format!("service/{name}")
}

/// The entry of the route that an entry of `status.leftovers` speaks of, if it does: with former Services, that of their
/// name.
pub fn route(entry: &str) -> Option<&str> {
    let known = || router::of_entry(entry).filter(|_| entry.contains('/')).map(|_| entry);
    entry.strip_prefix("service/").or_else(known)
}

/// The objects that an entry of `status.leftovers` stands for, in the order in which they go: nobody may be sent
/// to a Service that is gone. Names in use are left out.
pub fn objects(rollout: &Rollout, entry: &str) -> Vec<Orphan> {
    let Some((kind, name)) = entry.split_once('/') else { return Vec::new() };
    let one = |kind, name: String| Orphan { kind, name };
    let copy = |kind| vec![one(kind, format!("{name}-primary"))];
    let config = |kind| vec![one(OrphanKind::Config(kind), copy_name(name))];
    let mut found = match kind {
        "configmap" => config(ConfigKind::ConfigMap),
        "secret" => config(ConfigKind::Secret),
        "deployment" => copy(OrphanKind::Workload(TargetKind::Deployment)),
        "daemonset" => copy(OrphanKind::Workload(TargetKind::DaemonSet)),
        "horizontalpodautoscaler" => copy(OrphanKind::Scaler(ScalerKind::Horizontal)),
        "scaledobject" => copy(OrphanKind::Scaler(ScalerKind::Keda)),
        "service" => {
            let services = [name.to_owned(), format!("{name}-primary"), format!("{name}-canary")];
            let services = services.map(|name| one(OrphanKind::Service, name));
            [one(OrphanKind::Route(&HTTP_ROUTE), name.to_owned())].into_iter().chain(services).collect()
        }
        _ => router::of_entry(entry)
            .map(|route| one(OrphanKind::Route(route.kind), route.name.to_owned()))
            .into_iter()
            .collect(),
    };
    found.retain(|object| !in_use(rollout, object));
    found
}

/// Whether the Canary goes on using an object of this name.
fn in_use(rollout: &Rollout, object: &Orphan) -> bool {
    let services = [rollout.apex.clone(), rollout.primary_service(), rollout.canary_service()];
    match object.kind {
        OrphanKind::Route(kind) => {
            let route =
                router::route(rollout).is_some_and(|route| route.kind == kind && route.name == object.name);
            route || *kind == HTTP_ROUTE && services.contains(&object.name)
        }
        OrphanKind::Service => services.contains(&object.name),
        OrphanKind::Config(_) => false,
        OrphanKind::Workload(kind) => kind == rollout.target_kind && object.name == rollout.primary(),
        OrphanKind::Scaler(kind) => rollout.spec.autoscaler_ref.as_ref().is_some_and(|reference| {
            ScalerKind::of(reference) == Some(kind) && scaler::name(reference) == object.name
        }),
    }
}

/// Whether something of an entry may serve traffic, or be on the way of it: it goes only when gateways have had time to
/// notice.
pub fn serves(entry: &str) -> bool {
    !entry.starts_with("horizontalpodautoscaler/") && !entry.starts_with("scaledobject/")
}

/// Whether a pod, of whose name this is the beginning, is that of a primary that is left over.
pub fn made_by_a_former_primary(rollout: &Rollout, entries: &[String], maker: &str) -> bool {
    let all = entries.iter().flat_map(|entry| objects(rollout, entry));
    all.into_iter().any(|object| match object.kind {
        OrphanKind::Workload(kind) => kind.made(&object.name, maker),
        _ => false,
    })
}

/// Whether an object was generated for this very Canary and for nobody else.
pub fn ours(rollout: &Rollout, live: &Value) -> bool {
    let mut owners = items(live, "/metadata/ownerReferences").peekable();
    let is_this = |owner: &Value| text(owner, "/uid") == Some(rollout.uid.as_str());
    owners.peek().is_some() && owners.all(is_this) && live.pointer("/metadata/deletionTimestamp").is_none()
}

/// Whether the primary's pods use a config.
pub fn used_by(primary: &Value, orphan: &Orphan) -> bool {
    let OrphanKind::Config(kind) = orphan.kind else { return false };
    config_refs(primary).iter().any(|used| used.kind == kind && used.name == orphan.name)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use serin_testkit::canary;

    use super::*;
    use crate::{settings::Settings, validate::validate};

    fn rollout(name: &str) -> Rollout {
        let spec = json!({"service": {"port": 80, "name": name, "gatewayRefs": [{"name": "g"}]}});
        validate(&canary(json!({"stepWeight": 10}), spec).unwrap(), &Settings::default()).unwrap()
    }

    fn named(rollout: &Rollout, entry: &str) -> Vec<String> {
        objects(rollout, entry).iter().map(|object| format!("{:?} {}", object.kind, object.name)).collect()
    }

    #[rstest]
    #[case("service/old", &["Route(HTTPRoute) old", "Service old", "Service old-primary", "Service old-canary"])]
    #[case("configmap/a", &["Config(ConfigMap) a-primary"])]
    #[case("secret/b", &["Config(Secret) b-primary"])]
    #[case("deployment/c", &["Workload(Deployment) c-primary"])]
    #[case("deployment/podinfo", &[])]
    #[case("scaledobject/d", &["Scaler(Keda) d-primary"])]
    #[case("nonsense", &[])]
    fn entries(#[case] entry: &str, #[case] expected: &[&str]) {
        assert_eq!(named(&rollout("app"), entry), expected);
    }

    #[test]
    fn names_in_use_are_not_left_over() {
        assert_eq!(
            named(&rollout("old-primary"), "service/old"),
            ["Route(HTTPRoute) old", "Service old", "Service old-canary"]
        );
    }

    #[rstest]
    #[case::ours(json!([{"uid": "u-1", "kind": "Canary"}]), true)]
    #[case::of_the_user(json!([]), false)]
    #[case::of_another(json!([{"uid": "u-2", "kind": "Canary"}]), false)]
    #[case::shared(json!([{"uid": "u-1"}, {"uid": "u-2"}]), false)]
    fn only_what_is_ours_alone(#[case] owners: serde_json::Value, #[case] expected: bool) {
        assert_eq!(ours(&rollout("app"), &json!({"metadata": {"ownerReferences": owners}})), expected);
    }

    #[rstest]
    #[case("podinfo-primary-86ff4bdf6", true)]
    #[case("podinfo-primary", false)]
    #[case("other-86ff4bdf6", false)]
    fn pods_of_a_primary_of_another_kind_are_no_strangers(#[case] maker: &str, #[case] expected: bool) {
        let mut rollout = rollout("app");
        rollout.target_kind = TargetKind::DaemonSet;
        let entries = ["deployment/podinfo".to_owned(), "configmap/a".to_owned()];
        assert_eq!(made_by_a_former_primary(&rollout, &entries, maker), expected);
    }

    #[test]
    fn a_copy_that_the_primary_mounts_is_in_use() {
        let volume = json!({"name": "v", "configMap": {"name": "a-primary"}});
        let primary = json!({"spec": {"template": {"spec": {"volumes": [volume]}}}});
        let copy = |kind| Orphan { kind: OrphanKind::Config(kind), name: "a-primary".to_owned() };
        assert!(used_by(&primary, &copy(ConfigKind::ConfigMap)));
        assert!(!used_by(&primary, &copy(ConfigKind::Secret)));
    }
}
