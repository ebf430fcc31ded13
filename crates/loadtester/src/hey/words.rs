//! Splits a simple command into its words, as a shell would.

/// Characters that mean more to a shell than themselves.
const SPECIAL: &str = "|&;<>()$`\n";

/// The words of `command`; `None` when it needs a shell (pipes, lists, redirections, expansions, comments) or a quote
/// is not closed.
///
/// Unquoted `*`, `?`, `[` and braces count as plain characters: in a URL they match no file, and stay as they are.
pub(crate) fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = command.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => single(&mut characters, word.get_or_insert_default())?,
            '"' => double(&mut characters, word.get_or_insert_default())?,
            '\\' => match characters.next()? {
                '\n' => {}
                escaped => word.get_or_insert_default().push(escaped),
            },
            '#' | '~' if word.is_none() => return None,
            special if SPECIAL.contains(special) => return None,
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Some(words)
}

fn single(characters: &mut impl Iterator<Item = char>, word: &mut String) -> Option<()> {
    loop {
        match characters.next()? {
            '\'' => return Some(()),
            plain => word.push(plain),
        }
    }
}

fn double(characters: &mut impl Iterator<Item = char>, word: &mut String) -> Option<()> {
    loop {
        match characters.next()? {
            '"' => return Some(()),
            '$' | '`' => return None,
            '\\' => match characters.next()? {
                '\n' => {}
                escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                plain => word.extend(['\\', plain]),
            },
            plain => word.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("hey -z 2m http://a/", &["hey", "-z", "2m", "http://a/"])]
    #[case("  hey\t-c  2 \n", &["hey", "-c", "2"])]
    #[case("hey -H 'Cookie: type=insider' -d ''", &["hey", "-H", "Cookie: type=insider", "-d", ""])]
    #[case(r#"hey "a \"b\" \c" d"e"'f'"#, &["hey", r#"a "b" \c"#, "def"])]
    #[case("hey 'http://a/?b=1&c=$d'", &["hey", "http://a/?b=1&c=$d"])]
    #[case("hey \\\n  -c 2 http://a/?b=[1]", &["hey", "-c", "2", "http://a/?b=[1]"])]
    #[case("hey a\\ b c#d", &["hey", "a b", "c#d"])]
    #[case("", &[])]
    fn simple_commands_are_split(#[case] command: &str, #[case] expected: &[&str]) {
        assert_eq!(words(command).unwrap(), expected);
    }

    #[rstest]
    #[case("hey http://a/ && curl http://b/")]
    #[case("hey http://a/ || true")]
    #[case("hey http://a/ > /dev/null")]
    #[case("hey http://a/?b=1&c=2")]
    #[case("hey http://$HOST/")]
    #[case("hey \"http://$HOST/\"")]
    #[case("hey `cat url`")]
    #[case("hey http://a/ # why")]
    #[case("hey http://a/\nhey http://b/")]
    #[case("hey 'http://a/")]
    #[case("hey \"http://a/")]
    #[case("hey http://a/ \\")]
    fn what_needs_a_shell_is_left_to_it(#[case] command: &str) {
        assert_eq!(words(command), None);
    }
}
