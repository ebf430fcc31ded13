//! The operator as a process of this machine.

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
    _child: Child,
    /// Its log.
    pub log: PathBuf,
}

impl Operator {
    pub(super) fn start(kubeconfig: &Path, log: &Path) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let out = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        let program = program()?;
        let mut command = Command::new(&program);
        command.args(["run", "--min-interval=1s", "--log-level=debug"]);
        command.arg(format!("--port={port}")).arg("--kubeconfig").arg(kubeconfig);
        command.env_clear().stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).kill_on_drop(true);
        let child = command.spawn().with_context(|| format!("running {}", program.display()))?;
        Ok(Self { _child: child, log: log.to_owned() })
    }
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
