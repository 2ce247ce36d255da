//! Flagger's webhooks: the places where a person, or a check, is asked.

use crate::domain::{Kind, ObjectKey, Str};

/// An entry of `spec.analysis.webhooks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub name: Str,
    /// When it is asked.
    pub kind: HookKind,
    /// What is asked.
    pub url: Str,
    /// `timeout`, as written.
    pub timeout: Option<Str>,
    /// `metadata.cmd`, where there is one (load tests and acceptance tests).
    pub command: Option<Str>,
}

/// When a webhook is asked (`type`; absent: `rollout`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookKind {
    /// Before the canary is scaled up; a refusal holds.
    ConfirmRollout,
    /// Before the first step; a refusal is a failed check.
    PreRollout,
    /// At every check; a refusal is a failed check.
    Rollout,
    /// Before every weight, the first one too; a refusal holds.
    ConfirmTrafficIncrease,
    /// Before the promotion; a refusal holds.
    ConfirmPromotion,
    /// After the end.
    PostRollout,
    /// While it runs: a pass rolls back.
    Rollback,
    /// Told of every event.
    Event,
    /// A type that the console does not know.
    Other(Str),
}

impl HookKind {
    /// From the word in the object.
    pub fn of(word: &str) -> Self {
        match word {
            "" | "rollout" => Self::Rollout,
            "confirm-rollout" => Self::ConfirmRollout,
            "pre-rollout" => Self::PreRollout,
            "confirm-traffic-increase" => Self::ConfirmTrafficIncrease,
            "confirm-promotion" => Self::ConfirmPromotion,
            "post-rollout" => Self::PostRollout,
            "rollback" => Self::Rollback,
            "event" => Self::Event,
            other => Self::Other(other.into()),
        }
    }

    /// The word in the object.
    pub fn word(&self) -> &str {
        match self {
            Self::Rollout => "rollout",
            Self::ConfirmRollout => "confirm-rollout",
            Self::PreRollout => "pre-rollout",
            Self::ConfirmTrafficIncrease => "confirm-traffic-increase",
            Self::ConfirmPromotion => "confirm-promotion",
            Self::PostRollout => "post-rollout",
            Self::Rollback => "rollback",
            Self::Event => "event",
            Self::Other(word) => word,
        }
    }

    /// Whether a refusal holds the run instead of failing it.
    pub const fn holds(&self) -> bool {
        matches!(self, Self::ConfirmRollout | Self::ConfirmTrafficIncrease | Self::ConfirmPromotion)
    }
}

/// A gate of Flagger's load tester, reached through the API server's Service proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The load tester's Service.
    pub service: ObjectKey,
    /// `http` or `https`.
    pub scheme: Str,
    /// The port's number or name.
    pub port: Str,
    /// The path without its last part: `/gate`, `/rollback`; `open`, `close` and `check` are below it.
    pub path: Str,
}

impl Webhook {
    /// The gate that it asks: its URL ends in `/gate/check` or `/rollback/check` and names a Service of the cluster
    /// (`loadtester`, `loadtester.test`, `loadtester.test.svc.cluster.local`), for a Canary in `namespace`.
    pub fn gate(&self, namespace: &Str) -> Option<Gate> {
        let (scheme, rest) = self.url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/')?);
        let path = path.split(['?', '#']).next()?.strip_suffix("/check")?;
        if !path.ends_with("/gate") && !path.ends_with("/rollback") || !matches!(scheme, "http" | "https") {
            return None;
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None => (authority, if scheme == "https" { "443" } else { "80" }),
        };
        if authority.contains(['@', '[']) {
            return None;
        }
        let service = super::route::service_of_host(host, namespace).filter(|key| key.kind == Kind::Service)?;
        Some(Gate { service, scheme: scheme.into(), port: port.into(), path: path.into() })
    }

    /// Whether it never passes (`/gate/halt`) whatever is opened.
    pub fn never_passes(&self) -> bool {
        self.url.ends_with("/gate/halt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(url: &str) -> Webhook {
        Webhook {
            name: "gate".into(),
            kind: HookKind::ConfirmTrafficIncrease,
            url: url.into(),
            timeout: None,
            command: None,
        }
    }

    #[test]
    fn a_gate_is_known_by_its_path_and_its_service() {
        let gate = hook("http://flagger-loadtester.test/gate/check").gate(&"shop".into()).expect("a gate");
        assert_eq!(gate.service, ObjectKey::new(Kind::Service, "test", "flagger-loadtester"));
        assert_eq!((&*gate.scheme, &*gate.port, &*gate.path), ("http", "80", "/gate"));
        let back = hook("http://tester:8080/x/rollback/check").gate(&"shop".into()).expect("a gate");
        assert_eq!(
            (back.service.qualified().as_str(), &*back.port, &*back.path),
            ("shop/tester", "8080", "/x/rollback")
        );
        for url in [
            "http://flagger-loadtester.test/",
            "http://flagger-loadtester.test/gate/halt",
            "https://ci.example.com/gate/check",
            "http://10.0.0.1:80/gate/check",
            "http://user:pw@tester/gate/check",
            "tester/gate/check",
            "",
        ] {
            assert_eq!(hook(url).gate(&"shop".into()), None, "{url}");
        }
        assert!(hook("http://t/gate/halt").never_passes());
    }

    #[test]
    fn a_hook_without_a_type_is_asked_at_every_check() {
        assert_eq!(HookKind::of(""), HookKind::Rollout);
        for word in ["rollback", "confirm-promotion", "event", "new-one"] {
            assert_eq!(HookKind::of(word).word(), word);
        }
        assert!(HookKind::of("confirm-rollout").holds() && !HookKind::of("pre-rollout").holds());
    }
}
