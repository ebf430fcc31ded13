//! A kubeconfig with the rights of a service account.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use anyhow::{Context, Result};
use k8s_openapi::api::{authentication::v1::TokenRequest, core::v1::ServiceAccount};
use kube::{Api, Client, api::PostParams, config::Kubeconfig};
use serde_json::{Value, json};

/// A service account.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// The account of the kustomization.
pub const SERIN: Account<'_> = Account { namespace: "serin-system", name: "serin" };

/// Writes a kubeconfig with a token of this service account that is good for this long.
///
/// # Errors
/// The cluster gives no token, or the file cannot be written.
pub async fn write(
    client: &Client,
    admin: &Kubeconfig,
    account: Account<'_>,
    file: &Path,
    valid: Duration,
) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), account.namespace);
    let request: TokenRequest =
        serde_json::from_value(json!({"spec": {"audiences": [], "expirationSeconds": valid.as_secs()}}))?;
    let answer = accounts.create_token_request(account.name, &PostParams::default(), &request).await?;
    let token = answer.status.with_context(|| format!("no token for {account:?}"))?.token;
    let cluster = admin.clusters.first().context("a kubeconfig without a cluster")?;
    let content = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": "serin", "user": {"token": token}}],
        "contexts": [{"name": "serin", "context": {"cluster": cluster.name, "user": "serin"}}],
        "current-context": "serin",
    });
    store(&content, file)
}

/// Writes a kubeconfig for a proxy that needs no token.
pub(crate) fn write_without_rights(url: &str, file: &Path) -> Result<()> {
    let content = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "proxy", "cluster": {"server": url}}],
        "users": [{"name": "serin", "user": {}}],
        "contexts": [{"name": "serin", "context": {"cluster": "proxy", "user": "serin"}}],
        "current-context": "serin",
    });
    store(&content, file)
}

fn store(content: &Value, file: &Path) -> Result<()> {
    // Only root may read a token.
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file)?;
    write!(out, "{content}").with_context(|| format!("writing {}", file.display()))
}
