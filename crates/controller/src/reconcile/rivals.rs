//! Two Canaries with one target, the same Services, or one Ingress: only the elder is served.

use std::cmp::Reverse;

use serin_api::Canary;
use serin_core::{build::NAME_TAKEN, stall::Stall};

use crate::{
    cache::{Caches, Lookup, target_kind},
    key::Key,
    kind::Kind,
};

/// Why a Canary has to stand back behind an elder one.
pub(super) fn conflict(caches: &Caches, key: &Key, canary: &Canary) -> Option<Stall> {
    let target = &canary.spec.target_ref;
    let same_target = |other: &Canary| {
        other.spec.target_ref.kind == target.kind && other.spec.target_ref.name == target.name
    };
    if let Some(elder) = elder(caches, key, canary, target_kind(canary), &target.name, same_target) {
        let message = format!(
            "spec.targetRef.name {:?} is the target of the elder Canary {}.{} too: name another target, or \
             delete one of the two",
            target.name, elder.name, elder.namespace
        );
        return Some(Stall::new("TargetConflict", message));
    }
    let apex = canary.spec.apex_name();
    let same_apex = |other: &Canary| other.spec.apex_name() == apex;
    if let Some(elder) = elder(caches, key, canary, Kind::Service, apex, same_apex) {
        let message = format!(
            "spec.service.name {apex:?} (the target's name where it is not set) is that of the elder Canary {}.{} too, \
             and the Services and the route of both would be the same: set spec.service.name to another name, or \
             delete one of the two",
            elder.name, elder.namespace
        );
        return Some(Stall::new("ServiceConflict", message));
    }
    let split = caches.split(key, canary)?;
    let same_split = |other: &Canary| caches.split(&Key::of(other), other).as_ref() == Some(&split);
    let elder = elder(caches, key, canary, split.kind, &split.key.name, same_split)?;
    let message = format!(
        "{} {} would split the traffic of the elder Canary {}.{} too: give each application an Ingress of its own and \
         name it in spec.ingressRef, or delete one of the two",
        split.kind.name(),
        split.key.name,
        elder.name,
        elder.namespace
    );
    Some(Stall::new(NAME_TAKEN, message))
}

/// An elder Canary that depends on the same object and means it in the same way.
fn elder(
    caches: &Caches,
    key: &Key,
    canary: &Canary,
    kind: Kind,
    name: &str,
    same: impl Fn(&Canary) -> bool,
) -> Option<Key> {
    let rivals = caches.objects(kind)?.interested(&key.sibling(name));
    rivals.into_iter().filter(|rival| rival != key).find(|rival| {
        let Lookup::Present(entry) = caches.canaries.get(rival) else { return false };
        let other = &entry.canary;
        entry.problem.is_none() && same(other) && seniority(other) > seniority(canary)
    })
}

/// The greatest is served.
fn seniority(canary: &Canary) -> impl Ord + use<> {
    let created = canary.metadata.creation_timestamp.as_ref().map(|time| time.0);
    (Reverse(created), Reverse(canary.metadata.name.clone()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
    use serin_api::{CanarySpec, canary::CanaryService};

    use super::*;
    use crate::cache::{CanaryEntry, Origin, Version};

    fn add(caches: &Caches, name: &str, target: &str, age: i64) -> (Key, Canary) {
        let mut spec = CanarySpec::default();
        spec.target_ref.kind = "Deployment".to_owned();
        spec.target_ref.name = target.to_owned();
        let mut canary = Canary::new(name, spec);
        canary.metadata.namespace = Some("test".to_owned());
        canary.metadata.creation_timestamp = Some(Time(Timestamp::from_second(1_000 - age).unwrap()));
        let key = Key::of(&canary);
        caches.link(&key, &caches.links(&key, &canary));
        let entry = CanaryEntry { canary: Arc::new(canary.clone()), problem: None };
        caches.canaries.offer(&key, Version::parse(Some("1")), entry, Origin::Watch);
        (key, canary)
    }

    fn synced() -> Caches {
        let caches = Caches::default();
        caches.canaries.list_begins();
        caches.canaries.list_ends();
        caches
    }

    #[test]
    fn the_younger_of_two_stands_back_until_the_elder_is_gone() {
        let caches = synced();
        let (elder, first) = add(&caches, "elder", "app", 10);
        let (younger, second) = add(&caches, "younger", "app", 5);
        let (third, other) = add(&caches, "another", "app-primary", 1);
        assert_eq!(conflict(&caches, &elder, &first), None);
        assert_eq!(conflict(&caches, &third, &other), None);
        let stall = conflict(&caches, &younger, &second).unwrap();
        assert_eq!(stall.reason, "TargetConflict");
        assert!(stall.message.contains("Canary elder.test"), "{}", stall.message);

        caches.canaries.gone(&elder, Version::parse(Some("2")));
        assert!(caches.unlink(&elder).contains(&younger));
        assert_eq!(conflict(&caches, &younger, &second), None);
    }

    #[test]
    fn two_targets_have_no_service_in_common() {
        let caches = synced();
        let (elder, first) = add(&caches, "elder", "app", 10);
        let (younger, mut second) = add(&caches, "younger", "another", 5);
        assert_eq!(conflict(&caches, &younger, &second), None);
        second.spec.service =
            Some(CanaryService { name: Some("app".to_owned()), ..CanaryService::default() });
        caches.link(&younger, &caches.links(&younger, &second));
        assert_eq!(conflict(&caches, &elder, &first), None);
        let stall = conflict(&caches, &younger, &second).unwrap();
        assert_eq!(stall.reason, "ServiceConflict");
        assert!(stall.message.contains("Canary elder.test"), "{}", stall.message);
    }

    #[test]
    fn two_applications_share_no_ingress() {
        let caches = synced();
        let behind = |key: &Key, canary: &Canary| {
            let mut canary = canary.clone();
            canary.spec.provider = Some("nginx".to_owned());
            canary.spec.ingress_ref = Some(serin_api::canary::ObjectRef {
                api_version: "networking.k8s.io/v1".to_owned(),
                kind: "Ingress".to_owned(),
                name: "web".to_owned(),
            });
            caches.link(key, &caches.links(key, &canary));
            let entry = CanaryEntry { canary: Arc::new(canary.clone()), problem: None };
            caches.canaries.offer(key, Version::parse(Some("2")), entry, Origin::Watch);
            canary
        };
        let (elder, first) = add(&caches, "elder", "fe", 10);
        let (younger, second) = add(&caches, "younger", "be", 5);
        let (first, second) = (behind(&elder, &first), behind(&younger, &second));
        assert_eq!(conflict(&caches, &elder, &first), None);
        let stall = conflict(&caches, &younger, &second).unwrap();
        assert_eq!(stall.reason, "NameTaken");
        assert!(stall.message.contains("web-canary"), "{}", stall.message);
    }

    #[test]
    fn of_two_of_the_same_age_the_first_by_name_is_served() {
        let caches = synced();
        let (a, first) = add(&caches, "a", "app", 1);
        let (b, second) = add(&caches, "b", "app", 1);
        assert_eq!(conflict(&caches, &a, &first), None);
        assert!(conflict(&caches, &b, &second).is_some());
    }
}
