//! Rollouts on a real cluster, with real requests and real metrics.
//!
//! Run by `make test`, or alone by `cargo test -p serin-e2e --test scenarios -- --test-threads=64` with
//! `KUBECONFIG` set; how many run at a time is up to `SERIN_E2E_PARALLEL`.
#![expect(clippy::unwrap_used, reason = "what helpers cannot do fails the test")]
#![expect(clippy::print_stdout, reason = "tests tell what they counted")]

mod ab_testing;
mod admission;
mod affinity;
mod alerts;
mod autoscaler;
mod chart;
mod commands;
mod configs;
mod daemon_set;
mod deletion;
mod edits;
mod faults;
mod hooks;
mod image;
mod kustomize;
mod lease;
mod metric_templates;
mod promotion;
mod random_edits;
mod replicas;
mod restart;
mod rollback;
mod service_target;
mod takeover;
mod tutorial;
