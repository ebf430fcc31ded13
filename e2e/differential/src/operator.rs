//! The two operators as processes of this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serin_e2e::loopback::{free_port, spawn};
use tokio::process::{Child, Command};

use crate::side::Side;

/// How often it is asked again for its metrics.
const RETRIES: usize = 3;

/// What an operator needs to start.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Path,
    pub(crate) kubeconfig: &'a Path,
    pub(crate) namespace: &'a str,
    /// The desk of the receiver.
    pub(crate) url: &'a str,
    /// Over those that all have.
    pub(crate) flags: &'a [String],
    pub(crate) log: PathBuf,
}

/// A running operator; it is killed when it is dropped.
pub(crate) struct Operator {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Operator {
    /// Starts it for one namespace. Both take the same flags.
    ///
    /// # Errors
    /// There is no such program.
    pub(crate) fn start(side: Side, start: Start) -> Result<Self> {
        let Start { program, kubeconfig, namespace, url, flags, log } = start;
        let port = free_port()?;
        let mut command = Command::new(program);
        command.arg(format!("-kubeconfig={}", kubeconfig.display()));
        command.args([format!("-namespace={namespace}"), format!("-port={port}")]);
        command.args([format!("-metrics-server={url}/prometheus"), format!("-event-webhook={url}/event")]);
        command.args(["-mesh-provider=gatewayapi:v1", "-control-loop-interval=1s", "-log-level=debug"]);
        command.args(flags.iter().map(|flag| flag.replace("${URL}", url)));
        let child = spawn(command, &[], &log).with_context(|| format!("starting {side}"))?;
        Ok(Self { child, port, log })
    }

    /// What it exports. An answer that is cut off on a busy machine is asked for again.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn metrics(&self) -> Result<String> {
        let mut answer = self.exported().await;
        for _ in 0..RETRIES {
            if answer.is_err() {
                answer = self.exported().await;
            }
        }
        answer.with_context(|| format!("see {}", self.log.display()))
    }

    async fn exported(&self) -> Result<String> {
        let answer = reqwest::get(format!("http://127.0.0.1:{}/metrics", self.port)).await?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// Never ends while the operator runs.
    ///
    /// # Errors
    /// Always: it has ended.
    pub(crate) async fn ended(&mut self) -> Result<()> {
        let status = self.child.wait().await?;
        bail!("the operator ended: {status}; see {}", self.log.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn its_end_is_noticed_and_its_log_named() {
        let log = std::env::temp_dir().join(format!("serin-differential-{}.log", std::process::id()));
        let start = Start {
            program: Path::new("/bin/false"),
            kubeconfig: Path::new("k"),
            namespace: "n",
            url: "http://127.0.0.1:1",
            flags: &[],
            log: log.clone(),
        };
        let mut operator = Operator::start(Side::Serin, start).unwrap();
        let error = operator.ended().await.unwrap_err().to_string();
        assert!(error.contains(&log.display().to_string()), "{error}");
        std::fs::remove_file(log).unwrap();
    }
}
