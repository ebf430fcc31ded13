//! Two replicas with a lease. The one that leads is killed at the end of a rollout; the other tells it.

use anyhow::{Context, Result, ensure};
use kube::core::DynamicObject;
use serde_json::json;
use serin_e2e::{
    Kind, Recorder, Scene, Spare,
    recorder::{Answer, Receipt},
    scene::{Fault, LIMIT, Verdict, apart},
    spare::{Moment, Operator},
};

use super::{apply, quick, texts::FAILED};

const NAMESPACE: &str = "serin-system";
const LEASE: &str = "flagger-leader-election";

/// The name of the replica that leads, once it is another than this one.
async fn leader(scene: &Scene, not: &str) -> Result<String> {
    let leases = scene.cluster.api(Kind::LEASE, NAMESPACE);
    let name = |lease: &DynamicObject| {
        let holder = lease.data["spec"]["holderIdentity"].as_str()?;
        holder.split_once('_').map(|(name, _)| name.to_owned()).filter(|name| name != not)
    };
    let another = |lease: Option<&DynamicObject>| lease.and_then(name).is_some();
    let waited = kube::runtime::wait::await_condition(leases, LEASE, another);
    let lease = tokio::time::timeout(LIMIT, waited).await.context("no other leader")??;
    lease.as_ref().and_then(name).context("a Lease without a holder")
}

struct Replicas<'a> {
    spare: &'a Spare,
    kubeconfig: std::path::PathBuf,
    running: Vec<(String, Operator)>,
}

impl Replicas<'_> {
    fn start(&mut self, name: &str) -> Result<()> {
        let args =
            ["--enable-leader-election", "--leader-election-namespace=serin-system", "--lease-duration=15s"];
        let host = [("HOSTNAME".to_owned(), name.to_owned())];
        let operator = self.spare.launch(name, &self.kubeconfig, &args.map(str::to_owned), &host)?;
        self.running.push((name.to_owned(), operator));
        Ok(())
    }

    async fn kill(&mut self, name: &str) -> Result<()> {
        let index = self.running.iter().position(|(running, _)| running == name);
        let (_, operator) = self.running.remove(index.with_context(|| format!("{name} does not run"))?);
        operator.stop().await
    }
}

async fn until_told(people: &Recorder, count: usize) -> Result<Vec<Receipt>> {
    let told = |receipts: &[Receipt]| {
        let mut all = receipts.to_vec();
        all.retain(|receipt| receipt.path == "/alert" && receipt.body.contains(FAILED.text));
        (all.len() >= count).then_some(all)
    };
    people.until(&format!("{count} alerts"), LIMIT, told).await
}

async fn failover(scene: &Scene, spare: &Spare) -> Result<()> {
    let people = Recorder::start().await?;
    let (tap, kubeconfig) = spare.tap().await?;
    let mut replicas = Replicas { spare, kubeconfig, running: Vec::new() };
    replicas.start("one")?;
    replicas.start("two")?;
    let url = &people.url;
    let spec = json!({"type": "webhook", "address": format!("{url}/alert")});
    apply(scene, "AlertProvider", &scene.namespace, "alert", spec).await?;
    let alerts = [json!({"name": "alert", "severity": "error", "providerRef": {"name": "alert"}})];
    let hooks = [json!({"name": "check", "type": "rollout", "url": format!("{url}/check")})];
    people.answer("/check", Answer::Status(500));
    scene.install_changed("canary.yaml", quick(&alerts, &hooks)).await?;
    let first = leader(scene, "").await?;

    // The status is written, and the leader dies: the other one tells it.
    tap.hold(Moment::After, |call| {
        call.path.contains("/canaries/podinfo/status")
            && call.body["status"].to_string().contains(FAILED.text)
    });
    let shipment = scene.ship("6.9.1", Fault::None).await?;
    tap.held(LIMIT).await?;
    replicas.kill(&first).await?;
    let second = leader(scene, &first).await?;
    scene.rolled_back(shipment, "6.9.0").await?;
    until_told(&people, 1).await?;
    let noted = |status: &serin_api::CanaryStatus| status.news.iter().all(|news| news.alerts.is_empty());
    scene.until_status("no alert to be told", noted).await?;
    ensure!(until_told(&people, 1).await?.len() == 1, "{:#?}", people.at("/alert"));

    // The receiver has the alert and has not answered: the other one repeats it under the same name.
    replicas.start("three")?;
    people.answer("/alert", Answer::SilenceFor(FAILED.text));
    let shipment = scene.ship("6.9.2", Fault::None).await?;
    until_told(&people, 2).await?;
    replicas.kill(&second).await?;
    people.answer("/alert", Answer::Status(200));
    leader(scene, &second).await?;
    scene.rolled_back(shipment, "6.9.0").await?;
    let told = until_told(&people, 3).await?;
    scene.until_status("no alert to be told", noted).await?;
    ensure!(told[1].key == told[2].key && told[1].body == told[2].body, "{told:#?}");
    ensure!(told[0].key != told[1].key && told[0].key.is_some(), "{told:#?}");
    ensure!(until_told(&people, 3).await?.len() == 3, "{:#?}", people.at("/alert"));
    Ok(())
}

#[test]
fn the_next_leader_tells_what_the_last_one_did_not() -> Verdict {
    apart("failover", failover)
}
