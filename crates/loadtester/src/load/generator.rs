//! Sends the requests of a load at their times.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    Load, Pace, Report,
    client::{ClientError, Sender},
    report::Ended,
    tally::Tally,
};
use crate::metrics::{LoadLabels, Metrics};

/// For whom a load is generated.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    /// The Canary's name in logs.
    pub(crate) canary: String,
    /// The Canary in exported metrics.
    pub(crate) labels: LoadLabels,
}

/// Generates `load` until it is done, at most for `limit`, or until `stop` is cancelled.
pub(crate) async fn generate(
    load: &Load,
    aim: Aim,
    metrics: &Metrics,
    limit: Duration,
    stop: &CancellationToken,
) -> Result<Report, ClientError> {
    let run = Arc::new(Run::new(load, aim, metrics.clone())?);
    let mut workers: JoinSet<()> = (0..load.concurrency).map(|_| Arc::clone(&run).work()).collect();
    let ended = tokio::select! {
        () = all(&mut workers) => Ended::Complete,
        () = sleep_until(run.start + limit) => Ended::TimedOut,
        () = stop.cancelled() => Ended::Stopped,
    };
    workers.shutdown().await;
    Ok(run.report(ended))
}

async fn all(workers: &mut JoinSet<()>) {
    while workers.join_next().await.is_some() {}
}

/// A load under way, shared by its workers.
#[derive(Debug)]
struct Run {
    load: Load,
    aim: Aim,
    metrics: Metrics,
    sender: Sender,
    start: Instant,
    next: AtomicU64,
    tally: Mutex<Tally>,
}

impl Run {
    fn new(load: &Load, aim: Aim, metrics: Metrics) -> Result<Self, ClientError> {
        Ok(Self {
            load: load.clone(),
            aim,
            metrics,
            sender: Sender::new(load)?,
            start: Instant::now(),
            next: AtomicU64::new(0),
            tally: Mutex::new(Tally::new()),
        })
    }

    /// Sends one request after the other, each at its time, until none is left.
    async fn work(self: Arc<Self>) {
        while let Some(due) = self.next() {
            sleep_until(due).await;
            let begin = match self.load.pace {
                Pace::Open(_) => due,
                Pace::Closed(_) => Instant::now(),
            };
            let result = self.sender.send().await;
            self.record(result, begin.elapsed());
        }
    }

    /// When the next request is due; `None` when it would be one too many or too late, or when the time is up.
    fn next(&self) -> Option<Instant> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let offset = self.load.pace.interval().saturating_mul(u32::try_from(index).unwrap_or(u32::MAX));
        let counted = self.load.count.is_none_or(|count| index < count);
        let over = self.start.elapsed() >= self.load.duration;
        (counted && !over && offset < self.load.duration).then(|| self.start + offset)
    }

    fn record(&self, result: Result<&'static str, &'static str>, latency: Duration) {
        self.metrics.request(&self.aim.labels, result, latency);
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).record(result, latency);
    }

    fn report(&self, ended: Ended) -> Report {
        let elapsed = self.start.elapsed();
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let url = self.load.template.url.as_str();
        let planned = if ended == Ended::Complete { self.load.duration } else { elapsed };
        Report::new(&self.aim.canary, url, ended, elapsed, self.due(planned), &tally)
    }

    /// How many requests were due within `time`; unknown where the answers set the pace.
    fn due(&self, time: Duration) -> Option<u64> {
        let Pace::Open(interval) = self.load.pace else { return None };
        let time = time.min(self.load.duration).as_nanos();
        let due = u64::try_from(time.div_ceil(interval.as_nanos().max(1))).unwrap_or(u64::MAX);
        Some(self.load.count.map_or(due, |count| due.min(count)))
    }
}

#[cfg(test)]
mod tests;
