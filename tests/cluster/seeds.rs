//! The scenarios of the control-plane kit, each put into a namespace of its own: the command itself over them, in a
//! terminal where it is about a screen, with kubectl beside it.

use crate::by_hand::{Console, Person};
use crate::kit::script;
use crate::room::{Room, image};
use serde_json::{Value, json};
use windlass::domain::Kind;

/// A namespace with a scenario in it.
async fn seeded(scenario: &str, by: &str) -> Room {
    let room = Room::new(&format!("{by}-{scenario}"), &Value::Null).await;
    script("seed", &[scenario, "--namespace", &room.name]);
    room
}

/// The releases of a namespace, as `status -o json` tells them.
fn releases(person: &Person<'_>) -> Vec<Value> {
    let (code, document, complaint) = person.document(&["status"]);
    assert_eq!((code, document["kind"].as_str()), (Some(0), Some("ReleaseList")), "{complaint}");
    document["items"].as_array().expect("items").clone()
}

/// What `history` tells and what kubectl does: number and change-cause, the newest first.
fn histories_agree(room: &Room, person: &Person<'_>, kind: Kind, name: &str) {
    let (code, document, complaint) = person.document(&["history", &format!("{}/{name}", kind.singular())]);
    assert_eq!(code, Some(0), "{complaint}");
    let ours = document["items"].as_array().expect("items").iter().map(|item| {
        let cause = item["changeCause"].as_str().unwrap_or("<none>").replace(name, "NAME");
        format!("{} {cause}", item["revision"])
    });
    let mut theirs = room.history(kind, name);
    theirs.sort_by_key(|line| std::cmp::Reverse(line.split_whitespace().next().and_then(|n| n.parse::<i64>().ok())));
    assert_eq!(ours.collect::<Vec<_>>(), theirs);
}

