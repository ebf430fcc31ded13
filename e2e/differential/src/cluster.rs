//! The cluster that everything is played on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use serin_e2e::{
    ControlPlane, control_plane::operator_program, flagger_program, history::Archive, settings::target,
};

use crate::{
    receiver::Receiver,
    sandbox::{Shared, recorded},
};

/// How long the watches may take to begin.
const LIMIT: Duration = Duration::from_secs(300);

/// The folder of logs and transcripts of the last run.
///
/// # Errors
/// It cannot be made.
pub(crate) fn runs() -> Result<PathBuf> {
    let folder = target().join("differential");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A running control plane.
pub(crate) struct Cluster {
    plane: ControlPlane,
}

impl Cluster {
    /// Starts it anew, with the kind that KEDA would bring.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn up() -> Result<Self> {
        let plane = ControlPlane::up("differential").await?;
        plane.define("fixtures/scaledobject-crd.yaml").await?;
        Ok(Self { plane })
    }

    /// Ends it.
    ///
    /// # Errors
    /// Something of it is left.
    pub(crate) async fn down(&self) -> Result<()> {
        self.plane.down().await
    }

    /// Everything that scenarios share. Serin has the rights of its service account, and Flagger all.
    ///
    /// # Errors
    /// A program is not built, or the cluster does not serve what is recorded.
    pub(crate) async fn shared(&self) -> Result<Shared> {
        let client = self.plane.client.clone();
        let archive = Archive::start(&client, &recorded());
        archive.listening(LIMIT).await?;
        let folder = runs()?;
        Ok(Shared {
            client,
            archive,
            receiver: Arc::new(Receiver::start().await?),
            folder,
            operators: [
                (flagger_program::program().await?, self.plane.admin_kubeconfig()),
                (operator_program()?, self.plane.operator_kubeconfig().await?),
            ],
        })
    }
}
