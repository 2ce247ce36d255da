//! `guard` and `deploy`, and the gate of a ladder, as a pipeline uses them.

use serde_json::Value;

use super::run::{Home, sim};
use crate::sim::{Access, Level, Request, SimCluster};

fn image(cluster: &SimCluster, name: &str) -> String {
    let deployment = cluster.object(&format!("deployments/shop/{name}")).unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

fn container(cluster: &SimCluster, name: &str) -> String {
    let deployment = cluster.object(&format!("deployments/shop/{name}")).unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["name"].as_str().unwrap().to_owned()
}

/// What was written and not only tried.
fn persisted(cluster: &SimCluster) -> Vec<Request> {
    let all = cluster.requests().into_iter();
    all.filter(|request| request.is_mutation() && !request.path.contains("dryRun") && !request.path.contains("reviews"))
        .collect()
}

#[test]
fn a_dry_run_of_an_image_that_is_set_already_arms_no_guard() {
    for mode in ["--dry-run=client", "--dry-run=server"] {
        let cluster = sim("rolling");
        let same = format!("{}={}", container(&cluster, "cart"), image(&cluster, "cart"));
        let arguments = ["deploy", "deploy/cart", "-n", "shop", "--image", &same, "--yes", "--for", "30s", mode];
        let ran = Home::new().run_while_time_passes(&cluster, &arguments);
        assert_eq!(ran.code, 0, "{mode}: {}", ran.complaints);
        assert_eq!(persisted(&cluster), [], "{mode}");
        assert!(!ran.out.contains("armed"), "{mode}: {}", ran.out);
    }
}

#[test]
fn what_makes_no_sense_ends_with_2_before_anything_is_asked() {
    let nonsense: [(&[&str], &str); 10] = [
        (&["--error-rate-max", "500%"], "500 %"),
        (&["--error-rate-max=-5%"], "-5 %"),
        (&["--error-rate-max", "x"], "no share of requests"),
        (&["--error-rate-max", "5%", "--success-min", "99%"], "contradicts"),
        (&["--p50-max", "2s", "--p99-max", "1s"], "never quicker"),
        (&["--error-rate-max", "5%,window=7h"], "6 h"),
        (&["--error-rate-max", "5%,window=20s"], "shorter than the 1 min"),
        (&["--p50-max", "100ms,window=5m"], "p50: it has no past"),
        (&["--health-failures", "0"], "health"),
        (&["--notify", "slack"], "notify.slack.url_env"),
    ];
    for (flags, told) in nonsense {
        for command in ["guard", "deploy"] {
            let cluster = sim("rolling");
            let image: &[&str] = if command == "deploy" { &["--image", "web=x:1", "--yes"] } else { &[] };
            let arguments = [&[command, "deploy/cart", "-n", "shop"], image, flags].concat();
            let ran = Home::new().run_on(&cluster, &arguments);
            assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.complaints);
            assert!(ran.complaints.contains(told), "{arguments:?}: {}", ran.complaints);
            assert_eq!(cluster.requests().len(), 0, "{arguments:?}");
        }
    }
}

#[test]
fn a_guard_overrides_nothing_but_the_controllers_ownership_and_that_with_a_reason() {
    for (flags, told) in [
        (&["--override", "break-glass"][..], "--reason"),
        (&["--override", "bake", "--reason", "now"], "held by nothing but 'break-glass'"),
    ] {
        let cluster = sim("rolling");
        let ran = Home::new().run_on(&cluster, &[&["guard", "deploy/cart", "-n", "shop"], flags].concat());
        assert_eq!((ran.code, cluster.requests().len()), (2, 0), "{flags:?}: {}", ran.complaints);
        assert!(ran.complaints.contains(told), "{flags:?}: {}", ran.complaints);
    }
}

/// 25 % of shop/search since just now, and its weights.
fn weights(cluster: &SimCluster) -> Vec<i64> {
    let found = cluster.object("virtualservices.networking.istio.io/shop/search").unwrap();
    let route = found.pointer("/spec/http/0/route").and_then(Value::as_array).unwrap().clone();
    route.iter().map(|it| it["weight"].as_i64().unwrap()).collect()
}

