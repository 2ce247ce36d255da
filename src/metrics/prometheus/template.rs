//! Own queries: their variables filled in for one track.

use crate::metrics::lanes::{Lane, Lanes};
use jiff::SignedDuration;

/// Fills `{{ name }}` in; the names are those of `config`'s list of variables, and others are left as they are.
pub fn fill(query: &str, lanes: &Lanes, lane: &Lane, release: &str, window: SignedDuration) -> String {
    let mut filled = String::with_capacity(query.len());
    let mut rest = query;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        filled.push_str(before);
        match value(name.trim(), lanes, lane, release, window) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn value(name: &str, lanes: &Lanes, lane: &Lane, release: &str, window: SignedDuration) -> Option<String> {
    Some(match name {
        "namespace" => lanes.namespace.to_string(),
        "release" => release.to_owned(),
        "track" => lane.name.to_string(),
        "workload" | "target" => lane.workload.to_string(),
        // A regular expression, for `pod=~"{{pods}}"`; without any pod one that matches none.
        "pods" => match &lane.prefix {
            Some(prefix) => format!("{prefix}.+"),
            None if lane.ready.is_empty() => "none".to_owned(),
            None => lane.ready.join("|"),
        },
        "interval" => format!("{}s", window.as_secs()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::strategy::testing::shop::Shop;

    #[test]
    fn variables_are_filled_in_for_a_track_and_the_rest_is_left_alone() {
        let shop = Shop::default().deployment("web", &[("app", "web")], "v1", (2, 9_000));
        let release = shop.release(Kind::Deployment, "web");
        let lanes = Lanes::of(&release);
        let minute = SignedDuration::from_mins(1);
        let filled = |query: &str| fill(query, &lanes, &lanes.tracks[0], "web", minute);
        assert_eq!(
            filled(r#"sum(rate(x{ns="{{namespace}}",w="{{ workload }}"}[{{interval}}]))"#),
            r#"sum(rate(x{ns="shop",w="web"}[60s]))"#
        );
        assert_eq!(filled("{{track}} of {{release}}"), format!("{} of web", lanes.tracks[0].name));
        assert_eq!(filled("x{a='b'} {{other}} {{"), "x{a='b'} {{other}} {{");
        assert!(filled("{{pods}}").starts_with("web-"), "{}", filled("{{pods}}"));
    }
}
