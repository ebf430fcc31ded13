//! Whether everything that would be written may be: told all at once, before the first write.

use std::sync::Arc;

use serde_json::Value;

use super::{Snapshot, tracked::Tracked};
use crate::{
    Rollout, Seen,
    build::{
        BuildError,
        claims::{Claim, Conflict, foreign, generated_for},
        configs::{ConfigKind, config_refs, copy_name},
        metadata::Map,
        owner, scaler,
        selector::Selector,
    },
    json::texts,
    names::{LABEL, SUBDOMAIN},
    plan::ServiceRole,
    rollout::TargetKind,
    router,
    settings::Settings,
};

/// The suffix of everything that is the primary's.
const SUFFIX: &str = "-primary";

impl Snapshot {
    /// Refuses names that are taken or too long. What could not be read is no conflict, and what takes over again
    /// needs no new names.
    pub(super) fn claims(
        &self,
        rollout: &Rollout,
        settings: &Settings,
        tracked: &Tracked,
    ) -> Result<(), BuildError> {
        if rollout.deleting {
            return Ok(());
        }
        self.names(rollout, settings, tracked)?;
        let mut conflicts = self.target_conflict(rollout).into_iter().collect::<Vec<_>>();
        conflicts.extend(self.workload_conflicts(rollout));
        conflicts.extend(self.service_conflicts(rollout));
        conflicts.extend(self.apex_of_another(rollout, settings));
        conflicts.extend(self.scaler_conflict(rollout));
        conflicts.extend(self.config_conflicts(rollout, tracked));
        if conflicts.is_empty() { Ok(()) } else { Err(BuildError::Taken(conflicts)) }
    }

    /// Names that follow from the target: the value of its label, and those of its configs.
    fn names(&self, rollout: &Rollout, settings: &Settings, tracked: &Tracked) -> Result<(), BuildError> {
        let Some(target) = self.target.object().filter(|_| rollout.target_kind.has_pods()) else {
            return Ok(());
        };
        let selector = Selector::of(rollout, settings, target, None)?;
        let value = selector.primary();
        let of_target = format!("{} {}", rollout.target_kind.name(), rollout.target_name());
        if value.len() > LABEL {
            return Err(BuildError::TooLong {
                object: of_target,
                field: format!("spec.selector.matchLabels {}", selector.label),
                name: value,
                most: LABEL,
                remedy: format!(
                    "shorten the label's value to {} characters, or select by another label of the operator's \
                     -selector-labels that is shorter",
                    LABEL - SUFFIX.len()
                ),
            });
        }
        let copies = config_refs(target).into_iter().filter(|r| tracked.present.contains_key(&r.key()));
        let mut long = copies.filter(|r| copy_name(&r.name).len() > SUBDOMAIN);
        long.next().map_or(Ok(()), |reference| {
            Err(BuildError::TooLong {
                object: of_target,
                field: format!("its {} {}", reference.kind.name(), reference.name),
                name: copy_name(&reference.name),
                most: SUBDOMAIN,
                remedy: format!("rename it: use at most {} characters", SUBDOMAIN - SUFFIX.len()),
            })
        })
    }

    fn target_conflict(&self, rollout: &Rollout) -> Option<Conflict> {
        let canary = generated_for(self.target.object()?)?;
        Some(Conflict {
            kind: rollout.target_kind.name(),
            name: rollout.target.clone(),
            whose: format!("is owned by Canary {canary}"),
            purpose: "a release of it by spec.targetRef".to_owned(),
            remedy: "name a target that you wrote yourself in spec.targetRef.name".to_owned(),
        })
    }

    fn workload_conflicts(&self, rollout: &Rollout) -> Option<Conflict> {
        let kind = rollout.target_kind.name();
        Some(Conflict {
            kind,
            name: rollout.primary(),
            whose: foreign(rollout, Claim::Generated, self.primary.object()?)?,
            purpose: format!("the primary of {kind} {}", rollout.target),
            remedy: "rename or delete it, or rename the target".to_owned(),
        })
    }

