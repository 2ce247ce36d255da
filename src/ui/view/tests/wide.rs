//! What a wide screen is used for, and what does not move in it.

use super::super::samples::measured::{tell, well};
use super::super::samples::traffic::{at, istio};
use super::super::samples::{ago, arm, at_stuck, press, stuck};
use super::screen;
use crate::app::layers::Layer;
use crate::app::layers::release::Event;
use crate::app::{Model, Msg, update};
use crate::domain::measurement::Reading;
use crate::domain::{Kind, Snapshot, Uid};
use std::sync::Arc;

fn row<'a>(screen: &'a str, name: &str) -> &'a str {
    screen.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("no {name} in\n{screen}"))
}

#[test]
fn a_wide_board_says_why_in_the_row_and_a_narrow_one_does_not() {
    let wide = screen(&at_stuck(200, 40, ""));
    let search = row(&wide, "shop/search");
    assert!(search.contains("2 new pods can't pull reg/search:v42 (ImagePullBackOff, 6 min)."), "{wide}");
    assert!(!screen(&at_stuck(80, 24, "")).contains("WHY"));
}

#[test]
fn columns_stand_where_they_stood_when_a_reason_changes() {
    let mut model = at_stuck(120, 40, "");
    let before = screen(&model);
    let mut changed = (*model.live).clone();
    for release in &mut changed.releases {
        let mut other = (**release).clone();
        other.reason = "another and much longer reason than there was before, told at length".into();
        *release = Arc::new(other);
    }
    update(&mut model, Msg::Snapshot(Arc::new(changed)));
    let head = |screen: &str| row(screen, "RELEASE").to_owned();
    assert_eq!(head(&before), head(&screen(&model)));
}

#[test]
fn a_reason_is_not_cut_while_rows_are_free() {
    let mut model = at_stuck(80, 24, "");
    let mut changed: Snapshot = (*model.live).clone();
    let uid = stuck().uid;
    for release in changed.releases.iter_mut().filter(|release| release.uid == uid) {
        let mut other = (**release).clone();
        other.reason = format!("{} and the end of it.", "a reason of many words ".repeat(6)).into();
        *release = Arc::new(other);
    }
    update(&mut model, Msg::Snapshot(Arc::new(changed)));
    let shown = screen(&model);
    assert!(shown.contains("the end of it.") && shown.contains("U undoes"), "{shown}");
}

#[test]
fn a_guard_takes_nothing_from_the_name() {
    let mut model = at_stuck(80, 24, "");
    press(&mut model, "B");
    arm(&mut model);
    press(&mut model, "y");
    assert!(row(&screen(&model), "shop/search").contains("shop/search guard"), "{}", screen(&model));
}

#[test]
fn two_releases_of_one_name_are_told_apart_by_kind() {
    let mut model = at_stuck(80, 24, "");
    let mut changed: Snapshot = (*model.live).clone();
    let mut twin = stuck();
    twin.uid = Uid::new("twin");
    twin.key.kind = Kind::StatefulSet;
    let place = changed.releases.iter().position(|release| release.uid == stuck().uid).expect("it is there");
    changed.releases.insert(place + 1, Arc::new(twin));
    update(&mut model, Msg::Snapshot(Arc::new(changed)));
    let shown = screen(&model);
    assert!(shown.contains("shop/search deployment") && shown.contains("shop/search statefulset"), "{shown}");
}

#[test]
fn the_pods_keep_their_nodes_beside_the_other_panes() {
    let mut model = at_stuck(120, 40, "");
    press(&mut model, "<Enter>");
    let node = node(&model);
    assert!(screen(&model).contains(&node[node.len() - 3..]), "{node} is not in\n{}", screen(&model));
}

fn node(model: &Model) -> String {
    let Some(Layer::Release(view)) = model.top() else { panic!("no release is open") };
    let mut pods = view.release.tracks.iter().flat_map(|track| &track.pods);
    pods.find_map(|pod| pod.node.as_ref()).expect("a pod has a node").to_string()
}

#[test]
fn events_are_told_to_their_end_where_rows_are_free() {
    let mut model = at_stuck(120, 40, "");
    press(&mut model, "<Enter>");
    let event = Event {
        at: ago(60),
        warning: true,
        about: "pod/search-6f9c7-x2x1v".into(),
        reason: "BackOff".into(),
        message: "Back-off pulling an image whose name is long enough to need more than one line of this pane".into(),
        count: 1,
        source: "kubelet".into(),
    };
    update(&mut model, Msg::Events(stuck().uid, Ok(vec![event])));
    let shown = screen(&model);
    assert!(shown.contains("this pane"), "{shown}");
}

#[test]
fn numbers_of_two_tracks_never_touch() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut model = at(istio(), width, height);
        press(&mut model, "<Enter>4");
        let mut large = well(&istio());
        for track in &mut large.tracks {
            track.samples = Some(9_999_999);
            track.errors = Reading::NoTraffic;
        }
        tell(&mut model, &istio(), large);
        let shown = screen(&model);
        assert!(shown.contains("9 999 999 ") && !shown.contains("9 999 9999"), "{shown}");
        assert!(!shown.contains("no trafficno"), "{shown}");
    }
}
