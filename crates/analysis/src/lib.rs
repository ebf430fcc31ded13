//! Query templates, built-in queries, thresholds and verdicts.
