//! A preview check: what must answer well before a side gets the traffic.
//!
//! ```text
//! https://preview.shop.example/healthz      a GET that must succeed; {side} stands for the side's name
//! svc/frontend-preview:80/healthz           the same through the API server, in the release's namespace; in another as
//!                                           svc/NAME.NAMESPACE:PORT/PATH
//! ./smoke-test --fast                       anything else: a command, which must end with 0
//! ```
//! A command gets the side, the release and its namespace as `WINDLASS_SIDE`, `WINDLASS_RELEASE` and
//! `WINDLASS_NAMESPACE`.

use super::connect::Cluster;
use super::proxy::Address;
use crate::domain::text::sanitize;
use crate::domain::{ObjectKey, Str};
use kube::client::Body;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// How long an address has to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a command may run.
const RUN: Duration = Duration::from_mins(1);

impl Cluster {
    /// Whether `check` answers well for the side called `side` of `release`: what it said, or why it did not.
    pub async fn preview_check(&self, check: &str, release: &ObjectKey, side: &str) -> Result<Str, Str> {
        let check = check.replace("{side}", side);
        if let Some(address) = Address::of_service(&check, &release.namespace, "80") {
            return self.service_answers(&check, &address).await;
        }
        if check.starts_with("http://") || check.starts_with("https://") {
            return match timeout(ANSWER, address_answers(&check)).await {
                Ok(answer) => answer,
                Err(_) => Err(format!("{check} did not answer within {} s", ANSWER.as_secs()).into()),
            };
        }
        command_ends_well(&check, release, side).await
    }

    async fn service_answers(&self, check: &str, address: &Address) -> Result<Str, Str> {
        match self.proxied(address, &[], ANSWER).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                Ok(format!("{check} answered {}", answer.status).into())
            }
            Ok(answer) => Err(format!("{check} answered {}", answer.status).into()),
            Err(error) => Err(format!("{check}: {error}").into()),
        }
    }
}

async fn address_answers(address: &str) -> Result<Str, Str> {
    let said = |error: &dyn std::fmt::Display| Str::from(format!("{address}: {error}"));
    let uri: http::Uri = address.parse().map_err(|error| said(&error))?;
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(said(&"it is no whole URL"));
    };
    let base: http::Uri = format!("{scheme}://{authority}").parse().map_err(|error| said(&error))?;
    let client = kube::Client::try_from(kube::Config::new(base)).map_err(|error| said(&error))?;
    let request = http::Request::get(path).body(Body::empty()).map_err(|error| said(&error))?;
    let response = client.send(request).await.map_err(|error| said(&error))?;
    let status = response.status();
    if status.is_success() {
        return Ok(format!("{address} answered {}", status.as_u16()).into());
    }
    Err(format!("{address} answered {}", status.as_u16()).into())
}

async fn command_ends_well(command: &str, release: &ObjectKey, side: &str) -> Result<Str, Str> {
    let mut child = Command::new("sh");
    child.args(["-c", command]).stdin(Stdio::null()).kill_on_drop(true);
    child.env("WINDLASS_SIDE", side).env("WINDLASS_RELEASE", &*release.name);
    child.env("WINDLASS_NAMESPACE", &*release.namespace);
    let output = match timeout(RUN, child.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("'{command}' can't be run: {error}").into()),
        Err(_) => return Err(format!("'{command}' did not end within {} s", RUN.as_secs()).into()),
    };
    let all = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&all);
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let last: String = sanitize(last).chars().take(200).collect();
    let said = if last.is_empty() { String::new() } else { format!(": {last}") };
    match output.status.code() {
        Some(0) => Ok(format!("'{command}' ended well{said}").into()),
        Some(code) => Err(format!("'{command}' ended with {code}{said}").into()),
        None => Err(format!("'{command}' was killed{said}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn web() -> ObjectKey {
        ObjectKey::new(Kind::Service, "shop", "web")
    }

    #[tokio::test]
    async fn a_command_speaks_by_its_end_and_its_last_line() {
        let run = |command: &'static str| async move { command_ends_well(command, &web(), "green").await };
        let said = run("echo one; echo side $WINDLASS_SIDE of $WINDLASS_NAMESPACE/$WINDLASS_RELEASE").await.unwrap();
        assert!(said.ends_with("ended well: side green of shop/web"), "{said}");
        let said = run("echo broken >&2; exit 3").await.unwrap_err();
        assert!(said.ends_with("ended with 3: broken"), "{said}");
        assert!(run("true").await.unwrap().ends_with("'true' ended well"));
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_told() {
        assert!(address_answers("http://").await.unwrap_err().starts_with("http://: "));
    }
}
