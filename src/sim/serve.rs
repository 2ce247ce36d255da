//! The simulated API server on a socket.

use super::SimCluster;
use super::access::DEFAULT_TOKEN;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use tokio::net::TcpListener;

impl SimCluster {
    /// Serves the API over HTTP until the future is dropped or the listener fails. Connections that a fault cuts are
    /// closed without an answer.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let service = TowerToHyperService::new(self.service());
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service);
            tokio::spawn(async move {
                // A client that goes away, or a connection that a fault cuts, is no error of the server.
                let _ = connection.await;
            });
        }
    }

    /// A kubeconfig for the server at `url`, for the scenario's own user.
    pub fn kubeconfig(&self, url: &str) -> String {
        self.kubeconfig_as(url, DEFAULT_TOKEN)
    }

    /// A kubeconfig for someone else; see [`SimCluster::service_as`].
    pub fn kubeconfig_as(&self, url: &str, token: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: simulated\nclusters:\n- name: simulated\n  cluster: {{server: {url:?}}}\n\
             contexts:\n- name: simulated\n  context: {{cluster: simulated, user: {token:?}}}\nusers:\n- name: {token:?}\n  \
             user: {{token: {token:?}}}\n"
        )
    }
}
