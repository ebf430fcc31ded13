//! The operator's own access to the cluster: the service account of `deploy/`, and no more rights than that.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use anyhow::{Context, Result};
use k8s_openapi::api::{authentication::v1::TokenRequest, core::v1::ServiceAccount};
use kube::{Api, Client, api::PostParams, config::Kubeconfig};
use serde_json::json;

/// The operator's service account.
pub(crate) const ACCOUNT: &str = "serin";
/// Its namespace.
pub(crate) const NAMESPACE: &str = "serin-system";

/// Longer than any run.
const VALID_SECONDS: u32 = 6 * 3600;

/// Writes a kubeconfig with a token of the service account.
///
/// # Errors
/// The cluster gives no token, or the file cannot be written.
pub(crate) async fn write(client: &Client, kubeconfig: &Kubeconfig, file: &Path) -> Result<()> {
    let token = token(client).await?;
    let cluster = kubeconfig.clusters.first().context("the kubeconfig names no cluster")?;
    let content = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": ACCOUNT, "user": {"token": token}}],
        "contexts": [{"name": ACCOUNT, "context": {"cluster": cluster.name, "user": ACCOUNT}}],
        "current-context": ACCOUNT,
    });
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    write!(out, "{content}").with_context(|| format!("cannot write {}", file.display()))
}

async fn token(client: &Client) -> Result<String> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), NAMESPACE);
    let request: TokenRequest =
        serde_json::from_value(json!({"spec": {"audiences": [], "expirationSeconds": VALID_SECONDS}}))?;
    let answer = accounts.create_token_request(ACCOUNT, &PostParams::default(), &request).await?;
    Ok(answer.status.context("the cluster gives the operator's service account no token")?.token)
}
