//! A good version is promoted.

use anyhow::ensure;
use serde_json::json;
use serin_api::Phase;
use serin_e2e::{
    Kind,
    invariants::Side,
    scene::{Fault, LIMIT, TestResult, together},
};

/// What is told of a release with two steps that is promoted.
pub(crate) const TOLD: [&str; 8] = [
    "Initialization done! podinfo.",
    "New revision detected! Scaling up podinfo.",
    "Starting canary analysis for podinfo.",
    "canary weight 25",
    "canary weight 50",
    "Copying podinfo.",
    "Routing all traffic to primary",
    "Promotion completed! Scaling down podinfo.",
];

#[test]
fn a_good_version_is_promoted_without_a_failed_request() -> TestResult {
    together("promotion", async |scene| {
        let status = scene.install("canary.yaml").await?;
        ensure!(status.last_promoted_spec == status.last_applied_spec);
        scene.mark_as_shared().await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        let status = scene.promoted(shipment, "6.9.1").await?;
        let tally = traffic.stop().await;

        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());
        ensure!(status.last_promoted_spec == status.last_applied_spec);
        scene.expect_events(&TOLD).await?;
        let report = scene.no_request_failed(&tally)?;
        ensure!(tally.served_by("6.9.1") > 0 && report.of(Side::Canary) > 0, "{report}");
        Ok(())
    })
}

#[test]
fn a_newer_revision_restarts_the_analysis() -> TestResult {
    together("restarted", async |scene| {
        scene.install("canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::Errors).await?;
        scene.until_weight(25).await?;
        scene.ship("6.9.2", Fault::None).await?;
        scene.until_event("New revision detected! Restarting analysis for podinfo.").await?;
        scene.promoted(shipment, "6.9.2").await?;
        scene.only_the_canary_failed(&traffic.stop().await)?;
        let weights = scene.canary_weights();
        ensure!(weights.ends_with(&[0, 25, 50, 0]), "the analysis starts at 0 again: {weights:?}");
        Ok(())
    })
}

#[test]
fn the_steps_of_a_promotion_are_taken_one_by_one() -> TestResult {
    together("steps", async |scene| {
        let change = json!({"spec": {"analysis": {
            "interval": "2s", "maxWeight": null, "stepWeight": null,
            "stepWeights": [10, 60], "stepWeightPromotion": 40, "metrics": null,
        }}});
        scene.install_changed("canary.yaml", change).await?;
        let traffic = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.promoted(shipment, "6.9.1").await?;
        let weights = scene.canary_weights();
        ensure!(weights == [0, 10, 60, 20, 0], "{weights:?}");
        scene.only_the_canary_failed(&traffic.stop().await)?;
        Ok(())
    })
}

#[test]
fn a_suspended_canary_waits_until_it_is_resumed() -> TestResult {
    together("suspended", async |scene| {
        scene.install("canary.yaml").await?;
        let traffic = scene.traffic(20).await?;
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": true}})).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_event("skipping canary run as object is suspended").await?;
        ensure!(scene.canary()?.status.is_some_and(|status| status.phase == Phase::Initialized));
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"suspend": false}})).await?;
        scene.promoted(shipment, "6.9.1").await?;
        scene.only_the_canary_failed(&traffic.stop().await)?;
        Ok(())
    })
}

#[test]
fn users_of_the_apex_notice_nothing_of_a_release_without_a_route() -> TestResult {
    together("no-route", async |scene| {
        let users = scene.users_of_the_apex(20).await?;
        let change = json!({"spec": {"provider": "kubernetes", "analysis": {
            "interval": "1s", "iterations": 2, "maxWeight": null, "stepWeight": null, "metrics": null,
        }}});
        scene.install_changed("canary.yaml", change).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        let status = scene.outcome(shipment).await?;
        ensure!(status.phase == Phase::Succeeded, "{:#?}", scene.events());
        users.until("answer of the new version", LIMIT, |tally| tally.served_by("6.9.1") > 0).await?;
        let tally = users.stop().await;
        ensure!(tally.served_by("6.9.0") > 0, "{:?}", tally.answers);
        scene.no_request_failed(&tally).map(drop)
    })
}
