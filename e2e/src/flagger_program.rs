//! The program of Flagger, built once from its Go module.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{install::repository, settings::text};

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
