//! Operators as processes of this machine.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};

use crate::{
    loopback::{free_port, spawn},
    settings::{LIMIT, target, text},
};

/// How long to leave an operator alone that does not listen yet.
const PAUSE: Duration = Duration::from_millis(100);

/// A running operator; it is killed when it is dropped.
pub struct Operator {
    child: Child,
    /// Its log.
    pub log: PathBuf,
    port: u16,
}

impl Operator {
    pub(super) fn serin(
        kubeconfig: &Path,
        log: &Path,
        args: &[String],
        variables: &[(String, String)],
    ) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.args(["run", "--min-interval=1s", "--log-level=debug"]);
        let port = free_port()?;
        command.args(args).arg(format!("--port={port}")).arg("--kubeconfig").arg(kubeconfig);
        Self::start(command, port, log, variables)
    }

    /// Flagger looks at each Canary every 10 s at most.
    pub(crate) fn flagger(program: &Path, kubeconfig: &Path, log: &Path, args: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["-mesh-provider=gatewayapi:v1", "-metrics-server=http://127.0.0.1:1"]);
        let port = free_port()?;
        command.args(["-control-loop-interval=1s", "-namespace="]).args(args).arg(format!("-port={port}"));
        command.arg("-kubeconfig").arg(kubeconfig);
        Self::start(command, port, log, &[])
    }

    fn start(command: Command, port: u16, log: &Path, variables: &[(String, String)]) -> Result<Self> {
        let child = spawn(command, variables, log)?;
        Ok(Self { child, log: log.to_owned(), port })
    }

    /// The figures that it exports, as soon as it does: a process that was started just now does not listen yet.
    ///
    /// # Errors
    /// The operator does not answer in time, or answers with an error.
    pub async fn metrics(&self) -> Result<String> {
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let listening = async {
            loop {
                match reqwest::get(&url).await {
                    Err(error) if error.is_connect() => tokio::time::sleep(PAUSE).await,
                    answer => return answer?.error_for_status()?.text().await,
                }
            }
        };
        let answer = tokio::time::timeout(LIMIT, listening).await;
        answer.context("the operator does not listen")?.context("the operator's metrics")
    }

    /// Kills it, and returns when it is gone.
    ///
    /// # Errors
    /// The process cannot be killed.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("stopping an operator")
    }

    /// Asks it to end, as the kubelet does, and returns when it is gone.
    ///
    /// # Errors
    /// The process cannot be asked to end, or does not in time.
    pub async fn end(mut self) -> Result<()> {
        let pid = self.child.id().context("an operator that has ended")?.to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await?;
        ensure!(asked.success(), "the operator (process {pid}) could not be asked to end");
        tokio::time::timeout(LIMIT, self.child.wait()).await.context("the operator does not end")??;
        Ok(())
    }
}

/// The operator that was built last (`SERIN_OPERATOR` names another).
///
/// # Errors
/// No operator is built, and `SERIN_OPERATOR` names none.
pub fn program() -> Result<PathBuf> {
    let named = text("SERIN_OPERATOR", "");
    if !named.is_empty() {
        return Ok(PathBuf::from(named));
    }
    let built = ["image", "debug"].map(|profile| target().join(profile).join("serin"));
    let newest =
        built.into_iter().filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path))).max();
    Ok(newest.context("the operator is not built: run `make build`, or name it by SERIN_OPERATOR")?.1)
}