#[test]
fn a_rung_that_has_not_baked_is_left_by_command_only_with_an_override_and_a_reason() {
    let cluster = sim("istio");
    let home = Home::with_config("[ladder]\nbake = \"2h\"\n");
    let advance = ["advance", "vs/search", "-n", "shop", "--yes", "--no-wait", "--from-weight", "25"];
    let first = home.run_while_time_passes(
        &cluster,
        &[
            "set-weight",
            "vs/search",
            "25",
            "-n",
            "shop",
            "--yes",
            "--no-wait",
            "--override",
            "bake",
            "--reason",
            "begin",
        ],
    );
    assert_eq!((first.code, weights(&cluster)), (0, vec![75, 25]), "{}", first.complaints);
    let held = home.run_while_time_passes(&cluster, &advance);
    assert_eq!((held.code, weights(&cluster)), (3, vec![75, 25]), "{}", held.complaints);
    assert!(
        held.complaints.contains("does not bake") || held.complaints.contains("has not baked"),
        "{}",
        held.complaints
    );
    let silent = home.run_on(&cluster, &[&advance[..], &["--override", "bake"]].concat());
    assert_eq!((silent.code, weights(&cluster)), (2, vec![75, 25]), "a reason is asked for: {}", silent.complaints);
    let meant = [&advance[..], &["--override", "bake", "--reason", "known good"]].concat();
    let meant = home.run_while_time_passes(&cluster, &meant);
    assert_eq!((meant.code, weights(&cluster)), (0, vec![50, 50]), "{}", meant.complaints);
    let journal = home.run_on(&cluster, &["journal", "-o", "json"]);
    assert!(journal.out.contains("known good"), "{}", journal.out);
    let back = home.run_while_time_passes(&cluster, &["abort", "vs/search", "-n", "shop", "--yes", "--no-wait"]);
    assert_eq!((back.code, weights(&cluster)), (0, vec![100, 0]), "back knows no gate: {}", back.complaints);
}

#[test]
fn nothing_is_guarded_where_there_is_no_way_back() {
    let cluster = sim("rolling");
    let abort = ["guard", "deploy/cart", "-n", "shop", "--on-breach", "abort", "--for", "20s"];
    let ran = Home::new().run_while_time_passes(&cluster, &abort);
    assert_eq!(ran.code, 3, "{}", ran.complaints);
    assert!(
        ran.complaints.contains("nothing is guarded") && ran.complaints.contains("plain workload"),
        "{}",
        ran.complaints
    );
    // Before its switch a Service has only a younger side, which was never live.
    let cluster = sim("bluegreen");
    let ran = Home::new().run_while_time_passes(&cluster, &["guard", "svc/app", "-n", "bluegreen", "--for", "20s"]);
    assert_eq!(ran.code, 3, "{}", ran.complaints);
    assert!(ran.complaints.contains("nothing to go back to"), "{}", ran.complaints);
}

#[test]
fn an_image_that_never_comes_up_on_the_idle_side_is_taken_back_and_told() {
    let cluster = sim("bluegreen");
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let config = format!("[notify.command]\nrun = [\"sh\", \"-c\", \"cat > {}\"]\n", told.display());
    let template = |cluster: &SimCluster| {
        let deployments = cluster.objects("deployments", "bluegreen").into_iter();
        deployments.map(|it| it["spec"]["template"]["spec"]["containers"][0]["image"].clone()).collect::<Vec<_>>()
    };
    let (before, live) = (template(&cluster), cluster.object("services/bluegreen/app").unwrap()["spec"].clone());
    let arguments = [
        "deploy",
        "svc/app",
        "-n",
        "bluegreen",
        "--image",
        "app=registry.test/shop/app:v9-bad",
        "--yes",
        "--rollout-timeout",
        "3s",
        "--notify",
        "command",
    ];
    let ran = Home::with_config(&config).run_while_time_passes(&cluster, &arguments);
    assert!(matches!(ran.code, 1 | 4), "{}: {}", ran.code, ran.complaints);
    assert_eq!(template(&cluster), before, "{}", ran.complaints);
    assert_eq!(cluster.object("services/bluegreen/app").unwrap()["spec"], live);
    let told: Value = serde_json::from_str(&std::fs::read_to_string(told).unwrap()).unwrap();
    assert!(matches!(told["event"].as_str(), Some("rolled-back" | "not-settled")), "{told}");
    assert!(told["reason"].as_str().unwrap().contains("nothing was switched"), "{told}");
}

