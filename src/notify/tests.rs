use super::{Happened, Notice, Notifier, Numbers};
use crate::config::{CommandSettings, NotifySettings, SlackSettings, WebhookSettings};
use crate::domain::{Kind, ObjectKey, Str, Timestamp};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

fn notice() -> Notice {
    Notice {
        happened: Happened::RolledBack,
        release: ObjectKey::new(Kind::Deployment, "shop", "web"),
        cluster: "prod".into(),
        from: "v2".into(),
        to: "v1".into(),
        reason: "error rate 20 % of 840 requests (limit 5 %) <now>".into(),
        numbers: Numbers { error_rate: Some(0.2), samples: Some(840), ..Numbers::default() },
        who: "ana".into(),
        at: Timestamp::UNIX_EPOCH,
        guard: "g-1".into(),
    }
}

/// A server on loopback that gives these answers one after the other, and keeps what it got.
async fn server(answers: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/secret-path", listener.local_addr().expect("bound"));
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&got);
    tokio::spawn(async move {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let mut request = String::new();
            let mut buffer = [0_u8; 4096];
            while !whole(&request) {
                let Ok(read @ 1..) = stream.read(&mut buffer).await else { break };
                request.push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
            kept.lock().expect("no panic").push(request);
            let head = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        }
    });
    (url, got)
}

fn whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    length.is_none_or(|length: usize| body.len() >= length)
}

fn notifier(name: &str, settings: &NotifySettings, variables: &[(&str, &str)]) -> Result<Notifier, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let find = |name: &str| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
    let made = Notifier::new(&[Str::from(name)], settings, &find);
    made.map(|made| made.with_pause(Duration::ZERO)).map_err(|unusable| unusable.to_string())
}

fn slack() -> NotifySettings {
    let slack =
        SlackSettings { url_env: Some("HOOK".into()), channel: Some("#deploys".into()), ..SlackSettings::default() };
    NotifySettings { slack, ..NotifySettings::default() }
}

#[tokio::test]
async fn a_notice_is_tried_again_until_the_server_takes_it() {
    let (url, got) = server(&["503 Away", "429 Slower\r\nRetry-After: 0", "200 OK"]).await;
    let notifier = notifier("slack", &slack(), &[("HOOK", &url)]).expect("usable");
    assert_eq!(notifier.tell(&notice()).await, []);
    let got = got.lock().expect("no panic").clone();
    assert_eq!(got.len(), 3);
    assert!(got[2].contains("shop/web was rolled back v2 → v1") && got[2].contains("&lt;now&gt;"), "{}", got[2]);
    assert!(got[2].contains("#deploys") && got[2].contains("by ana") && got[2].contains("840 requests"), "{}", got[2]);
}

#[tokio::test]
async fn what_is_refused_is_told_once_and_without_the_url() {
    let (url, got) = server(&["404 No", "200 OK"]).await;
    let notifier = notifier("slack", &slack(), &[("HOOK", &url)]).expect("usable");
    let failed = notifier.tell(&notice()).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].to_string(), "slack was not told: it answered 404");
    assert_eq!(got.lock().expect("no panic").len(), 1, "it is not tried again");
    assert!(!format!("{notifier:?}").contains("secret-path"));
}

#[tokio::test]
async fn a_server_that_is_away_is_told_of_without_the_url() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/secret-path", listener.local_addr().expect("bound"));
    drop(listener);
    let notifier = notifier("slack", &slack(), &[("HOOK", &url)]).expect("usable");
    let failed = notifier.tell(&notice()).await;
    let why = failed[0].to_string();
    assert!(why.contains("can't be reached, tried 4 times") && !why.contains("secret"), "{why}");
}

#[tokio::test]
async fn a_webhook_gets_the_notice_as_json_with_its_header() {
    let (url, got) = server(&["204 Taken"]).await;
    let webhook = WebhookSettings { url: Some(url), header_env: Some("TOKEN".into()), ..WebhookSettings::default() };
    let settings = NotifySettings { webhook, ..NotifySettings::default() };
    let notifier = notifier("webhook", &settings, &[("TOKEN", "Bearer abc")]).expect("usable");
    assert_eq!(notifier.tell(&notice()).await, []);
    let got = got.lock().expect("no panic")[0].clone();
    let (head, body) = got.split_once("\r\n\r\n").expect("a body");
    assert!(head.to_lowercase().contains("authorization: bearer abc"));
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&body["kind"], &body["event"]), (&"Notice".into(), &"rolled-back".into()));
    assert_eq!((&body["from"], &body["to"], &body["who"]), (&"v2".into(), &"v1".into(), &"ana".into()));
    assert_eq!(body["numbers"]["errorRate"], 0.2);
}

#[tokio::test]
async fn a_command_gets_the_notice_on_its_input_and_its_failure_is_told() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("notice");
    let run = |script: String| {
        let command = CommandSettings { run: vec!["sh".into(), "-c".into(), script] };
        notifier("command", &NotifySettings { command, ..NotifySettings::default() }, &[]).expect("usable")
    };
    assert_eq!(run(format!("cat > {}", file.display())).tell(&notice()).await, []);
    let told: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("written")).expect("JSON");
    assert_eq!(told["release"], "deployment/web");
    let failed = run("exit 3".to_owned()).tell(&notice()).await;
    assert!(failed[0].to_string().contains("sh ended with exit status: 3"), "{}", failed[0]);
}

#[test]
fn what_is_missing_is_told_at_the_start_and_never_the_value() {
    let unset = notifier("slack", &slack(), &[]).unwrap_err();
    assert_eq!(unset, "notify slack: the variable HOOK is not set");
    let wrong = notifier("slack", &slack(), &[("HOOK", "hush")]).unwrap_err();
    assert!(wrong.contains("starts with https://") && !wrong.contains("hush"), "{wrong}");
    let nothing = NotifySettings::default();
    assert!(notifier("slack", &nothing, &[]).unwrap_err().contains("notify.slack.url_env"));
    assert!(notifier("webhook", &nothing, &[]).unwrap_err().contains("notify.webhook.url"));
    assert!(notifier("command", &nothing, &[]).unwrap_err().contains("notify.command.run"));
    assert!(notifier("mail", &nothing, &[]).unwrap_err().contains("nobody to tell"));
}
