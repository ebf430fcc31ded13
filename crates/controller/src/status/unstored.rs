//! Statuses of which the API server has only a part.
//!
//! While Flagger's CRDs are installed, the API server prunes what only Serin writes; and a status of Flagger's is not
//! written while the user holds its rollout. What is missing there is kept here for as long as nobody else writes the
//! Canary, so that decisions see what was decided before. A restart loses it: then the status reads like one of
//! Flagger's, which Serin goes on from.

use serde_json::Value;
use serin_api::CanaryStatus;

/// A status as it was decided, and what the API server has of it.
#[derive(Clone, Debug)]
pub(crate) struct Unstored {
    stored: Option<CanaryStatus>,
    decided: CanaryStatus,
}

impl Unstored {
    /// What the API server made of a status that was written; `None` when it stored all of it. `answer` is the Canary
    /// that it returned.
    pub(crate) fn pruned(written: &CanaryStatus, answer: &Value) -> Option<Box<Self>> {
        let stored: CanaryStatus = serde_json::from_value(answer.get("status")?.clone()).ok()?;
        (stored != *written).then(|| Box::new(Self { stored: Some(stored), decided: written.clone() }))
    }

    /// A status that is not worth a write; `None` when the API server has it as it is.
    pub(crate) fn kept(decided: &CanaryStatus, stored: Option<&CanaryStatus>) -> Option<Box<Self>> {
        let differs = stored != Some(decided);
        differs.then(|| Box::new(Self { stored: stored.cloned(), decided: decided.clone() }))
    }

    /// The status as it was decided, if this is what the API server has of it.
    pub(crate) fn restore(&self, observed: Option<&CanaryStatus>) -> Option<CanaryStatus> {
        (observed == self.stored.as_ref()).then(|| self.decided.clone())
    }

    /// The status as it was decided.
    pub(crate) fn decided(&self) -> &CanaryStatus {
        &self.decided
    }

    /// What the API server has.
    pub(crate) fn stored(&self) -> Option<&CanaryStatus> {
        self.stored.as_ref()
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
        assert!(Unstored::pruned(&status(written.clone()), &json!({ "status": written })).is_none());
        assert!(Unstored::kept(&status(written.clone()), Some(&status(written))).is_none());
    }

    #[test]
    fn what_is_missing_is_put_back_unless_somebody_else_wrote() {
        let decided = status(json!({"phase": "Progressing", "waitingFor": "pods"}));
        let stored = json!({"phase": "Progressing"});
        let pruned = Unstored::pruned(&decided, &json!({ "status": stored }));
        let kept = Unstored::kept(&decided, Some(&status(stored.clone())));
        for unstored in [pruned.unwrap(), kept.unwrap()] {
            assert_eq!(unstored.restore(Some(&status(stored.clone()))), Some(decided.clone()));
            assert_eq!(unstored.restore(Some(&status(json!({"phase": "Failed"})))), None);
            assert_eq!(unstored.restore(None), None);
        }
    }
}
