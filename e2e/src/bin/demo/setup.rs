//! Everything that has to be there before the first release.

use std::{env, time::Duration};

use anyhow::{Context, Result, ensure};
use kube::api::DeleteParams;
use serin_api::Phase;
use serin_e2e::{
    Cluster, History, Kind, Traffic,
    history::Versions,
    install,
    invariants::App,
    manifest::{self, Variables},
    traffic::{self, Plan},
};

use crate::screen::Screen;

/// The namespace of the tutorial.
pub(crate) const NAMESPACE: &str = "test";
/// The host name of the tutorial.
pub(crate) const HOST: &str = "www.example.com";
/// Requests per second.
const RATE: u32 = 40;
/// How long a step may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);

/// A cluster with podinfo, its Canary, and requests on their way.
pub(crate) struct Demo {
    pub(crate) cluster: Cluster,
    pub(crate) history: History,
    pub(crate) app: App,
    pub(crate) traffic: Traffic,
}

impl Demo {
    /// Installs what is missing, starts afresh what an earlier demo left, and waits until it serves.
    pub(crate) async fn set(screen: &mut Screen) -> Result<Self> {
        let cluster = Cluster::connect().await?;
        screen.step("installing the operator and the load tester from deploy/ …");
        install::install(&cluster).await?;
        screen.step("applying e2e/demo: podinfo 6.9.0, its metric templates and its Canary …");
        let app = App::named("podinfo");
        clear(&cluster, &app).await?;
        let history = History::start(&cluster.client, NAMESPACE);
        history.listening(LIMIT).await?;
        for file in ["podinfo.yaml", "metric-templates.yaml", "canary.yaml"] {
            let objects = manifest::load(&format!("demo/{file}"), &variables(&cluster))?;
            manifest::apply_all(&cluster.client, &objects).await?;
        }
        let initialised = |versions: &Versions| {
            let status = versions.canary(&app.canary)?.status?;
            (status.phase == Phase::Initialized).then_some(())
        };
        history.until("the Canary to be initialised", LIMIT, initialised).await?;
        screen.step(&format!("sending {RATE} requests per second to http://{HOST} through the gateway …"));
        let traffic = served(Plan::new(&cluster.gateway, HOST, RATE)).await?;
        Ok(Self { cluster, history, app, traffic })
    }

    /// How to look around, and how to end it.
    pub(crate) fn hints(&self) -> String {
        let kubeconfig = env::var("KUBECONFIG").unwrap_or_default();
        format!(
            "\nLook around:\n  export KUBECONFIG={kubeconfig}\n  kubectl -n {NAMESPACE} describe canary/podinfo\n  \
             kubectl -n {NAMESPACE} get deployments,services,httproutes\n  \
             curl -H 'Host: {HOST}' {}\n  {} (from inside the cluster; the local cluster's addresses work from here too)\n\
             Tear down:\n  make cluster-down\n",
            self.cluster.gateway, self.cluster.settings.prometheus,
        )
    }
}

/// Sends requests from the first good answer on: a gateway accepts a new route before its proxy serves it.
async fn served(plan: Plan) -> Result<Traffic> {
    traffic::until_served(&plan, LIMIT).await.context("podinfo does not answer through the gateway")?;
    Traffic::start(plan)
}

fn variables(cluster: &Cluster) -> Variables {
    Variables::default()
        .with("GATEWAY_NAMESPACE", &cluster.settings.gateway_namespace)
        .with("GATEWAY_NAME", &cluster.settings.gateway_name)
        .with("GATEWAY", &cluster.gateway_inside)
        .with("PROMETHEUS", &cluster.settings.prometheus)
}

/// Deletes what an earlier demo left and waits until it is gone.
async fn clear(cluster: &Cluster, app: &App) -> Result<()> {
    let left = [
        (Kind::CANARY, app.canary.clone()),
        (Kind::DEPLOYMENT, app.target.clone()),
        (Kind::DEPLOYMENT, app.primary()),
        (Kind::AUTOSCALER, app.target.clone()),
        (Kind::AUTOSCALER, app.primary()),
        (Kind::ROUTE, app.apex.clone()),
        (Kind::SERVICE, app.apex.clone()),
    ];
    for (kind, name) in &left {
        let api = cluster.api(*kind, NAMESPACE);
        match api.delete(name, &DeleteParams::foreground()).await {
            Ok(_) => {}
            Err(kube::Error::Api(error)) if error.code == 404 => {}
            Err(error) => return Err(error).with_context(|| format!("deleting {} {name}", kind.name)),
        }
    }
    for (kind, name) in left {
        let gone = kube::runtime::wait::await_condition(
            cluster.api(kind, NAMESPACE),
            &name,
            |found: Option<&kube::core::DynamicObject>| found.is_none(),
        );
        let waited = tokio::time::timeout(LIMIT, gone).await;
        ensure!(waited.is_ok(), "{} {name} of an earlier demo is not deleted", kind.name);
    }
    Ok(())
}
