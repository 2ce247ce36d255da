//! Lines go to the request that they were read for.

use crate::app::effect::Effect;
use crate::app::layers::choice::{Item, Subject};
use crate::app::layers::logs::Line;
use crate::app::layers::{Choice, Layer};
use crate::app::{Model, Msg, update};
use crate::ui::view::samples::{at_stuck, press};

fn number(effects: &[Effect]) -> u32 {
    let wanted = effects.iter().find_map(|effect| match effect {
        Effect::Logs(wanted) => Some(wanted.number),
        _ => None,
    });
    wanted.expect("logs are asked for")
}

fn line(text: &str) -> Line {
    Line { pod: "web-1".into(), container: "app".into(), text: text.into() }
}

fn lines(model: &Model) -> Vec<&str> {
    let Some(Layer::Logs(logs)) = model.top() else { panic!("logs are open") };
    logs.lines.iter().map(|line| &*line.text).collect()
}

#[test]
fn lines_of_the_running_container_are_not_told_as_those_before_its_restart() {
    let mut model = at_stuck(80, 24, "");
    let running = number(&press(&mut model, "l"));
    update(&mut model, Msg::Logs(running, vec![line("now")]));
    let before = number(&press(&mut model, "p"));
    // These waited in the channel.
    update(&mut model, Msg::Logs(running, vec![line("still now")]));
    update(&mut model, Msg::LogsEnded(running, "cut".into()));
    update(&mut model, Msg::Logs(before, vec![line("before")]));
    assert_eq!(lines(&model), ["before"]);
    let Some(Layer::Logs(logs)) = model.top() else { panic!("logs are open") };
    assert_eq!(logs.ended, None);
    // The same of another pod's logs, opened anew.
    press(&mut model, "<Esc>");
    let again = number(&press(&mut model, "l"));
    assert_ne!(again, before);
    update(&mut model, Msg::Logs(before, vec![line("old")]));
    assert!(lines(&model).is_empty());
}

#[test]
fn the_contexts_fill_no_other_list() {
    let mut model = at_stuck(80, 24, "");
    let items = vec![Item::new("mono", "", false)];
    model.layers.push(Layer::Choice(Choice::new(Subject::Themes, Some(items), "default")));
    update(&mut model, Msg::Contexts(Ok(vec![Item::new("prod", "", true)])));
    let Some(Layer::Choice(choice)) = model.top() else { panic!("the list is open") };
    assert_eq!(choice.items.as_ref().expect("items")[0].name, "mono".into());
}
