//! Which programs are installed.

use std::{env, fs, os::unix::fs::PermissionsExt as _, path::Path};

/// Whether `program` can be run by its bare name.
pub(super) fn has(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| executable(&folder.join(program)))
}

fn executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_is_installed_and_nonsense_is_not() {
        assert!(has("sh"));
        assert!(!has("no-such-program-here"));
    }
}
