//! A/B testing: a header decides who sees the new version.

use anyhow::ensure;
use serin_e2e::{
    invariants::Side,
    scene::{Fault, TestResult, together},
};

#[test]
fn only_insiders_see_the_new_version_until_it_is_promoted() -> TestResult {
    together("ab", async |scene| {
        scene.install("canary-ab.yaml").await?;
        scene.mark_as_shared().await?;
        let insiders = scene.send(scene.requests(20).header("x-canary", "insider")).await?;
        let others = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::None).await?;
        scene.until_event("canary iteration 3/3").await?;
        scene.promoted(shipment, "6.9.1").await?;
        scene
            .expect_events(&["iteration 1/3", "iteration 2/3", "iteration 3/3", "Promotion completed!"])
            .await?;
        let (inside, outside) = (insiders.stop().await, others.stop().await);
        for tally in [&inside, &outside] {
            scene.no_request_failed(tally)?;
        }
        // After the promotion everybody sees the new version: who answered says the gateway.
        let [inside, outside] = [inside, outside].map(|tally| scene.report(&tally));
        ensure!(inside.of(Side::Canary) > 0, "insiders did not see the canary: {inside}");
        ensure!(outside.of(Side::Canary) == 0, "others saw the canary: {outside}");
        Ok(())
    })
}

#[test]
fn a_version_that_fails_insiders_is_rolled_back() -> TestResult {
    together("ab-errors", async |scene| {
        scene.install("canary-ab.yaml").await?;
        let insiders = scene.send(scene.requests(30).header("x-canary", "insider")).await?;
        let others = scene.traffic(20).await?;
        let shipment = scene.ship("6.9.1", Fault::Errors).await?;
        scene.rolled_back(shipment, "6.9.0").await?;
        let others = others.stop().await;
        scene.no_request_failed(&others)?;
        scene.only_the_canary_failed(&insiders.stop().await)?;
        Ok(())
    })
}
