//! A control plane of a test's own, for faults that no other test should feel.
//!
//! KWOK plays its pods, a gateway that carries no requests accepts every route, and the operator is a process of this
//! machine that has the rights of the service account in `deploy/`.

mod api_proxy;
mod gateway;
mod operator;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use kube::{
    Api, Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::process::Command;

use crate::{Cluster, Kind, Settings, access, helm, install::repository, settings::target};

pub use crate::access::Account;
pub use api_proxy::{ApiProxy, Call, Moment};
pub use gateway::Gateway;
pub use operator::{Operator, program as operator_program};

/// How long the operator's token is good for: longer than any test.
const VALID: Duration = Duration::from_secs(3600);

/// A running control plane.
pub struct ControlPlane {
    folder: PathBuf,
    kubeconfig: Kubeconfig,
    /// The administrator's connection.
    pub client: Client,
    _gateway: Gateway,
}

impl ControlPlane {
    /// Starts one of this name anew, with the CRDs and rights of `deploy/` but without the operator.
    ///
    /// # Errors
    /// It does not start: it needs Linux, root, and the parts that `make cluster-up` builds.
    pub async fn up(name: &str) -> Result<Self> {
        let folder = target().join("e2e").join(format!("control-plane-{name}"));
        std::fs::create_dir_all(&folder)?;
        let folder = folder.canonicalize()?;
        program(&folder, &["down", "--wipe"]).await?;
        program(&folder, &["up", "--control-plane", "--fake-nodes", "1"]).await?;
        let kubeconfig = Kubeconfig::read_from(folder.join("cluster/kubeconfig"))?;
        let config =
            Config::from_custom_kubeconfig(kubeconfig.clone(), &KubeConfigOptions::default()).await?;
        let client = Client::try_from(config)?;
        let plane = Self { _gateway: Gateway::start(&client), client, folder, kubeconfig };
        plane.install().await?;
        Ok(plane)
    }

    /// Ends it and forgets its state.
    ///
    /// # Errors
    /// Something of it is left.
    pub async fn down(&self) -> Result<()> {
        program(&self.folder, &["down", "--wipe"]).await
    }

    /// The connection as scenes use it. There is no gateway: nothing is sent to its address.
    pub fn cluster(&self) -> Cluster {
        let nowhere = "http://127.0.0.1:1".to_owned();
        Cluster {
            client: self.client.clone(),
            settings: Settings::from_env(),
            gateway: nowhere.clone(),
            gateway_inside: nowhere,
        }
    }

    /// Starts the operator with the rights of its service account.
    ///
    /// # Errors
    /// The operator is not built, or cannot be started.
    pub async fn operator(&self) -> Result<Operator> {
        self.operator_with(&[]).await
    }

    /// As [`Self::operator`], with these flags.
    ///
    /// # Errors
    /// The operator is not built, or cannot be started.
    pub async fn operator_with(&self, args: &[&str]) -> Result<Operator> {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        self.launch("operator", &self.kubeconfig_of(access::SERIN).await?, &args, &[])
    }

    /// Starts the operator with the rights of another service account.
    ///
    /// # Errors
    /// As [`ControlPlane::operator`], or there is no such account.
    pub async fn operator_as(&self, account: Account<'_>) -> Result<Operator> {
        self.launch("operator", &self.kubeconfig_of(account).await?, &[], &[])
    }

    /// Starts the operator with further arguments and variables; the name is that of its log.
    ///
    /// # Errors
    /// As [`Self::operator`].
    pub fn launch(
        &self,
        name: &str,
        kubeconfig: &Path,
        args: &[String],
        variables: &[(String, String)],
    ) -> Result<Operator> {
        Operator::serin(kubeconfig, &self.file(&format!("{name}.log")), args, variables)
    }

    /// Starts a proxy that an operator can be given for the API server, and writes a kubeconfig for it.
    ///
    /// # Errors
    /// There is no free port, or no kubeconfig.
    pub async fn proxy(&self) -> Result<(ApiProxy, PathBuf)> {
        let own = Kubeconfig::read_from(self.operator_kubeconfig().await?)?;
        let config = Config::from_custom_kubeconfig(own, &KubeConfigOptions::default()).await?;
        let proxy = ApiProxy::start(Client::try_from(config)?).await?;
        let kubeconfig = self.file("proxy.kubeconfig");
        access::write_without_rights(&proxy.url, &kubeconfig)?;
        Ok((proxy, kubeconfig))
    }

    /// Starts Flagger, with all rights.
    ///
    /// # Errors
    /// Flagger cannot be built or started.
    pub async fn flagger(&self) -> Result<Operator> {
        self.flagger_with(&[]).await
    }

    /// As [`Self::flagger`], with these flags.
    ///
    /// # Errors
    /// Flagger cannot be built or started.
    pub async fn flagger_with(&self, args: &[&str]) -> Result<Operator> {
        let program = crate::flagger_program::program().await?;
        Operator::flagger(&program, &self.admin_kubeconfig(), &self.file("flagger.log"), args)
    }

