//! Lengths of functions, read from the layout that rustfmt gives them.

/// Lines of each function, from its first line to its closing brace.
pub(crate) fn lengths(lines: &[&str]) -> Vec<usize> {
    (0..lines.len())
        .filter(|start| is_function(lines[*start]))
        .filter_map(|start| length(&lines[start..]))
        .collect()
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace();
    let mut rest = words.skip_while(|word| {
        word.starts_with("pub") || matches!(*word, "const" | "async" | "extern" | "\"C\"")
    });
    rest.next() == Some("fn")
}

/// `None` for a declaration without a body.
fn length(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?;
    if first.ends_with([';', '}']) {
        return first.ends_with('}').then_some(1);
    }
    let indent = &first[..first.len() - first.trim_start().len()];
    let dedented = |line: &&str| line.strip_prefix(indent).is_some_and(is_end);
    let end = lines.iter().skip(1).position(dedented)? + 1;
    lines[end].ends_with('}').then_some(end + 1)
}

/// The end of a body, or of a declaration that takes more than a line.
fn is_end(line: &str) -> bool {
    line == "}" || line.starts_with(')') && line.ends_with(';')
}

#[cfg(test)]
mod tests {
    use super::lengths;

    #[test]
    fn bodies_are_counted_and_declarations_are_not() {
        let source = "\
trait T {
    fn declared(&self) -> u8;
    fn declared_long(
        &self,
    ) -> u8;
}
impl T for S {
    pub(crate) async fn short(&self) -> u8 { 1 }
    fn long(
        &self,
    ) -> u8 {
        if true {
            1
        } else {
            2
        }
    }
}
const fn four() -> u8 {
    // fn in a comment
    4
}";
        assert_eq!(lengths(&source.lines().collect::<Vec<_>>()), [1, 9, 4]);
    }
}
