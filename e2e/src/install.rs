//! What all tests and the demo share: the operator, the load tester, and who answered.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Namespace};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams},
    runtime::wait::await_condition,
};
use serde_json::json;
use tokio::{process::Command, sync::OnceCell, time::timeout};

use crate::{
    Cluster,
    manifest::{self, Variables},
    settings::text,
};

/// How long images may take to load and pods to get ready.
const LIMIT: Duration = Duration::from_secs(300);

/// The namespace in which Canaries written for Flagger expect the load tester.
pub const LOADTESTER_NAMESPACE: &str = "test";

static DONE: OnceCell<()> = OnceCell::const_new();

/// Installs once in this process, however many ask, and clears what failed tests of earlier runs left to look at.
///
/// # Errors
/// As [`install`].
pub async fn once(cluster: &Cluster) -> Result<()> {
    let prepare = async || {
        // Whoever has installed an operator of their own to try can leave it as it is.
        if text("SERIN_E2E_INSTALL", "yes") == "no" {
            return Ok(());
        }
        let left = clear(cluster).await?;
        install(cluster).await?;
        until_gone(cluster, &left).await
    };
    DONE.get_or_try_init(prepare).await.copied()
}

/// The label of every namespace that a test made.
pub const TEST_LABEL: &str = "e2e.example.com/test";

/// Starts to delete the namespaces of earlier runs, and returns their names.
async fn clear(cluster: &Cluster) -> Result<Vec<String>> {
    let api: Api<Namespace> = Api::all(cluster.client.clone());
    let found = api.list(&ListParams::default().labels(TEST_LABEL)).await?;
    let names: Vec<String> = found.iter().map(ResourceExt::name_any).collect();
    for name in &names {
        match api.delete(name, &DeleteParams::background()).await {
            // The run before was about to delete it, and now it is gone, or about to go.
            Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => {}
            deleted => drop(deleted?),
        }
    }
    Ok(names)
}

/// Waits until the namespaces are gone: an operator in one of them might serve Canaries everywhere. Canaries that ask
/// to be reverted need the operator for it.
async fn until_gone(cluster: &Cluster, namespaces: &[String]) -> Result<()> {
    let api: Api<Namespace> = Api::all(cluster.client.clone());
    for name in namespaces {
        let gone = await_condition(api.clone(), name, |found: Option<&Namespace>| found.is_none());
        let waited = timeout(LIMIT, gone).await;
        waited.with_context(|| format!("namespace {name} of an earlier run is not deleted"))??;
    }
    Ok(())
}

/// Applies the operator and the load tester from `deploy/` and waits until both run.
///
/// # Errors
/// `kubectl` is missing, the cluster refuses an object, or a Deployment does not get ready.
pub async fn install(cluster: &Cluster) -> Result<()> {
    let namespace = Variables::default().with("NAMESPACE", LOADTESTER_NAMESPACE);
    manifest::apply_all(&cluster.client, &manifest::load("fixtures/namespace.yaml", &namespace)?).await?;
    kubectl_apply("deploy/kustomize/overlays/local").await?;
    kubectl_apply("deploy/kustomize/loadtester").await?;
    name_upstreams(cluster).await?;
    available(cluster, &cluster.settings.operator_namespace, "serin").await?;
    available(cluster, LOADTESTER_NAMESPACE, "flagger-loadtester").await
}

/// Waits until every wanted copy of a Deployment is of its newest template and available.
///
/// # Errors
/// The Deployment is not available in time.
pub async fn available(cluster: &Cluster, namespace: &str, name: &str) -> Result<()> {
    let api: Api<Deployment> = Api::namespaced(cluster.client.clone(), namespace);
    let ready = |found: Option<&Deployment>| found.is_some_and(is_available);
    let waited = timeout(LIMIT, await_condition(api, name, ready)).await;
    waited.with_context(|| {
        format!("Deployment {namespace}/{name} is not available after {} s", LIMIT.as_secs())
    })??;
    Ok(())
}

/// Changes the number of the shared operator's replicas, and waits until it is so.
///
/// # Errors
/// The API server refuses it, or the replicas are not there in time.
pub async fn scale(cluster: &Cluster, replicas: u8) -> Result<()> {
    let namespace = &cluster.settings.operator_namespace;
    let api: Api<Deployment> = Api::namespaced(cluster.client.clone(), namespace);
    let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
    api.patch("serin", &PatchParams::default(), &patch).await?;
    available(cluster, namespace, "serin").await
}

/// Does something while the shared operator is away, within a limit. Only a test that runs alone may do that.
///
/// # Errors
/// The deed fails or takes too long, or the operator cannot be scaled.
pub async fn without_operator(
    cluster: &Cluster,
    limit: Duration,
    deed: impl Future<Output = Result<()>>,
) -> Result<()> {
    scale(cluster, 0).await?;
    let outcome = timeout(limit, deed).await;
    scale(cluster, 1).await?;
    outcome.with_context(|| format!("it hangs: {} s without the shared operator", limit.as_secs()))?
}

fn is_available(deployment: &Deployment) -> bool {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    deployment.status.as_ref().is_some_and(|status| {
        status.observed_generation >= deployment.metadata.generation
            && status.updated_replicas.unwrap_or(0) == wanted
            && status.replicas.unwrap_or(0) == wanted
            && status.available_replicas.unwrap_or(0) == wanted
    })
}

/// Lets the gateway name the pod that answered in a response header, where it is one that can.
async fn name_upstreams(cluster: &Cluster) -> Result<()> {
    let settings = &cluster.settings;
    let variables = Variables::default()
        .with("GATEWAY_NAMESPACE", &settings.gateway_namespace)
        .with("GATEWAY_NAME", &settings.gateway_name);
    let policy = manifest::load("fixtures/upstream-header.yaml", &variables)?;
    manifest::apply_all(&cluster.client, &policy).await.context(
        "the gateway cannot name the pod that answered: the tests need Envoy Gateway, or another \
         gateway that sets the header x-upstream-host",
    )
}

async fn kubectl_apply(folder: &str) -> Result<()> {
    kubectl(&["apply", "--server-side", "--force-conflicts", "-k", folder]).await.map(drop)
}

/// Runs kubectl in the root of the repository, and returns what it prints.
///
/// # Errors
/// Kubectl is not there, or fails: the error has its messages.
pub async fn kubectl(args: &[&str]) -> Result<String> {
    let kubectl = text("SERIN_KUBECTL", "kubectl");
    let mut words = kubectl.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).args(args).stdin(Stdio::null()).current_dir(repository());
    let output = command.output().await.context("kubectl is not installed; name it by SERIN_KUBECTL")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl {}:\n{errors}", args.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
