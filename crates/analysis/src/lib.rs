//! Query templates, built-in queries, thresholds and verdicts.

pub mod builtin;
pub mod go_fmt;
pub mod template;