/// The same scenario twice: kubectl undoes one and the command the other, and no difference is left.
async fn undone_as_by_kubectl(scenario: &str, kind: Kind, name: &str) {
    let (theirs, ours) = (seeded(scenario, "theirs").await, seeded(scenario, "ours").await);
    let person = Person::new(&ours);
    let target = format!("{}/{name}", kind.singular());
    let status = person.status(&target);
    assert_eq!(status["state"], "healthy", "{status}");
    histories_agree(&ours, &person, kind, name);
    theirs.kubectl(&["rollout", "undo", &target]);
    theirs.settle(kind, name);
    person.does(&["undo", &target, "--to-revision", "previous"]);
    ours.settle(kind, name);
    assert_eq!(theirs.history(kind, name), ours.history(kind, name));
    for field in ["/spec/template", "/spec/replicas", "/status/readyReplicas", "/status/updatedReplicas"] {
        assert_eq!(theirs.field(kind, name, field), ours.field(kind, name, field), "{field}");
    }
    histories_agree(&ours, &person, kind, name);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn a_rolling_release_is_undone_as_by_kubectl() {
    undone_as_by_kubectl("rolling", Kind::Deployment, "web").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn a_recreated_release_is_undone_as_by_kubectl() {
    undone_as_by_kubectl("recreate", Kind::Deployment, "worker").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn a_stateful_set_is_undone_as_by_kubectl() {
    undone_as_by_kubectl("statefulset", Kind::StatefulSet, "db").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn a_daemon_set_is_undone_as_by_kubectl() {
    undone_as_by_kubectl("daemonset", Kind::DaemonSet, "agent").await;
}

/// The gap of a recreate is announced before, and its length is measured and shown after.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn the_downtime_of_a_recreate_is_announced_and_measured() {
    let room = seeded("recreate", "gap").await;
    // New pods take their time, so that there is something to measure.
    let slow = json!({"spec": {"template": {"metadata": {"annotations": {"sim/ready-delay": "4s"}}}}});
    room.kubectl(&["patch", "deployment", "worker", "--type=merge", "-p", &slow.to_string()]);
    room.settle(Kind::Deployment, "worker");
    let mut console = Console::open(&room, "deploy/worker", "U undo");
    console.plans("R", "RESTART");
    console.shows("recreate: all 3 pods");
    console.shows("without any ready pod");
    console.confirms("RESTART");
    console.types("3");
    console.shows("no pod was ready for");
    console.quit();
    room.settle(Kind::Deployment, "worker");
}

/// Every object that tries to break a terminal is read, told and drawn; nothing of it reaches the terminal.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn hostile_objects_are_told_and_drawn_without_a_control_character() {
    let room = seeded("hostile", "seed").await;
    for name in ["ansi", "bidi", "emoji", "a"] {
        room.settle(Kind::Deployment, name);
    }
    let person = Person::new(&room);
    let items = releases(&person);
    let named = |name: &str| items.iter().any(|item| item["target"].as_str().is_some_and(|it| it.ends_with(name)));
    for name in ["/bidi", "/emoji", "/a", "-name-name"] {
        assert!(named(name), "no {name} in {items:#?}");
    }
    let mut commands = vec![vec!["status"], vec!["status", "-o", "wide"], vec!["status", "-o", "name"]];
    for name in ["deploy/bidi", "deploy/emoji", "deploy/a"] {
        for command in [vec!["history", name], vec!["status", name], vec!["diff", name, "--from", "1", "--to", "1"]] {
            let forms = ["table", "json", "yaml"].map(|form| [command.as_slice(), &["-o", form]].concat());
            commands.extend(forms);
        }
    }
    for arguments in commands {
        let output = room.windlass(&arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        assert!(!text.is_empty(), "{arguments:?}");
        plain(&text, &format!("{arguments:?}"));
    }
    let mut console = Console::board_of(&["-n", &room.name], "by: worst");
    console.shows("bidi");
    console.plain("the board");
    for name in ["bidi", "emoji", "ansi"] {
        console.types(&format!("/{name}\r"));
        console.shows(&format!("/{name}"));
        console.types("\r");
        console.shows("1 Versions");
        for pane in ["1", "3", "5", "6"] {
            console.types(pane);
            console.shows(&format!("[{pane} "));
            console.plain(&format!("pane {pane} of {name}"));
        }
        console.types("y");
        console.shows("apiVersion");
        console.plain(&format!("the YAML of {name}"));
        console.types("\x1b");
        console.shows("1 Versions");
        console.types("\x1b");
        console.shows("by: worst");
    }
    console.types("q");
}

/// No character of `text` steers a terminal or hides text.
pub fn plain(text: &str, what: &str) {
    let unsafe_ones: Vec<char> = text
        .chars()
        .filter(|c| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        })
        .collect();
    assert!(unsafe_ones.is_empty(), "{unsafe_ones:?} in {what}");
}

/// A small shop, and what can go wrong in it: each release says its own cause, and what helps.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn each_release_of_a_shop_tells_its_own_cause() {
    let room = seeded("insights", "seed").await;
    for name in ["api-gateway", "frontend", "api", "worker"] {
        room.settle(Kind::Deployment, name);
    }
    room.settle(Kind::StatefulSet, "redis");
    let person = Person::new(&room);
    let told = |target: &str| {
        let status = person.status(target);
        (status["strategy"].clone(), status["state"].clone())
    };
    for target in ["deploy/api-gateway", "deploy/frontend", "deploy/api", "sts/redis"] {
        assert_eq!(told(target), ("rolling".into(), "healthy".into()), "{target}");
    }
    assert_eq!(told("deploy/worker"), ("recreate".into(), "healthy".into()));
    assert!(person.status("deploy/api-gateway")["management"].to_string().contains("api-gateway"), "the autoscaler");

    let patch = |target: &str, spec: &Value| {
        room.kubectl(&["patch", target, "--type=strategic", "-p", &spec.to_string()]);
    };
    let container = |name: &str, fields: Value| {
        let mut container = json!({"name": name});
        for (field, value) in fields.as_object().into_iter().flatten() {
            container[field] = value.clone();
        }
        json!({"spec": {"template": {"spec": {"containers": [container]}}}})
    };
    patch("deploy/frontend", &container("frontend", json!({"image": image("v2-bad")})));
    patch("deploy/api", &container("api", json!({"image": image("v2-crash")})));
    let huge = json!({"resources": {"requests": {"cpu": "4000"}, "limits": {"cpu": "4000"}}});
    patch("deploy/api-gateway", &container("api-gateway", huge));
    patch("deploy/worker", &container("worker", json!({"image": image("v2-bad")})));
    let never = json!({"spec": {"template": {"metadata": {"annotations": {"sim/ready": "false"}}}}});
    patch("sts/redis", &never);
    let causes = [
        ("deploy/frontend", "image"),
        ("deploy/api", "crash"),
        ("deploy/api-gateway", "schedul"),
        ("deploy/worker", "image"),
        ("sts/redis", "ready"),
    ];
    for (target, cause) in causes {
        let (code, _, complaint) = person.document(&["status", target, "--wait", "--timeout", "100s"]);
        assert!(matches!(code, Some(1 | 4)), "{target}: {code:?} {complaint}");
        let status = person.status(target);
        let reason = status["reason"].as_str().unwrap_or_default().to_lowercase();
        assert!(reason.contains(cause), "{target}: {status:#}");
        assert_ne!(status["state"], "healthy", "{target}");
        assert!(!status["health"]["reasons"].as_array().expect("reasons").is_empty(), "{target}");
    }
    // With all of it broken, each goes back by one command.
    for (target, _) in &causes[..4] {
        person.does(&["undo", target, "--to-revision", "previous"]);
        assert_eq!(person.status(target)["state"], "healthy", "{target}");
    }
}

/// As many releases as kubectl counts, each with its pods.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the control-plane kit"]
async fn many_releases_are_counted_as_kubectl_counts_them() {
    let room = Room::new("scale", &Value::Null).await;
    script("seed", &["scale", "--deployments", "40", "--pods", "5"]);
    let spaces: Vec<String> = (0..10).map(|number| format!("scale-{number:02}")).collect();
    for space in &spaces {
        room.kubectl(&["-n", space, "wait", "deployment", "--all", "--for=condition=Available", "--timeout=180s"]);
        room.kubectl(&["-n", space, "wait", "pod", "--all", "--for=condition=Ready", "--timeout=180s"]);
    }
    let person = Person::new(&room);
    let (code, document, complaint) = person.document(&["status", "-A"]);
    assert_eq!(code, Some(0), "{complaint}");
    let of_scale = |item: &&Value| item["namespace"].as_str().is_some_and(|space| space.starts_with("scale-"));
    let items: Vec<&Value> = document["items"].as_array().expect("items").iter().filter(of_scale).collect();
    let ready: i64 = items.iter().filter_map(|item| item["tracks"][0]["replicas"]["ready"].as_i64()).sum();
    let mut counted = (0, 0);
    for space in &spaces {
        counted.0 += room.kubectl(&["-n", space, "get", "deployments", "-o", "name"]).lines().count();
        let pods = ["-n", space, "get", "pods", "--field-selector=status.phase=Running", "-o", "name"];
        counted.1 += room.kubectl(&pods).lines().count();
    }
    assert_eq!((items.len(), ready), (counted.0, i64::try_from(counted.1).expect("small")));
    assert_eq!(counted, (40, 200));
    let mut console = Console::board_of(&["-n", "scale-00"], "by: worst");
    console.shows("4 healthy");
    console.types("q");
    for space in &spaces {
        room.kubectl(&["delete", "namespace", space, "--wait=false"]);
    }
}
