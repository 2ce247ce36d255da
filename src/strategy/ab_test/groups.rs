//! The groups of an A/B test, their rules and their versions.

use crate::domain::release::Role;
use crate::domain::said::{ABORT, PROMOTE};
use crate::domain::traffic::view::Group;
use crate::domain::{Release, State, Str};
use crate::strategy::routes::reading::Reading;
use crate::strategy::routes::shape::{picks_users, takes_the_rest};
use crate::strategy::workload::words::clip;
use std::sync::Arc;

/// The groups in the order of their rules: those that are picked out, and everyone else.
pub fn groups(reading: &Reading) -> Vec<Group> {
    let route = &reading.route;
    let picked = |rule: &_| picks_users(rule);
    let in_test = route.rules.iter().zip(&reading.rules).filter(|(rule, _)| {
        picked(rule) || route.rules.iter().any(|group| picked(group) && takes_the_rest(rule, group))
    });
    let mut letter = 'A';
    let mut groups: Vec<Group> = Vec::new();
    for (rule, split) in in_test {
        let role = split.shares.first().and_then(|share| share.role);
        let part = reading.parts.iter().find(|(own, ..)| Some(*own) == role);
        let version = match (part, split.shares.first()) {
            (Some((_, _, part)), _) => part.version(),
            (None, Some(share)) => share.to.clone(),
            (None, None) => "?".into(),
        };
        let who = if split.requests.is_empty() { "everyone else".into() } else { split.requests.clone() };
        let name = rule.name.clone().unwrap_or_else(|| format!("group {letter}").into());
        letter = char::from_u32(u32::from(letter) + 1).filter(char::is_ascii_uppercase).unwrap_or('Z');
        let rule_ref = (route.meta.key.clone(), rule.pointer.clone());
        groups.push(Group { name, who, matches: rule.matches.clone(), role, version, rule: rule_ref });
    }
    groups
}

/// Puts the groups into the release, and what the test says of itself where nothing is wrong.
pub fn tell(release: &mut Release, groups: Vec<Group>) {
    let decided = groups.windows(2).all(|pair| pair[0].role == pair[1].role);
    if release.state == State::Healthy {
        release.reason = sentence(&groups, decided).into();
        release.remedy = if decided {
            "".into()
        } else {
            format!("{ABORT} ends the test, {PROMOTE} gives everyone the new version.").into()
        };
    }
    if let Some(traffic) = &mut release.traffic {
        let traffic = Arc::make_mut(traffic);
        traffic.groups = groups;
    }
}

fn sentence(groups: &[Group], decided: bool) -> String {
    match groups.first() {
        Some(first) if decided => format!("Everyone gets {}: the test is over.", first.version),
        _ => {
            let told: Vec<String> =
                groups.iter().take(3).map(|group| format!("{} gets {}", clip(&group.who, 60), group.version)).collect();
            format!("{}.", told.join("; "))
        }
    }
}

/// The role of the version that wins: named by its group, version, workload or track, else the candidate.
pub fn winner(release: &Release, name: Option<&str>) -> Result<Role, String> {
    let Some(traffic) = &release.traffic else { return Err("its rules are not read yet".to_owned()) };
    let Some(name) = name else {
        return match release.track(Role::Candidate) {
            Some(_) => Ok(Role::Candidate),
            None => Err("no group has another version than everyone else".to_owned()),
        };
    };
    let by_group = traffic.groups.iter().find(|group| &*group.name == name).and_then(|group| group.role);
    let by_side = || traffic.side_called(name).map(|side| side.role);
    let by_version = || {
        let mut named = release.tracks.iter().filter(|track| &*track.version == name || track.role.word() == name);
        named.next().filter(|_| named.next().is_none()).map(|track| track.role)
    };
    by_group.or_else(by_side).or_else(by_version).ok_or_else(|| {
        let known: Vec<Str> = traffic.groups.iter().map(|group| group.name.clone()).collect();
        format!("it has no group or version '{}'; its groups are {}", clip(name, 60), known.join(", "))
    })
}
