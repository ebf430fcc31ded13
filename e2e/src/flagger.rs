//! The Flagger that Serin is compared with: a program of this machine, built once from its Go module.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use kube::core::DynamicObject;
use tokio::process::Command;

use crate::{
    install::repository,
    manifest,
    settings::{target, text},
    spare::Operator,
};

/// The Flagger's program (`SERIN_FLAGGER` names another). It is built the first time, which takes some minutes.
///
/// # Errors
/// There is no Go, or the build fails; the cluster's program says why.
pub async fn program() -> Result<PathBuf> {
    let named = text("SERIN_FLAGGER", "");
    if !named.is_empty() {
        return Ok(PathBuf::from(named));
    }
    let mut command = Command::new(repository().join("e2e/cluster/serin-cluster"));
    command.arg("flagger").stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().await.context("e2e/cluster/serin-cluster")?;
    ensure!(output.status.success(), "Flagger cannot be built; name a program by SERIN_FLAGGER");
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Starts Flagger for one namespace of the cluster that `KUBECONFIG` names.
///
/// # Errors
/// As [`program`], or there is no such file.
pub async fn start(namespace: &str) -> Result<Operator> {
    let kubeconfig = std::env::var_os("KUBECONFIG").context("name the cluster's file by KUBECONFIG")?;
    let folder = target().join("e2e");
    std::fs::create_dir_all(&folder)?;
    let log = folder.join(format!("flagger-{namespace}.log"));
    let own = format!("-namespace={namespace}");
    Operator::flagger(&program().await?, Path::new(&kubeconfig), &log, &[&own])
}

/// The folder of Flagger's own manifests: `crd.yaml`, `account.yaml` and `deployment.yaml`.
///
/// # Errors
/// As [`program`].
pub async fn folder() -> Result<PathBuf> {
    Ok(program().await?.with_file_name("artifacts").join("flagger"))
}

/// The objects of one of Flagger's own manifests.
///
/// # Errors
/// As [`program`], or there is no such file.
pub async fn manifest(file: &str) -> Result<Vec<DynamicObject>> {
    let path = folder().await?.join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    manifest::parse(&text)
}
