//! Several replicas of the operator with a Lease, as processes behind one proxy.

use std::path::PathBuf;

use anyhow::{Context, Result};
use kube::core::DynamicObject;
use serin_e2e::{
    ControlPlane, Kind, Scene,
    control_plane::{ApiProxy, Operator},
    scene::LIMIT,
};

/// Where the Lease is; Serin has the rights for it there.
const NAMESPACE: &str = "serin-system";
const LEASE: &str = "flagger-leader-election";

/// The running replicas.
pub(crate) struct Replicas<'a> {
    plane: &'a ControlPlane,
    pub(crate) proxy: ApiProxy,
    kubeconfig: PathBuf,
    args: Vec<String>,
    running: Vec<(String, Operator)>,
}

impl<'a> Replicas<'a> {
    /// None yet; they are going to have these arguments over those of the election.
    pub(crate) async fn of(plane: &'a ControlPlane, args: &[&str]) -> Result<Self> {
        let (proxy, kubeconfig) = plane.proxy().await?;
        let election = ["--enable-leader-election", "--leader-election-namespace=serin-system"];
        let args = election.iter().chain(args).map(ToString::to_string).collect();
        Ok(Self { plane, proxy, kubeconfig, args, running: Vec::new() })
    }

    /// Starts one.
    pub(crate) fn start(&mut self, name: &str) -> Result<()> {
        let host = [("HOSTNAME".to_owned(), name.to_owned())];
        let operator = self.plane.launch(name, &self.kubeconfig, &self.args, &host)?;
        self.running.push((name.to_owned(), operator));
        Ok(())
    }

    /// Kills one by a signal that it cannot catch.
    pub(crate) async fn kill(&mut self, name: &str) -> Result<()> {
        let index = self.running.iter().position(|(running, _)| running == name);
        let (_, operator) = self.running.remove(index.with_context(|| format!("{name} does not run"))?);
        operator.stop().await
    }
}

/// Waits until another replica than this one leads. Returns its name and the Lease.
pub(crate) async fn leader(scene: &Scene, not: &str) -> Result<(String, DynamicObject)> {
    let leases = scene.cluster.api(Kind::LEASE, NAMESPACE);
    let another = |lease: Option<&DynamicObject>| lease.and_then(holder).is_some_and(|name| name != not);
    let waited = kube::runtime::wait::await_condition(leases, LEASE, another);
    let lease = tokio::time::timeout(LIMIT, waited).await.context("no other leader")??;
    let lease = lease.context("no Lease")?;
    Ok((holder(&lease).context("a Lease without a holder")?, lease))
}

fn holder(lease: &DynamicObject) -> Option<String> {
    let identity = lease.data["spec"]["holderIdentity"].as_str()?;
    identity.split_once('_').map(|(name, _)| name.to_owned())
}
