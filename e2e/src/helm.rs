//! Helm, and the chart in `deploy/chart`.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use kube::core::DynamicObject;
use tokio::{process::Command, sync::OnceCell};

use crate::{Settings, install::repository, manifest, settings};

/// The operator's chart, from the repository's root.
pub const CHART: &str = "deploy/chart";

/// The chart of the load tester.
pub const LOADTESTER_CHART: &str = "deploy/chart-loadtester";

static BUILT: OnceCell<()> = OnceCell::const_new();

/// Runs helm for the cluster of the tests, and returns what it prints. The first call builds it where it is missing.
///
/// # Errors
/// Helm is not there, or fails: the error has its messages.
pub async fn helm(args: &[&str]) -> Result<String> {
    BUILT.get_or_try_init(async || run(&["version"]).await.map(drop)).await?;
    run(args).await
}

async fn run(args: &[&str]) -> Result<String> {
    let local = "e2e/cluster/serin-cluster helm";
    let default = if Settings::from_env().existing { "helm" } else { local };
    let helm = settings::text("SERIN_HELM", default);
    let mut words = helm.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).args(args);
    output(&mut command, args).await.context("helm is not installed; name it by SERIN_HELM")?
}

/// What helm prints. Its own files are kept apart from the user's.
pub(crate) async fn output(command: &mut Command, args: &[&str]) -> Result<Result<String>> {
    let own = settings::target().join("e2e/helm");
    for folder in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
        command.env(folder, &own);
    }
    let output = command.current_dir(repository()).stdin(Stdio::null()).output().await?;
    let told = || {
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "helm {}: {errors}", args.join(" "));
        Ok(String::from_utf8(output.stdout.clone())?)
    };
    Ok(told())
}

/// A file of values below `e2e/fixtures/chart`, as helm is told of it.
pub fn values(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/chart").join(file);
    format!("--values={}", path.display())
}

/// The objects of a chart, as a release of this name in this namespace.
///
/// # Errors
/// The values are refused.
pub async fn template(
    chart: &str,
    name: &str,
    namespace: &str,
    options: &[&str],
) -> Result<Vec<DynamicObject>> {
    let namespace = format!("--namespace={namespace}");
    let text = helm(&[&["template", name, chart, &namespace], options].concat()).await?;
    manifest::parse(&text)
}
