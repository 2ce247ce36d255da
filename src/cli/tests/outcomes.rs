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
