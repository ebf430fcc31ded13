//! Query templates, built-in queries, thresholds and verdicts.
//!
//! Everything here is a pure function. [`plan`] says which checks an analysis runs; the shell asks the metric
//! providers and hands back a [`CheckOutcome`] for each; [`judge()`] says what that means for the canary. Queries,
//! texts and the meaning of thresholds are Flagger's.

pub mod availability;
pub mod builtin;
pub mod checks;
pub mod go_fmt;
pub mod judge;
pub mod outcome;
pub mod template;
pub mod window;

pub use checks::{Check, Source, Subject, plan};
pub use judge::{Verdict, VerdictKind, judge};
pub use outcome::{CheckOutcome, Outcome, SetupError, TemplateName};
pub use template::TemplateModel;
pub use window::window;
