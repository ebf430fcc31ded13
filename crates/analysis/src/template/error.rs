use super::model::NAMES;

/// Why a query template cannot be rendered. Every variant says on which line of the template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// An opening `{{` (or a comment or string inside it) without its end.
    #[error("line {line}: {what} is not closed")]
    Unclosed {
        /// Line of the template, from 1.
        line: usize,
        /// What was opened: an action, a comment, a string.
        what: &'static str,
    },
    /// A name that is neither a value nor a function.
    #[error("line {line}: unknown name {name:?}; known are {}, variables.<key>, printf and index", NAMES.join(", "))]
    UnknownName {
        /// Line of the template, from 1.
        line: usize,
        /// The name as written.
        name: String,
    },
    /// A `variables.<key>` that the metric does not define.
    #[error("line {line}: no template variable {key:?}; set it in templateVariables of the Canary's metric")]
    MissingVariable {
        /// Line of the template, from 1.
        line: usize,
        /// The key looked up.
        key: String,
    },
    /// Valid in Go's templates but outside the part that queries need.
    #[error("line {line}: {what} is not supported in query templates; write the query without it")]
    Unsupported {
        /// Line of the template, from 1.
        line: usize,
        /// The construct as written, e.g. "control structure `if`".
        what: String,
    },
    /// A call with wrong arguments, or an action that is not an expression.
    #[error("line {line}: cannot evaluate {{{{ {action} }}}}: {reason}")]
    Action {
        /// Line of the template, from 1.
        line: usize,
        /// The action's text without its braces.
        action: String,
        /// What is wrong with it.
        reason: String,
    },
}
