//! The operator under measurement: a process of this machine.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serin_e2e::loopback::{free_port, spawn};
use tokio::{
    process::{Child, Command},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use crate::{requests::Requests, side::Side};

/// How often its HTTP port is asked while something is waited for.
const POLL: Duration = Duration::from_millis(250);
/// How long its caches may take to fill.
const START: Duration = Duration::from_secs(60);
/// Without a request for this long it has come to rest.
const REST: Duration = Duration::from_secs(3);

/// It is killed when it is dropped.
pub(crate) struct Operator {
    side: Side,
    child: Child,
    pid: u32,
    url: String,
    http: reqwest::Client,
    log: PathBuf,
}

impl Operator {
    /// Starts it with nothing but these arguments, and Flagger's defaults for the rest. Both take
    /// the same flags. An elected one keeps replicas that run beside it from acting.
    ///
    /// # Errors
    /// There is no such program, or it ends at once.
    pub(crate) async fn start(
        side: Side,
        program: &Path,
        kubeconfig: &Path,
        metrics_server: &str,
        elected: bool,
        log: PathBuf,
    ) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command.arg(format!("-kubeconfig={}", kubeconfig.display()));
        command.args([format!("-metrics-server={metrics_server}"), format!("-port={port}")]);
        command.arg("-mesh-provider=gatewayapi:v1");
        if elected {
            let namespace = side.account().namespace;
            command.arg("-enable-leader-election").arg(format!("-leader-election-namespace={namespace}"));
        }
        let missing = || format!("cannot run {}; build it or name it by --operator", program.display());
        let child = spawn(command, &[], &log).with_context(missing)?;
        let pid = child.id().context("the operator ended at once")?;
        let (url, http) = (format!("http://127.0.0.1:{port}"), reqwest::Client::new());
        let mut operator = Self { side, child, pid, url, http, log };
        operator.ready().await?;
        Ok(operator)
    }

    async fn ready(&mut self) -> Result<()> {
        let (http, url) = (self.http.clone(), format!("{}/{}", self.url, self.side.ready()));
        let asking = async {
            let mut poll = interval(POLL);
            loop {
                poll.tick().await;
                if http.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return Ok(());
                }
            }
        };
        let asked = self.alive(timeout(START, asking)).await?;
        asked.with_context(|| format!("the operator is not ready after {} s", START.as_secs()))?
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for something else, but only while the operator runs.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) async fn alive<T>(&mut self, other: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            done = other => Ok(done),
            status = self.child.wait() => bail!("the operator ended: {}; see {}", status?, self.log.display()),
        }
    }

    /// Its metrics.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) async fn metrics(&self) -> Result<String> {
        let answer = self.http.get(format!("{}/metrics", self.url)).send().await;
        let answer = answer.with_context(|| format!("the operator's metrics; see {}", self.log.display()))?;
        Ok(answer.error_for_status()?.text().await?)
    }

    /// Waits until it has made no request for a while. Whether it came to rest within the limit;
    /// one that does not count its requests is given the same while and counts as not at rest.
    ///
    /// # Errors
    /// As [`Self::metrics`].
    pub(crate) async fn at_rest(&self, limit: Duration) -> Result<bool> {
        if !self.side.counts_requests() {
            tokio::time::sleep(REST).await;
            return Ok(false);
        }
        let began = Instant::now();
        let (mut seen, mut since) = (self.requests().await?, Instant::now());
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while since.elapsed() < REST {
            poll.tick().await;
            let present = self.requests().await?;
            if present != seen {
                (seen, since) = (present, Instant::now());
            }
            if began.elapsed() > limit {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn requests(&self) -> Result<u64> {
        Ok(Requests::read(&self.metrics().await?).total())
    }
}
