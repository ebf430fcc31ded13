//! What was read of a Canary, and whether it waits for a first read of something else.

use std::{sync::Arc, time::Duration};

use serin_api::Canary;
use tokio::time::Instant;

/// What was read of a Canary.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    fresh: bool,
    loading: Option<Instant>,
    valid: Option<Arc<Canary>>,
}

impl Reads {
    /// Begins a term: another replica may have written it.
    pub(super) fn begin_term(&mut self) {
        self.fresh = false;
    }

    /// Whether it was read afresh in this term.
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Notes that it was read afresh in this term.
    pub(crate) fn set_fresh(&mut self) {
        self.fresh = true;
    }

    /// Notes whether it waits for something that is being loaded. Returns for how long it has.
    pub(crate) fn loading(&mut self, waits: bool) -> Option<Duration> {
        self.loading = waits.then(|| self.loading.unwrap_or_else(Instant::now));
        self.loading.map(|since| since.elapsed())
    }

    /// Keeps the Canary as the last one whose spec is valid.
    pub(crate) fn keep_valid(&mut self, canary: &Arc<Canary>) {
        self.valid = Some(Arc::clone(canary));
    }

    /// Returns the last valid Canary, if it has this uid.
    pub(crate) fn valid(&self, uid: Option<&str>) -> Option<Arc<Canary>> {
        self.valid.as_ref().filter(|valid| valid.metadata.uid.as_deref() == uid).map(Arc::clone)
    }
}

#[cfg(test)]
mod tests {
    use serin_api::CanarySpec;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_of_loading_begins_anew_with_each_wait() {
        let mut reads = Reads::default();
        assert_eq!(reads.loading(false), None);
        assert_eq!(reads.loading(true), Some(Duration::ZERO));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(reads.loading(true), Some(Duration::from_secs(5)));
        assert_eq!(reads.loading(false), None);
        assert_eq!(reads.loading(true), Some(Duration::ZERO));
    }

    #[test]
    fn a_canary_made_anew_was_never_valid() {
        let mut canary = Canary::new("app", CanarySpec::default());
        canary.metadata.uid = Some("a".to_owned());
        let mut reads = Reads::default();
        reads.keep_valid(&Arc::new(canary));
        assert!(reads.valid(Some("a")).is_some() && reads.valid(Some("b")).is_none());
    }
}
