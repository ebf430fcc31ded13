//! Taking Canaries from the queue while this replica may act.

mod loading;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::{sync::watch, task::JoinSet, time::Instant};

use crate::{
    cache::Lookup,
    clock,
    context::Context,
    key::Key,
    lease::Term,
    metrics::ReconcileResult,
    options::{LONGEST_SLEEP, span},
    reconcile::{ReconcileEnd, reconcile},
};

/// Works while this replica may act, until the operator ends.
pub(crate) async fn run(ctx: Arc<Context>, mut term: watch::Receiver<Term>) {
    loop {
        let led = term.wait_for(Option::is_some);
        tokio::select! {
            led = led => if led.is_err() { return },
            () = ctx.stop.cancelled() => return,
        }
        ctx.metrics.operator.leader(true);
        serve(&ctx, &mut term).await;
        ctx.metrics.operator.leader(false);
        if ctx.stop.is_cancelled() {
            return;
        }
    }
}

/// From taking over to standing down.
async fn serve(ctx: &Arc<Context>, term: &mut watch::Receiver<Term>) {
    ctx.local.begin_term();
    let mut running = JoinSet::new();
    let lost = tokio::select! {
        () = work(ctx, &mut running) => false,
        _ = term.wait_for(Option::is_none) => true,
        () = ctx.stop.cancelled() => false,
    };
    if lost {
        // Another replica may act already: not even a request that is under way may be followed by more.
        running.abort_all();
    }
    let ended = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(ctx.options.grace, ended).await.is_err() {
        tracing::warn!("reconciles are still running at the end of the grace period");
    }
}

async fn work(ctx: &Arc<Context>, running: &mut JoinSet<()>) {
    ctx.cluster.caches.canaries.until_started().await;
    let queue = &ctx.cluster.queue;
    for (key, _) in ctx.cluster.caches.canaries.all() {
        queue.wake(&key);
    }
    loop {
        if running.len() >= ctx.options.concurrency {
            finished(running.join_next().await);
            continue;
        }
        tokio::select! {
            key = queue.next() => drop(running.spawn(look(Arc::clone(ctx), key))),
            Some(done) = running.join_next() => finished(Some(done)),
        }
    }
}

fn finished(done: Option<Result<(), tokio::task::JoinError>>) {
    if let Some(Err(error)) = done
        && error.is_panic()
    {
        tracing::error!(%error, "a reconcile panicked; it is tried again in a minute");
    }
}

async fn look(ctx: Arc<Context>, key: Key) {
    let turn = ReconcileGuard { ctx: &ctx, key: &key, settled: false };
    let started = Instant::now();
    if let Some(lists) = loading::awaited(&ctx, &key) {
        turn.later(started + lists.patience);
        return loading::wake_with(&ctx, &key, lists);
    }
    let verdict = Box::pin(reconcile(&ctx, &key)).await;
    let failed = matches!(verdict, ReconcileEnd::Retry(_));
    let outcome = if failed { ReconcileResult::Failed } else { ReconcileResult::Done };
    ctx.metrics.operator.reconciled(outcome, started.elapsed());
    turn.settle(verdict);
}

/// A Canary's turn; it ends however the reconcile ends.
struct ReconcileGuard<'a> {
    ctx: &'a Context,
    key: &'a Key,
    settled: bool,
}

impl ReconcileGuard<'_> {
    fn settle(mut self, verdict: ReconcileEnd) {
        self.settled = true;
        let queue = &self.ctx.cluster.queue;
        let local = self.ctx.local.of(self.key);
        match verdict {
            ReconcileEnd::Settled(wake) => {
                local.retries().succeeded();
                self.wake(wake);
            }
            ReconcileEnd::Retry(_) => queue.wake_at(self.key, Instant::now() + local.retries().failed()),
            ReconcileEnd::Gone => forget(self.ctx, self.key),
            ReconcileEnd::Interrupted => {}
        }
    }
}

impl ReconcileGuard<'_> {
    /// Puts the reconcile off, because what it needs is being loaded.
    fn later(mut self, at: Instant) {
        self.settled = true;
        self.ctx.cluster.queue.wake_at(self.key, at);
    }

    fn wake(&self, at: Option<DateTime<Utc>>) {
        if let Some(at) = at {
            self.ctx.cluster.queue.wake_at(self.key, instant(at));
        }
    }
}

impl Drop for ReconcileGuard<'_> {
    fn drop(&mut self) {
        let queue = &self.ctx.cluster.queue;
        if !self.settled {
            queue.wake_at(self.key, Instant::now() + crate::options::BACKOFF_MAX);
        }
        queue.done(self.key);
    }
}

/// The monotonic time of a time of day.
fn instant(at: DateTime<Utc>) -> Instant {
    Instant::now() + span(at - clock::now()).min(LONGEST_SLEEP)
}

fn forget(ctx: &Context, key: &Key) {
    tracing::info!(canary = %format!("{}.{}", key.name, key.namespace), "canary deleted");
    ctx.cluster.queue.forget(key);
    ctx.cluster.queue.wake_all(&ctx.cluster.caches.unlink(key));
    if let Some(labels) = ctx.local.forget(key) {
        let metrics = labels.metrics.iter().map(String::as_str);
        ctx.metrics.canary.remove(&labels.target, &key.namespace, metrics);
    }
    // One of the same name may have been created since the look.
    if let Lookup::Present(entry) = ctx.cluster.caches.canaries.get(key) {
        let caches = &ctx.cluster.caches;
        caches.link(key, &caches.links(key, &entry.canary));
        ctx.cluster.queue.wake(key);
    }
}
