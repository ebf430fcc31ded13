//! Tasks over HTTP.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{AppState, refusal::Refusal};
use crate::{
    payload::Payload,
    task::{Mode, Task},
};

/// Starts the task that the payload asks for, and waits for its end if it is a blocking one.
pub(super) async fn run(State(state): State<AppState>, payload: Payload) -> Result<Response, Refusal> {
    let task = Task::parse(&payload, state.0.rules)?;
    match task.mode {
        Mode::Background { .. } => {
            state.0.runner.start(task)?;
            Ok(StatusCode::ACCEPTED.into_response())
        }
        Mode::Blocking { return_output } => {
            let output = state.0.runner.run(task).await?;
            Ok(if return_output { output.text().into_response() } else { StatusCode::OK.into_response() })
        }
    }
}
