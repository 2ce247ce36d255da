//! What no key does: counted at the server.

use crate::stage::{Person, Stage, image, sim, writes};
use std::path::Path;
use std::time::Duration;

const SEARCH: &str = "deployments/shop/search";
const BAD: &str = "registry.test/shop/search:v42-bad";

#[tokio::test(start_paused = true)]
async fn keys_typed_ahead_of_a_stalled_link_confirm_nothing() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.stall(true);
    stage.type_ahead("Uyyyy<Enter>y");
    stage.quiet(Duration::from_secs(20)).await;
    stage.type_ahead("yy");
    stage.quiet(Duration::from_secs(1)).await;
    stage.stall(false);
    stage.quiet(Duration::from_secs(1)).await;
    assert_eq!(writes(&stage.sim), 0);
    stage.press("y").await;
    stage.until("accepted ✔").await;
    assert_eq!(writes(&stage.sim), 1, "seen and quiet, it takes the key");
}

#[tokio::test(start_paused = true)]
async fn pasted_text_and_enter_confirm_nothing() {
    let stage = Stage::on(&sim("rolling")).await;
    stage.select("search").await;
    stage.press("U<armed>").await;
    stage.paste("y\ny\n");
    stage.press("<armed><Enter><armed><Enter>").await;
    assert_eq!((writes(&stage.sim), image(&stage.sim, SEARCH).as_str()), (0, BAD));
}

#[tokio::test(start_paused = true)]
async fn read_only_sends_no_patch_at_all() {
    let stage = Stage::with(&sim("rolling"), Person { config: "read_only = true\n", who: "ana" }).await;
    stage.until("read-only").await;
    stage.select("search").await;
    for keys in ["U<armed>y<Esc>", "R<armed>y<Esc>", "P<armed>y<Esc>", "N<Ctrl-u>3<Enter><armed>y<Esc>"] {
        stage.press(keys).await;
    }
    assert_eq!(stage.sim.count("patch"), 0, "not even a dry run");
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_persists_nothing_and_says_so() {
    let stage = Stage::with(&sim("rolling"), Person { config: "rehearse = true\n", who: "ana" }).await;
    stage.until("rehearsal").await;
    stage.select("search").await;
    stage.press("U<armed>y").await;
    stage.until("planned").await;
    assert_eq!((stage.sim.mutations(), image(&stage.sim, SEARCH).as_str()), (0, BAD));
}

#[tokio::test(start_paused = true)]
async fn a_protected_context_wants_its_word_for_what_goes_forward_only() {
    let config = "[contexts.\"*\"]\nprotected = true\n";
    let stage = Stage::with(&sim("rolling"), Person { config, who: "ana" }).await;
    stage.until("PROTECTED").await;
    let word = stage.text().split_whitespace().next().unwrap_or_default().to_owned();
    stage.select("frontend").await;
    stage.press("R<armed>y<armed>y").await;
    assert_eq!(writes(&stage.sim), 0);
    stage.press(&format!("<Backspace><Backspace>{word}")).await;
    stage.until("unlocked").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(writes(&stage.sim), 1);
}

#[tokio::test(start_paused = true)]
async fn a_viewer_is_told_which_right_is_missing_before_the_press() {
    let stage = Stage::on(&sim("readonly")).await;
    stage.press("<Enter>").await;
    stage.quiet(Duration::from_secs(2)).await;
    stage.press("U").await;
    stage.until("needs the right to").await;
    assert_eq!(writes(&stage.sim), 0);
}

#[tokio::test(start_paused = true)]
async fn no_random_keys_write_without_a_confirmation() {
    // Every key but 'y', in an order that a small generator gives, so that a failure can be had again.
    let reads =
        ["j", "k", "G", "g", "<Enter>", "<Esc>", "<Tab>", "1", "5", "6", "/", "o", ":", "?", "d", "l", "e", "c"];
    let others = ["U", "P", "R", "I", "N", "Z", "r", "n", "b", "p", " ", "<Left>", "<Right>", "x", "<Backspace>", "w"];
    let all: Vec<&str> = reads.into_iter().chain(others).collect();
    for seed in 1_u64..=2 {
        let stage = Stage::on(&sim("rolling")).await;
        let mut random = seed;
        for _ in 0..100 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = all[(random >> 33) as usize % all.len()];
            stage.press(key).await;
            if random % 7 == 0 {
                stage.quiet(Duration::from_millis(400)).await;
            }
        }
        assert_eq!(writes(&stage.sim), 0, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_dialog_tells_what_the_manager_s_own_policy_does_to_the_write() {
    let sim = sim("rolling");
    let mark = |object: &mut serde_json::Value| {
        object["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] =
            "search-app:apps/Deployment:shop/search".into();
    };
    assert!(sim.edit("deployments/shop/search", "argocd-controller", mark));
    let crd = serde_json::json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "applications.argoproj.io"},
        "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": {"plural": "applications", "kind": "Application"},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {}}]}});
    let application = serde_json::json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "search-app", "namespace": "shop"},
        "spec": {"syncPolicy": {"automated": {"selfHeal": true}}}});
    assert!(sim.add(crd, "test") && sim.add(application, "test"));
    let stage = Stage::on(&sim).await;
    stage.select("search").await;
    stage.press("U<armed>").await;
    stage.until("accepted").await;
    stage.press("<PageDown><PageDown>").await;
    stage.until("self-heal is on").await;
}

