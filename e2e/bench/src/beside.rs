//! Programs that run beside the operator on the same cluster, and what they cost: another way to
//! do a part of its work, or a replica that stands by.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use serde::Serialize;
use serin_e2e::loopback::{free_port, spawn};
use tokio::process::{Child, Command};

use crate::{
    exposition,
    proc::{self, Usage},
    requests::Requests,
};

/// It is killed when it is dropped.
pub(crate) struct Beside {
    command: String,
    child: Child,
    url: String,
    http: reqwest::Client,
}

/// All that a program has used until one moment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spent {
    pub(crate) usage: Usage,
    /// Under `<verb> <resource>`.
    pub(crate) requests: BTreeMap<String, u64>,
    pub(crate) reconciles: u64,
}

impl Beside {
    /// Starts a program with the operator's rights. It is told the port where it has to serve
    /// `/metrics`.
    ///
    /// # Errors
    /// There is no such program.
    pub(crate) fn start(command: &str, kubeconfig: &Path, log: &Path) -> Result<Self> {
        let port = free_port()?;
        let child = spawn(program(command, port)?, &variables(kubeconfig), log)?;
        let url = format!("http://127.0.0.1:{port}/metrics");
        Ok(Self { command: command.to_owned(), child, url, http: reqwest::Client::new() })
    }

    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// It has ended, or does not answer.
    pub(crate) async fn spent(&self) -> Result<Spent> {
        let pid = self.child.id().with_context(|| format!("{} has ended", self.command))?;
        let usage = proc::usage(pid).with_context(|| self.command.clone())?;
        let answer = self.http.get(&self.url).send().await;
        let answer = answer.with_context(|| format!("the metrics of {}", self.command))?;
        let metrics = answer.text().await?;
        let requests = Requests::read(&metrics).by;
        Ok(Spent { usage, requests, reconciles: reconciles(&metrics) })
    }
}

fn program(command: &str, port: u16) -> Result<Command> {
    let mut words = command.split_whitespace();
    let name = words.next().context("a program to run beside the operator has no name")?;
    let mut program = Command::new(name);
    program.args(words).arg(format!("-port={port}"));
    Ok(program)
}

fn variables(kubeconfig: &Path) -> [(String, String); 1] {
    [("KUBECONFIG".to_owned(), kubeconfig.display().to_string())]
}

/// All reconciles, however they ended.
pub(crate) fn reconciles(metrics: &str) -> u64 {
    exposition::samples(metrics, "serin_reconciles_total").map(|sample| sample.count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_at_spaces_and_told_its_port() {
        let program = program("serin -a=1  -b", 7).unwrap();
        let program = program.as_std();
        let args: Vec<_> = program.get_args().map(|arg| arg.to_string_lossy()).collect();
        assert_eq!(program.get_program(), "serin");
        assert_eq!(args, ["-a=1", "-b", "-port=7"]);
        assert!(super::program(" ", 7).is_err());
    }

    #[test]
    fn reconciles_are_summed_over_their_ends() {
        let text = "serin_reconciles_total{result=\"done\"} 3\n\
            serin_reconciles_total{result=\"failed\"} 2\n";
        assert_eq!(reconciles(text), 5);
        assert_eq!(reconciles(""), 0);
    }

    #[tokio::test]
    async fn a_program_that_serves_nothing_is_an_error() {
        let log = std::env::temp_dir().join(format!("serin-bench-beside-{}", std::process::id()));
        let beside = Beside::start("sleep 60", Path::new("none"), &log).unwrap();
        let error = format!("{:#}", beside.spent().await.unwrap_err());
        std::fs::remove_file(log).unwrap();
        assert!(error.contains("sleep 60"), "{error}");
    }
}
