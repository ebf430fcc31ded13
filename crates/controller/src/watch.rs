//! From the watches of the API server to the stores.

mod head;
mod managers;
mod object;

use std::{fmt::Debug, pin::pin, time::Duration};

use futures::StreamExt;
use kube::{
    Api, Resource,
    runtime::{WatchStreamExt, watcher},
};
use serde::de::DeserializeOwned;
use serin_core::router::ObjectKind;
use tokio::time::Instant;

use crate::{error::chain, health::Health, kind::Kind};

pub(crate) use head::{Named, Slice};
pub(crate) use object::{Object, head};

/// How long to wait before a kind that cannot be read is listed again.
const RETRY: Duration = Duration::from_secs(5);
/// How long to wait before that while the fault may pass by itself.
const RECHECK: Duration = Duration::from_secs(1);
/// How long a kind has to be refused before that is believed: an API server that starts knows neither all
/// roles nor all CRDs in its first seconds.
const BELIEVED: Duration = Duration::from_secs(10);

/// What takes in the objects of a watch.
pub(crate) trait EventHandler<K>: Send + Sync {
    /// A list of all objects begins.
    fn list_begins(&self);
    /// An object of the list.
    fn listed(&self, object: K);
    /// The list is complete.
    fn list_ends(&self);
    /// An object was created or changed.
    fn applied(&self, object: K);
    /// An object was deleted; this is its last state.
    fn deleted(&self, object: K);
    /// The kind cannot be read.
    fn failed(&self, health: Health);
}

/// Feeds `handler` for ever. Interrupted watches are resumed; kinds that are not served or not
/// allowed are tried again until they are.
pub(crate) async fn run<K>(kind: Kind, api: Api<K>, handler: impl EventHandler<K>)
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut refusal = Refusal::default();
    loop {
        let mut synced = false;
        let health = follow(kind, &api, &handler, &mut synced).await;
        if !refusal.believed(&health, synced, Instant::now()) {
            tokio::time::sleep(RECHECK).await;
            continue;
        }
        if refusal.reported.as_ref() != Some(&health) {
            let error = health.trouble().unwrap_or_default();
            tracing::error!(kind = kind.name(), error, "cannot watch, trying again until it can be");
        }
        refusal.reported = Some(health.clone());
        handler.failed(health);
        tokio::time::sleep(RETRY).await;
    }
}

/// How long a kind has been refused.
#[derive(Default)]
struct Refusal {
    since: Option<Instant>,
    ever_synced: bool,
    reported: Option<Health>,
}

impl Refusal {
    /// Whether it is more than a passing fault. `synced` tells that the kind could be read before it.
    fn believed(&mut self, health: &Health, synced: bool, now: Instant) -> bool {
        if synced {
            *self = Self { ever_synced: true, ..Self::default() };
        }
        let since = *self.since.get_or_insert(now);
        let never_there = matches!(health, Health::NotServed(_)) && !self.ever_synced;
        never_there || self.reported.is_some() || now - since >= BELIEVED
    }
}

/// Feeds `handler` until the kind turns out not to be readable. `synced` becomes true when it was.
async fn follow<K>(kind: Kind, api: &Api<K>, handler: &impl EventHandler<K>, synced: &mut bool) -> Health
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let stream = watcher(api.clone(), watcher::Config::default()).default_backoff();
    let mut stream = pin!(stream);
    let mut told = false;
    while let Some(event) = stream.next().await {
        let error = match event {
            Ok(event) => {
                *synced |= matches!(event, watcher::Event::InitDone);
                told &= matches!(event, watcher::Event::Init);
                take(handler, event);
                continue;
            }
            Err(error) => error,
        };
        if let Some(health) = diagnose(kind, &error) {
            return health;
        }
        if !told {
            tracing::warn!(kind = kind.name(), error = chain(&error), "watch interrupted, trying again");
        }
        told = true;
    }
    Health::Failing("the watch ended".to_owned())
}

fn take<K>(handler: &impl EventHandler<K>, event: watcher::Event<K>) {
    match event {
        watcher::Event::Init => handler.list_begins(),
        watcher::Event::InitApply(object) => handler.listed(object),
        watcher::Event::InitDone => handler.list_ends(),
        watcher::Event::Apply(object) => handler.applied(object),
        watcher::Event::Delete(object) => handler.deleted(object),
    }
}

/// The state of the kind if trying again at once is no use; `None` for passing faults.
fn diagnose(kind: Kind, error: &watcher::Error) -> Option<Health> {
    let (watcher::Error::InitialListFailed(kube::Error::Api(status))
    | watcher::Error::WatchStartFailed(kube::Error::Api(status))
    | watcher::Error::WatchFailed(kube::Error::Api(status))
    | watcher::Error::WatchError(status)) = error
    else {
        return None;
    };
    let resource = kind.qualified();
    match status.code {
        404 => Some(Health::NotServed(not_served(kind))),
        // Flagger's rights, where only the image was exchanged.
        403 if kind == Kind::EndpointSlice => Some(Health::Spared(format!(
            "{resource} may not be read: {}. Until the operator's service account is granted get, list and watch \
             on it, the pods that a Deployment or DaemonSet calls ready count instead",
            status.message
        ))),
        403 => Some(refused(kind, &status.message)),
        _ => None,
    }
}

