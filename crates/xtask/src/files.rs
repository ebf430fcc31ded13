//! Finding files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Folders that hold nothing of ours.
const FOREIGN: [&str; 4] = ["target", "vendor", "node_modules", "book"];

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default()
}

/// A text file: its path from the root, with `/`, and its content.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) content: String,
}

/// Every file below `folder` (a path from the root) with one of the extensions, sorted by path.
pub(crate) fn read(root: &Path, folder: &str, extensions: &[&str]) -> Result<Vec<Text>> {
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found)?;
    found.retain(|path| path.extension().is_some_and(|ext| extensions.iter().any(|wanted| ext == *wanted)));
    found.sort();
    found.iter().map(|path| read_one(root, path)).collect()
}

/// One file by its path.
pub(crate) fn read_one(root: &Path, path: &Path) -> Result<Text> {
    let content = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let relative = path.strip_prefix(root).unwrap_or(path);
    Ok(Text { path: relative.to_string_lossy().replace('\\', "/"), content })
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().with_context(|| format!("cannot look at {name}"))?;
        if kind.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&name.as_str()) {
            walk(&entry.path(), found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(())
}
