//! The Flagger that Serin is compared with: a program of this machine, built once from its Go module.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use kube::core::DynamicObject;

use crate::{control_plane::Operator, flagger_program, manifest, settings::target};

/// Starts Flagger for one namespace of the cluster that `KUBECONFIG` names.
///
/// # Errors
/// As [`flagger_program::program`], or there is no such file.
pub async fn start(namespace: &str) -> Result<Operator> {
    let kubeconfig = std::env::var_os("KUBECONFIG").context("name the cluster's file by KUBECONFIG")?;
    let folder = target().join("e2e");
    std::fs::create_dir_all(&folder)?;
    let log = folder.join(format!("flagger-{namespace}.log"));
    let own = format!("-namespace={namespace}");
    Operator::flagger(&flagger_program::program().await?, Path::new(&kubeconfig), &log, &[&own])
}

/// The folder of Flagger's own manifests: `crd.yaml`, `account.yaml` and `deployment.yaml`.
///
/// # Errors
/// As [`flagger_program::program`].
pub async fn folder() -> Result<PathBuf> {
    Ok(flagger_program::program().await?.with_file_name("artifacts").join("flagger"))
}

/// The objects of one of Flagger's own manifests.
///
/// # Errors
/// As [`flagger_program::program`], or there is no such file.
pub async fn manifest(file: &str) -> Result<Vec<DynamicObject>> {
    let path = folder().await?.join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    manifest::parse(&text)
}
