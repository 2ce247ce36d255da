//! The address of an API server as people write it. What is no whole URL is refused with what to write instead: the HTTP
//! client would take it and panic at the first request.

use super::errors::ConnectError;

/// Whether `server` can be asked.
pub fn check(server: &str) -> Result<(), ConnectError> {
    let why = match server.parse::<http::Uri>() {
        Ok(url) => match (url.scheme_str(), url.host()) {
            (Some("https" | "http"), Some(_)) => return Ok(()),
            (Some(scheme), Some(_)) => format!("'{scheme}' is no scheme of an API server; write https://HOST:PORT"),
            (None, _) | (_, None) => without_scheme(server),
        },
        Err(_) => without_scheme(server),
    };
    Err(ConnectError::Address { server: server.to_owned(), why })
}

fn without_scheme(server: &str) -> String {
    let whole = format!("https://{server}");
    let usable = !server.contains("://") && whole.parse::<http::Uri>().is_ok_and(|url| url.host().is_some());
    if usable { format!("it has no scheme; write {whole}") } else { "it is no URL; write https://HOST:PORT".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_no_client_can_ask_is_answered_with_the_one_to_write() {
        let said = |server: &str| check(server).expect_err(server).to_string();
        for (server, write) in [
            ("127.0.0.1:44969", "write https://127.0.0.1:44969."),
            ("kube.example", "write https://kube.example."),
            ("kube.example:6443/k8s/clusters/c-1", "write https://kube.example:6443/k8s/clusters/c-1."),
            ("not a url", "write https://HOST:PORT."),
            ("/var/run/kube.sock", "write https://HOST:PORT."),
            ("ftp://kube.example", "write https://HOST:PORT."),
            ("https://", "write https://HOST:PORT."),
        ] {
            let told = said(server);
            assert!(told.contains(&format!("'{server}'")) && told.ends_with(write), "{told}");
        }
        for server in ["https://kube.example:6443", "http://127.0.0.1:8001", "https://[::1]:6443/base"] {
            assert_eq!(check(server), Ok(()), "{server}");
        }
    }
}
