//! What to do about a look that failed.

use serin_core::{observe::Answers, stall::Stall, state};

use super::{Fault, Reconcile, ReconcileEnd};
use crate::{apply::ActionError, cache::Lookup, clock, error::Category};

/// Attempts that may be refused before it is believed.
const REFUSALS: u32 = 2;

impl Reconcile<'_> {
    /// Records a fault where users look for it. Traffic stays where it is until the next attempt.
    pub(super) async fn failed(&mut self, fault: Fault) -> ReconcileEnd {
        let category = match &fault {
            Fault::Api(error) => error.category(),
            Fault::Action(error) => error.category(),
            Fault::Blind(_) | Fault::Interrupted => Category::Unavailable,
        };
        self.ctx.metrics.operator.error(category);
        let error = fault.to_string();
        tracing::warn!(canary = %self.key, error, category = category.label(), "reconcile failed");
        match &fault {
            Fault::Action(error) if category != Category::Conflict => {
                self.explain(category, &error.to_string()).await;
            }
            Fault::Api(error) if category != Category::Unavailable => {
                self.explain(category, &error.to_string()).await;
            }
            _ => {}
        }
        ReconcileEnd::Retry(category)
    }

    /// Somebody else was faster with an object: reads it, as the watch may still be behind.
    pub(super) async fn catch_up(&mut self, error: &ActionError) {
        self.answers = Answers::default();
        if let Some((kind, key)) = error.contested()
            && let Err(error) = self.cluster.get(kind, key).await
        {
            tracing::debug!(canary = %self.key, %error, "contested object not read");
        }
    }

    /// An event, and a condition if waiting will not help.
    ///
    /// An API server that starts refuses what it will allow in a few seconds: only what is refused several
    /// times is told.
    async fn explain(&mut self, category: Category, message: &str) {
        let refused = matches!(category, Category::Forbidden | Category::NotFound);
        if refused && self.local().retries().failures() < REFUSALS {
            return;
        }
        let Lookup::Present(entry) = self.cluster.caches.canaries.get(self.key) else { return };
        self.tell(&entry.canary, message).await;
        if category == Category::Unavailable {
            return;
        }
        let stall = Stall::new(category.reason(), message);
        let before = entry.canary.status.clone().unwrap_or_default();
        let status = state::faulted(&before, &stall, clock::now());
        self.local().faults().stand(stall);
        if status != before
            && let Err(error) = self.write(&entry.canary, &status).await
        {
            tracing::warn!(canary = %self.key, %error, "condition not written");
        }
    }
}
