//! What changed between two moments, and what was told.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use kube::api::ListParams;
use serde_json::Value;
use serin_e2e::{
    Kind, Scene,
    history::{Version, Versions},
};

use super::cases::Release;

/// What Flagger or Serin write of a release.
const OBJECTS: [Kind; 7] = [
    Kind::CANARY,
    Kind::ROUTE,
    Kind::SERVICE,
    Kind::DEPLOYMENT,
    Kind::DAEMON_SET,
    Kind::AUTOSCALER,
    Kind::SCALED_OBJECT,
];

/// Those that nothing else of the test's cluster writes.
const OURS_ALONE: [Kind; 3] = [Kind::CANARY, Kind::ROUTE, Kind::SCALED_OBJECT];

/// The objects of a release at one moment.
pub(super) struct Still {
    objects: BTreeMap<(Kind, String), Value>,
    /// The cluster's version of that moment.
    pub(super) revision: u64,
}

impl Still {
    pub(super) async fn of(scene: &Scene) -> Result<Self> {
        let (mut objects, mut revision) = (BTreeMap::new(), 0);
        for kind in OBJECTS {
            let list = match scene.api(kind).list(&ListParams::default()).await {
                // There is no KEDA, but for one case.
                Err(kube::Error::Api(status)) if status.code == 404 => continue,
                list => list?,
            };
            let version = list.metadata.resource_version.context("a list without a version")?;
            revision = revision.max(version.parse()?);
            for object in list.items {
                let name = object.metadata.name.clone().unwrap_or_default();
                objects.insert((kind, name), serde_json::to_value(object)?);
            }
        }
        Ok(Self { objects, revision })
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// The fields that differ, by object.
    pub(super) fn changes(&self, after: &Self) -> BTreeMap<String, Vec<String>> {
        let keys =
            self.objects.keys().chain(after.objects.keys().filter(|key| !self.objects.contains_key(*key)));
        let changed = keys.filter_map(|key| {
            let fields = fields(key.0, self.objects.get(key), after.objects.get(key));
            (!fields.is_empty()).then(|| (format!("{} {}", key.0.name, key.1), fields))
        });
        changed.collect()
    }

    /// The objects that are gone, or were made again.
    pub(super) fn lost(&self, after: &Self) -> Vec<String> {
        let uid = |object: &Value| object["metadata"]["uid"].clone();
        let lost =
            self.objects.iter().filter(|(key, object)| after.objects.get(*key).map(uid) != Some(uid(object)));
        lost.map(|((kind, name), _)| format!("{} {name}", kind.name)).collect()
    }

    /// An object as it was.
    pub(super) fn object(&self, kind: Kind, name: &str) -> Option<&Value> {
        self.objects.get(&(kind, name.to_owned()))
    }
}

fn fields(kind: Kind, before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let (Some(before), Some(after)) = (before, after) else {
        return vec![if after.is_some() { "created" } else { "deleted" }.to_owned()];
    };
    let mut found = Vec::new();
    differences(before, after, "", &mut found);
    if !OURS_ALONE.contains(&kind) {
        // Pods, their numbers and metrics are of the cluster's own controllers.
        let theirs = ["/status", "/metadata/resourceVersion", "/metadata/managedFields"];
        found.retain(|field| !theirs.iter().any(|prefix| field.starts_with(prefix)));
    }
    found
}

/// The paths at which two objects differ; lists count as one value.
fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let side = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differences(&side(a), &side(b), &format!("{path}/{key}"), found);
            }
        }
        (one, other) if one != other => found.push(path.to_owned()),
        _ => {}
    }
}

/// The moments of all releases.
pub(super) async fn stills(releases: &[Release]) -> Result<Vec<Still>> {
    futures::future::try_join_all(releases.iter().map(|release| Still::of(&release.scene))).await
}

