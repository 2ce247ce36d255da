//! HTTP to addresses outside of the cluster: GET only, a limited answer, and errors that hold no secret.

use crate::config::Access;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};
use std::error::Error;

/// No answer is read further than this: it is held in memory.
const LARGEST: usize = 32 << 20;

/// How the sentence of an answer that is larger begins.
pub const TOO_MUCH: &str = "sends more than";

/// A client that trusts what `access` says; redirects are answers, and not followed.
pub fn client(access: &Access) -> Result<Client, String> {
    // Fails when a provider is there already; then that one is used.
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut builder = Client::builder()
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .tls_danger_accept_invalid_certs(access.insecure);
    if let Some(path) = &access.ca_file {
        let unreadable = |error: &dyn Error| format!("the file '{path}' of metrics.ca_file can't be used: {error}");
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(&error))?;
        builder = builder.tls_certs_merge(authorities);
    }
    builder.build().map_err(|error| innermost(&error))
}

/// What `url` answers: the status and the body.
pub async fn get(client: &Client, url: Url, headers: HeaderMap) -> Result<(u16, Vec<u8>), String> {
    let mut response = client.get(url).headers(headers).send().await.map_err(|error| innermost(&error))?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(format!("{TOO_MUCH} {} MB", LARGEST >> 20));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status().as_u16(), body))
}

/// An address without user info and query.
pub fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

/// The innermost cause in words: the outer ones repeat the URL, which may hold a secret.
fn innermost(error: &dyn Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = crate::domain::text::sanitize(&last.to_string()).into_owned();
    match &*text {
        said if said.contains("refused") => "refuses the connection: is it running?".into(),
        said if said.contains("lookup address") || said.contains("dns error") => {
            "has a name that can't be resolved".into()
        }
        said if said.contains("certificate") => format!("shows a certificate that is not accepted: {said}"),
        said => format!("can't be reached: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_user_info_and_query() {
        let url: Url = "https://ana:pw@prometheus.example:9090/prom/?token=x".parse().unwrap();
        assert_eq!(shown(&url), "https://prometheus.example:9090/prom");
    }

    #[tokio::test]
    async fn what_is_not_there_refuses_and_its_secret_is_not_told() {
        let client = client(&Access::default()).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let url: Url = format!("http://ana:pw@127.0.0.1:{port}/?token=x").parse().unwrap();
        let why = get(&client, url, HeaderMap::new()).await.unwrap_err();
        assert_eq!(why, "refuses the connection: is it running?");
    }

    #[test]
    fn a_file_of_authorities_that_is_none_is_named() {
        let access = Access { ca_file: Some("/no/such.pem".into()), ..Access::default() };
        assert!(client(&access).unwrap_err().contains("'/no/such.pem' of metrics.ca_file"));
    }
}
