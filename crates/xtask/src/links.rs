//! Links between the pages of the documentation lead somewhere.

use std::path::Path;

use anyhow::Result;

use crate::{
    files::{self, Text},
    report::Report,
};

/// The pages.
pub(crate) fn read(root: &Path) -> Result<Vec<Text>> {
    let mut pages = files::read(root, "docs", &["md"])?;
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        pages.push(files::read_one(root, &root.join(name))?);
    }
    Ok(pages)
}

/// Checks every link to a file of the repository.
pub(crate) fn check(root: &Path, pages: &[Text]) -> Report {
    let mut links = 0;
    let mut problems = Vec::new();
    for page in pages {
        let folder = root.join(&page.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for target in targets(&page.content) {
            links += 1;
            if !folder.join(target).exists() {
                problems.push(format!("{}: the link to {target} leads nowhere", page.path));
            }
        }
    }
    Report { summary: format!("links: {links} in {} pages", pages.len()), problems }
}

/// Targets of inline links, without anchors; other sites and bare anchors are left out.
fn targets(markdown: &str) -> Vec<&str> {
    let mut fenced = false;
    let prose = markdown.lines().filter(|line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced
    });
    let links = prose.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    let links = links.filter(|link| !link.contains("://") && !link.starts_with("mailto:"));
    links.filter_map(|link| link.split('#').next()).filter(|path| !path.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_into_the_repository_count() {
        let page =
            "[a](a.md) and [b](../b.md#part) but [c](https://x/y) [d](#here)\n```\n[e](e.md)\n```\n[f](f/)";
        assert_eq!(targets(page), ["a.md", "../b.md", "f/"]);
    }

    #[test]
    fn a_dead_link_is_named_with_its_page() {
        let page =
            Text { path: "README.md".to_owned(), content: "[a](Cargo.toml) [b](no/such.md)".to_owned() };
        let report = check(&files::root(), &[page]);
        assert_eq!(report.problems, ["README.md: the link to no/such.md leads nowhere"]);
    }
}