fn refused(kind: Kind, said: &str) -> Health {
    let resource = kind.qualified();
    match kind {
        Kind::Routed(ObjectKind { spared: Some(known), .. }) => Health::Spared(format!(
            "{resource} may not be read: {said}. Until the operator's service account is granted get, list and watch \
             on it, {known}"
        )),
        _ => Health::Failing(format!(
            "{resource} may not be read: {said}. Grant the operator's service account get, list and watch on it"
        )),
    }
}

fn not_served(kind: Kind) -> String {
    let (group, version, name, _) = kind.parts();
    let remedy = match kind {
        Kind::Routed(kind) => kind.remedy,
        Kind::ScaledObject => "install KEDA, or remove spec.autoscalerRef",
        Kind::Canary | Kind::MetricTemplate | Kind::AlertProvider => {
            "install the CRDs that `serin crds` prints"
        }
        _ => "use a cluster that serves it",
    };
    format!("the API server does not serve {name} of {group}/{version}: {remedy}")
}

#[cfg(test)]
mod tests {
    use axum::{Json, Router, extract::State, http::HeaderMap};
    use k8s_openapi::api::core::v1::Secret;
    use kube::{Client, ResourceExt, core::Status};
    use serde_json::{Value, json};
    use serin_core::router::gateway_api::HTTP_ROUTE;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

    use super::*;

    /// Tells what a server was asked for, and what was taken in of its answer.
    #[derive(Clone)]
    struct Log(UnboundedSender<String>);

    impl EventHandler<Named<Secret>> for Log {
        fn list_begins(&self) {}
        fn listed(&self, object: Named<Secret>) {
            self.0.send(object.name_any()).unwrap();
        }
        fn list_ends(&self) {}
        fn applied(&self, _: Named<Secret>) {}
        fn deleted(&self, _: Named<Secret>) {}
        fn failed(&self, _: Health) {}
    }

    async fn serve(State(log): State<Log>, headers: HeaderMap) -> Json<Value> {
        log.0.send(headers["accept"].to_str().unwrap_or_default().to_owned()).unwrap();
        Json(json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": "5"},
            "items": [{"metadata": {"name": "token", "resourceVersion": "4"}}],
        }))
    }

    #[tokio::test]
    async fn of_secrets_nothing_but_metadata_is_asked_for() {
        let (sender, mut told) = unbounded_channel();
        let log = Log(sender);
        let client = Client::new(Router::new().fallback(serve).with_state(log.clone()), "default");
        let watch = tokio::spawn(run(Kind::Secret, Api::<Named<Secret>>::all(client), log));
        let listed = told.recv().await.unwrap();
        assert!(listed.contains("as=PartialObjectMetadataList"), "{listed}");
        assert_eq!(told.recv().await.as_deref(), Some("token"));
        let watched = told.recv().await.unwrap();
        assert!(watched.contains("as=PartialObjectMetadata;"), "{watched}");
        watch.abort();
    }

    fn refused(code: u16) -> watcher::Error {
        let status = Status { code, message: "no".to_owned(), ..Status::default() };
        watcher::Error::InitialListFailed(kube::Error::Api(status.boxed()))
    }

    #[test]
    fn a_missing_crd_and_a_missing_right_are_named_with_a_remedy() {
        let Some(Health::NotServed(why)) = diagnose(Kind::Routed(&HTTP_ROUTE), &refused(404)) else {
            panic!()
        };
        assert_eq!(
            why,
            "the API server does not serve HTTPRoute of gateway.networking.k8s.io/v1: \
             install the CRDs of the Gateway API"
        );
        let Some(Health::Failing(why)) = diagnose(Kind::Secret, &refused(403)) else { panic!() };
        assert!(why.starts_with("secrets may not be read: no. Grant"), "{why}");
        let Some(Health::Spared(why)) = diagnose(Kind::EndpointSlice, &refused(403)) else { panic!() };
        assert!(why.starts_with("endpointslices.discovery.k8s.io may not be read: no. Until"), "{why}");
    }

    #[test]
    fn a_refusal_is_believed_when_it_lasts() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let forbidden = Health::Failing("forbidden".to_owned());
        let mut refusal = Refusal::default();
        assert!(!refusal.believed(&forbidden, true, start));
        assert!(!refusal.believed(&forbidden, false, start + 5 * second));
        assert!(refusal.believed(&forbidden, false, start + 10 * second));
        assert!(!refusal.believed(&forbidden, true, start + 60 * second));
    }

    #[test]
    fn a_kind_that_was_never_there_is_believed_to_be_missing_at_once() {
        let missing = Health::NotServed("no".to_owned());
        assert!(Refusal::default().believed(&missing, false, Instant::now()));
        assert!(!Refusal::default().believed(&missing, true, Instant::now()));
    }

    #[test]
    fn passing_faults_say_nothing_about_the_kind() {
        assert_eq!(diagnose(Kind::Secret, &refused(410)), None);
        assert_eq!(diagnose(Kind::Secret, &refused(500)), None);
        assert_eq!(diagnose(Kind::Secret, &watcher::Error::NoResourceVersion), None);
    }
}
