//! Runs tasks, a bounded number at once, and ends them all at the shutdown.

use std::{sync::Arc, time::Duration};

use tokio::task::{JoinError, JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, info};

use crate::{
    command::{CommandFailure, Output},
    load::{Aim, ClientError, generate},
    metrics::Metrics,
    slots::{NoSlot, Slot, Slots},
    task::{Mode, Task, Work},
};

/// Runs tasks.
#[derive(Debug)]
pub(crate) struct Runner {
    slots: Arc<Slots>,
    tracker: TaskTracker,
    job: Job,
    limit: usize,
}

/// What every running task needs.
#[derive(Clone, Debug)]
struct Job {
    metrics: Metrics,
    timeout: Duration,
    stop: CancellationToken,
}

/// Why a task was not run, or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("{limit} tasks are running, and --max-tasks allows no more: try again later")]
    Full { limit: usize },
    #[error(transparent)]
    Command(#[from] CommandFailure),
    #[error(transparent)]
    Load(#[from] ClientError),
    #[error("the task broke off: {0}")]
    Broken(#[from] JoinError),
}

impl Runner {
    /// A runner of up to `limit` tasks at once, for `timeout` each, until `stop` is cancelled.
    pub(crate) fn new(limit: usize, timeout: Duration, metrics: Metrics, stop: CancellationToken) -> Self {
        let job = Job { metrics, timeout, stop };
        Self { slots: Slots::new(limit), tracker: TaskTracker::new(), job, limit }
    }

    /// Starts a task in the background, unless the same one is running.
    pub(crate) fn start(&self, task: Task) -> Result<(), RunError> {
        match self.slots.take(Some(task.key())) {
            Ok(slot) => drop(self.spawn(task, slot)),
            Err(NoSlot::Full) => return Err(self.full(&task)),
            Err(NoSlot::Running) => {
                self.job.metrics.task(task.r#type, "skipped");
                info!(canary = task.canary, "command skipped {} is already running", task.text);
            }
        }
        Ok(())
    }

    /// Runs a task and waits for its end. It runs on when the caller is gone.
    pub(crate) async fn run(&self, task: Task) -> Result<Output, RunError> {
        let slot = self.slots.take(None).map_err(|_| self.full(&task))?;
        self.spawn(task, slot).await?
    }

    /// Waits until no task is running.
    pub(crate) async fn drain(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn full(&self, task: &Task) -> RunError {
        self.job.metrics.task(task.r#type, "refused");
        RunError::Full { limit: self.limit }
    }

    fn spawn(&self, task: Task, slot: Slot) -> JoinHandle<Result<Output, RunError>> {
        let job = self.job.clone();
        self.tracker.spawn(async move {
            let result = job.perform(&task).await;
            drop(slot);
            result
        })
    }
}

impl Job {
    async fn perform(&self, task: &Task) -> Result<Output, RunError> {
        let _running = self.metrics.running();
        info!(canary = task.canary, "task starting {}", task.text);
        let result = self.work(task).await;
        self.metrics.task(task.r#type, if result.is_ok() { "ok" } else { "failed" });
        log(task, &result);
        result
    }

    async fn work(&self, task: &Task) -> Result<Output, RunError> {
        match &task.work {
            Work::Command(command) => Ok(command.run(self.timeout, &self.stop).await?),
            Work::Load(load) => {
                let aim = Aim { canary: task.canary.clone(), labels: task.labels.clone() };
                let report = generate(load, aim, &self.metrics, self.timeout, &self.stop).await?;
                info!(canary = task.canary, "load finished {}", report.json());
                Ok(Output::default())
            }
        }
    }
}

fn log(task: &Task, result: &Result<Output, RunError>) {
    match result {
        Err(failure) => error!(canary = task.canary, "{failure}"),
        Ok(output) => {
            if task.mode != (Mode::Background { log_output: false }) {
                info!(canary = task.canary, "{}", output.text());
            }
            info!(canary = task.canary, "command finished {}", task.text);
        }
    }
}

#[cfg(test)]
mod tests;
