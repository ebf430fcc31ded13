//! The copy of the sources in which the mistakes are made.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

/// A copy of every file that git knows or would take. It stays where it is, so that the next run compiles only what
/// has changed since.
pub(super) struct Sources {
    pub(super) folder: PathBuf,
    /// Where it is built: to cargo, the crates of the copy are those of the checkout.
    pub(super) build: PathBuf,
}

impl Sources {
    /// Brings the copy up to date; what an earlier run left in it is gone.
    pub(super) fn copied(root: &Path) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let sources = Self { folder: target.join("mutants/sources"), build: target.join("mutants/build") };
        let files = listed(root)?;
        for file in &files {
            copy_if_changed(&root.join(file), &sources.folder.join(file))?;
        }
        remove_others(&sources.folder, &sources.folder, &files)?;
        Ok(sources)
    }

    pub(super) fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.folder.join(file)).with_context(|| format!("cannot read {file}"))
    }

    pub(super) fn write(&self, file: &str, text: &str) -> Result<()> {
        fs::write(self.folder.join(file), text).with_context(|| format!("cannot write {file}"))
    }
}

/// The files of the checkout, by their paths from the root.
fn listed(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output().context("git ls-files")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout)?;
    Ok(names.split_terminator('\0').map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}

/// A file that is as it should be keeps its time, and what was built from it is good.
fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let wanted = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(to, wanted).with_context(|| format!("cannot write {}", to.display()))
}

fn remove_others(root: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(root, &path, files)?;
        } else if !path.strip_prefix(root).is_ok_and(|file| files.contains(file)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
