//! Watches, observes, applies: the shell around the core.
