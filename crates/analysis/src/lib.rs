//! Query templates, built-in queries, thresholds and verdicts.
//!
//! Everything here is a pure function. [`plan`] says which checks an analysis runs; the shell asks the metric
//! providers and hands back a [`CheckOutcome`] for each; [`judge()`] says what that means for the canary. Queries,
//! texts and the meaning of thresholds are Flagger's.
//!
//! # Example
//!
//! ```
//! use serin_analysis::{Outcome, Source, Subject, TemplateModel, VerdictKind, judge, plan};
//! use serin_analysis::builtin::PodNames;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let metrics = serde_saphyr::from_str::<Vec<_>>(
//!     "[{name: error rate, query: 'sum(rate(errors[{{ interval }}]))', thresholdRange: {max: 1}}]",
//! )?;
//! let subject = Subject {
//!     model: TemplateModel::default(),
//!     metrics_provider: "prometheus".to_owned(),
//!     pods: PodNames::default(),
//! };
//! let checks = plan(&metrics, &subject);
//! assert_eq!(checks[0].source, Source::Query("sum(rate(errors[1m]))".to_owned()));
//!
//! // Whoever asked the query hands back its value.
//! let verdict = judge(&checks[0], &Outcome::sample(2.5));
//! assert_eq!(verdict.kind, VerdictKind::Fail);
//! # Ok(())
//! # }
//! ```

pub mod availability;
pub mod builtin;
pub mod checks;
pub mod criterion;
pub mod go_fmt;
pub mod judge;
pub mod measure;
pub mod outcome;
pub mod template;
pub mod window;

pub use checks::{Check, Source, Subject, plan};
pub use criterion::{Bounds, Criterion};
pub use judge::{Verdict, VerdictKind, judge};
pub use measure::Value;
pub use outcome::{CheckOutcome, Outcome, SetupError, TemplateName};
pub use template::TemplateModel;
pub use window::window;
