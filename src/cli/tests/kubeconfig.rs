//! Kubeconfigs as they are met in the wild: each ends in one clear sentence, an exit code, and nothing sent.

use super::run::{Home, Ran};

/// Runs `status` with a kubeconfig of this text.
fn with(text: &str, more: &[&str]) -> Ran {
    let home = Home::new();
    home.write("kube", text);
    let path = home.path("kube");
    home.run(&[&["status", "-A", "--kubeconfig", &path], more].concat())
}

fn one_sentence(ran: &Ran, code: u8, words: &[&str]) {
    assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{}", ran.complaints);
    assert_eq!(ran.complaints.lines().count(), 1, "{}", ran.complaints);
    for word in words {
        assert!(ran.complaints.contains(word), "'{word}' is not in: {}", ran.complaints);
    }
}

fn config(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: prod\ncontexts:\n- name: prod\n  context: {{cluster: c, user: u}}\n\
         clusters:\n- name: c\n  cluster: {cluster}\nusers:\n- name: u\n  user: {user}\n"
    )
}

#[test]
fn one_that_is_missing() {
    let ran = Home::new().run(&["status", "--kubeconfig", "/no/such/file"]);
    one_sentence(&ran, 2, &["/no/such/file"]);
}

#[test]
fn one_that_is_empty_points_to_the_demo() {
    one_sentence(&with("", &[]), 6, &["windlass demo"]);
}

#[test]
fn one_that_is_broken() {
    let told = |text| with(text, &[]).complaints;
    one_sentence(&with("clusters: [", &[]), 2, &["HOME/kube", "broken"]);
    assert_eq!(
        told("clusters: ["),
        "windlass: The kubeconfig 'HOME/kube' is broken: unclosed bracket '[' in line 1, column 11.\n"
    );
    assert_eq!(
        told("clusters: 7\n"),
        "windlass: The kubeconfig 'HOME/kube' is broken: a list is expected in line 1, column 11.\n"
    );
}

#[test]
fn one_with_another_context_than_asked_for() {
    let ran = with(&config("{server: 'https://127.0.0.1:1'}", "{}"), &["--context", "prdo"]);
    one_sentence(&ran, 2, &["context 'prdo'", "prod"]);
}

#[test]
fn one_without_a_current_context() {
    let text = config("{server: 'https://127.0.0.1:1'}", "{}").replace("current-context: prod\n", "");
    one_sentence(&with(&text, &[]), 2, &["--context", "prod"]);
}

#[test]
fn one_whose_certificate_file_is_missing() {
    let ran = with(&config("{server: 'https://127.0.0.1:1', certificate-authority: /no/ca.crt}", "{}"), &[]);
    one_sentence(&ran, 6, &["/no/ca.crt"]);
    let ran = with(
        &config("{server: 'https://127.0.0.1:1'}", "{client-certificate: /no/me.crt, client-key: /no/me.key}"),
        &[],
    );
    one_sentence(&ran, 6, &["/no/me"]);
}

#[test]
fn one_whose_credential_plugin_is_missing_fails_or_prints_rubbish() {
    let plugin = |command: &str, arguments: &str| {
        let exec = format!(
            "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: {command}, args: {arguments}}}}}"
        );
        with(&config("{server: 'https://127.0.0.1:1'}", &exec), &[])
    };
    one_sentence(&plugin("/no/such/plugin", "[]"), 6, &["/no/such/plugin"]);
    one_sentence(&plugin("sh", "['-c', 'echo please log in first >&2; exit 3']"), 6, &["sh", "please log in first"]);
    one_sentence(&plugin("echo", "['this is no credential']"), 6, &["echo"]);
}

#[test]
fn one_whose_server_has_no_scheme() {
    for server in ["127.0.0.1:1", "kube.example:6443"] {
        one_sentence(&with(&config(&format!("{{server: '{server}'}}"), "{}"), &[]), 6, &[&format!("https://{server}")]);
        let flag = with(&config("{server: 'https://127.0.0.1:1'}", "{}"), &["--server", server]);
        one_sentence(&flag, 6, &[&format!("'{server}'"), &format!("write https://{server}")]);
    }
    let flag = with(&config("{server: 'https://127.0.0.1:1'}", "{}"), &["--server", "not a url"]);
    one_sentence(&flag, 6, &["'not a url'"]);
}

/// As a server written in Go answers a plain request.
#[test]
fn one_whose_server_speaks_tls_and_is_asked_without() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let _ = socket.read(&mut [0; 4096]);
            let body = "Client sent an HTTP request to an HTTPS server.\n";
            let answer = format!("HTTP/1.0 400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let _ = socket.write_all(answer.as_bytes());
        }
    });
    let ran = with(&config(&format!("{{server: '{url}'}}"), "{}"), &[]);
    one_sentence(&ran, 6, &["https://"]);
}

/// The server would refuse the request with what reads as a fault of its own.
#[test]
fn one_without_a_user_to_impersonate_beside_a_group() {
    let cluster = "{server: 'https://127.0.0.1:1'}";
    one_sentence(&with(&config(cluster, "{}"), &["--as-group", "ops"]), 2, &["--as-group", "--as USER"]);
    let both = with(&config(cluster, "{}"), &["--as", "ana", "--as-group", "ops"]);
    let of_the_file = with(&config(cluster, "{as: ana}"), &["--as-group", "ops"]);
    for ran in [both, of_the_file] {
        one_sentence(&ran, 6, &["https://127.0.0.1:1"]);
    }
}

#[test]
fn one_whose_server_does_not_answer() {
    // A port that nobody listens on: it was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = with(&config(&format!("{{server: 'http://{free}'}}"), "{}"), &[]);
    one_sentence(&ran, 6, &[&free.to_string()]);
}
