//! What a write tells of itself at its end, as text and as `kind: Outcome`.

use serde_json::Value;

use super::run::{Home, Ran, sim};

const UNDO: [&str; 8] = ["undo", "deploy/search", "-n", "shop", "--to-revision", "3", "--yes", "--no-wait"];

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

#[test]
fn the_outcome_names_no_journal_that_could_not_be_written() {
    let home = Home::new();
    home.write("state", "a file where the folder should be");
    let ran = home.run_on(&sim("rolling"), &[&UNDO[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, 0, "going back needs no journal: {}", ran.complaints);
    assert!(ran.complaints.contains("not journalled: "), "{}", ran.complaints);
    assert_eq!(document(&ran)["journal"], Value::Null);
}

#[test]
fn what_fails_on_this_side_is_an_outcome_too() {
    let exec = "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: ['-c', 'exit 3']}}";
    let plugin = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: prod\ncontexts:\n- name: prod\n  context: {{cluster: c, user: u}}\n\
         clusters:\n- name: c\n  cluster: {{server: 'https://127.0.0.1:1'}}\nusers:\n- name: u\n  user: {exec}\n"
    );
    for (kubeconfig, word) in [("", "No cluster is configured"), (plugin.as_str(), "'sh'")] {
        let home = Home::new();
        home.write("kube", kubeconfig);
        let path = home.path("kube");
        let ran = home.run(&[&UNDO[..], &["--kubeconfig", &path, "-o", "json"]].concat());
        assert_eq!(ran.code, 6, "{}", ran.complaints);
        let outcome = document(&ran);
        assert_eq!((&outcome["outcome"], &outcome["plan"]), (&"unreachable".into(), &Value::Null));
        let reason = outcome["reason"].as_str().unwrap();
        assert!(reason.contains(word) && ran.complaints.contains(reason), "{outcome:#} {}", ran.complaints);
    }
}

/// `applied` alone would promise more than there will be.
#[test]
fn without_a_question_the_warnings_of_the_plan_are_told_all_the_same() {
    let checkout = ["undo", "deploy/checkout", "-n", "shop", "--to-revision", "previous", "--yes"];
    let archive = ["undo", "sts/archive", "-n", "statefulset", "--to-revision", "previous", "--yes"];
    for (scenario, undo, line) in [
        ("rolling", &checkout, "then     paused: nothing changes until it is resumed"),
        ("statefulset", &archive, "warning  OnDelete: nothing happens until somebody deletes pods"),
    ] {
        let text = Home::new().run_on(&sim(scenario), &[&undo[..], &["--no-wait"]].concat());
        assert_eq!(text.code, 0, "{}", text.complaints);
        assert!(text.complaints.contains(line), "{}", text.complaints);
        let json = Home::new().run_on(&sim(scenario), &[&undo[..], &["--no-wait", "-o", "json"]].concat());
        let warnings = document(&json)["warnings"].clone();
        let sentence = line[9..].to_owned();
        let told = warnings.as_array().unwrap().iter().any(|told| told.as_str().unwrap().starts_with(&sentence));
        assert!(told, "{sentence}: {warnings:#}");
    }
}

#[test]
fn who_will_take_a_write_back_is_told_without_a_question() {
    let cluster = sim("rolling");
    let id = "cart-app:apps/Deployment:shop/search";
    assert!(cluster.edit("deployments/shop/search", "argocd-controller", |object| {
        object["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = id.into();
    }));
    let ran = Home::new().run_on(&cluster, &[&UNDO[..], &["-o", "json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    assert!(ran.complaints.contains("reverts  Argo CD 'cart-app'"), "{}", ran.complaints);
    let warnings = document(&ran)["warnings"].to_string();
    assert!(warnings.contains("Argo CD 'cart-app'"), "{warnings}");
    let shown = Home::new().run_asked(&sim("rolling"), &["undo", "deploy/checkout", "-n", "shop", "--no-wait"], "y\n");
    assert_eq!(
        shown.complaints.matches("nothing changes until it is resumed").count(),
        1,
        "once: {}",
        shown.complaints
    );
}

#[test]
fn an_undo_deletes_the_broken_pod_in_its_way_only_when_asked_to() {
    for (flag, code, deleted) in [(&[][..], 1, 0), (&["--delete-broken-pods"], 0, 1)] {
        let cluster = sim("statefulset");
        let undo = ["undo", "sts/queue", "-n", "statefulset", "--to-revision", "previous", "--yes"];
        let ran = Home::new().run_while_time_passes(&cluster, &[&undo[..], flag].concat());
        assert_eq!((ran.code, cluster.count("delete")), (code, deleted), "{}", ran.complaints);
    }
}

#[test]
fn an_undo_that_a_broken_pod_holds_up_names_the_command_that_goes_on() {
    let (home, cluster) = (Home::new(), sim("statefulset"));
    let undo = ["undo", "sts/queue", "-n", "statefulset", "--to-revision", "previous"];
    let shown = home.run_on(&cluster, &[&undo[..], &["--dry-run"]].concat()).out;
    assert!(shown.contains("(offered, not sent: --delete-broken-pods sends it)"), "{shown}");
    let sent = home.run_on(&cluster, &[&undo[..], &["--dry-run", "--delete-broken-pods"]].concat()).out;
    assert!(sent.contains("DELETE v1 pods/") && !sent.contains("offered"), "{sent}");
    let ran = home.run_while_time_passes(&cluster, &[&undo[..], &["--yes"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.complaints);
    let command = ran.complaints.split('`').find(|part| part.ends_with("--delete-broken-pods"));
    let command = command.unwrap_or_else(|| panic!("no command in: {}", ran.complaints));
    let again: Vec<&str> = command.split_whitespace().skip(1).chain(["--yes"]).collect();
    let ran = home.run_while_time_passes(&cluster, &again);
    assert_eq!((ran.code, cluster.count("delete")), (0, 1), "{command}: {}", ran.complaints);
}

#[test]
fn a_journal_with_nothing_in_the_time_asked_for_is_not_said_to_be_empty() {
    let home = Home::new();
    let since = |time: &str| home.run(&["journal", "--since", time]).complaints;
    assert_eq!(since("10s"), "nothing was asked for here yet\n");
    assert_eq!(home.run_on(&sim("rolling"), &UNDO).code, 0);
    let file = home.path("state/journal.jsonl");
    let long_ago = std::fs::read_to_string(&file).unwrap().replace("\"2026-", "\"2020-");
    std::fs::write(&file, long_ago).unwrap();
    assert!(since("10s").starts_with("nothing was asked for here within the last 10 s; "), "{}", since("10s"));
}

#[test]
fn who_must_give_the_word_of_a_protected_context_is_told_what_shows_it() {
    let (home, cluster) = (Home::with_config("[contexts.simulated]\nprotected = true\n"), sim("rolling"));
    let restart = ["restart", "deploy/cart", "-n", "shop", "--no-wait", "--yes"];
    let refused = home.run_on(&cluster, &restart);
    assert_eq!(refused.code, 3);
    assert!(refused.complaints.contains("which `windlass info` shows"), "{}", refused.complaints);
    let info = home.run_on(&cluster, &["info"]).out;
    let line = info.lines().find(|line| line.starts_with("cluster ")).unwrap();
    let word = line.split_whitespace().nth(1).unwrap();
    let ran = home.run_on(&cluster, &[&restart[..], &["--confirm", word]].concat());
    assert_eq!(ran.code, 0, "{line}: {}", ran.complaints);
}
