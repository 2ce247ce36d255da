//! Credential plugins (`users[].user.exec`): run with a limit, kept off the screen, killed when they hang.

use super::errors::ConnectError;
use super::options::{PluginTalk, Waiting};
use crate::domain::Timestamp;
use crate::domain::text::sanitize;
use kube::config::{ExecConfig, ExecInteractiveMode};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// How long a silent plugin may take.
pub const LIMIT: Duration = Duration::from_secs(20);

/// How long one may take that has the terminal: a person types a code, or logs in with a browser.
pub const PERSON_LIMIT: Duration = Duration::from_mins(5);

/// After so long it is told what is waited for: most plugins ask nothing.
const TOLD_AFTER: Duration = Duration::from_secs(3);

/// What a plugin hands out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// A bearer token.
    pub token: Option<String>,
    /// A client certificate and its key, in PEM.
    pub certificate: Option<(String, String)>,
    /// When it ends.
    pub expires: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the plugin once, for `limit` at most. `waiting` is told its name when it has the terminal and takes its time.
pub async fn run(
    plugin: &ExecConfig,
    talk: PluginTalk,
    limit: Duration,
    waiting: Option<&Waiting>,
) -> Result<Credential, ConnectError> {
    let name = plugin.command.clone().unwrap_or_default();
    let failed = |why: String| ConnectError::Plugin { command: name.clone(), why };
    let needs_person = plugin.interactive_mode == Some(ExecInteractiveMode::Always);
    let talk = if plugin.interactive_mode == Some(ExecInteractiveMode::Never) { PluginTalk::Silent } else { talk };
    if talk == PluginTalk::Silent && needs_person {
        return Err(failed("needs a person at the terminal: start windlass again to log in".into()));
    }
    let told = async {
        tokio::time::sleep(TOLD_AFTER).await;
        if let (Some(waiting), PluginTalk::Interactive) = (waiting, talk) {
            // Nobody has to listen.
            let _ = waiting.send(sanitize(&name).as_ref().into());
        }
        std::future::pending::<()>().await;
    };
    let output = tokio::select! {
        output = execute(plugin, talk, limit) => output,
        () = told => Err("was not waited for".to_owned()),
    };
    read(&output.map_err(&failed)?).map_err(failed)
}

async fn execute(plugin: &ExecConfig, talk: PluginTalk, limit: Duration) -> Result<Output, String> {
    let mut command = command(plugin, talk)?;
    let child = command.spawn().map_err(|error| {
        let hint =
            plugin.install_hint.as_deref().map(|hint| format!(": {}", sanitize(hint.trim()))).unwrap_or_default();
        match error.kind() {
            std::io::ErrorKind::NotFound => format!("is not installed{hint}"),
            _ => format!("can't be started: {error}"),
        }
    })?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let finished = child.wait_with_output();
    let Ok(output) = tokio::time::timeout(limit, finished).await else {
        // Its children too: a shell's `sleep` would otherwise live on. One with the terminal is of our own group, and is
        // ended by itself.
        if let Some(group) = group.filter(|_| talk == PluginTalk::Silent) {
            kill_process_group(group, Signal::KILL).ok();
        }
        return Err(format!("gave no answer within {} s and was ended", limit.as_secs()));
    };
    output.map_err(|error| format!("can't be waited for: {error}"))
}

