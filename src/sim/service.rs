//! The cluster as a tower service, for clients in the same process; and what keeps its time running.

use super::http::{SimBody, handle};
use super::{Link, Shared, SimCluster};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use std::io;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tower::Service;

/// A connection to the simulated API server. Clones are further connections.
#[derive(Clone, Debug)]
pub struct SimService {
    sim: SimCluster,
    authorization: Option<HeaderValue>,
}

impl SimCluster {
    /// The API server as a service, for the scenario's own user.
    pub fn service(&self) -> SimService {
        SimService { sim: self.clone(), authorization: None }
    }

    /// The API server as a service for someone else: `admin`, `viewer`, `nobody`, or `user:NAME` for NAME with the
    /// rights of the scenario's user.
    pub fn service_as(&self, token: &str) -> SimService {
        SimService { sim: self.clone(), authorization: HeaderValue::from_str(&format!("Bearer {token}")).ok() }
    }

    /// A client of this cluster. It must be made within a tokio runtime.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.service(), "default")
    }

    /// A client for someone else; see [`SimCluster::service_as`].
    pub fn client_as(&self, token: &str) -> kube::Client {
        kube::Client::new(self.service_as(token), "default")
    }

    /// Waits while nothing is answered; an error if connections are refused.
    pub(super) async fn link_is_up(&self) -> io::Result<()> {
        let mut line = self.line();
        let state = line.wait_for(|line| line.link != Link::Stalled).await.map(|line| line.link);
        match state {
            Ok(Link::Refused) | Err(_) => Err(io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused")),
            Ok(Link::Up | Link::Stalled) => Ok(()),
        }
    }
}

impl<B> Service<Request<B>> for SimService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    type Response = Response<SimBody>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Response<SimBody>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let SimService { sim, authorization } = self.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|error| io::Error::other(error.to_string()))?.to_bytes();
            if let Some(value) = authorization {
                parts.headers.insert(header::AUTHORIZATION, value);
            }
            handle(sim, Request::from_parts(parts, body)).await
        })
    }
}

/// Runs the controllers as time goes by, until the cluster is dropped.
pub(super) async fn drive(shared: Weak<Shared>, wake: Arc<Notify>) {
    /// With nothing to do, time is looked at this often.
    const IDLE: Duration = Duration::from_hours(1);
    loop {
        let due = {
            let Some(shared) = shared.upgrade() else { return };
            let sim = SimCluster { shared };
            sim.with(|world| {
                world.catch_up();
                world.queue.next_due().and_then(|due| world.clock.instant_of(due))
            })
        };
        let due = due.unwrap_or_else(|| tokio::time::Instant::now() + IDLE);
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            () = wake.notified() => {}
        }
    }
}