    fn service_conflicts(&self, rollout: &Rollout) -> Vec<Conflict> {
        let side = |name: String, live: &Seen<Arc<Value>>, side: &str| {
            Some(Conflict {
                kind: "Service",
                name,
                whose: foreign(rollout, Claim::Generated, live.object()?)?,
                purpose: format!("the Service of the {side}"),
                remedy: "rename or delete it, or set spec.service.name to another name".to_owned(),
            })
        };
        let named = |live: &Value| {
            Some(Conflict::of_a_named(rollout, "Service", foreign(rollout, Claim::Named, live)?))
        };
        let of_service = rollout.target_kind == TargetKind::Service;
        // A target that is a Service is the apex; its primary is looked at as such.
        let apex = self.apex_service.object().filter(|_| !of_service);
        let primary = side(rollout.primary_service(), &self.primary_service, "primary");
        let all = [
            apex.and_then(named),
            primary.filter(|_| !of_service),
            side(rollout.canary_service(), &self.canary_service, "canary"),
            self.live_route(rollout).and_then(|live| router::of(rollout).conflict(rollout, live)),
        ];
        all.into_iter().flatten().collect()
    }

    /// Whether a Service is somebody else's, and is not written.
    pub(super) fn is_foreign(&self, rollout: &Rollout, settings: &Settings, role: ServiceRole) -> bool {
        let Some(live) = self.live_service(role).object() else { return false };
        let claim = if role == ServiceRole::Apex { Claim::Named } else { Claim::Generated };
        foreign(rollout, claim, live).is_some()
            || role == ServiceRole::Apex && self.apex_of_another(rollout, settings).is_some()
    }

    /// A Service under the name of the apex that selects neither the target's pods nor the primary's is another
    /// application's. One that was taken before is not asked about again.
    fn apex_of_another(&self, rollout: &Rollout, settings: &Settings) -> Option<Conflict> {
        let (live, target) = (self.apex_service.object()?, self.target.object()?);
        let status = self.canary.status.as_ref();
        let taken = status.and_then(|status| status.service_name.as_ref()) == Some(&rollout.apex);
        let selects = texts(live, "/spec/selector");
        if taken || selects.is_empty() || owner::of_a_canary(live) || !rollout.target_kind.has_pods() {
            return None;
        }
        let primary = self.primary.object();
        let pods = [Some(target), primary].into_iter().flatten();
        let mut labels: Vec<Map> = pods.map(|pods| texts(pods, "/spec/template/metadata/labels")).collect();
        labels.extend(Selector::of(rollout, settings, target, None).ok().map(|selector| selector.primary));
        let fits = |labels: &Map| selects.iter().all(|(label, value)| labels.get(label) == Some(value));
        if labels.iter().any(fits) {
            return None;
        }
        let selects: Vec<String> = selects.iter().map(|(label, value)| format!("{label}={value}")).collect();
        Some(Conflict {
            kind: "Service",
            name: rollout.apex.clone(),
            whose: format!("selects the pods of another application ({})", selects.join(",")),
            purpose: format!("that of Canary {}", rollout.name),
            remedy: format!(
                "set spec.service.name to another name, or let its selector fit the pods of {} {}",
                rollout.target_kind.name(),
                rollout.target
            ),
        })
    }

    fn scaler_conflict(&self, rollout: &Rollout) -> Option<Conflict> {
        let reference = rollout.spec.autoscaler_ref.as_ref()?;
        let kind = scaler::ScalerKind::of(reference)?.name();
        Some(Conflict {
            kind,
            name: scaler::name(reference),
            whose: foreign(rollout, Claim::Shared, self.scaler_primary.object()?)?,
            purpose: format!("the primary's copy of {kind} {}", reference.name),
            remedy: format!("rename or delete it, or rename {kind} {}", reference.name),
        })
    }

    fn config_conflicts(&self, rollout: &Rollout, tracked: &Tracked) -> Vec<Conflict> {
        let known = self.config_copies.iter().filter(|(key, _)| tracked.present.contains_key(*key));
        known
            .filter_map(|(key, live)| {
                let (kind, name) = split(key)?;
                config_conflict(rollout, kind, name, live.object()?)
            })
            .collect()
    }
}

fn split(key: &str) -> Option<(ConfigKind, &str)> {
    let (kind, name) = key.split_once('/')?;
    let kinds = [ConfigKind::ConfigMap, ConfigKind::Secret];
    Some((kinds.into_iter().find(|known| known.lower() == kind)?, name))
}

/// Why the primary's copy of a config cannot be written over this object, if it cannot.
pub fn config_conflict(rollout: &Rollout, kind: ConfigKind, name: &str, live: &Value) -> Option<Conflict> {
    let title = kind.name();
    Some(Conflict {
        kind: title,
        name: copy_name(name),
        whose: foreign(rollout, Claim::Shared, live)?,
        purpose: format!("the primary's copy of {title} {name}"),
        remedy: format!(
            "rename one of both, or set the annotation flagger.app/config-tracking: disable on {title} {name} so that \
             it is not copied"
        ),
    })
}
