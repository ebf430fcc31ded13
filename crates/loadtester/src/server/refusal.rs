//! Requests that are refused, and what their senders are told.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::AppState;
use crate::{payload::Payload, runner::RunError, task::TaskError};

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0}")]
    Unreadable(#[from] BytesRejection),
    #[error("decoding the request body failed: {0}")]
    Undecodable(#[from] serde_json::Error),
    #[error("Forbidden")]
    Namespace,
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unreadable(rejection) => rejection.status(),
            Self::Undecodable(_) | Self::Task(_) => StatusCode::BAD_REQUEST,
            Self::Namespace => StatusCode::FORBIDDEN,
            Self::Run(RunError::Full { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Run(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        tracing::warn!(%status, "request refused: {self}");
        (status, self.to_string()).into_response()
    }
}

/// A payload is taken from the body, and only for a Canary in a namespace that is served.
impl FromRequest<AppState> for Payload {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, state).await?;
        let payload = Self::decode(&body)?;
        if state.0.namespaces.allow(&payload.namespace) { Ok(payload) } else { Err(Refusal::Namespace) }
    }
}