#[test]
fn a_job_has_the_rights_to_ask_prometheus_and_no_program_of_this_machine() {
    let cluster = sim("rolling");
    let config = "[guard]\nerror_rate = 2\n[metrics]\nprometheus = \"svc/prom.monitoring:9090\"\n";
    let home = Home::with_config(config);
    let job = ["guard", "deploy/cart", "-n", "shop", "--print-job", "--image", "registry.test/windlass:1"];
    let ran = home.run_on(&cluster, &[&job[..], &["--notify", "webhook"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.complaints);
    let documents: Vec<Value> = ran.out.split("---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect();
    let of = |kind: &str, namespace: &str| {
        let found = documents.iter().find(|it| it["kind"] == kind && it["metadata"]["namespace"] == namespace);
        found.unwrap_or_else(|| panic!("no {kind} in {namespace}: {}", ran.out)).clone()
    };
    let role = of("Role", "monitoring");
    assert_eq!(role["rules"][0]["resources"][0], "services/proxy");
    assert_eq!(role["rules"][0]["resourceNames"][0], "http:prom:9090");
    assert_eq!(of("RoleBinding", "monitoring")["subjects"][0]["namespace"], "shop");
    let name = role["metadata"]["name"].as_str().unwrap();
    assert_eq!(name, "windlass-guard-deployment-cart");
    assert!(
        of("ConfigMap", "shop")["data"]["config.toml"].as_str().unwrap().contains("guard.error_rate = 2"),
        "{}",
        ran.out
    );
    let job_printed = of("Job", "shop").to_string();
    assert!(job_printed.contains("NOTIFY_WEBHOOK_URL") && job_printed.contains("webhook-url"), "{job_printed}");
    // What was overridden when it was printed is overridden there, with its reason.
    let glass = ["--override", "break-glass", "--reason", "night shift"];
    let meant = home.run_on(&cluster, &[&job[..], &glass].concat());
    assert!(
        meant.out.contains("--override=break-glass") && meant.out.contains("--reason=night shift"),
        "{}",
        meant.out
    );
    let command = home.run_on(&cluster, &[&job[..], &["--notify", "command"]].concat());
    assert_eq!(command.code, 2);
    assert!(command.complaints.contains("a program of this machine"), "{}", command.complaints);
}

#[test]
fn a_guard_ends_with_the_exit_codes_of_every_command_where_it_can_not_begin() {
    let guard = ["guard", "deploy/cart", "-n", "shop", "--for", "10s"];
    let cluster = sim("rolling");
    cluster.away();
    let ran = Home::new().run_on(&cluster, &guard);
    assert_eq!(ran.code, 6, "nothing was sent: {}", ran.complaints);
    assert_eq!(persisted(&cluster), []);
    // What makes no sense is told whether or not the server is there.
    let ran = Home::new().run_on(&cluster, &[&guard[..], &["--error-rate-max", "500%"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.complaints);
    let ran = Home::new().run_on(&cluster, &[&guard[..], &["--health-url", "web:80/health"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.complaints);
    assert!(ran.complaints.contains("--health-url: 'web:80/health' must begin with http://"), "{}", ran.complaints);
    let cluster = sim("rolling");
    cluster.set_access(Access::new("eve", Level::Nobody));
    let ran = Home::new().run_on(&cluster, &guard);
    assert_eq!(ran.code, 5, "{}", ran.complaints);
}

#[test]
fn a_lowest_share_of_successes_alone_is_a_rule_of_the_configuration() {
    let cluster = sim("rolling");
    let home = Home::with_config("[guard]\nsuccess_rate = 99\n");
    let guard = ["guard", "deploy/cart", "-n", "shop", "--for", "5s", "--settle", "0s", "--every", "1s"];
    let ran = home.run_while_time_passes(&cluster, &guard);
    assert!(ran.out.contains("success rate at least 99 %"), "{}{}", ran.out, ran.complaints);
    assert!(!ran.out.contains("error rate at most"), "{}", ran.out);
}
