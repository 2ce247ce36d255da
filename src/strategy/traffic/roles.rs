//! Who is stable and who is the candidate, where no controller says so.
//!
//! A mark that names the stable side wins. Else the side whose current template is younger is the candidate; at 100 % it
//! becomes stable, until another side gets a younger template. Images count before the rest of the template, so that a
//! restart of the stable side does not make a candidate of it.

use super::part::Templated;
use crate::domain::release::Role;
use crate::domain::{Str, Timestamp};
use std::cmp::{Ordering, Reverse};

/// What the role of one side is told from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// The names that it goes by: its workload's, its subset's or Service's, the value of its distinguishing label.
    pub names: Vec<Str>,
    /// Since when its template is what it is.
    pub templated: Templated,
    /// The asked share; `None` where it is not told.
    pub asked: Option<u8>,
    /// Ready pods.
    pub ready: i32,
}

/// Two templates of about the same time were applied together: then their age tells nothing.
const TOGETHER: i64 = 60;

/// The role of each side, in the same order. Of three or more, those that are not the candidate and take a share are all
/// stable. `marked` is the name of the stable side; a name that no side goes by does not count.
pub fn roles(sides: &[Contender], marked: Option<&str>) -> Vec<Role> {
    if sides.len() < 2 {
        return vec![Role::Stable; sides.len()];
    }
    let named = marked.filter(|name| sides.iter().any(|side| is(side, name)));
    let pinned = |side: &Contender| named.is_some_and(|name| is(side, name));
    let open: Vec<usize> = (0..sides.len()).filter(|place| !pinned(&sides[*place])).collect();
    let Some(candidate) = open.iter().copied().max_by(|a, b| younger(&sides[*a], &sides[*b], sides)) else {
        return vec![Role::Stable; sides.len()];
    };
    let done = named.is_none() && sides[candidate].asked == Some(100);
    let serving = |side: &Contender| side.asked.is_none_or(|asked| asked > 0);
    let others: Vec<usize> = (0..sides.len()).filter(|place| *place != candidate).collect();
    let main = others
        .iter()
        .copied()
        .max_by_key(|place| (pinned(&sides[*place]), sides[*place].asked, sides[*place].ready, Reverse(*place)));
    (0..sides.len())
        .map(|place| match (place == candidate, done) {
            (true, true) => Role::Stable,
            (true, false) => Role::Candidate,
            (false, true) => Role::Idle,
            (false, false) if Some(place) == main || serving(&sides[place]) => Role::Stable,
            (false, false) => Role::Idle,
        })
        .collect()
}

fn is(side: &Contender, name: &str) -> bool {
    side.names.iter().any(|own| &**own == name)
}

/// Which of two has the younger template: `Greater` means `a`.
fn younger(a: &Contender, b: &Contender, all: &[Contender]) -> Ordering {
    let (of_a, of_b) = (a.templated, b.templated);
    apart(of_a.images, of_b.images)
        .then_with(|| apart(of_a.template, of_b.template))
        .then_with(|| by_name(a).cmp(&by_name(b)))
        .then_with(|| soonest(of_a.template).cmp(&soonest(of_b.template)))
        .then_with(|| b.asked.cmp(&a.asked))
        .then_with(|| position(all, a).cmp(&position(all, b)))
}

fn position(all: &[Contender], side: &Contender) -> Option<usize> {
    all.iter().position(|it| it == side)
}

/// No time at all is just now.
fn soonest(at: Option<Timestamp>) -> Timestamp {
    at.unwrap_or(Timestamp::MAX)
}

fn apart(a: Option<Timestamp>, b: Option<Timestamp>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if a.duration_since(b).as_secs().abs() < TOGETHER => Ordering::Equal,
        (a, b) => soonest(a).cmp(&soonest(b)),
    }
}

/// What people call them: only asked where ages say nothing.
fn by_name(side: &Contender) -> i8 {
    const NEW: [&str; 5] = ["canary", "candidate", "new", "next", "preview"];
    const OLD: [&str; 5] = ["stable", "primary", "baseline", "old", "main"];
    let has =
        |words: &[&str]| side.names.iter().any(|name| name.split(['-', '.', '_']).any(|part| words.contains(&part)));
    match (has(&NEW), has(&OLD)) {
        (true, false) => 1,
        (false, true) => -1,
        (true, true) | (false, false) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::testing::ago;

    fn side(name: &str, images: i64, template: i64, asked: u8) -> Contender {
        let templated = Templated { images: Some(ago(images)), template: Some(ago(template)) };
        Contender { names: vec![name.into()], templated, asked: Some(asked), ready: 3 }
    }

    const STABLE_FIRST: [Role; 2] = [Role::Stable, Role::Candidate];

    #[test]
    fn the_younger_template_is_the_candidate_until_it_takes_everything() {
        let (old, new) = (side("a", 90_000, 90_000, 80), side("b", 900, 900, 20));
        assert_eq!(roles(&[old.clone(), new.clone()], None), STABLE_FIRST);
        assert_eq!(roles(&[new.clone(), old.clone()], None), [Role::Candidate, Role::Stable]);
        let (idle, done) = (Contender { asked: Some(0), ..old }, Contender { asked: Some(100), ..new });
        assert_eq!(roles(&[idle.clone(), done.clone()], None), [Role::Idle, Role::Stable]);
        let next = Contender { templated: side("a", 60, 60, 0).templated, ..idle };
        assert_eq!(
            roles(&[next, done], None),
            [Role::Candidate, Role::Stable],
            "the next release starts the other way"
        );
    }

    #[test]
    fn a_mark_that_names_the_stable_side_wins_and_a_wrong_one_does_not_count() {
        let sides = [side("a", 90_000, 90_000, 0), side("b", 900, 900, 100)];
        assert_eq!(roles(&sides, Some("b")), [Role::Candidate, Role::Stable]);
        assert_eq!(roles(&sides, Some("a")), STABLE_FIRST);
        assert_eq!(roles(&sides, Some("c")), [Role::Idle, Role::Stable]);
    }

    #[test]
    fn a_restart_of_the_stable_side_makes_no_candidate_of_it() {
        assert_eq!(roles(&[side("a", 90_000, 60, 80), side("b", 5_000, 5_000, 20)], None), STABLE_FIRST);
        assert_eq!(roles(&[side("a", 90_000, 60_000, 80), side("b", 90_000, 60, 20)], None), STABLE_FIRST);
    }

    #[test]
    fn templates_applied_together_are_told_apart_by_their_names() {
        let (stable, canary) = (side("web-stable", 100, 100, 50), side("web-canary", 101, 101, 50));
        assert_eq!(roles(&[stable.clone(), canary.clone()], None), STABLE_FIRST);
        assert_eq!(roles(&[canary, stable], None), [Role::Candidate, Role::Stable]);
    }

    #[test]
    fn of_three_sides_one_is_the_candidate_and_those_that_serve_are_stable() {
        let sides = [side("a", 90_000, 90_000, 0), side("b", 80_000, 80_000, 90), side("c", 500, 500, 10)];
        assert_eq!(roles(&sides, None), [Role::Idle, Role::Stable, Role::Candidate]);
        assert_eq!(roles(&sides[..1], None), [Role::Stable]);
    }
}
