//! Operators as processes of this machine.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, ensure};
use tokio::process::{Child, Command};

use crate::{
    scene::LIMIT,
    settings::{target, text},
};

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
        let port = port()?;
        command.args(args).arg(format!("--port={port}")).arg("--kubeconfig").arg(kubeconfig);
        Self::start(command, port, log, variables)
    }

    /// Flagger looks at each Canary every 10 s at most.
    pub(super) fn flagger(program: &Path, kubeconfig: &Path, log: &Path, args: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["-mesh-provider=gatewayapi:v1", "-metrics-server=http://127.0.0.1:1"]);
        let port = port()?;
        command.args(["-control-loop-interval=1s", "-namespace="]).args(args).arg(format!("-port={port}"));
        command.arg("-kubeconfig").arg(kubeconfig);
        Self::start(command, port, log, &[])
    }

    fn start(mut command: Command, port: u16, log: &Path, variables: &[(String, String)]) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        command
            .env_clear()
            .envs(variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("running {command:?}"))?;
        Ok(Self { child, log: log.to_owned(), port })
    }

    /// The figures that it exports.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let url = format!("http://127.0.0.1:{}/metrics", self.port);
        let answer = reqwest::get(url).await.and_then(reqwest::Response::error_for_status);
        Ok(answer.context("the operator's metrics")?.text().await?)
    }

    /// Kills it, and returns when it is gone.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("stopping an operator")
    }

    /// Asks it to end, as the kubelet does, and returns when it is gone.
    ///
    /// # Errors
    /// It does not end in time.
    pub async fn end(mut self) -> Result<()> {
        let pid = self.child.id().context("an operator that has ended")?.to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await?;
        ensure!(asked.success(), "the operator (process {pid}) could not be asked to end");
        tokio::time::timeout(LIMIT, self.child.wait()).await.context("the operator does not end")??;
        Ok(())
    }
}

fn port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The operator that was built last (`SERIN_OPERATOR` names another).
///
/// # Errors
/// It is not built.
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
