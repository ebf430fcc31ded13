//! The applications and their Canaries, one of each in a namespace of its own.

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Namespace};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
};
use serde_json::json;
use serin_api::Canary;

/// Name of every target and of its Canary.
pub(crate) const NAME: &str = "podinfo";
/// Seconds between two checks.
pub(crate) const INTERVAL: f64 = 10.0;
/// Steps of every rollout, 10 % each.
pub(crate) const STEPS: u32 = 5;

const OLD: &str = "ghcr.io/stefanprodan/podinfo:6.9.0";
/// The image that every target is changed to.
pub(crate) const NEW: &str = "ghcr.io/stefanprodan/podinfo:6.9.1";

/// How many requests are under way at a time.
const AT_ONCE: usize = 16;

/// The namespaces of that many canaries.
pub(crate) fn namespaces(canaries: u32) -> Vec<String> {
    (1..=canaries).map(|number| format!("bench-{number:04}")).collect()
}

/// Creates an application and its Canary in each namespace.
///
/// # Errors
/// The cluster refuses an object.
pub(crate) async fn create(client: &Client, namespaces: &[String]) -> Result<()> {
    let created = stream::iter(namespaces)
        .map(|namespace| async move {
            let one = create_one(client, namespace).await;
            one.with_context(|| format!("cannot create the canary in {namespace}"))
        })
        .buffer_unordered(AT_ONCE);
    created.try_collect().await
}

async fn create_one(client: &Client, name: &str) -> Result<()> {
    let params = PostParams::default();
    let namespace = serde_json::from_value(json!({"metadata": {"name": name}}))?;
    Api::<Namespace>::all(client.clone()).create(&params, &namespace).await?;
    Api::<Deployment>::namespaced(client.clone(), name).create(&params, &deployment()?).await?;
    Api::<Canary>::namespaced(client.clone(), name).create(&params, &canary()?).await?;
    Ok(())
}

fn deployment() -> Result<Deployment> {
    let labels = json!({"app": NAME});
    let container = json!({"name": NAME, "image": OLD, "ports": [{"name": "http", "containerPort": 9898}]});
    Ok(serde_json::from_value(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }))?)
}

fn canary() -> Result<Canary> {
    let metric = json!({
        "name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m",
    });
    Ok(serde_json::from_value(json!({
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": NAME},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
            "service": {
                "port": 9898,
                "hosts": ["podinfo.example.com"],
                "gatewayRefs": [{"name": "gateway", "namespace": "gateway-system"}],
            },
            "analysis": {
                "interval": format!("{INTERVAL}s"),
                "threshold": 3,
                "stepWeight": 10,
                "maxWeight": 10 * STEPS,
                "metrics": [metric],
            },
        },
    }))?)
}

/// Changes the image of every target; `changing` is told of each right before its request is sent.
///
/// # Errors
/// The cluster refuses a change.
pub(crate) async fn change(client: &Client, namespaces: &[String], changing: impl Fn(&str)) -> Result<()> {
    let container = json!({"name": NAME, "image": NEW});
    let patch = Patch::Strategic(json!({"spec": {"template": {"spec": {"containers": [container]}}}}));
    let (patch, changing) = (&patch, &changing);
    let changed = stream::iter(namespaces)
        .map(|namespace| async move {
            let api: Api<Deployment> = Api::namespaced(client.clone(), namespace);
            changing(namespace);
            let changed = api.patch(NAME, &PatchParams::default(), patch).await;
            changed.map(drop).with_context(|| format!("cannot change the target in {namespace}"))
        })
        .buffer_unordered(AT_ONCE);
    changed.try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_canary_has_a_namespace() {
        assert_eq!(namespaces(2), ["bench-0001", "bench-0002"]);
    }

    #[test]
    fn manifests_are_of_the_api() {
        let canary = canary().unwrap();
        assert_eq!(canary.spec.analysis.interval.as_deref(), Some("10s"));
        let spec = deployment().unwrap().spec.unwrap();
        assert_eq!(spec.template.spec.unwrap().containers[0].image.as_deref(), Some(OLD));
    }
}
