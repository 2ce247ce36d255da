//! What each flag of every command leads to.

use super::run::Home;
use crate::cli::{commands, flags::Flags, reading::options, session::Terminal};
use crate::cluster::ConnectOptions;
use clap::FromArgMatches as _;
use std::time::Duration;

fn connection(arguments: &[&str]) -> ConnectOptions {
    let all = ["windlass", "status"].iter().chain(arguments);
    let matches = commands::tree("windlass").try_get_matches_from(all).unwrap();
    options(&Flags::from_arg_matches(matches.subcommand().unwrap().1).unwrap().connection)
}

#[test]
fn each_connection_flag_is_its_own_option() {
    type Is = fn(&ConnectOptions) -> bool;
    let table: [(&[&str], Is); 11] = [
        (&["--kubeconfig", "/k"], |it| it.kubeconfig.as_deref() == Some("/k".as_ref())),
        (&["--context", "c"], |it| it.context.as_deref() == Some("c")),
        (&["--cluster", "c"], |it| it.cluster.as_deref() == Some("c")),
        (&["--user", "u"], |it| it.user.as_deref() == Some("u")),
        (&["--as", "ana"], |it| it.impersonate.as_deref() == Some("ana")),
        (&["--as-group", "a", "--as-group", "b"], |it| it.impersonate_groups == ["a", "b"]),
        (&["--token", "t"], |it| it.token.as_deref() == Some("t")),
        (&["--server", "https://s"], |it| it.server.as_deref() == Some("https://s")),
        (&["--certificate-authority", "/ca"], |it| it.certificate_authority.as_deref() == Some("/ca".as_ref())),
        (&["--insecure-skip-tls-verify"], |it| it.insecure_skip_tls_verify),
        (&["--request-timeout", "1m30s"], |it| it.request_timeout == Some(Duration::from_secs(90))),
    ];
    for (arguments, is) in table {
        let given: Vec<bool> = table.iter().map(|(_, other)| other(&connection(arguments))).collect();
        assert!(is(&connection(arguments)), "{arguments:?}");
        assert_eq!(given.iter().filter(|given| **given).count(), 1, "{arguments:?} sets something else, too");
    }
}

#[test]
fn each_flag_that_is_a_setting_goes_before_the_configuration() {
    let home = Home::with_config("who = \"ben\"\n[ui]\ncolor = \"true\"\nascii = false\nplain = false\n");
    let flags = ["--read-only", "--rehearse", "--who", "ana", "--color", "never", "--ascii", "--plain"];
    let shown = home.run(&[&["config", "show"], &flags[..]].concat()).out;
    for (key, value, flag) in [
        ("read_only", "true", "--read-only"),
        ("rehearse", "true", "--rehearse"),
        ("who", "\"ana\"", "--who"),
        ("ui.color", "\"never\"", "--color"),
        ("ui.ascii", "true", "--ascii"),
        ("ui.plain", "true", "--plain"),
    ] {
        let told = shown.lines().any(|line| line.split_whitespace().eq([key, value, flag]));
        assert!(told, "{key} of {flag}:\n{shown}");
    }
}

#[test]
fn the_demo_lists_its_scenarios_and_takes_no_speed_that_is_none() {
    let listed = Home::new().run(&["demo", "--list"]);
    for scenario in crate::sim::scenarios() {
        let about =
            |line: &str| line.split_whitespace().next() == Some(scenario.name) && line.ends_with(scenario.about);
        assert!(listed.out.lines().any(about), "{}:\n{}", scenario.name, listed.out);
    }
    for speed in ["0", "-1", "fast", "inf"] {
        assert_eq!(Home::new().run(&["demo", "--speed", speed]).code, 2, "{speed}");
    }
}

#[test]
fn a_plain_demo_is_text_on_a_terminal_too() {
    let home = Home::new().set("TERM", "xterm-256color");
    let plain = home.run_with(&["demo", "--plain", "--scenario", "rolling"], |session| {
        session.terminal = Terminal { asks: true, shows: true };
    });
    assert_eq!(plain, home.run(&["demo", "--scenario", "rolling"]));
    assert_eq!(plain.code, 0, "{}", plain.complaints);
}
