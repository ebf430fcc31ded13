//! Gates over HTTP: `/gate` lets a rollout go on, `/rollback` makes it go back.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{MethodRouter, any},
};
use tracing::info;

use super::AppState;
use crate::payload::Payload;

/// Which gate of a Canary.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Gate,
    Rollback,
}

impl Kind {
    fn name(self, payload: &Payload) -> String {
        match self {
            Self::Gate => payload.canary(),
            Self::Rollback => format!("rollback.{}", payload.canary()),
        }
    }
}

/// `check`, `open` and `close` for the gates of one kind.
pub(super) fn routes(kind: Kind) -> Router<AppState> {
    Router::new().route("/check", check(kind)).route("/open", open(kind)).route("/close", close(kind))
}

fn check(kind: Kind) -> MethodRouter<AppState> {
    any(move |State(state): State<AppState>, payload: Payload| async move {
        let gate = kind.name(&payload);
        let approved = state.0.gates.is_open(&gate);
        info!("{gate} gate check: approved {approved}");
        if approved { (StatusCode::OK, "Approved") } else { (StatusCode::FORBIDDEN, "Forbidden") }
    })
}

fn open(kind: Kind) -> MethodRouter<AppState> {
    any(move |State(state): State<AppState>, payload: Payload| async move {
        let gate = kind.name(&payload);
        info!("{gate} gate opened");
        state.0.gates.open(gate);
        StatusCode::ACCEPTED
    })
}

fn close(kind: Kind) -> MethodRouter<AppState> {
    any(move |State(state): State<AppState>, payload: Payload| async move {
        let gate = kind.name(&payload);
        info!("{gate} gate closed");
        state.0.gates.close(&gate);
        StatusCode::ACCEPTED
    })
}
