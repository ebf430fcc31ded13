//! What has to be true when a rollout is over.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use serin_api::{CanaryStatus, Phase};

use super::{LIMIT, Scene, Shipment};
use crate::{
    Kind,
    history::Versions,
    invariants::{self, Side},
};

impl Scene {
    /// Waits until the rollout of a shipment is over, however it ended.
    ///
    /// # Errors
    /// The rollout does not start, or does not end in time.
    pub async fn outcome(&self, shipment: Shipment) -> Result<CanaryStatus> {
        let name = self.app.canary.as_str();
        let phase = |object: &Value| serde_json::from_value::<Phase>(object["status"]["phase"].clone()).ok();
        let started = |versions: &Versions| {
            let after = versions.after(shipment.0).iter();
            let mut phases =
                after.filter(|v| v.kind == Kind::CANARY && v.name == name).map(|v| phase(&v.object));
            phases.any(|phase| phase == Some(Phase::Progressing)).then_some(())
        };
        self.history.until("the rollout to start", LIMIT, started).await?;
        self.until_status("the end of the rollout", |status| {
            matches!(status.phase, Phase::Succeeded | Phase::Failed)
        })
        .await
    }

    /// Waits until the rollout of a shipment is over, which has to end in its promotion.
    ///
    /// # Errors
    /// The version is rolled back, or the scene is not at rest in time.
    pub async fn promoted(&self, shipment: Shipment, version: &str) -> Result<CanaryStatus> {
        let status = self.outcome(shipment).await?;
        ensure!(status.phase == Phase::Succeeded, "{version} was not promoted: {:#?}", self.events());
        self.at_rest(version).await?;
        Ok(status)
    }

    /// Waits until the rollout of a shipment is over, which has to end in a rollback.
    ///
    /// # Errors
    /// The version is promoted, or the scene is not at rest in time.
    pub async fn rolled_back(&self, shipment: Shipment, stable: &str) -> Result<CanaryStatus> {
        let status = self.outcome(shipment).await?;
        ensure!(status.phase == Phase::Failed, "a bad version was promoted: {:#?}", self.events());
        self.at_rest(stable).await?;
        Ok(status)
    }

    /// Waits until all weight is on the primary, the primary runs this version and the target runs nothing.
    ///
    /// # Errors
    /// Traffic, images or replicas are not as they should be in time.
    pub async fn at_rest(&self, version: &str) -> Result<()> {
        self.until_split(100, 0).await?;
        let (image, primary) = (format!(":{version}"), self.app.primary());
        let resting = |versions: &Versions| {
            let primary = versions.now(Kind::DEPLOYMENT, &primary)?;
            let target = versions.now(Kind::DEPLOYMENT, &self.app.target)?;
            let runs = primary.pointer("/spec/template/spec/containers/0/image")?.as_str()?;
            (runs.ends_with(&image) && target["spec"]["replicas"] == 0).then_some(())
        };
        self.history.until(&format!("the primary at {version} and the target at 0"), LIMIT, resting).await
    }

    /// Waits until every rule that names both sides splits the traffic like this.
    ///
    /// # Errors
    /// The route does not get this split in time.
    pub async fn until_split(&self, primary: i64, canary: i64) -> Result<()> {
        let what = format!("a split of {primary}/{canary}");
        let split = |versions: &Versions| (self.split(versions)? == [primary, canary]).then_some(());
        self.history.until(&what, LIMIT, split).await
    }

    /// The weights of the first rule that is not for users with a cookie: primary, canary.
    pub fn split(&self, versions: &Versions) -> Option<[i64; 2]> {
        let route = versions.now(Kind::ROUTE, &self.app.apex)?;
        let backends = invariants::split(route)?;
        let weight = |side: Side| {
            let service = side.service(&self.app.apex);
            let backend = backends.iter().find(|backend| backend["name"] == service.as_str());
            backend.map_or(Some(0), |backend| backend["weight"].as_i64())
        };
        Some([weight(Side::Primary)?, weight(Side::Canary)?])
    }

    /// The weights that the canary has had, each change once.
    pub fn canary_weights(&self) -> Vec<i64> {
        let service = Side::Canary.service(&self.app.apex);
        let mut weights = self.history.look(|versions| {
            let routes = versions.of(Kind::ROUTE, &self.app.apex);
            let first = routes.filter_map(|version| invariants::split(&version.object));
            let weight = |backends: &[Value]| {
                let backend = backends.iter().find(|backend| backend["name"] == service.as_str());
                Some(backend?["weight"].as_i64().unwrap_or(1))
            };
            first.filter_map(weight).collect::<Vec<_>>()
        });
        weights.dedup();
        weights
    }

    /// Waits until events with these texts have happened, in this order.
    ///
    /// # Errors
    /// One of them did not happen in time; the error lists those that did.
    pub async fn expect_events(&self, texts: &[&str]) -> Result<()> {
        let happened = |versions: &Versions| {
            let events = versions.events(&self.app.canary);
            let mut rest = events.iter();
            let all = texts.iter().all(|text| rest.any(|event| event.message.contains(text)));
            all.then_some(())
        };
        let waited = self.history.until(&format!("the events {texts:?}"), LIMIT, happened).await;
        waited.with_context(|| format!("events: {:#?}", self.events()))
    }
}