#[tokio::test(start_paused = true)]
async fn in_a_freeze_a_protected_context_asks_for_the_override_first_and_for_its_word_then() {
    let config = "[contexts.\"*\"]\nprotected = true\n[freeze]\nzone = \"UTC\"\n[freeze.windows.year_end]\n\
                  from = \"2000-01-01\"\nto = \"2099-12-31\"\nreason = \"the books are being closed\"\n";
    let stage = Stage::with(&sim("rolling"), Person { config, who: "ana" }).await;
    let word = stage.text().split_whitespace().next().unwrap_or_default().to_owned();
    stage.select("frontend").await;
    stage.press("R").await;
    stage.until("change freeze 'year_end'").await;
    let words = stage.text().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("(the books") && words.contains("are being closed)"), "the whole reason is there: {words}");
    assert!(stage.text().contains("b override"), "{}", stage.text());
    assert!(!stage.text().contains("to unlock"), "the word opens nothing yet: {}", stage.text());
    stage.press("<armed>y").await;
    assert_eq!(writes(&stage.sim), 0);
    stage.press("bhotfix<Enter>").await;
    stage.until("to unlock").await;
    stage.press(&word).await;
    stage.until("unlocked").await;
    stage.press("<armed>y").await;
    stage.until("accepted ✔").await;
    assert_eq!(writes(&stage.sim), 1);
}

/// The disk is full from now on, or the journal's folder can't be written any more: the dialog says so, what goes back
/// goes on, and what goes forward does not.
#[tokio::test(start_paused = true)]
async fn a_journal_that_fails_under_a_running_console_is_told_in_the_dialog_and_holds_no_way_back() {
    let full = |home: &Path| std::os::unix::fs::symlink("/dev/full", home.join("journal.jsonl")).expect("linked");
    // Whoever may write everywhere may write a read-only folder, too; where there is a file, nobody can.
    let unusable = |home: &Path| {
        std::fs::remove_dir_all(home).expect("removed");
        std::fs::write(home, "").expect("written");
    };
    for (name, goes_bad) in [("full", full as fn(&Path)), ("unusable", unusable)] {
        let stage = Stage::on(&sim("rolling")).await;
        goes_bad(stage.home());
        stage.select("search").await;
        stage.press("R<armed>y").await;
        stage.until("going forward needs the journal").await;
        assert_eq!(writes(&stage.sim), 0, "{name}");
        stage.press("<Esc>U<armed>y").await;
        stage.until("not journalled").await;
        stage.until("accepted ✔").await;
        assert_ne!(image(&stage.sim, SEARCH), BAD, "{name}: it went back");
        // The folder that a test leaves is the test's to remove.
        if name == "unusable" {
            std::fs::remove_file(stage.home()).expect("removed");
            std::fs::create_dir(stage.home()).expect("made");
        }
    }
}
