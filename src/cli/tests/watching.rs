//! `status --watch` and `status --wait` while the simulated cluster goes on.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use super::run::{Home, sim};
use crate::{
    cli::{Exit, Output, Session, Terminal, run},
    sim::{Effect, Fault, On, SimCluster},
};

/// Standard output whose reader takes line by line, and may go.
struct Lines {
    to: SyncSender<String>,
    begun: String,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.push_str(&String::from_utf8_lossy(bytes));
        while let Some((line, rest)) = self.begun.split_once('\n') {
            self.to.send(line.to_owned()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            self.begun = rest.to_owned();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn watch(cluster: &SimCluster, arguments: &'static [&str]) -> (Receiver<String>, thread::JoinHandle<Exit>) {
    watch_on(Terminal::default(), cluster, arguments)
}

fn watch_on(
    terminal: Terminal,
    cluster: &SimCluster,
    arguments: &'static [&str],
) -> (Receiver<String>, thread::JoinHandle<Exit>) {
    let (to, lines) = sync_channel(0);
    let cluster = cluster.clone();
    let running = thread::spawn(move || {
        let home = Home::new();
        let output = Output::to(Lines { to, begun: String::new() }, io::sink());
        let mut session = Session::new(home.variables.clone(), output, terminal);
        session.simulated = Some(cluster);
        let arguments: Vec<_> = std::iter::once(&"windlass").chain(arguments).map(Into::into).collect();
        run(&arguments, &mut session)
    });
    (lines, running)
}

#[test]
fn watch_prints_what_is_and_then_a_line_a_change_until_nobody_reads() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["status", "deploy/web", "-n", "shop", "--watch"]);
    let first = lines.recv().unwrap();
    assert!(first.contains("shop/web (deployment)  progressing  v3→v4"), "{first}");
    let mut last = first;
    while !last.contains("healthy") {
        cluster.advance(Duration::from_secs(1));
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(line) => {
                assert_ne!(line, last);
                last = line;
            }
            Err(_) => assert!(!running.is_finished(), "it ended after: {last}"),
        }
    }
    assert!(last.contains("healthy  v4  6/6"), "{last}");
    drop(lines);
    assert!(cluster.edit("deployments/shop/web", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

/// It changes no count, and the state only after a minute.
#[test]
fn watch_tells_of_a_pod_that_breaks_when_it_breaks() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["status", "deploy/cart", "-n", "shop", "--watch"]);
    assert!(lines.recv().unwrap().contains("shop/cart (deployment)  healthy"));
    let image = "/spec/template/spec/containers/0/image";
    let breaks =
        |object: &mut serde_json::Value| *object.pointer_mut(image).unwrap() = "registry.test/cart:v9-bad".into();
    assert!(cluster.edit("deployments/shop/cart", "ana", breaks));
    for _ in 0..30 {
        cluster.advance(Duration::from_secs(1));
    }
    let broken = loop {
        let line = lines.recv_timeout(Duration::from_secs(30)).expect("a line on the broken pod");
        if line.contains("pull") {
            break line;
        }
    };
    assert!(broken.contains("progressing"), "{broken}");
    drop(lines);
    assert!(cluster.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

/// Until they are, and the revisions that they belong to, it has none that is ready.
#[test]
fn watch_says_nothing_of_a_release_before_its_pods_are_read() {
    for late in ["/pods", "/replicasets"] {
        let cluster = sim("rolling");
        let refused = Effect::Status { code: 500, retry_after: None };
        cluster.fault(Fault::new(On::verb("list").path(late), refused).times(2));
        let (lines, running) = watch(&cluster, &["status", "deploy/cart", "-n", "shop", "--watch"]);
        let first = lines.recv().unwrap();
        assert!(first.contains("shop/cart (deployment)  healthy  v88  4/4"), "{late}: {first}");
        drop(lines);
        assert!(cluster.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 0.into()));
        cluster.advance(Duration::from_secs(1));
        assert_eq!(running.join().unwrap(), Exit::Done);
    }
}

/// What was read before stands until its kind is listed anew, in whatever order that is.
#[test]
fn watch_tells_nothing_false_when_the_server_comes_back() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["status", "deploy/cart", "-n", "shop", "--watch"]);
    assert!(lines.recv().unwrap().contains("healthy  v88  4/4"));
    cluster.away();
    assert!(cluster.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 5.into()));
    cluster.advance(Duration::from_mins(2));
    cluster.compact();
    cluster.back();
    for late in ["/pods", "/replicasets"] {
        let refused = Effect::Status { code: 500, retry_after: None };
        cluster.fault(Fault::new(On::verb("list").path(late), refused).times(2));
    }
    loop {
        let line = lines.recv_timeout(Duration::from_secs(30)).expect("a line on what came meanwhile");
        assert!(!line.contains("down"), "{line}");
        if line.contains("5/5") {
            break;
        }
    }
    drop(lines);
    assert!(cluster.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

#[test]
fn watch_as_json_is_one_document_a_line() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["status", "-n", "pay", "--watch", "-o", "json"]);
    for _ in 0..2 {
        let item: serde_json::Value = serde_json::from_str(&lines.recv().unwrap()).unwrap();
        assert_eq!(item["namespace"], "pay");
    }
    drop(lines);
    assert!(cluster.edit("deployments/pay/api", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

#[test]
fn watch_as_names_is_one_target_a_change() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["status", "deploy/cart", "-n", "shop", "--watch", "-o", "name"]);
    assert_eq!(lines.recv().unwrap(), "deployment/cart");
    assert!(cluster.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(lines.recv().unwrap(), "deployment/cart");
    drop(lines);
    assert!(cluster.edit("deployments/shop/cart", "ana", |object| object["spec"]["replicas"] = 2.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

#[test]
fn wait_ends_with_0_once_the_release_has_settled() {
    let ran = Home::new().run_while_time_passes(&sim("rolling"), &["status", "deploy/web", "-n", "shop", "--wait"]);
    assert_eq!((ran.code, ran.complaints.as_str()), (0, ""));
    assert!(ran.out.contains("healthy"), "{}", ran.out);
}

#[test]
fn wait_ends_with_1_when_the_release_has_failed() {
    let ran = Home::new().run_while_time_passes(&sim("rolling"), &["status", "deploy/search", "-n", "shop", "--wait"]);
    assert_eq!(ran.code, 1, "{}", ran.complaints);
    assert!(ran.complaints.starts_with("windlass: deployment/search: "), "{}", ran.complaints);
}

#[test]
fn wait_ends_with_4_when_time_is_up() {
    let cluster = sim("rolling");
    let ran = Home::new().run_on(&cluster, &["status", "deploy/web", "-n", "shop", "--wait", "--timeout", "0s"]);
    assert_eq!(ran.code, 4);
    assert_eq!(ran.complaints, "windlass: deployment/web: not settled within 0 s: 4 pods still to be replaced\n");
}

#[test]
fn watch_by_labels_follows_a_label_that_comes_later() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["status", "-n", "shop", "-l", "watched=yes", "--watch"]);
    let label = |object: &mut serde_json::Value| object["metadata"]["labels"]["watched"] = "yes".into();
    assert!(cluster.edit("deployments/shop/cart", "ana", label));
    let cart = lines.recv().unwrap();
    assert!(cart.contains("shop/cart"), "{cart}");
    assert!(cluster.edit("deployments/shop/search", "ana", label));
    let search = lines.recv().unwrap();
    assert!(search.contains("shop/search"), "{search}");
    drop(lines);
    assert!(cluster.edit("deployments/shop/search", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

/// Line by line instead of a screen, as a screen reader wants it.
#[test]
fn plain_on_a_terminal_is_a_line_a_change_instead_of_the_console() {
    let cluster = sim("rolling");
    let terminal = Terminal { asks: false, shows: true };
    let (lines, running) = watch_on(terminal, &cluster, &["--plain", "-n", "pay"]);
    for _ in 0..2 {
        let line = lines.recv().unwrap();
        assert!(line.contains("pay/") && !line.contains('\x1b'), "{line}");
    }
    assert!(cluster.edit("deployments/pay/api", "ana", |object| object["spec"]["replicas"] = 0.into()));
    cluster.advance(Duration::from_secs(1));
    let change = lines.recv().unwrap();
    assert!(change.contains("pay/api"), "{change}");
    drop(lines);
    assert!(cluster.edit("deployments/pay/api", "ana", |object| object["spec"]["replicas"] = 1.into()));
    cluster.advance(Duration::from_secs(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}

#[test]
fn logs_that_are_followed_go_on_until_nobody_reads() {
    let cluster = sim("rolling");
    let (lines, running) = watch(&cluster, &["logs", "deploy/cart", "-n", "shop", "--tail", "1", "-f"]);
    // Four pods have a last line; the fifth is written while it is followed.
    for _ in 0..4 {
        assert!(lines.recv().unwrap().starts_with("cart-"));
    }
    cluster.advance(Duration::from_mins(1));
    assert!(lines.recv().unwrap().starts_with("cart-"));
    drop(lines);
    cluster.advance(Duration::from_mins(1));
    assert_eq!(running.join().unwrap(), Exit::Done);
}
