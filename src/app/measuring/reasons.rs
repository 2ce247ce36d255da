//! What the measurements say of a release's health.

use super::{Limits, over, slow};
use crate::domain::Timestamp;
use crate::domain::measurement::{Measured, Reading};
use crate::domain::release::{Health, HealthReason, Release, Role};
use crate::domain::state::Verdict;
use crate::domain::text::count;

/// So many bad answers of the health endpoint in a row are bad; fewer deserve a look.
const FAILING: usize = 3;

/// Verdict and reasons of the release, with what is measured among them, the weightiest first.
pub fn health(
    release: &Release,
    measured: Option<&Measured>,
    limits: Limits,
    now: Timestamp,
) -> (Verdict, Vec<HealthReason>) {
    let Health { verdict, reasons: told } = release.judged();
    let Some(measured) = measured else { return (verdict, told) };
    let own = reasons(release, measured, limits, now);
    // That old numbers say nothing makes no healthy release an unknown one.
    let worst =
        own.iter().map(|reason| reason.verdict).filter(|verdict| matches!(verdict, Verdict::Bad | Verdict::Warn));
    let verdict = worst.chain([verdict]).min_by_key(|verdict| verdict.rank()).unwrap_or(verdict);
    (verdict, Health::of(own.into_iter().chain(told).collect()).reasons)
}

fn reasons(release: &Release, measured: &Measured, limits: Limits, now: Timestamp) -> Vec<HealthReason> {
    let mut reasons = Vec::new();
    let mut say = |verdict, text: String| reasons.push(HealthReason { verdict, text: text.into() });
    if let Some(why) = measured.health.as_ref().and_then(|check| check.trouble.as_ref()) {
        say(Verdict::Unknown, why.trim_end_matches('.').to_owned());
    }
    if let Some(check) = &measured.health
        && let Some(last) = check.ticks.last()
    {
        let said = &last.said;
        match check.failing() {
            0 => {}
            1 => say(Verdict::Warn, format!("the health endpoint answered {said}")),
            failing => {
                let verdict = if failing >= FAILING { Verdict::Bad } else { Verdict::Warn };
                say(verdict, format!("the health endpoint failed {failing} times in a row, last with {said}"));
            }
        }
    }
    if measured.at.is_none() {
        return reasons;
    }
    if measured.stale(now) {
        let age = measured.age(now).map(crate::domain::Age::words).unwrap_or_default();
        say(Verdict::Unknown, format!("the measurements are {age} old and judge nothing"));
        return reasons;
    }
    let mut well = None;
    for track in measured.tracks.iter().filter(|track| track.role != Role::Idle) {
        let whose = if measured.tracks.len() > 1 {
            format!("of the {}'s requests", track.role.word())
        } else {
            "of the requests".to_owned()
        };
        let percent = |share: f64| format!("{} %", trimmed(share * 100.0));
        let rests = track.samples.map_or_else(String::new, |samples| format!(", {}", count(samples, "request")));
        if let (true, Some(errors), Some(limit)) = (over(track, limits), track.errors.value(), limits.errors) {
            say(Verdict::Bad, format!("{} {whose} fail (limit {}{rests})", percent(errors), percent(limit)));
        } else if let (Some(errors), Some(limit)) = (track.errors.value(), limits.errors) {
            well = Some(well.map_or(errors, |worst: f64| worst.max(errors))).filter(|worst| *worst <= limit);
        }
        if let (true, Some(p99), Some(limit)) = (slow(track, limits), track.p99.value(), limits.p99) {
            let millis = |seconds: f64| format!("{} ms", trimmed(seconds * 1_000.0));
            say(Verdict::Bad, format!("p99 {whose} is {} (limit {})", millis(p99), millis(limit)));
        }
        let share = release.tracks.iter().find(|known| known.name == track.name).and_then(|known| known.weight.asked);
        if let (Reading::NoTraffic, Some(share @ 1..)) = (&track.errors, share) {
            let role = track.role.word();
            say(Verdict::Warn, format!("no request reaches the {role}, although {share} % of the traffic shall"));
        }
    }
    if let (Some(worst), true, Some(limit)) = (well, reasons.is_empty(), limits.errors) {
        let text =
            format!("at most {} % of the requests fail (limit {} %)", trimmed(worst * 100.0), trimmed(limit * 100.0));
        reasons.push(HealthReason { verdict: Verdict::Ok, text: text.into() });
    }
    reasons
}

/// A number with what matters of its decimals.
fn trimmed(number: f64) -> String {
    let text = match number.abs() {
        ..0.995 => format!("{number:.2}"),
        ..9.95 => format!("{number:.1}"),
        ..1e9 => format!("{number:.0}"),
        _ => format!("{number:.0e}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