fn command(plugin: &ExecConfig, talk: PluginTalk) -> Result<Command, String> {
    let program = plugin.command.as_deref().filter(|program| !program.is_empty()).ok_or("names no command")?;
    let mut command = Command::new(program);
    command.args(plugin.args.iter().flatten()).stdout(Stdio::piped()).kill_on_drop(true);
    for variable in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let mut spec = serde_json::Map::new();
    spec.insert("interactive".into(), (talk == PluginTalk::Interactive).into());
    if plugin.provide_cluster_info
        && let Some(cluster) = plugin.cluster.as_ref().and_then(|cluster| serde_json::to_value(cluster).ok())
    {
        spec.insert("cluster".into(), cluster);
    }
    let version = plugin.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    let info = serde_json::json!({"kind": "ExecCredential", "apiVersion": version, "spec": spec});
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    match talk {
        PluginTalk::Interactive => {
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        }
        PluginTalk::Silent => {
            command.stdin(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        }
    }
    Ok(command)
}

fn read(output: &Output) -> Result<Credential, String> {
    if !output.status.success() {
        let code = output.status.code().map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
        return Err(format!("ended with {code}{}", said(output)));
    }
    let credential = serde_json::from_slice::<ExecCredential>(&output.stdout)
        .ok()
        .or_else(|| serde_saphyr::from_slice::<ExecCredential>(&output.stdout).ok())
        .ok_or_else(|| format!("printed no credential{}", said(output)))?;
    let status = credential.status.ok_or_else(|| format!("printed no credential{}", said(output)))?;
    let expires = match status.expiration_timestamp.filter(|text| !text.is_empty()) {
        Some(text) => Some(text.parse().map_err(|_| "gave an end of its credential that is no time".to_owned())?),
        None => None,
    };
    let credential = Credential {
        token: status.token.filter(|token| !token.is_empty()),
        certificate: status.client_certificate_data.zip(status.client_key_data),
        expires,
    };
    if credential.token.is_none() && credential.certificate.is_none() {
        return Err("gave neither a token nor a client certificate".to_owned());
    }
    Ok(credential)
}

/// The end of what it said on its error output; never its output, which may hold half a credential.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    let last = sanitize(last);
    let shown: String = last.chars().take(300).collect();
    if shown.is_empty() { String::new() } else { format!(": {shown}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> ExecConfig {
        ExecConfig { command: Some("sh".into()), args: Some(vec!["-c".into(), script.into()]), ..ExecConfig::default() }
    }

    async fn why(script: &str, limit: Duration) -> String {
        run(&shell(script), PluginTalk::Silent, limit, None).await.expect_err("fails").to_string()
    }

    #[tokio::test]
    async fn a_plugin_gives_a_token_with_its_end_in_json_or_yaml() {
        let json = r#"echo '{"status":{"token":"t","expirationTimestamp":"2030-01-01T00:00:00Z"}}'"#;
        let credential = run(&shell(json), PluginTalk::Silent, LIMIT, None).await.expect("works");
        assert_eq!(credential.token.as_deref(), Some("t"));
        assert!(credential.expires.is_some());
        let yaml = "printf 'kind: ExecCredential\\nstatus:\\n  token: y\\n'";
        assert_eq!(
            run(&shell(yaml), PluginTalk::Silent, LIMIT, None).await.expect("works").token.as_deref(),
            Some("y")
        );
    }

    #[tokio::test]
    async fn a_failing_a_printing_a_missing_and_a_hanging_plugin_each_get_a_sentence() {
        assert_eq!(
            why("echo first >&2; echo 'not logged in' >&2; exit 3", LIMIT).await,
            "The credential plugin 'sh' ended with code 3: not logged in."
        );
        assert_eq!(why("echo hello", LIMIT).await, "The credential plugin 'sh' printed no credential.");
        assert!(why("sleep 60", Duration::from_millis(50)).await.contains("was ended"));
        let missing = ExecConfig {
            command: Some("no-such-plugin-here".into()),
            install_hint: Some("install it\n".into()),
            ..ExecConfig::default()
        };
        let error = run(&missing, PluginTalk::Silent, LIMIT, None).await.expect_err("fails").to_string();
        assert_eq!(error, "The credential plugin 'no-such-plugin-here' is not installed: install it.");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_hangs_with_the_terminal_is_named_while_it_is_waited_for_and_ended_at_last() {
        let (waiting, mut told) = tokio::sync::mpsc::unbounded_channel();
        let began = tokio::time::Instant::now();
        let error = run(&shell("sleep 600"), PluginTalk::Interactive, PERSON_LIMIT, Some(&waiting)).await;
        let error = error.expect_err("it hangs").to_string();
        assert_eq!(error, "The credential plugin 'sh' gave no answer within 300 s and was ended.");
        assert!(began.elapsed() <= PERSON_LIMIT + Duration::from_secs(1));
        assert_eq!(told.recv().await.as_deref(), Some("sh"));
        // One that answers at once is not talked about.
        let quick = r#"echo '{"status":{"token":"t"}}'"#;
        tokio::time::resume();
        run(&shell(quick), PluginTalk::Interactive, PERSON_LIMIT, Some(&waiting)).await.expect("works");
        assert!(told.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_plugin_that_needs_a_person_is_not_started_behind_the_screen() {
        let mut plugin = shell("echo '{\"status\":{\"token\":\"t\"}}'");
        plugin.interactive_mode = Some(ExecInteractiveMode::Always);
        let error = run(&plugin, PluginTalk::Silent, LIMIT, None).await.expect_err("refused").to_string();
        assert!(error.contains("needs a person"), "{error}");
    }
}