    /// Writes a kubeconfig with the rights of the operator's service account.
    ///
    /// # Errors
    /// The cluster gives no token, or the file cannot be written.
    pub async fn operator_kubeconfig(&self) -> Result<PathBuf> {
        self.kubeconfig_of(access::SERIN).await
    }

    async fn kubeconfig_of(&self, account: Account<'_>) -> Result<PathBuf> {
        let kubeconfig = self.file("operator.kubeconfig");
        access::write(&self.client, &self.kubeconfig, account, &kubeconfig, VALID).await?;
        Ok(kubeconfig)
    }

    /// The kubeconfig with all rights.
    pub fn admin_kubeconfig(&self) -> PathBuf {
        self.file("cluster/kubeconfig")
    }

    /// A file beside the cluster's state.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Ends the API server at once; it is started again by what supervises it.
    ///
    /// # Errors
    /// The cluster has no process of an API server, or it cannot be killed.
    pub async fn crash_api_server(&self) -> Result<()> {
        let state = self.folder.join("cluster").display().to_string();
        let pid = process("kube-apiserver", &state)?;
        let killed = Command::new("kill").args(["-KILL", &pid]).status().await?;
        ensure!(killed.success(), "the API server (process {pid}) could not be ended");
        Ok(())
    }

    /// Runs helm for it, and returns what helm prints.
    ///
    /// # Errors
    /// Helm fails.
    pub async fn helm(&self, args: &[&str]) -> Result<String> {
        let mut command = command(&self.folder, &[&["helm"], args].concat());
        helm::output(&mut command, args).await?
    }

    async fn install(&self) -> Result<()> {
        let deploy = repository().join("deploy");
        let crds = deploy.join("crds").display().to_string();
        let apply = ["kubectl", "apply", "--server-side"];
        program(&self.folder, &[&apply[..], &["--kustomize", &crds]].concat()).await?;
        let files = ["namespace", "service-account", "cluster-role", "role"];
        let files = files.map(|file| format!("--filename={}/kustomize/base/{file}.yaml", deploy.display()));
        let mut rights = [&apply[..], &["--namespace=serin-system"]].concat();
        rights.extend(files.iter().map(String::as_str));
        program(&self.folder, &rights).await?;
        self.until_served().await
    }

    /// Applies a definition of `e2e/`, and waits until it is served.
    ///
    /// # Errors
    /// The API server refuses it.
    pub async fn define(&self, file: &str) -> Result<()> {
        let file = format!("--filename={}", repository().join("e2e").join(file).display());
        program(&self.folder, &["kubectl", "apply", "--server-side", &file]).await?;
        self.until_served().await
    }

    async fn until_served(&self) -> Result<()> {
        let wait = ["kubectl", "wait", "--for=condition=Established", "crd", "--all", "--timeout=300s"];
        program(&self.folder, &wait).await
    }

    /// Puts Flagger's definitions in the place of Serin's, as where only the operator was exchanged.
    ///
    /// # Errors
    /// There is no Flagger, or the API server refuses them.
    pub async fn define_as_flagger_does(&self) -> Result<()> {
        let crds =
            crate::flagger_program::program().await?.with_file_name("artifacts").join("flagger/crd.yaml");
        let file = format!("--filename={}", crds.display());
        program(&self.folder, &["kubectl", "apply", "--server-side", "--force-conflicts", &file]).await
    }

    /// Cluster-wide objects of a kind.
    pub fn all(&self, kind: Kind) -> Api<kube::core::DynamicObject> {
        Api::all_with(self.client.clone(), &kind.resource())
    }
}

/// Runs the local cluster's program for the cluster in this folder.
async fn program(folder: &Path, args: &[&str]) -> Result<()> {
    let output = command(folder, args).output().await.context("e2e/cluster/serin-cluster")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "a control plane of its own needs Linux and root (leave it out by `-- --skip platform`): \
         serin-cluster {}: {errors}",
        args.join(" ")
    );
    Ok(())
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(repository().join("e2e/cluster/serin-cluster"));
    command.args(args).env("SERIN_CLUSTER_DIR", folder.join("cluster")).stdin(Stdio::null());
    // Those choose the cluster of the other tests.
    command.env_remove("SERIN_CLUSTER").env_remove("SERIN_CLUSTER_INDEX");
    command
}

/// The process whose command line has both words.
fn process(name: &str, state: &str) -> Result<String> {
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path();
        // A process may end while it is looked at.
        let Ok(line) = std::fs::read(path.join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line);
        let mut words = line.split('\0').skip(1);
        if words.next() == Some(name) && words.any(|word| word.contains(state)) {
            let pid = path.file_name().and_then(|pid| pid.to_str()).map(str::to_owned);
            return pid.context("a process without a number");
        }
    }
    anyhow::bail!("no process {name} of {state}")
}
