//! Any text that objects, events, logs and journals may hold: nothing panics, and nothing but plain text reaches a cell.

use super::{console, journal, now};
use crate::app::layers::Layer;
use crate::app::layers::logs::Line;
use crate::app::layers::release::Event;
use crate::app::messages::Level;
use crate::app::model::Size;
use crate::app::{Model, Msg, update};
use crate::domain::text::sanitize;
use crate::domain::{Kind, ObjectKey};
use crate::strategy::testing::shop::Shop;
use crate::ui::glyphs;
use crate::ui::view::samples::{arm, press};
use crate::ui::widgets::testing;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// What terminals and readers fall for.
const PIECES: &[&str] = &[
    "\u{1b}[2J",
    "\u{1b}]52;c;bHM=\u{7}",
    "\u{9b}31m",
    "\u{0}",
    "\r\n\t",
    "\u{202e}drow\u{2066}",
    "\u{200b}\u{200d}\u{feff}",
    "漢字",
    "e\u{301}\u{300}\u{302}",
    "👨\u{200d}👩\u{200d}👧🇩🇪",
    "\u{fff9}\u{e0041}",
    "\\ \" ' <&> {}%s",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => proptest::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<String>()];
    let pieces = proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    (pieces, prop_oneof![20 => Just(1_usize), 1 => Just(5_000)]).prop_map(|(text, times)| text.repeat(times))
}

/// A Deployment in the middle of an update, with a Service, an autoscaler and a stuck pod.
fn shop() -> Shop {
    let shop = Shop::default()
        .deployment("web", &[("app", "web")], "v1", (2, 9_000))
        .deployment("side", &[("app", "side")], "v1", (1, 9_000))
        .service("web", &[("app", "web")])
        .addresses("web", &["web-h1-0"]);
    let pod = ObjectKey::new(Kind::Pod, "shop", "web-h1-0");
    let mut shop = shop;
    if let Some(pod) = shop.objects.get_mut(&pod) {
        pod["spec"]["nodeName"] = "node".into();
        pod["status"] = json!({"phase": "Pending", "reason": "why", "message": "because",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node"}],
            "containerStatuses": [{"name": "app", "image": "reg/web:v1", "imageID": "sha256:1", "restartCount": 3,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": "back-off"}}}]});
    }
    let web = ObjectKey::new(Kind::Deployment, "shop", "web");
    if let Some(web) = shop.objects.get_mut(&web) {
        web["metadata"]["annotations"]["kubernetes.io/change-cause"] = "a change".into();
        web["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm", "team": "shop"});
        web["metadata"]["managedFields"] = json!([{"manager": "ana", "operation": "Update", "time": "2027-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}]);
        web["status"]["conditions"] = json!([{"type": "Progressing", "status": "False",
            "reason": "ProgressDeadlineExceeded", "message": "too slow", "lastTransitionTime": "2027-01-01T00:00:00Z"}]);
    }
    shop
}

/// Puts `text` in place of those strings of an object whose turn it is; what names the object stays.
fn spoil(value: &mut Value, text: &str, turns: &mut impl FnMut() -> bool) {
    match value {
        Value::String(string) => {
            if turns() {
                text.clone_into(string);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| spoil(item, text, turns)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if !matches!(name.as_str(), "name" | "namespace" | "uid" | "kind" | "apiVersion") || field.is_object() {
                    spoil(field, text, turns);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A console at the spoiled shop.
fn model(shop: &Shop, text: &str, size: Size) -> Model {
    let mut model = console(size.width, size.height, "");
    let mut snapshot = (*model.live).clone();
    let releases = shop.releases();
    snapshot.releases.clone_from(&releases);
    snapshot.known_namespaces = vec![text.into()];
    update(&mut model, Msg::Snapshot(Arc::new(snapshot)));
    model.messages.say(Level::Error, text, model.now);
    for release in &releases {
        update(&mut model, Msg::Details(release.uid.clone(), Ok(Arc::new(shop.details(release)))));
        let event = Event {
            at: now(),
            warning: true,
            about: text.into(),
            reason: text.into(),
            message: text.into(),
            count: 3,
            source: text.into(),
        };
        update(&mut model, Msg::Events(release.uid.clone(), Ok(vec![event])));
    }
    let mut lines = journal();
    for entry in &mut lines.entries {
        if let crate::domain::journal::Event::Intent(record) = &mut entry.event {
            (record.who, record.title, record.reason) = (text.into(), text.into(), text.into());
        }
    }
    update(&mut model, Msg::Journal(Ok(Box::new(lines))));
    model
}

fn check(model: &Model, after: &str) -> Result<(), TestCaseError> {
    let (width, height) = (model.size.width, model.size.height);
    let buffer = testing::buffer(width, height, &glyphs::UNICODE, |buffer, area, look| {
        crate::ui::view::draw(buffer, area, model, look)
    });
    for cell in &buffer.content {
        let symbol = cell.symbol();
        prop_assert!(*sanitize(symbol) == *symbol && !symbol.contains('\t'), "{symbol:?} after {after}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_text_objects_hold_nothing_panics_and_no_control_character_is_drawn(
        text in text(),
        turns in proptest::collection::vec(any::<bool>(), 1..40),
        size in proptest::sample::select(vec![(80, 24), (120, 40), (60, 16), (23, 7)]),
    ) {
        let mut shop = shop();
        let mut turn = turns.iter().cycle().copied();
        for object in shop.objects.values_mut() {
            spoil(object, &text, &mut || turn.next().unwrap_or_default());
            object["metadata"]["annotations"][&text] = text.as_str().into();
        }
        let mut model = model(&shop, &text, Size { width: size.0, height: size.1 });
        check(&model, "start")?;
        let screens = ["<Enter>", "1", "2", "3", "4", "5", "6", "<Esc>d", "<Esc>y", "<Esc>U", "<Esc>I", "<Esc>N", "<Esc>:",
            "<Esc>:messages<Enter>", "<Esc>:journal<Enter>", "<Esc>:ns<Enter>", "<Esc><Esc>j", "l"];
        for keys in screens {
            press(&mut model, keys);
            arm(&mut model);
            check(&model, keys)?;
        }
        if let Some(Layer::Logs(logs)) = model.top() {
            let line = Line { pod: text.as_str().into(), container: text.as_str().into(), text: text.as_str().into() };
            let number = logs.number;
            update(&mut model, Msg::Logs(number, vec![line; 3]));
        }
        check(&model, "the logs came")?;
    }
}
