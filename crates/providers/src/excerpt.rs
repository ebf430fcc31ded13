//! The beginning of a text, for errors.

/// Longest part of an answer that an error repeats; a Kubernetes event holds 1024 bytes in all.
const EXCERPT: usize = 400;

/// The beginning of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    let text = text.trim().replace(['\r', '\n'], " ");
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
