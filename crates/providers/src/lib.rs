//! Metric providers over HTTP.
