//! What is offered can be done, what is not says why.

use super::case::of_verb;
use super::cases::each;
use super::left_out::{Exception, LeftOut};
use crate::domain::plan::RefusalKind;
use crate::domain::{Direction, Verb};

/// Strategies that offer the verbs of a workload only.
const PLAIN: [&str; 3] = ["rolling", "recreate", "on-delete"];

#[test]
fn every_verb_stands_once_with_its_direction_and_what_follows_or_why_not() {
    each(|case| {
        let actions = case.actions();
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Revert) {
            let words = format!("{}: {verb}", case.words());
            let of_verb: Vec<_> = actions.iter().filter(|action| action.verb == verb).collect();
            let action = match of_verb[..] {
                [action] => action,
                [] if PLAIN.contains(&case.kind) => continue,
                _ => panic!("{words} stands {} times", of_verb.len()),
            };
            assert!(verb.direction().is_none_or(|way| way == action.direction), "{words}: {:?}", action.direction);
            assert!(action.enabled || action.why.len() > 8, "{words} is disabled without a reason: '{}'", action.why);
            assert!(!action.enabled || !action.consequence.is_empty(), "{words} does not say what follows");
        }
        assert!(actions.iter().all(|action| action.verb != Verb::Revert), "{}", case.words());
    });
}

const ENABLED: &[Exception] = &[];

#[test]
fn what_is_enabled_is_planned_and_what_is_disabled_is_refused() {
    let left_out = LeftOut::of("what is enabled is planned", ENABLED);
    let mut wrong = Vec::new();
    each(|case| {
        let (release, actions) = (case.release(), case.actions());
        for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::Revert) {
            let words = format!("{}: {verb}", case.words());
            let intents = of_verb(verb, &release);
            // Of a number or a side one of several forms is enough.
            let several = matches!(verb, Verb::Scale | Verb::SetWeight);
            let asked = if several { &intents[..] } else { &intents[..intents.len().min(1)] };
            let made: Vec<_> = asked.iter().map(|intent| case.plan(intent)).collect();
            let planned = made.iter().find_map(|made| made.as_ref().ok());
            let action = actions.iter().find(|action| action.verb == verb);
            let right = match action {
                Some(action) if action.enabled => match planned {
                    Some(plan) => several || plan.direction == action.direction,
                    None => {
                        action.direction == Direction::Back
                            && made.iter().any(|made| made.as_ref().is_err_and(|it| it.kind == RefusalKind::ReadAgain))
                    }
                },
                Some(_) if verb == Verb::SetWeight => made.first().is_none_or(Result::is_err),
                Some(_) | None => planned.is_none(),
            };
            if right || left_out.names(case.kind, case.name, Some(verb), &words) {
                continue;
            }
            let told = action.map_or("not listed".into(), |action| {
                format!(
                    "{} {:?} {}{}",
                    if action.enabled { "enabled" } else { "disabled" },
                    action.direction,
                    action.why,
                    action.consequence
                )
            });
            let made = made.iter().map(|made| match made {
                Ok(plan) => format!("{:?} {}", plan.direction, plan.title),
                Err(refusal) => format!("{:?}: {refusal}", refusal.kind),
            });
            wrong.push(format!("{words} is {told}, and: {}", made.collect::<Vec<_>>().join(" | ")));
        }
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    left_out.print();
}

const NAMELESS: &[Exception] = &[];

#[test]
fn a_refusal_is_a_sentence_that_names_what_it_is_about() {
    let left_out = LeftOut::of("a refusal names what it is about", NAMELESS);
    let mut wrong = Vec::new();
    each(|case| {
        let release = case.release();
        let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
        let tracks = release.tracks.iter().flat_map(|track| [&track.name, &track.version]);
        let names: Vec<&str> = std::iter::once(&release.key.name)
            .chain(sides.map(|side| &side.name))
            .chain(tracks)
            .map(|name| &**name)
            .collect();
        for intent in super::case::intents(&release) {
            let Err(refusal) = case.plan(&intent) else { continue };
            let named = names.iter().any(|name| refusal.reason.contains(name));
            if refusal.reason.len() <= 20 || !named {
                let words = format!("{}: {intent:?}", case.words());
                if !left_out.names(case.kind, case.name, Some(intent.verb()), &words) {
                    wrong.push(format!("{words}: {refusal}"));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    left_out.print();
}
