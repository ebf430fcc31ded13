//! What is generated from the types and from measured figures is committed, and has to be what they
//! say.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

use crate::{chart, figures, files::Text, reference, report::Report};

/// Every generated file, as it should be.
pub(crate) fn all(root: &Path) -> Result<Vec<Text>> {
    let mut files = Vec::new();
    for crd in serin_api::crds() {
        let definition = definition(root, &crd)?;
        files.push(chart::definition(&definition));
        files.push(definition);
        let path = format!("docs/reference/{}.md", crd.spec.names.kind.to_lowercase());
        files.push(Text { path, content: reference::page(&crd) });
    }
    files.extend(chart::rules(root)?);
    files.push(chart::prometheus(root)?);
    files.extend(figures::pages(root)?);
    Ok(files)
}

/// The definition as a cluster reads it. The comment on top of the present file is kept.
fn definition(root: &Path, crd: &CustomResourceDefinition) -> Result<Text> {
    let path = format!("deploy/crds/{}.{}.yaml", crd.spec.names.plural, crd.spec.group);
    let present = fs::read_to_string(root.join(&path)).unwrap_or_default();
    let comment: String = present.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect();
    let yaml = serde_saphyr::to_string(crd).with_context(|| format!("cannot write {path} as YAML"))?;
    Ok(Text { path, content: comment + &yaml })
}

/// Compares with what is there.
pub(crate) fn check(root: &Path, files: &[Text]) -> Report {
    let stale = files
        .iter()
        .filter(|file| fs::read_to_string(root.join(&file.path)).ok() != Some(file.content.clone()));
    let problems =
        stale.map(|file| format!("{} is stale: run `cargo xtask generate` and commit it", file.path));
    Report { summary: format!("generated: {} files", files.len()), problems: problems.collect() }
}

/// Writes a file if it differs; tells whether it did.
pub(crate) fn write(root: &Path, file: &Text) -> Result<bool> {
    let path = root.join(&file.path);
    if fs::read_to_string(&path).is_ok_and(|present| present == file.content) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(&path, &file.content).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_fresh_and_a_change_is_stale() {
        let root = std::env::temp_dir().join(format!("serin-xtask-{}", std::process::id()));
        let file = |content: &str| Text { path: "docs/a.md".to_owned(), content: content.to_owned() };
        assert!(write(&root, &file("one")).unwrap());
        assert!(!write(&root, &file("one")).unwrap());
        assert!(check(&root, &[file("one")]).is_clean());
        let problems = check(&root, &[file("two")]).problems;
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(problems, ["docs/a.md is stale: run `cargo xtask generate` and commit it"]);
    }
}
