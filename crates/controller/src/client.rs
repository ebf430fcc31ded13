//! The clients of the API server.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::{lock::lock, metrics::RequestLayer, options::Options};

/// How long an answer may take to begin; watches stay open much longer than that.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig {path}: {source}; check --kubeconfig and the file's current context")]
    Kubeconfig {
        /// Path of the file.
        path: String,
        /// What is wrong with it.
        source: kube::config::KubeconfigError,
    },
    /// Neither a kubeconfig nor a service account.
    #[error("no cluster to talk to: {0}; set KUBECONFIG or --kubeconfig, or run inside a cluster")]
    NoCluster(#[from] kube::config::InferConfigError),
    /// `--master` is no address.
    #[error("--master {address:?} is no address: {source}")]
    Master {
        /// The address as given.
        address: String,
        /// What is wrong with it.
        source: http::uri::InvalidUri,
    },
    /// The client cannot be built.
    #[error("cannot build a client of the API server: {0}")]
    Build(#[from] kube::Error),
}

/// Where the API server is and who we are.
///
/// # Errors
/// When there is no usable configuration.
pub async fn config(options: &Options) -> Result<Config, ClientError> {
    let mut config = match &options.kubeconfig {
        Some(path) => from_file(path).await?,
        None => Config::infer().await?,
    };
    if let Some(address) = &options.master {
        config.cluster_url =
            address.parse().map_err(|source| ClientError::Master { address: address.clone(), source })?;
    }
    config.read_timeout = None;
    config.connect_timeout = Some(TIMEOUT);
    Ok(config)
}

async fn from_file(path: &str) -> Result<Config, ClientError> {
    let failed = |source| ClientError::Kubeconfig { path: path.to_owned(), source };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(failed)
}

/// A client whose requests are counted and end in time.
///
/// # Errors
/// When the configuration's credentials cannot be used.
pub fn build(config: Config, requests: &RequestLayer) -> Result<Client, ClientError> {
    let builder = ClientBuilder::try_from(config)?;
    Ok(builder.with_layer(&AnswerLayer::default()).with_layer(requests).build())
}

/// A client for the Lease, and when it last succeeded in writing it.
///
/// # Errors
/// When the configuration's credentials cannot be used.
pub fn for_lease(config: Config, requests: &RequestLayer) -> Result<(Client, LastWrite), ClientError> {
    let last = LastWrite::default();
    let answers = AnswerLayer { last: Some(last.clone()) };
    let client = ClientBuilder::try_from(config)?.with_layer(&answers).with_layer(requests).build();
    Ok((client, last))
}

/// When the last write succeeded: the moment at which it was sent.
#[derive(Clone, Debug, Default)]
pub struct LastWrite(Arc<Mutex<Option<Instant>>>);

impl LastWrite {
    /// The moment at which the last successful write was sent.
    pub fn get(&self) -> Option<Instant> {
        *lock(&self.0)
    }

    fn set(&self, sent: Instant) {
        *lock(&self.0) = Some(sent);
    }
}

/// Bounds the time until an answer begins.
#[derive(Clone, Default)]
struct AnswerLayer {
    last: Option<LastWrite>,
}

impl<S> Layer<S> for AnswerLayer {
    type Service = Answered<S>;

    fn layer(&self, inner: S) -> Answered<S> {
        Answered { inner, last: self.last.clone() }
    }
}

struct Answered<S> {
    inner: S,
    last: Option<LastWrite>,
}

impl<S, B, R> Service<Request<B>> for Answered<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<tower::BoxError>,
    S::Future: Send + 'static,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = tower::BoxError;
    type Future = BoxFuture<'static, Result<Response<R>, tower::BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), tower::BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let sent = Instant::now();
        let last = self.last.clone().filter(|_| request.method() != Method::GET);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer =
                tokio::time::timeout(TIMEOUT, answer).await.map_err(|_| NoAnswer)?.map_err(Into::into)?;
            if let Some(last) = last.filter(|_| answer.status().is_success()) {
                last.set(sent);
            }
            Ok(answer)
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {} s", TIMEOUT.as_secs())]
struct NoAnswer;
