//! Which objects a Canary depends on: a change to one of them wakes it.

use std::collections::BTreeSet;

use serin_api::Canary;
use serin_core::router::{self, Named};

use crate::{key::Key, kind::Kind};

/// An object that a Canary depends on. For [`Kind::EndpointSlice`] the key is that of the Service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Link {
    /// The object's kind.
    pub(crate) kind: Kind,
    /// The object's name.
    pub(crate) key: Key,
}

/// The objects that follow from the Canary's own fields, whether or not it is valid.
pub(super) fn links(key: &Key, canary: &Canary, mesh_provider: &str) -> BTreeSet<Link> {
    let spec = &canary.spec;
    let target = spec.target_ref.name.as_str();
    let named = spec.service.as_ref().and_then(|service| service.name.as_deref());
    let apex = named.filter(|name| !name.is_empty()).unwrap_or(target);
    let primary = |name: &str| format!("{name}-primary");
    let canary_service = format!("{apex}-canary");
    let local = |kind, name: &str| Link { kind, key: key.sibling(name) };
    let kind = target_kind(canary);
    let mut links = BTreeSet::from([
        local(kind, target),
        local(kind, &primary(target)),
        local(Kind::Service, apex),
        local(Kind::Service, &primary(apex)),
        local(Kind::Service, &canary_service),
        local(Kind::EndpointSlice, &primary(apex)),
        local(Kind::EndpointSlice, &canary_service),
    ]);
    if let Some(scaler) = &spec.autoscaler_ref {
        let kind = Kind::of_scaler(scaler);
        links.insert(local(kind, &scaler.name));
        links.insert(local(kind, &primary(&scaler.name)));
    }
    links.extend(templates(key, canary));
    links.extend(routes(key, canary, mesh_provider));
    links
}

/// The kind of the Canary's target; one that cannot be released counts as a Deployment.
pub(crate) fn target_kind(canary: &Canary) -> Kind {
    match canary.spec.target_ref.kind.as_str() {
        "DaemonSet" => Kind::DaemonSet,
        "Service" => Kind::Service,
        _ => Kind::Deployment,
    }
}

/// What the router of the Canary looks at; nothing for a provider that has none.
fn routes(key: &Key, canary: &Canary, mesh_provider: &str) -> impl Iterator<Item = Link> {
    let router = router::of_provider(router::provider_of(&canary.spec, mesh_provider));
    let named = Named::new(&key.namespace, &canary.spec);
    let objects = router.map(|router| router.objects(&named)).unwrap_or_default();
    objects
        .into_iter()
        .map(|object| Link { kind: Kind::Routed(object.kind), key: Key::new(object.namespace, object.name) })
}

/// The object that splits the Canary's traffic, if its provider has one.
pub(super) fn split(key: &Key, canary: &Canary, mesh_provider: &str) -> Option<Link> {
    let router = router::of_provider(router::provider_of(&canary.spec, mesh_provider))?;
    let object = router.route(&Named::new(&key.namespace, &canary.spec))?;
    let kind = Kind::Routed(object.kind);
    Some(Link { kind, key: Key::new(object.namespace, object.name) })
}

fn templates(key: &Key, canary: &Canary) -> impl Iterator<Item = Link> {
    let references = canary.spec.analysis.metrics.iter().filter_map(|metric| metric.template_ref.as_ref());
    references.map(|reference| {
        let namespace = reference.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or(&key.namespace);
        Link { kind: Kind::MetricTemplate, key: Key::new(namespace, reference.name.as_str()) }
    })
}
