//! How `status --watch` and `status --wait` begin: as plain `status` fails, and with the truth.

use super::run::{Home, sim};
use crate::sim::{Access, Effect, Fault, Level, On, SimCluster};

const WATCHES: [&[&str]; 4] = [&["--watch"], &["--watch", "-o", "json"], &["--wait"], &["--wait", "-o", "json"]];

/// Asserts that watching and waiting fail as plain `status` does, with `code`.
fn fails_as_plain_status_does(cluster: &SimCluster, code: u8) {
    let status = ["status", "deploy/web", "-n", "shop"];
    let plain = Home::new().run_on(cluster, &status);
    assert_eq!(plain.code, code, "{}", plain.complaints);
    assert!(!plain.complaints.contains("there is no release"), "{}", plain.complaints);
    for how in WATCHES {
        assert_eq!(Home::new().run_on(cluster, &[&status[..], how].concat()), plain, "{how:?}");
    }
    let all = Home::new().run_on(cluster, &["status", "-A"]);
    assert_eq!(Home::new().run_on(cluster, &["status", "-A", "--watch"]), all);
}

#[test]
fn a_watch_of_a_server_that_is_away_ends_as_plain_status_does() {
    let cluster = sim("rolling");
    cluster.away();
    fails_as_plain_status_does(&cluster, 6);
}

#[test]
fn a_watch_with_a_refused_token_ends_as_plain_status_does() {
    let cluster = sim("rolling");
    cluster.fault(Fault::new(On::all(), Effect::Status { code: 401, retry_after: None }));
    fails_as_plain_status_does(&cluster, 5);
}

#[test]
fn a_watch_without_any_right_ends_as_plain_status_does() {
    let cluster = sim("rolling");
    cluster.set_access(Access::new("eve", Level::Nobody));
    fails_as_plain_status_does(&cluster, 5);
}

#[test]
fn who_may_not_read_all_namespaces_is_told_of_all_and_to_name_one() {
    let cluster = sim("rolling");
    cluster.set_access(Access::new("eve", Level::Nobody));
    for arguments in [&["status", "-A"][..], &["status"], &["status", "deploy/web", "-A"], &["status", "-A", "--watch"]]
    {
        let ran = Home::new().run_on(&cluster, arguments);
        assert_eq!(ran.code, 5, "{arguments:?}: {}", ran.complaints);
        for part in ["deployments", "at the cluster scope", "-n NAMESPACE"] {
            assert!(ran.complaints.contains(part), "{arguments:?}: {}", ran.complaints);
        }
        assert!(!ran.complaints.contains("default"), "{arguments:?}: {}", ran.complaints);
    }
    let one = Home::new().run_on(&cluster, &["status", "-n", "shop"]);
    assert!(one.complaints.contains("in the namespace") && !one.complaints.contains("-n "), "{}", one.complaints);
}

#[test]
fn who_may_list_and_not_watch_is_told_what_was_listed() {
    let cluster = sim("rolling");
    cluster.fault(Fault::new(On::verb("watch"), Effect::Status { code: 403, retry_after: None }));
    let wait =
        |release: &str| Home::new().run_on(&cluster, &["status", release, "-n", "shop", "--wait", "--timeout", "0s"]);
    let (settled, moving) = (wait("deploy/cart"), wait("deploy/web"));
    assert_eq!((settled.code, moving.code), (0, 4), "{} {}", settled.complaints, moving.complaints);
}
