//! The cluster that everything is played on.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use serin_e2e::{Spare, flagger_program, history::Archive, settings::target, spare::operator_program};

use crate::{
    receiver::Receiver,
    stage::{Ground, recorded},
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
pub(crate) struct Field {
    spare: Spare,
}

impl Field {
    /// Starts it anew, with the kind that KEDA would bring.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn up() -> Result<Self> {
        let spare = Spare::up("differential").await?;
        spare.define("fixtures/scaledobject-crd.yaml").await?;
        Ok(Self { spare })
    }

    /// Ends it.
    ///
    /// # Errors
    /// Something of it is left.
    pub(crate) async fn down(&self) -> Result<()> {
        self.spare.down().await
    }

    /// Everything that scenarios share. Serin has the rights of its service account, and Flagger all.
    ///
    /// # Errors
    /// A program is not built, or the cluster does not serve what is recorded.
    pub(crate) async fn ground(&self) -> Result<Ground> {
        let client = self.spare.client.clone();
        let archive = Archive::start(&client, &recorded());
        archive.listening(LIMIT).await?;
        let folder = runs()?;
        Ok(Ground {
            client,
            archive,
            receiver: Arc::new(Receiver::start().await?),
            folder,
            operators: [
                (flagger_program::program().await?, self.spare.admin_kubeconfig()),
                (operator_program()?, self.spare.operator_kubeconfig().await?),
            ],
        })
    }
}
