//! The cluster that is measured on: a control plane alone, with pods that KWOK plays.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};
use kube::{Client, Config, config::KubeConfigOptions, config::Kubeconfig};
use tokio::process::Command;

use serin_e2e::{flagger, install::repository};

use crate::{child, side::Side};

/// Canaries whose pods one fake node takes with room to spare: it holds 2,000 pods.
const CANARIES_PER_NODE: u32 = 200;

/// A cluster of the benchmark's own; no other is touched.
pub(crate) struct BenchCluster {
    folder: PathBuf,
}

impl BenchCluster {
    /// Keeps everything in this folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let make = || format!("cannot make the folder {}", folder.display());
        std::fs::create_dir_all(folder).with_context(make)?;
        Ok(Self { folder: folder.canonicalize().with_context(make)? })
    }

    /// A file of the benchmark.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The administrator's kubeconfig.
    ///
    /// # Errors
    /// The cluster has none.
    pub(crate) fn kubeconfig(&self) -> Result<Kubeconfig> {
        Ok(Kubeconfig::read_from(self.file("cluster/kubeconfig"))?)
    }

    /// A client with all rights.
    ///
    /// # Errors
    /// The kubeconfig cannot be used.
    pub(crate) async fn client(&self) -> Result<Client> {
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(self.kubeconfig()?, &options).await?;
        config.read_timeout = None;
        Ok(Client::try_from(config)?)
    }

    /// Starts the cluster anew, and builds its parts the first time.
    ///
    /// # Errors
    /// It does not start; the cluster's program has said why.
    pub(crate) async fn up(&self, canaries: u32) -> Result<()> {
        self.down().await?;
        let nodes = canaries.div_ceil(CANARIES_PER_NODE).to_string();
        self.cluster(&["up", "--control-plane", "--fake-nodes", &nodes]).await
    }

    /// Installs what an operator needs, but not the operator: it runs outside of the cluster. The
    /// definitions are those of `deploy/` for both, and the rights are each operator's own.
    ///
    /// # Errors
    /// The cluster refuses an object.
    pub(crate) async fn install(&self, side: Side) -> Result<()> {
        let apply = ["kubectl", "apply", "--server-side"];
        let deploy = repository().join("deploy");
        let crds = deploy.join("crds").display().to_string();
        self.cluster(&[&apply[..], &["--kustomize", &crds]].concat()).await?;
        let files = match side {
            Side::Serin => ["namespace", "service-account", "cluster-role", "role"]
                .map(|file| deploy.join(format!("kustomize/base/{file}.yaml")))
                .to_vec(),
            Side::Flagger => vec![flagger::folder().await?.join("account.yaml")],
        };
        let files: Vec<String> = files.iter().map(|file| format!("--filename={}", file.display())).collect();
        let mut rights = [&apply[..], &["--namespace", side.account().namespace]].concat();
        rights.extend(files.iter().map(String::as_str));
        self.cluster(&rights).await?;
        let wait = ["kubectl", "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s"];
        self.cluster(&wait).await
    }

    /// Ends the cluster and removes its state.
    ///
    /// # Errors
    /// Something of it is left; the cluster's program has said what.
    pub(crate) async fn down(&self) -> Result<()> {
        self.cluster(&["down", "--wipe"]).await
    }

    async fn cluster(&self, args: &[&str]) -> Result<()> {
        let mut command = Command::new(repository().join("e2e/cluster/serin-cluster"));
        command.args(args).env("SERIN_CLUSTER_DIR", self.file("cluster"));
        // Those that choose the cluster of the tests.
        command.env_remove("SERIN_CLUSTER").env_remove("SERIN_CLUSTER_INDEX");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        // A second Ctrl-C must not cut off the cleaning up.
        if args.first() == Some(&"down") {
            command.process_group(0);
        }
        child::run(&mut command).await
    }
}