impl Release {
    /// How often a rollout began between two versions of the cluster, by what was told.
    pub(super) fn begun(&self, since: u64, until: u64) -> usize {
        let told = |versions: &Versions| {
            let events = versions.in_order().into_iter();
            let events = events
                .filter(|version| version.kind == Kind::EVENT && (since..until).contains(&version.revision));
            let text = |version: &Version| version.object["message"].as_str().unwrap_or_default().to_owned();
            events.filter(|version| text(version).contains("New revision detected")).count()
        };
        self.scene.history.look(told)
    }

    /// The canary's weights since, the one that it had before them.
    pub(super) fn weights(&self, since: u64) -> Vec<i64> {
        self.scene.history.look(|versions| {
            let mut routes: Vec<&Version> = versions.of(Kind::ROUTE, "podinfo").collect();
            routes.sort_by_key(|route| route.revision);
            let begin = routes.iter().rposition(|route| route.revision <= since).unwrap_or_default();
            let mut weights: Vec<i64> =
                routes[begin..].iter().filter_map(|route| canary_weight(&route.object)).collect();
            weights.dedup();
            weights
        })
    }

    /// The cookie of those who saw the canary, where they are sent since: `None` when nowhere in particular.
    pub(super) fn settled(&self, since: u64, cookie: &str) -> Vec<Option<String>> {
        self.scene.history.look(|versions| {
            let routes = versions.of(Kind::ROUTE, "podinfo").filter(|route| route.revision > since);
            let mut sides: Vec<Option<String>> = routes.map(|route| side_of(&route.object, cookie)).collect();
            sides.dedup();
            sides
        })
    }

    /// Fields that Serin took from others: it owns no spec of a Canary, and of a target only what scales it.
    pub(super) fn trespasses(&self) -> Vec<String> {
        self.scene.history.look(|versions| {
            let mut found: Vec<String> = versions.in_order().into_iter().filter_map(trespass).collect();
            found.dedup();
            found
        })
    }
}

fn trespass(version: &Version) -> Option<String> {
    let allowed = match (version.kind, version.name.as_str()) {
        (Kind::CANARY, _) => &[][..],
        (Kind::DEPLOYMENT, "podinfo") => &["f:replicas"],
        (Kind::DAEMON_SET, "podinfo") => &["f:template"],
        _ => return None,
    };
    let entries = version.object.pointer("/metadata/managedFields")?.as_array()?.iter();
    let mine = entries.filter(|entry| entry["manager"] == "serin");
    let spec = mine.filter_map(|entry| entry.pointer("/fieldsV1/f:spec")?.as_object());
    let field = spec.flat_map(serde_json::Map::keys).find(|field| !allowed.contains(&field.as_str()))?;
    Some(format!("{} {}: {field}", version.kind.name, version.name))
}

/// The largest share that a rule without a header for cookies gives to the canary.
fn canary_weight(route: &Value) -> Option<i64> {
    let rules = route["spec"]["rules"].as_array()?;
    let split = rules.iter().filter(|rule| {
        let matches = rule["matches"].to_string();
        !matches.contains("Cookie")
            && !matches.contains("warm-up")
            && rule["backendRefs"].as_array().is_some_and(|refs| refs.len() == 2)
    });
    let weights = split.flat_map(|rule| rule["backendRefs"].as_array().cloned().unwrap_or_default());
    weights
        .filter(|backend| backend["name"] == "podinfo-canary")
        .filter_map(|backend| backend["weight"].as_i64())
        .max()
}

/// The only Service that the rule for a cookie sends to.
fn side_of(route: &Value, cookie: &str) -> Option<String> {
    let rules = route["spec"]["rules"].as_array()?;
    let rule = rules.iter().find(|rule| {
        let matches = rule["matches"].to_string();
        matches.contains("Cookie") && matches.contains(cookie)
    })?;
    let mut served = rule["backendRefs"].as_array()?.iter().filter(|backend| backend["weight"] != 0);
    let name = served.next()?["name"].as_str()?.to_owned();
    served.next().is_none().then_some(name)
}
