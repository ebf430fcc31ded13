//! Files stay small enough to be read in one go.

use std::path::Path;

use anyhow::Result;

use crate::{
    files::{self, Text},
    functions,
    report::{Report, median},
};

/// The most lines of a file, tests aside.
const MAX_LINES: usize = 600;

/// The sources that count.
pub(crate) fn read(root: &Path) -> Result<Vec<Text>> {
    let mut all = files::read(root, "crates", &["rs"])?;
    all.extend(files::read(root, "e2e", &["rs", "go"])?);
    all.retain(|file| !is_test(&file.path));
    Ok(all)
}

/// Checks every file. Lengths of functions are reported; clippy's `too_many_lines` limits them.
pub(crate) fn check(files: &[Text]) -> Report {
    let sizes: Vec<(&str, usize)> = files.iter().map(|f| (f.path.as_str(), code(f).len())).collect();
    let rust = files.iter().filter(|file| extension(&file.path) == "rs");
    let functions: Vec<usize> = rust.flat_map(|file| functions::lengths(&code(file))).collect();
    let longest = sizes.iter().map(|(_, lines)| *lines).max().unwrap_or(0);
    let summary = format!(
        "sizes: {} files, median {} lines, longest {longest}; {} functions, median {} lines",
        sizes.len(),
        median(sizes.iter().map(|(_, lines)| *lines).collect()),
        functions.len(),
        median(functions.clone()),
    );
    let long = sizes.iter().filter(|(_, lines)| *lines > MAX_LINES);
    let problems = long.map(|(path, lines)| {
        format!(
            "{path}: {lines} lines without tests, the limit is {MAX_LINES}: split it by idea, foo.rs + foo/"
        )
    });
    Report { problems: problems.collect(), summary }
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    path.contains("/tests/") || stem == "tests" || stem.ends_with("_tests") || stem.ends_with("_test")
}

/// The lines of a file without its inline test modules.
fn code(file: &Text) -> Vec<&str> {
    let mut lines = file.content.lines().peekable();
    let mut kept = Vec::new();
    while let Some(line) = lines.next() {
        let module = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
        if line == "#[cfg(test)]" && lines.peek().is_some_and(module) {
            lines.by_ref().find(|line| *line == "}");
        } else {
            kept.push(line);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: String) -> Text {
        Text { path: path.to_owned(), content }
    }

    #[test]
    fn a_long_file_is_named_with_its_size() {
        let report = check(&[
            file("crates/a/src/short.rs", "x\n".repeat(600)),
            file("crates/a/src/long.rs", "x\n".repeat(601)),
        ]);
        assert!(report.summary.contains("2 files, median 601 lines, longest 601"), "{}", report.summary);
        assert_eq!(
            report.problems,
            [
                "crates/a/src/long.rs: 601 lines without tests, the limit is 600: split it by idea, foo.rs + foo/"
            ]
        );
    }

    #[test]
    fn tests_do_not_count() {
        let tests = format!("code\n#[cfg(test)]\nmod tests {{\n{}}}\nmore\n", "    x\n".repeat(700));
        assert_eq!(code(&file("a.rs", tests)), ["code", "more"]);
        assert_eq!(code(&file("a.rs", "#[cfg(test)]\nmod tests;\n".to_owned())).len(), 2);
        for path in
            ["crates/a/tests/x.rs", "crates/a/src/x/tests.rs", "e2e/cluster/x_test.go", "a/store_tests.rs"]
        {
            assert!(is_test(path), "{path}");
        }
        assert!(!is_test("crates/a/src/attests.rs"));
    }
}
