//! Credentials for addresses outside of the cluster: read where the settings say, when they are needed, and neither
//! kept in a file nor written anywhere.

use crate::config::Access;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::process::Stdio;
use std::time::Duration;
use tokio::time::timeout;

/// How long a command may take to print a credential.
const RUN: Duration = Duration::from_secs(20);

/// The headers that prove who we are, each marked as a secret. The error says what could not be read, and nothing of
/// what was.
pub async fn headers(access: &Access) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for header in &access.headers {
        let Some((name, value)) = header.split_once(':') else { continue };
        let value = resolve(value.trim()).await?;
        let name: HeaderName = name.trim().parse().map_err(|_| format!("'{}' is no name of a header", name.trim()))?;
        headers.insert(name, secret(&value)?);
    }
    if let Some(token) = &access.token {
        headers.insert(AUTHORIZATION, secret(&format!("Bearer {}", resolve(token).await?))?);
    } else if let Some(user) = &access.user {
        let password = match &access.password {
            Some(password) => resolve(password).await?,
            None => String::new(),
        };
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        headers.insert(AUTHORIZATION, secret(&format!("Basic {pair}"))?);
    }
    Ok(headers)
}

fn secret(value: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(value).map_err(|_| "a credential holds what a header can't".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// The text behind `env:NAME`, `file:PATH` and `command:PROGRAM`; any other text is itself.
pub async fn resolve(reference: &str) -> Result<String, String> {
    let text = if let Some(name) = reference.strip_prefix("env:") {
        std::env::var(name.trim()).map_err(|_| format!("the variable {} is not set", name.trim()))?
    } else if let Some(path) = reference.strip_prefix("file:") {
        let read = tokio::fs::read_to_string(path.trim()).await;
        read.map_err(|error| format!("the file '{}' can't be read: {error}", path.trim()))?
    } else if let Some(command) = reference.strip_prefix("command:") {
        run(command.trim()).await?
    } else {
        reference.to_owned()
    };
    Ok(text.trim().to_owned())
}

async fn run(command: &str) -> Result<String, String> {
    let mut child = tokio::process::Command::new("sh");
    child.args(["-c", command]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    match timeout(RUN, child.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            String::from_utf8(output.stdout).map_err(|_| format!("'{command}' prints no text"))
        }
        Ok(Ok(output)) => Err(format!("'{command}' ended with {}", output.status.code().unwrap_or(-1))),
        Ok(Err(error)) => Err(format!("'{command}' can't be run: {error}")),
        Err(_) => Err(format!("'{command}' did not end within {} s", RUN.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_credential_comes_from_a_file_or_a_command_and_its_value_is_never_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "s3cret\n").unwrap();
        let file = format!("file:{}", path.display());
        assert_eq!(resolve(&file).await.as_deref(), Ok("s3cret"));
        assert_eq!(resolve("command:printf s3cret").await.as_deref(), Ok("s3cret"));
        let access = Access { token: Some(file), ..Access::default() };
        let headers = headers(&access).await.unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer s3cret");
        assert!(!format!("{headers:?}").contains("s3cret"));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        assert!(resolve("env:WINDLASS_TEST_NO_SUCH").await.unwrap_err().contains("WINDLASS_TEST_NO_SUCH is not set"));
        assert!(resolve("file:/no/such").await.unwrap_err().contains("'/no/such' can't be read"));
        assert!(resolve("command:exit 3").await.unwrap_err().contains("ended with 3"));
        let access = Access { headers: vec!["bad name: x".into()], ..Access::default() };
        assert!(headers(&access).await.unwrap_err().contains("'bad name'"));
    }

    #[tokio::test]
    async fn basic_authentication_and_more_headers_go_together() {
        let access = Access {
            user: Some("ana".into()),
            password: Some("command:printf pw".into()),
            headers: vec!["X-Scope-OrgID: shop".into()],
            ..Access::default()
        };
        let headers = headers(&access).await.unwrap();
        assert_eq!(
            (&headers[AUTHORIZATION], &headers["x-scope-orgid"]),
            (&HeaderValue::from_static("Basic YW5hOnB3"), &HeaderValue::from_static("shop"))
        );
    }
}
