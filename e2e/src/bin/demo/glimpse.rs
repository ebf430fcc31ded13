//! What there is to see at a moment.

use serde_json::Value;
use serin_api::{CanaryStatus, canary::CheckStatus};
use serin_e2e::{
    Kind,
    history::{EventLine, Versions},
    invariants::{App, Side},
    traffic::Report,
};

/// Width of the bar.
const BAR: u64 = 40;

/// A moment of a rollout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Glimpse {
    pub(crate) status: CanaryStatus,
    /// The version of the primary.
    pub(crate) stable: String,
    /// The version of the target.
    pub(crate) newest: String,
    pub(crate) report: Report,
    /// All events on this Canary.
    pub(crate) events: Vec<EventLine>,
}

impl Glimpse {
    pub(crate) fn new(versions: &Versions, app: &App, report: Report) -> Self {
        Self {
            status: versions.canary(&app.canary).and_then(|canary| canary.status).unwrap_or_default(),
            stable: version(versions, &app.primary()),
            newest: version(versions, &app.target),
            events: versions.events(&app.canary),
            report,
        }
    }

    /// Phase, versions and weight.
    pub(crate) fn head(&self) -> String {
        let CanaryStatus { phase, canary_weight, failed_checks, .. } = &self.status;
        let versions = format!("primary {}, canary {}", self.stable, self.newest);
        format!("{phase:<11} {versions}  weight {canary_weight:>3}  failed checks {failed_checks}")
    }

    /// Why nothing moves, if nothing does.
    pub(crate) fn wait(&self) -> Option<String> {
        self.status.waiting_for.as_ref().map(|reason| format!("waiting: {reason}"))
    }

    /// Each check with its value, its bound and the verdict.
    pub(crate) fn checks(&self) -> Vec<String> {
        self.status.checks.iter().map(check).collect()
    }

    /// How the answers since an earlier moment split between the sides.
    pub(crate) fn split(&self, earlier: &Report) -> String {
        let count = |side| self.report.of(side).saturating_sub(earlier.of(side));
        let (primary, canary) = (count(Side::Primary), count(Side::Canary));
        let Some(share) = (canary * 100).checked_div(primary + canary) else {
            return "no answers".to_owned();
        };
        let filled = usize::try_from(share * BAR / 100).unwrap_or(0);
        let rest = usize::try_from(BAR).unwrap_or(0) - filled;
        let bar = format!("{}{}", "█".repeat(rest), "░".repeat(filled));
        format!("primary {:>3} % {bar} {share:>3} % canary", 100 - share)
    }

    /// Requests and failures so far.
    pub(crate) fn counts(&self) -> String {
        let Report { requests, failed_in_canary, failed_elsewhere, .. } = self.report;
        format!("{requests} requests, failed: {failed_in_canary} in the canary, {failed_elsewhere} elsewhere")
    }

    /// What makes this moment worth a line of its own.
    pub(crate) fn key(&self) -> (String, Vec<String>) {
        (self.head(), self.checks())
    }
}

fn check(check: &CheckStatus) -> String {
    let CheckStatus { name, value, bound, verdict, message, .. } = check;
    let value = value.as_deref().or(message.as_deref()).unwrap_or("no value");
    let bound = bound.as_deref().map(|bound| format!("  (bound {bound})")).unwrap_or_default();
    format!("{name} {value}{bound}  {verdict}")
}

/// The image tag of a Deployment.
fn version(versions: &Versions, deployment: &str) -> String {
    let found = versions.now(Kind::DEPLOYMENT, deployment);
    let image = found.and_then(|found| found.pointer("/spec/template/spec/containers/0/image"));
    let tag = image.and_then(Value::as_str).and_then(|image| image.rsplit_once(':'));
    tag.map_or_else(|| "?".to_owned(), |(_, tag)| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_the_answers_since_the_moment_before() {
        let report = |primary, canary| Report {
            by_side: [(Side::Primary, primary), (Side::Canary, canary)].into(),
            ..Report::default()
        };
        let glimpse = Glimpse { report: report(160, 40), ..Glimpse::default() };
        let split = glimpse.split(&report(100, 20));
        assert_eq!(split, format!("primary  75 % {}{}  25 % canary", "█".repeat(30), "░".repeat(10)));
        assert_eq!(glimpse.split(&glimpse.report), "no answers");
    }

    #[test]
    fn a_check_shows_its_value_and_its_bound() {
        let with = |value: Option<&str>, message: Option<&str>| CheckStatus {
            name: "latency".to_owned(),
            value: value.map(str::to_owned),
            bound: Some("<= 0.5".to_owned()),
            verdict: "Pass".to_owned(),
            message: message.map(str::to_owned),
            query: None,
        };
        assert_eq!(check(&with(Some("0.02"), None)), "latency 0.02  (bound <= 0.5)  Pass");
        assert_eq!(check(&with(None, Some("timeout"))), "latency timeout  (bound <= 0.5)  Pass");
    }
}
