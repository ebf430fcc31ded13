//! What has to be true of requests.

use anyhow::{Result, ensure};

use super::Scene;
use crate::traffic::{Report, Tally, account};

impl Scene {
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
