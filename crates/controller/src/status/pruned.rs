//! Statuses of which the API server dropped a part.
//!
//! While Flagger's CRDs are installed, the API server prunes what only Serin writes. What was dropped is kept here
//! for as long as nobody else writes the Canary, so that decisions see what was decided before. A restart loses it:
//! then the status reads like one of Flagger's, which Serin goes on from.

use serde_json::Value;
use serin_api::CanaryStatus;

/// A status as it was written, and what the API server made of it.
#[derive(Clone, Debug)]
pub struct Pruned {
    stored: CanaryStatus,
    written: CanaryStatus,
}

impl Pruned {
    /// `None` when the API server stored all of it. `answer` is the Canary that it returned.
    pub fn of(written: &CanaryStatus, answer: &Value) -> Option<Box<Self>> {
        let stored: CanaryStatus = serde_json::from_value(answer.get("status")?.clone()).ok()?;
        (stored != *written).then(|| Box::new(Self { stored, written: written.clone() }))
    }

    /// The status as it was written, if this is what became of it.
    pub fn restore(&self, observed: Option<&CanaryStatus>) -> Option<CanaryStatus> {
        (observed == Some(&self.stored)).then(|| self.written.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(value: Value) -> CanaryStatus {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_status_that_was_stored_whole_needs_nothing() {
        let written = json!({"phase": "Progressing", "waitingFor": "pods"});
        assert!(Pruned::of(&status(written.clone()), &json!({ "status": written })).is_none());
    }

    #[test]
    fn what_was_dropped_is_put_back_unless_somebody_else_wrote() {
        let written = status(json!({"phase": "Progressing", "waitingFor": "pods"}));
        let stored = json!({"phase": "Progressing"});
        let pruned = Pruned::of(&written, &json!({ "status": stored })).unwrap();
        assert_eq!(pruned.restore(Some(&status(stored))), Some(written));
        assert_eq!(pruned.restore(Some(&status(json!({"phase": "Failed"})))), None);
        assert_eq!(pruned.restore(None), None);
    }
}
