//! The command itself on a machine where nothing tells of a cluster.

use super::demo::Home;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

fn run(home: &Home, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(arguments).envs(home.variables()).env_remove("KUBERNETES_SERVICE_HOST");
    if arguments.contains(&"status") {
        command.env_remove("KUBECONFIG");
    }
    command.output().unwrap()
}

#[test]
fn without_a_cluster_a_command_ends_as_unreachable_with_one_sentence_that_points_to_the_demo() {
    let home = Home::new();
    for (arguments, named) in [(&[][..], true), (&["status"], false), (&["history", "deploy/web"], true)] {
        let output = run(&home, arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(6), &b""[..]), "{arguments:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{arguments:?}: {told}");
        assert!(told.contains("windlass demo"), "{arguments:?}: {told}");
        assert_eq!(told.contains("$KUBECONFIG names"), named, "{arguments:?}: {told}");
    }
}

#[test]
fn a_command_has_a_log_only_where_a_flag_asks_for_one_and_nobody_else_may_read_it() {
    let home = Home::new();
    let asked = home.path().join("own.log");
    let usual = home.path().join("state/windlass/windlass.log");
    run(&home, &["status"]);
    assert!(!asked.exists() && !usual.exists());
    run(&home, &["status", "--log-file", asked.to_str().unwrap()]);
    assert!(asked.exists() && !usual.exists());
    run(&home, &["status", "-v"]);
    for log in [asked, usual] {
        assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600, "{}", log.display());
    }
}
