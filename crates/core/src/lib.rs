//! The lifecycle of a canary as pure functions: validate, observe, decide, build.
