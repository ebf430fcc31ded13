//! What the Helm chart repeats of `deploy/`: the CRDs, the rights, and the configuration of Prometheus.

use std::path::Path;

use anyhow::{Context, Result};

use crate::files::{Text, read_one};

/// Files of the kustomization, and those of the chart that repeat their rules.
const ROLES: [(&str, &str); 3] = [
    ("base/cluster-role.yaml", "rules.yaml"),
    ("base/role.yaml", "lease-rules.yaml"),
    ("prometheus/rights.yaml", "prometheus-rules.yaml"),
];

/// The copy of a definition that Helm installs.
pub(crate) fn definition(original: &Text) -> Text {
    let path = original.path.replacen("deploy/crds/", "deploy/chart/crds/", 1);
    Text { path, content: original.content.clone() }
}

/// The configuration of the bundled Prometheus.
pub(crate) fn prometheus(root: &Path) -> Result<Text> {
    let source = read_one(root, &root.join("deploy/kustomize/prometheus/prometheus.yml"))?;
    Ok(Text { path: "deploy/chart/files/prometheus.yml".to_owned(), content: source.content })
}

/// The rules of the roles. They are written in the kustomization; the chart's are always the same.
pub(crate) fn rules(root: &Path) -> Result<Vec<Text>> {
    let file = |(role, copy): (&str, &str)| {
        let source = read_one(root, &root.join("deploy/kustomize").join(role))?;
        let content = rules_of(&source.content).with_context(|| format!("{} has no rules", source.path))?;
        Ok(Text { path: format!("deploy/chart/files/{copy}"), content })
    };
    ROLES.into_iter().map(file).collect()
}

/// The field `rules` of the document that has it, with its comments.
fn rules_of(manifest: &str) -> Option<String> {
    let lines = manifest.split_inclusive('\n').skip_while(|line| line.trim_end() != "rules:");
    let rules: String = lines.take_while(|line| line.trim_end() != "---").collect();
    (!rules.is_empty()).then_some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_end_with_their_document() {
        let manifest = "# About.\nkind: Role\nrules:\n  # Why.\n  - verbs: [get]\n---\nkind: RoleBinding\n";
        assert_eq!(rules_of(manifest).as_deref(), Some("rules:\n  # Why.\n  - verbs: [get]\n"));
        assert_eq!(rules_of("kind: Role\n---\nrules:\n- a\n").as_deref(), Some("rules:\n- a\n"));
        assert_eq!(rules_of("kind: Role\n"), None);
    }

    #[test]
    fn charts_have_the_version_of_the_program() {
        let operator = include_str!("../../../deploy/chart/Chart.yaml");
        let loadtester = include_str!("../../../deploy/chart-loadtester/Chart.yaml");
        for chart in [operator, loadtester] {
            for field in ["version", "appVersion"] {
                assert!(chart.contains(&format!("\n{field}: {}\n", env!("CARGO_PKG_VERSION"))), "{field}");
            }
        }
    }
}
