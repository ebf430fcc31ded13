//! The clients of the API server.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{KubeConfigOptions, Kubeconfig},
};
use tower::{Layer, Service};

use crate::{metrics::RequestLayer, options::Options};

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
pub(crate) async fn config(options: &Options) -> Result<Config, ClientError> {
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

/// Turns retries off. A check that fails is made again in the next round anyway, and its reason
/// must not get lost in retries.
pub(crate) fn without_retries(mut config: Config) -> Config {
    config.default_retry = false;
    config
}

/// A client whose requests are counted and end in time.
///
/// # Errors
/// When the configuration's credentials cannot be used.
pub(crate) fn build(config: Config, requests: &RequestLayer) -> Result<Client, ClientError> {
    let builder = ClientBuilder::try_from(config)?;
    Ok(builder.with_layer(&AnswerLayer).with_layer(requests).build())
}

/// Bounds the time until an answer begins.
#[derive(Clone, Copy)]
struct AnswerLayer;

impl<S> Layer<S> for AnswerLayer {
    type Service = Answered<S>;

    fn layer(&self, inner: S) -> Answered<S> {
        Answered { inner }
    }
}

struct Answered<S> {
    inner: S,
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
        let answer = self.inner.call(request);
        Box::pin(async move {
            tokio::time::timeout(TIMEOUT, answer).await.map_err(|_| NoAnswer)?.map_err(Into::into)
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the API server did not answer within {} s", TIMEOUT.as_secs())]
struct NoAnswer;
