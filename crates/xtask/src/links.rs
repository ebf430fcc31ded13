//! Links between the pages of the documentation lead somewhere.

use std::{fs, path::Path};

use anyhow::Result;

use crate::{
    files::{self, Text},
    report::Report,
};

/// The pages.
pub(crate) fn read(root: &Path) -> Result<Vec<Text>> {
    let mut pages = files::read(root, "docs", &["md"])?;
    pages.extend(files::read(root, "e2e", &["md"])?);
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        pages.push(files::read_one(root, &root.join(name))?);
    }
    Ok(pages)
}

/// Checks every link to a file of the repository, and to a heading of a page.
pub(crate) fn check(root: &Path, pages: &[Text]) -> Report {
    let mut links = 0;
    let mut problems = Vec::new();
    for page in pages {
        let targets = targets(&page.content);
        links += targets.len();
        let wrong = targets.iter().filter_map(|target| Some((target, wrong(root, &page.path, target)?)));
        problems.extend(wrong.map(|(target, why)| format!("{}: the link to {target} {why}", page.path)));
    }
    Report { summary: format!("links: {links} in {} pages", pages.len()), problems }
}

/// What is wrong with a link of a page. The book has the pages of `docs` and nothing else.
fn wrong(root: &Path, page: &str, target: &str) -> Option<&'static str> {
    let folders = page.strip_prefix("docs/").map(|inside| inside.matches('/').count());
    if folders.is_some_and(|folders| target.matches("../").count() > folders) {
        return Some("leads out of the book");
    }
    (!leads_somewhere(&root.join(page), target)).then_some("leads nowhere")
}

/// The anchor that GitHub and mdBook give a heading.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn leads_somewhere(page: &Path, target: &str) -> bool {
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() { page.to_path_buf() } else { page.with_file_name(path) };
    if heading.is_empty() || file.extension().is_none_or(|extension| extension != "md") {
        return file.exists();
    }
    let text = fs::read_to_string(file).unwrap_or_default();
    let headings = prose(&text).filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).any(|found| found == heading)
}

/// Targets of inline links; other sites are left out.
fn targets(markdown: &str) -> Vec<String> {
    let text = prose(markdown).map(without_code).collect::<Vec<_>>().join("\n");
    let found = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    found
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .map(ToOwned::to_owned)
        .collect()
}

/// The lines outside of fenced blocks.
fn prose(markdown: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    markdown.lines().filter(move |line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced
    })
}

/// A line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_into_the_repository_count() {
        let page =
            "[a](a.md) and [b](../b.md#part) but [c](https://x/y) `[d](d.md)`\n```\n[e](e.md)\n```\n[f](#g)";
        assert_eq!(targets(page), ["a.md", "../b.md#part", "#g"]);
    }

    #[test]
    fn a_dead_link_is_named_with_its_page() {
        let content =
            "[a](Cargo.toml) [b](no/such.md) [c](CONTRIBUTING.md#commits) [d](CONTRIBUTING.md#no)".to_owned();
        let page = Text { path: "README.md".to_owned(), content };
        let dead = ["no/such.md", "CONTRIBUTING.md#no"];
        let expected = dead.map(|link| format!("README.md: the link to {link} leads nowhere"));
        assert_eq!(check(&files::root(), &[page]).problems, expected);
    }

    #[test]
    fn a_link_out_of_the_book_is_named() {
        let page = |path: &str, content: &str| Text { path: path.to_owned(), content: content.to_owned() };
        let pages =
            [page("docs/decisions/x.md", "[a](../parity.md)"), page("docs/x.md", "[b](../README.md)")];
        let expected = ["docs/x.md: the link to ../README.md leads out of the book"];
        assert_eq!(check(&files::root(), &pages).problems, expected);
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(anchor("What works, and what does not yet"), "what-works-and-what-does-not-yet");
        assert_eq!(anchor("spec.analysis.metrics[]"), "specanalysismetrics");
    }
}
