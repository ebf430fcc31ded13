//! Flagger's way of writing flags: whoever swaps only the image keeps the arguments.

use std::ffi::OsString;

/// Arguments that ask about the program itself.
const ABOUT: [&str; 4] = ["-h", "--help", "-V", "help"];

/// Arguments that ask for the version, wherever they are.
const VERSION: [&str; 2] = ["--version", "--version=true"];

/// The arguments in the form that the parser knows.
///
/// Go programs take long flags with one dash, as in `-log-level=info`, and Flagger has no subcommands:
/// flags without one are those of `serin run`.
pub(crate) fn normalised(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let mut result: Vec<OsString> = args.next().into_iter().collect();
    let mut rest: Vec<OsString> = args.map(two_dashes).collect();
    if rest.iter().any(|arg| VERSION.iter().any(|version| arg == version)) {
        result.push("--version".into());
        return result;
    }
    rest.retain(|arg| arg != "--version=false");
    let bare = rest.first().and_then(|first| first.to_str());
    if bare.is_some_and(|first| first.starts_with('-') && !ABOUT.contains(&first)) {
        result.push("run".into());
    }
    result.append(&mut rest);
    result
}

fn two_dashes(arg: OsString) -> OsString {
    let Some(text) = arg.to_str() else { return arg };
    let long = text.len() > 2 && text.starts_with('-') && !text.starts_with("--");
    if long { format!("-{text}").into() } else { arg }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &str) -> String {
        let args = std::iter::once("serin").chain(args.split_whitespace()).map(OsString::from);
        let args: Vec<_> = normalised(args).into_iter().map(|arg| arg.into_string().unwrap()).collect();
        args[1..].join(" ")
    }

    #[test]
    fn flaggers_arguments_become_those_of_run() {
        let flagger = "-log-level=info -mesh-provider=gatewayapi:v1 -metrics-server=http://p:9090";
        let serin = "run --log-level=info --mesh-provider=gatewayapi:v1 --metrics-server=http://p:9090";
        assert_eq!(run(flagger), serin);
        assert_eq!(run(&format!("run {flagger}")), serin);
        assert_eq!(run("--log-level info"), "run --log-level info");
    }

    #[test]
    fn questions_about_the_program_stay_as_they_are() {
        for about in ["--version", "-V", "-h", "--help", "crds", "help", ""] {
            assert_eq!(run(about), about);
        }
        for version in ["-version", "-version=true", "-log-level=info -version", "run --version"] {
            assert_eq!(run(version), "--version");
        }
        assert_eq!(run("-version=false -log-level=info"), "run --log-level=info");
        assert_eq!(run("run -h"), "run -h");
    }
}
