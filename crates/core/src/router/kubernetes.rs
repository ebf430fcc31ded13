//! Plain Services: nothing is shifted, the canary is only tested.

use super::{Capabilities, Router};

/// The provider `kubernetes`.
#[derive(Clone, Copy, Debug)]
pub struct Kubernetes;

impl Router for Kubernetes {
    fn provider(&self) -> &'static str {
        "kubernetes"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }
}
