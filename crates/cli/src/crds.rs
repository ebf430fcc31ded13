//! `serin crds`.

use std::io::Write;

use anyhow::Context;

/// Prints the definitions that a cluster needs, as YAML documents.
pub(crate) fn print() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for crd in serin_api::crds() {
        let text = serde_saphyr::to_string(&crd).context("a definition cannot be written as YAML")?;
        write!(out, "---\n{text}")?;
    }
    Ok(())
}
