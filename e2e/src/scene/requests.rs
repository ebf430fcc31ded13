//! What has to be true of requests.

use anyhow::{Result, ensure};

use super::Scene;
use crate::{
    Traffic,
    traffic::{Plan, Report, Tally, account},
};

impl Scene {
    /// Applies podinfo with a Service of the user's in front, and sends requests to that at this rate, by a route that
    /// no Canary knows.
    ///
    /// # Errors
    /// The cluster refuses, or there is no good answer in time.
    pub async fn users_of_the_apex(&self, rate: u32) -> Result<Traffic> {
        for file in ["podinfo.yaml", "apex-service.yaml", "apex-route.yaml"] {
            self.apply(file).await?;
        }
        self.send(Plan::new(&self.cluster.gateway, &format!("users.{}", self.host()), rate)).await
    }

    /// Asserts that every request was answered well.
    ///
    /// # Errors
    /// One was not; the error says when, how, and what the rollout had just done.
    pub fn no_request_failed(&self, tally: &Tally) -> Result<Report> {
        let report = self.report(tally);
        let account = self.history.look(|versions| account(&tally.failures, versions, &self.app));
        ensure!(tally.failed() == 0, "{report}\n{account}");
        Ok(report)
    }

    /// Asserts that only requests that were sent to the canary failed.
    ///
    /// # Errors
    /// Another one did; the error says when, how, and what the rollout had just done.
    pub fn only_the_canary_failed(&self, tally: &Tally) -> Result<Report> {
        let report = self.report(tally);
        let account = self.history.look(|versions| account(&report.elsewhere, versions, &self.app));
        ensure!(report.failed_elsewhere == 0, "{report}\n{account}");
        Ok(report)
    }
}
