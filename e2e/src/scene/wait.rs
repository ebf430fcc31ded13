//! Waiting for what the operator does.

use std::time::Duration;

use anyhow::{Context, Result};
use serin_api::{Canary, CanaryStatus, Phase, canary::CanaryCondition};

use super::{LIMIT, Scene};
use crate::{
    Kind,
    history::{EventLine, Versions},
};

impl Scene {
    /// Waits until the Canary's status has a property, and returns the status.
    ///
    /// # Errors
    /// No status has the property in time.
    pub async fn until_status(
        &self,
        what: &str,
        property: impl Fn(&CanaryStatus) -> bool,
    ) -> Result<CanaryStatus> {
        let found = |versions: &Versions| {
            versions.canary(&self.app.canary).and_then(|canary| canary.status).filter(&property)
        };
        let reached = self.history.until(what, LIMIT, found).await;
        reached.with_context(|| format!("the Canary is {}", self.describe()))
    }

    /// Waits for a phase. One that was left meanwhile does not count.
    ///
    /// # Errors
    /// The Canary did not reach it in time.
    pub async fn until_phase(&self, phase: Phase) -> Result<CanaryStatus> {
        self.until_status(&format!("phase {phase}"), |status| status.phase == phase).await
    }

    /// Waits until the canary has had at least this weight in this rollout.
    ///
    /// # Errors
    /// The weight is not reached in time.
    pub async fn until_weight(&self, weight: i64) -> Result<CanaryStatus> {
        self.until_status(&format!("canary weight {weight}"), |status| status.canary_weight >= weight).await
    }

    /// Waits for an event on the Canary whose text contains this one.
    ///
    /// # Errors
    /// No event contains the text in time; the error lists the events that there were.
    pub async fn until_event(&self, text: &str) -> Result<EventLine> {
        let find = |versions: &Versions| {
            versions.events(&self.app.canary).into_iter().find(|event| event.message.contains(text))
        };
        let found = self.history.until(&format!("an event with `{text}`"), LIMIT, find).await;
        found.with_context(|| format!("events: {:#?}", self.events()))
    }

    /// Waits until the Canary says that it cannot be served, and returns the condition.
    ///
    /// # Errors
    /// The Canary has no condition `Stalled` in time.
    pub async fn until_stalled(&self) -> Result<CanaryCondition> {
        let status = self.until_status("condition Stalled", |status| stalled(status).is_some()).await?;
        stalled(&status).context("the condition is gone")
    }

    /// Waits until the Canary no longer says that it cannot be served.
    ///
    /// # Errors
    /// The Canary still has the condition `Stalled` at the end of the time it has.
    pub async fn until_served(&self) -> Result<CanaryStatus> {
        self.until_status("no condition Stalled", |status| stalled(status).is_none()).await
    }

    /// Waits until an object is deleted.
    ///
    /// # Errors
    /// The object still exists at the end of the time it has.
    pub async fn until_gone(&self, kind: Kind, name: &str) -> Result<()> {
        let what = format!("{} {name} to be deleted", kind.name);
        let gone = |versions: &Versions| versions.is_gone(kind, name).then_some(());
        self.history.until(&what, LIMIT, gone).await
    }

    /// Asserts that an event does not come up within a span in which it could.
    ///
    /// # Errors
    /// The property held at some moment of the span.
    pub async fn never_within(
        &self,
        span: Duration,
        what: &str,
        probe: impl Fn(&Versions) -> bool,
    ) -> Result<()> {
        let seen = self.history.until(what, span, |versions| probe(versions).then_some(())).await;
        anyhow::ensure!(seen.is_err(), "{what}, which should not happen");
        Ok(())
    }

    /// Answers a question about all that the cluster knows by now. A wait for one kind says nothing of how far the
    /// record of another is.
    ///
    /// # Errors
    /// The record does not come up to the cluster in time.
    pub async fn look<T>(&self, question: impl FnOnce(&Versions) -> T) -> Result<T> {
        self.history.catch_up(LIMIT).await?;
        Ok(self.history.look(question))
    }

    /// The events on the Canary so far.
    pub fn events(&self) -> Vec<EventLine> {
        self.history.look(|versions| versions.events(&self.app.canary))
    }

    /// The Canary as it was seen last.
    ///
    /// # Errors
    /// The namespace has no Canary.
    pub fn canary(&self) -> Result<Canary> {
        self.history.look(|versions| versions.canary(&self.app.canary)).context("there is no Canary")
    }

    fn describe(&self) -> String {
        match self.canary().ok().and_then(|canary| canary.status) {
            Some(status) => {
                format!("{} with weight {}, {:?}", status.phase, status.canary_weight, status.conditions)
            }
            None => "without a status".to_owned(),
        }
    }
}

/// The condition that says why a Canary cannot be served.
fn stalled(status: &CanaryStatus) -> Option<CanaryCondition> {
    status.conditions.iter().find(|found| found.type_ == "Stalled" && found.status == "True").cloned()
}
