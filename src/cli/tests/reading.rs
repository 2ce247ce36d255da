//! `status`, `history` and `diff` over the simulated cluster, through the real client.

use serde_json::{Value, json};

use std::sync::LazyLock;

use super::run::{Home, sim};
use crate::sim::{Access, Level, SimCluster};

/// For tests that only read.
static SHOP: LazyLock<SimCluster> = LazyLock::new(|| sim("rolling"));

#[test]
fn status_is_a_table_with_the_worst_first() {
    let ran = Home::new().run_on(&SHOP, &["status", "-A"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn status_wide_adds_revisions_health_and_managers() {
    let ran = Home::new().run_on(&SHOP, &["status", "search", "-n", "shop", "-o", "wide"]);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn status_as_json_has_the_documented_form() {
    let ran = Home::new().run_on(&SHOP, &["status", "deploy/search", "-n", "shop", "-o", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn status_as_yaml_says_the_same_as_json() {
    let cluster = SHOP.clone();
    let json = Home::new().run_on(&cluster, &["status", "-A", "-o", "json"]).out;
    let yaml = Home::new().run_on(&cluster, &["status", "-A", "-o", "yaml"]).out;
    let (json, yaml): (Value, Value) = (serde_json::from_str(&json).unwrap(), serde_saphyr::from_str(&yaml).unwrap());
    let items = |document: &Value| document["items"].clone();
    assert_eq!(items(&json).as_array().unwrap().len(), 14);
    assert_eq!(items(&json), items(&yaml));
}

#[test]
fn the_history_of_a_release_with_several_workloads_names_the_one_it_is_of() {
    let cluster = sim("istio");
    let history = |arguments: &[&str]| Home::new().run_on(&cluster, arguments).out;
    let all = history(&["history", "vs/checkout", "-n", "shop"]);
    assert!(all.lines().next().is_some_and(|heading| heading.starts_with("REVISION  WORKLOAD")), "{all}");
    assert!(all.lines().skip(1).all(|line| line.contains("deployment/checkout")), "{all}");
    let revision = all.lines().nth(1).and_then(|line| line.split_whitespace().next()).unwrap();
    let one = history(&["history", "vs/checkout", "-n", "shop", "--revision", revision]);
    assert!(one.lines().any(|line| line.starts_with("workload") && line.contains("deployment/checkout")), "{one}");
    let plain = Home::new().run_on(&SHOP, &["history", "deploy/search", "-n", "shop"]).out;
    assert!(!plain.contains("WORKLOAD"), "{plain}");
}

#[test]
fn a_release_that_failed_is_not_well_because_its_pods_are() {
    let cluster = sim("bad-input");
    let status = Home::new().run_on(&cluster, &["status", "-n", "shop", "-o", "json"]);
    let list: Value = serde_json::from_str(&status.out).unwrap();
    let mut capped = 0;
    for item in list["items"].as_array().unwrap() {
        let verdict = item["health"]["verdict"].as_str().unwrap();
        match item["state"].as_str().unwrap() {
            "failed" | "down" => assert_eq!(verdict, "bad", "{item:#}"),
            "degraded" => assert_ne!(verdict, "ok", "{item:#}"),
            _ => continue,
        }
        capped += 1;
        assert!(!item["health"]["reasons"].as_array().unwrap().is_empty(), "{item:#}");
    }
    assert!(capped > 0, "{list:#}");
}

#[test]
fn status_as_names_is_one_target_a_line() {
    let ran = Home::new().run_on(&SHOP, &["status", "-n", "pay", "-o", "name"]);
    let mut lines: Vec<&str> = ran.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["deployment/api", "deployment/ledger"]);
}

#[test]
fn the_namespaces_of_the_configuration_are_shown_unless_a_flag_says_otherwise() {
    let home = Home::with_config("[contexts.simulated]\nnamespaces = [\"pay\"]\n");
    let cluster = SHOP.clone();
    assert_eq!(home.run_on(&cluster, &["status", "-o", "name"]).out.lines().count(), 2);
    assert_eq!(home.run_on(&cluster, &["status", "-A", "-o", "name"]).out.lines().count(), 14);
    assert_eq!(home.run_on(&cluster, &["status", "api", "-o", "name"]).out, "deployment/api\n");
}

#[test]
fn a_target_without_a_namespace_is_looked_for_where_kubectl_would() {
    let ran = Home::new().run_on(&SHOP, &["status", "deploy/search"]);
    assert_eq!(ran.code, 2);
    let told = "windlass: there is no release 'deployment/search' in default; -A looks in all namespaces\n";
    assert_eq!(ran.complaints, told);
    assert_eq!(Home::new().run_on(&SHOP, &["history", "deploy/search"]).complaints, told);
}

#[test]
fn a_target_may_say_its_namespace_wherever_one_is_taken() {
    let (home, cluster) = (Home::new(), sim("rolling"));
    for target in ["shop/search", "shop/deploy/search"] {
        for flags in [&[][..], &["-A"][..], &["-n", "shop"][..]] {
            let ran = home.run_on(&cluster, &[&["status", target, "-o", "name"], flags].concat());
            assert_eq!(
                (ran.code, ran.out.as_str()),
                (0, "deployment/search\n"),
                "{target} {flags:?} {}",
                ran.complaints
            );
        }
        for verb in ["history", "diff"] {
            let ran = home.run_on(&cluster, &[verb, target]);
            assert_eq!(ran.code, 0, "{verb} {target} {}", ran.complaints);
        }
        let ran = home.run_on(&cluster, &["undo", target, "--to-revision", "previous", "--dry-run=client"]);
        assert_eq!(ran.code, 0, "{target} {}", ran.complaints);
    }
    let ran = home.run_on(&cluster, &["status", "shop/search", "-n", "pay"]);
    let told = "windlass: 'shop/search' is in shop, and -n pay says otherwise; leave one of them out\n";
    assert_eq!((ran.code, ran.complaints.as_str()), (2, told));
    let ran = home.run_on(&cluster, &["undo", "deploymnt/search", "--to-revision", "previous", "--yes"]);
    let told = "windlass: there is no release 'deploymnt/search' in deploymnt; 'deploymnt' is read as a namespace, as it is \
                no kind that windlass knows; did you mean 'deployment'?\n";
    assert_eq!((ran.code, ran.complaints.as_str()), (2, told));
}

#[test]
fn a_selector_shows_the_releases_of_its_workloads_with_all_that_they_are_made_of() {
    let cluster = sim("istio");
    let all = Home::new().run_on(&cluster, &["status", "-A", "-o", "json"]).out;
    let all: Value = serde_json::from_str(&all).unwrap();
    let of = |document: &Value| {
        let items = document["items"].as_array().unwrap().iter();
        items.map(|item| (item["target"].clone(), item["state"].clone(), item["tracks"].clone())).collect::<Vec<_>>()
    };
    let labelled = |selector: &str| {
        let ran = Home::new().run_on(&cluster, &["status", "-A", "-l", selector, "-o", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.complaints);
        of(&serde_json::from_str(&ran.out).unwrap())
    };
    let deployment = cluster.object("deployments/shop/search-canary").unwrap();
    let (key, value) = deployment["metadata"]["labels"].as_object().unwrap().iter().next().unwrap();
    let picked = labelled(&format!("{key}={}", value.as_str().unwrap()));
    assert!(!picked.is_empty() && picked.len() < of(&all).len(), "{picked:?}");
    assert!(picked.iter().any(|(target, ..)| target == "virtualservice/search"), "{picked:?}");
    // As they are, and not as if their other workloads were missing.
    assert!(picked.iter().all(|item| of(&all).contains(item)), "{picked:?}");
    assert!(labelled("nobody=has-it").is_empty());
    for scope in [&["-A"][..], &["-n", "shop"]] {
        let none = Home::new().run_on(&cluster, &[&["status", "-l", "nobody=has-it"], scope].concat());
        assert_eq!(none.complaints, "no release here has a workload with the labels nobody=has-it\n");
    }
    let elsewhere = Home::new().run_on(&cluster, &["status", "-n", "nowhere"]);
    assert!(elsewhere.complaints.contains("-A looks in all namespaces"), "{}", elsewhere.complaints);
    // Who may not list every kind is answered for the others.
    let mut access = Access::new("ana", Level::Viewer);
    access.without_kinds = ["daemonsets".to_owned(), "rollouts".to_owned()].into();
    cluster.set_access(access);
    assert!(labelled("app").iter().any(|(target, ..)| target == "virtualservice/search"));
}

#[test]
fn a_wrong_name_is_answered_with_the_near_one() {
    let ran = Home::new().run_on(&SHOP, &["history", "deploy/serach", "-n", "shop"]);
    assert_eq!(ran.code, 2);
    let told = "windlass: there is no release 'deployment/serach' in shop; did you mean 'search'?\n";
    assert_eq!(ran.complaints, told);
}

#[test]
fn a_member_leads_to_its_release() {
    let cluster = SHOP.clone();
    let sets = cluster.objects("replicasets", "shop");
    let set = sets.iter().find(|set| set["metadata"]["name"].as_str().unwrap().starts_with("search-")).unwrap();
    let target = format!("rs/{}", set["metadata"]["name"].as_str().unwrap());
    let ran = Home::new().run_on(&cluster, &["status", &target, "-n", "shop", "-o", "name"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "deployment/search\n"), "{}", ran.complaints);
}

#[test]
fn history_is_newest_first_with_the_evidence_for_each() {
    let ran = Home::new().run_on(&SHOP, &["history", "deploy/search", "-n", "shop"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn history_as_json_has_the_documented_form() {
    let ran = Home::new().run_on(&SHOP, &["history", "sts/db", "-n", "shop", "-o", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn one_revision_is_shown_with_all_that_is_known_of_it() {
    let cluster = SHOP.clone();
    let ran = Home::new().run_on(&cluster, &["history", "deploy/search", "-n", "shop", "--revision", "3"]);
    insta::assert_snapshot!(ran.out);
    assert!(ran.out.contains("\ntemplate\n  metadata:\n") && ran.out.contains("name: SEARCH_TIMEOUT"), "{}", ran.out);
    let wrong = Home::new().run_on(&cluster, &["history", "deploy/search", "-n", "shop", "--revision", "41"]);
    assert_eq!(wrong.code, 2);
    assert_eq!(wrong.complaints, "windlass: deployment/search in shop has no revision 41; it has 4, 3, 2, 1\n");
}

#[test]
fn the_template_of_a_revision_is_in_its_document_and_what_looks_secret_is_masked() {
    let cluster = sim("rolling");
    let env = json!([{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "URL", "value": "http://ana:hunter2@db/"},
        {"name": "MODE", "value": "fast"}]);
    for set in cluster.objects("replicasets", "shop") {
        let name = set["metadata"]["name"].as_str().unwrap();
        if name.starts_with("search-") {
            cluster.corrupt(&format!("replicasets/shop/{name}"), |set| {
                set["spec"]["template"]["spec"]["containers"][0]["env"] = env.clone();
            });
        }
    }
    let history =
        |more: &[&str]| Home::new().run_on(&cluster, &[&["history", "deploy/search", "-n", "shop"], more].concat());
    let one: Value = serde_json::from_str(&history(&["--revision", "3", "-o", "json"]).out).unwrap();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    let shown = &one["items"][0]["template"]["spec"]["containers"][0]["env"];
    assert_eq!(shown[0], json!({"name": "DB_PASSWORD", "value": "••••••"}));
    assert_eq!(shown[1]["value"], "http://••••••@db/");
    assert_eq!(shown[2]["value"], "fast");
    for format in ["table", "json", "yaml"] {
        let ran = history(&["--revision", "3", "-o", format]);
        assert!(ran.code == 0 && !ran.out.contains("hunter2") && ran.out.contains("MODE"), "{format}: {}", ran.out);
    }
    assert!(!history(&["-o", "json"]).out.contains("template"));
}

/// Adds a Deployment of this name to the shop.
fn add_deployment(cluster: &SimCluster, name: &str) {
    let added = cluster.add(
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "x"}},
                "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "x", "image": "x:v1"}]}}}}),
        "ana",
    );
    assert!(added);
}

#[test]
fn a_name_that_several_releases_have_is_answered_with_all_of_them() {
    let cluster = sim("rolling");
    add_deployment(&cluster, "ledger");
    let told = "windlass: 'ledger' names several releases: deployment/ledger in pay, deployment/ledger in shop; \
                say which, as NAMESPACE/KIND/NAME\n";
    for arguments in
        [&["status", "ledger"][..], &["history", "ledger"], &["undo", "ledger", "--to-revision", "1", "--yes"]]
    {
        let ran = Home::new().run_on(&cluster, &[arguments, &["-A"]].concat());
        assert_eq!((ran.code, ran.complaints.as_str()), (2, told), "{arguments:?}");
    }
    assert_eq!(cluster.count("patch"), 0);
    let one = Home::new().run_on(&cluster, &["status", "shop/deploy/ledger", "-A", "-o", "name"]);
    assert_eq!((one.code, one.out.as_str()), (0, "deployment/ledger\n"), "{}", one.complaints);
}

#[test]
fn a_name_without_end_is_elided_in_the_table_and_whole_in_all_else() {
    let cluster = sim("rolling");
    let name = format!("{}-web", "very-long-".repeat(20).trim_end_matches('-'));
    add_deployment(&cluster, &name);
    let shown = |format: &str| Home::new().run_on(&cluster, &["status", "-n", "shop", "-o", format]).out;
    let table = shown("table");
    let row = table.lines().find(|line| line.contains("deployment/very-long")).unwrap();
    assert!(row.contains("…") && row.contains("-web  ") && row.chars().count() < 200, "{row}");
    for format in ["wide", "json", "name"] {
        assert!(shown(format).contains(&name), "{format}");
    }
}

#[test]
fn a_selector_that_no_server_reads_is_a_wrong_command_line() {
    let ran = Home::new().run_on(&SHOP, &["status", "-l", "app in ("]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.complaints.contains("a bracket is not closed; write app=web"), "{}", ran.complaints);
    assert_eq!(Home::new().run_on(&SHOP, &["status", "-A", "-l", "app in (search)", "-o", "name"]).code, 0);
}

#[test]
fn a_number_that_is_none_is_answered_with_what_is_allowed() {
    let told = |arguments: &[&str]| {
        let ran = Home::new().run_on(&SHOP, arguments);
        assert_eq!(ran.code, 2, "{arguments:?}");
        ran.complaints
    };
    assert!(told(&["scale", "deploy/x", "abc"]).contains("'<REPLICAS>': write how many, as a whole number from 0"));
    assert!(told(&["set-weight", "x", "101"]).contains("write a whole number of per cent from 0 to 100"));
    assert!(told(&["history", "x", "--revision", "two"]).contains("write a revision's number"));
    for arguments in [["logs", "x", "--tail", "a"], ["advance", "x", "--from-step", "a"], ["diff", "x", "--to", "a"]] {
        assert!(!told(&arguments).contains("invalid digit"), "{arguments:?}");
    }
}

#[test]
fn diff_without_numbers_is_what_an_undo_would_change() {
    let ran = Home::new().run_on(&SHOP, &["diff", "deploy/search", "-n", "shop"]);
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn diff_of_two_revisions_goes_from_left_to_right() {
    let arguments = ["diff", "deploy/search", "-n", "shop", "--from", "1", "--to", "2", "-o", "json"];
    let ran = Home::new().run_on(&SHOP, &arguments);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&document["from"], &document["to"]), (&1.into(), &2.into()));
    let image = &document["items"][0];
    assert_eq!(image["old"], "registry.test/shop/search:v39");
    assert_eq!(image["new"], "registry.test/shop/search:v40");
}

#[test]
fn what_may_not_be_read_is_named_and_the_rest_is_shown() {
    let cluster = sim("rolling");
    let mut access = Access::new("ana", Level::Viewer);
    access.without_kinds.insert("pods".to_owned());
    cluster.set_access(access);
    let ran = Home::new().run_on(&cluster, &["status", "-n", "shop"]);
    assert_eq!(ran.code, 0);
    assert!(ran.complaints.contains("pods can't be read"), "{}", ran.complaints);
    assert!(ran.out.contains("deployment/search"), "{}", ran.out);
}

#[test]
fn without_any_rights_the_exit_code_says_forbidden() {
    let cluster = sim("rolling");
    cluster.set_access(Access::new("nobody", Level::Nobody));
    let ran = Home::new().run_on(&cluster, &["status", "-n", "shop"]);
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{}", ran.complaints);
    assert_eq!(ran.complaints.lines().count(), 1, "{}", ran.complaints);
}

#[test]
fn a_server_that_is_away_is_unreachable() {
    let cluster = sim("rolling");
    cluster.away();
    let ran = Home::new().run_on(&cluster, &["status", "-A"]);
    assert_eq!((ran.code, ran.out.as_str()), (6, ""));
    assert_eq!(ran.complaints.lines().count(), 1, "{}", ran.complaints);
}

#[test]
fn credentials_that_are_no_longer_accepted_are_forbidden() {
    let cluster = sim("rolling");
    cluster.revoke_token("simulated");
    let ran = Home::new().run_on(&cluster, &["status", "-A"]);
    assert_eq!((ran.code, ran.out.as_str()), (5, ""), "{}", ran.complaints);
    assert_eq!(ran.complaints.lines().count(), 1, "{}", ran.complaints);
    let undo = ["undo", "deploy/search", "-n", "shop", "--to-revision", "3", "--yes"];
    assert_eq!((Home::new().run_on(&cluster, &undo).code, cluster.count("patch")), (5, 0));
}

#[test]
fn a_server_that_takes_the_connection_and_never_answers_is_unreachable() {
    let cluster = sim("rolling");
    cluster.stall();
    for command in
        [&["status", "-A"][..], &["history", "deploy/search"], &["undo", "search", "--to-revision", "1", "--yes"]]
    {
        let ran = Home::new().run_on(&cluster, &[command, &["--request-timeout", "50ms"]].concat());
        assert_eq!(ran.code, 6, "{}", ran.complaints);
        assert_eq!(ran.complaints.lines().count(), 1, "{}", ran.complaints);
    }
}

#[test]
fn without_a_terminal_the_console_is_what_it_would_show_as_text() {
    let bare = Home::new().run_on(&SHOP, &["-A"]);
    assert_eq!(bare.code, 0, "{}", bare.complaints);
    assert_eq!(bare.out, Home::new().run_on(&SHOP, &["status", "-A"]).out);
    let one = Home::new().run_on(&SHOP, &["deploy/search", "-n", "shop"]);
    assert_eq!(one.out.lines().count(), 2, "{}", one.out);
    let demo = Home::new().run(&["demo", "--scenario", "rolling"]);
    assert_eq!((demo.code, demo.out == bare.out), (0, true), "{}", demo.out);
}

#[test]
fn a_mistyped_command_is_told_from_a_release() {
    let ran = Home::new().run_on(&SHOP, &["histroy"]);
    assert_eq!(ran.code, 2);
    let told = "windlass: 'histroy' is no command; did you mean 'history'?; a release of that name is opened by deploy/histroy\n";
    assert_eq!(ran.complaints, told);
    let stray = Home::new().run_on(&SHOP, &["deploy/web", "status"]);
    assert_eq!((stray.code, stray.complaints.lines().count()), (2, 1), "{}", stray.complaints);
}
