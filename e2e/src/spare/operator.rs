//! Operators as processes of this machine.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use crate::settings::{target, text};

/// A running operator; it is killed when it is dropped.
pub struct Operator {
    child: Child,
    /// Its log.
    pub log: PathBuf,
}

impl Operator {
    pub(super) fn serin(kubeconfig: &Path, log: &Path) -> Result<Self> {
        let mut command = Command::new(program()?);
        command.args(["run", "--min-interval=1s", "--log-level=debug"]);
        command.arg(format!("--port={}", port()?)).arg("--kubeconfig").arg(kubeconfig);
        Self::start(command, log)
    }

    /// Flagger looks at each Canary every 10 s at most.
    pub(super) fn flagger(program: &Path, kubeconfig: &Path, log: &Path) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["-mesh-provider=gatewayapi:v1", "-metrics-server=http://127.0.0.1:1"]);
        command.args(["-control-loop-interval=1s", "-namespace="]).arg(format!("-port={}", port()?));
        command.arg("-kubeconfig").arg(kubeconfig);
        Self::start(command, log)
    }

    fn start(mut command: Command, log: &Path) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        command.env_clear().stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("running {command:?}"))?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Kills it, and returns when it is gone.
    ///
    /// # Errors
    /// It cannot be killed.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("stopping an operator")
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
