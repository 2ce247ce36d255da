//! A release that is gone while it is open is not said to be well.

use super::super::samples::{at_stuck, press, stuck};
use super::screen;
use crate::app::messages::Level;
use crate::app::{Model, Msg, update};
use crate::domain::{Kind, ObjectKey, Uid};
use std::sync::Arc;

/// The release is open, and the cluster tells that it is gone.
fn opened_and_gone() -> Model {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "<Enter>");
    let mut snapshot = (*model.live).clone();
    snapshot.releases.retain(|release| release.uid != stuck().uid);
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    model
}

#[test]
fn header_reason_and_pods_say_that_they_are_what_was_last_seen() {
    let mut model = opened_and_gone();
    let shown = screen(&model);
    let summary = shown.lines().nth(1).unwrap_or_default();
    assert!(summary.contains("? gone 0 s ago  last seen: failed, v41→v42") && summary.contains("6/8"), "{shown}");
    assert!(shown.contains("shop/search is gone; what is left here is what was last seen of it."), "{shown}");
    assert!(shown.contains("last seen: 8 pods wanted, 6 ready") && shown.contains("? was ready"), "{shown}");
    for claim in ["✔ ready", "U undoes", "can't pull"] {
        assert!(!shown.contains(claim), "{claim}:\n{shown}");
    }
    press(&mut model, "3");
    assert!(screen(&model).contains("last seen: ✖ bad"), "{}", screen(&model));
}

#[test]
fn there_is_nothing_to_read_of_it() {
    let mut model = opened_and_gone();
    let footer = screen(&model).lines().last().unwrap_or_default().to_owned();
    for hint in ["l logs", "y YAML", "d diff", "Enter"] {
        assert!(!footer.contains(hint), "{footer}");
    }
    for key in ["l", "y", "d", "<Enter>"] {
        press(&mut model, key);
        assert_eq!(model.layers.len(), 1, "{key}");
        let told = model.messages.shown().map(|message| (message.level, message.text.to_string()));
        assert_eq!(told, Some((Level::Note, "shop/search is gone: there is nothing to read of it".into())), "{key}");
    }
}

#[test]
fn a_release_that_was_made_anew_or_taken_over_says_so() {
    for (key, says) in [
        (stuck().key, "shop/search was deleted and made anew;"),
        (ObjectKey::new(Kind::Deployment, "shop", "both"), "shop/search belongs to shop/both now;"),
    ] {
        let mut model = at_stuck(80, 24, "");
        press(&mut model, "<Enter>");
        let mut snapshot = (*model.live).clone();
        for release in snapshot.releases.iter_mut().filter(|release| release.uid == stuck().uid) {
            let release = Arc::make_mut(release);
            (release.uid, release.key) = (Uid::new("another"), key.clone());
        }
        update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
        assert!(screen(&model).contains(says), "{}", screen(&model));
        assert!(screen(&model).lines().last().is_some_and(|footer| footer.contains("l logs")), "it has pods");
    }
}
