//! Who sends requests notices nothing of a takeover in the middle of a rollout.

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use serin_e2e::{
    Kind, Scene, flagger, install,
    scene::{Fault, LIMIT, Shipment, TestResult, alone},
    traffic::Traffic,
};

use super::webhook_server::WebhookServer;
use crate::affinity::visit_until;

const NEW: &str = "6.9.1";

/// A release that Flagger has brought to its first step, and its users.
struct Live<'a> {
    scene: &'a Scene,
    shipment: Shipment,
    /// Anybody.
    others: Traffic,
    /// Users with a cookie of the canary, where there is one.
    pioneers: Option<Traffic>,
}

impl<'a> Live<'a> {
    /// Lets Flagger bring it there; then it waits for an answer to what it tells.
    async fn bring(scene: &'a Scene, server: &WebhookServer, affinity: Value) -> Result<Self> {
        let analysis = json!({
            "metrics": null, "sessionAffinity": affinity, "webhooks": [server.hook("event", &scene.namespace)],
        });
        scene.install_changed("canary.yaml", json!({"spec": {"analysis": analysis}})).await?;
        server.hold_at(&scene.namespace, "canary weight 25");
        let shipment = scene.ship(NEW, Fault::None).await?;
        server.until_held(&scene.namespace).await?;
        let pioneer = visit_until(&scene.requests(1), NEW).await?;
        let cookie = pioneer.cookies.iter().find_map(|cookie| cookie.split(';').next());
        ensure!(cookie.is_some() != affinity.is_null(), "cookies: {:?}", pioneer.cookies);
        let pioneers = match cookie {
            Some(cookie) => Some(scene.send(scene.requests(20).header("cookie", cookie)).await?),
            None => None,
        };
        Ok(Self { scene, shipment, others: scene.traffic(20).await?, pioneers })
    }

    /// It is promoted, and no request has failed. Users with a cookie stay on the canary until its version is everywhere.
    async fn ends(self) -> Result<()> {
        let scene = self.scene;
        scene.until_event("Copying podinfo.").await?;
        if let Some(tally) = self.pioneers.as_ref().map(Traffic::tally) {
            let (all, new) = (tally.requests(), tally.served_by(NEW));
            println!("takeover live: {new} of {all} requests with a cookie went to {NEW}");
            ensure!(all > 20 && new == all, "{:?}", tally.answers);
        }
        scene.promoted(self.shipment, NEW).await?;
        ensure!(scene.canary_weights() == [0, 25, 50, 0], "{:?}", scene.canary_weights());
        for traffic in [Some(self.others), self.pioneers].into_iter().flatten() {
            let tally = traffic.stop().await;
            println!("takeover live: {} of {} requests failed", tally.failed(), tally.requests());
            ensure!(tally.failed() == 0, "{:#?}", tally.failures);
        }
        Ok(())
    }
}

async fn taken_over(affine: &Scene, plain: &Scene) -> Result<()> {
    let server = WebhookServer::open().await?;
    let scenes = [affine, plain];
    let flaggers = try_join_all(scenes.map(|scene| flagger::start(&scene.namespace))).await?;
    let cookie = json!({"cookieName": "release"});
    let lives =
        tokio::try_join!(Live::bring(affine, &server, cookie), Live::bring(plain, &server, Value::Null));
    let lives = lives.context("with Flagger")?;
    for scene in scenes {
        // The operator's pod does not reach this server.
        scene.patch(Kind::CANARY, "podinfo", json!({"spec": {"analysis": {"webhooks": null}}})).await?;
    }
    for flagger in flaggers {
        flagger.stop().await?;
    }
    install::scale(&affine.cluster, 1).await?;
    tokio::try_join!(lives.0.ends(), lives.1.ends()).context("with Serin")?;
    Ok(())
}

#[test]
fn users_notice_nothing_of_a_takeover() -> TestResult {
    alone("takeover-live", async |scene| {
        // The safety invariants hold for Serin; what happens here is partly Flagger's.
        let open = |name| Scene::open(scene.cluster.clone(), name);
        let (affine, plain) = tokio::try_join!(open("takeover-live-cookie"), open("takeover-live-plain"))?;
        Box::pin(install::without_operator(&scene.cluster, LIMIT * 4, taken_over(&affine, &plain))).await?;
        tokio::try_join!(affine.close(), plain.close()).map(drop)
    })
}
