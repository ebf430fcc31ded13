//! Why the load tester as a whole cannot go on. What is wrong with one request is told to its sender instead.

use std::io;

/// A failure of the load tester itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port cannot be bound.
    #[error("cannot listen on port {port}: {source} (choose another one with --port)")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The HTTP server ended by itself.
    #[error("the HTTP server ended: {0}")]
    Serve(#[from] io::Error),
}
