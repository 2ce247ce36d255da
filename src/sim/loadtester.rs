//! Flagger's load tester, as far as its gates go: kept in memory, one a Canary, closed at first.

use super::json::Json;
use super::object::Id;
use super::world::World;
use serde_json::Value;

/// The Service that answers as a load tester.
pub const SERVICE: &str = "flagger-loadtester";

/// What a webhook with this URL is told about a Canary. A URL that is no gate says yes, as a load test does.
pub fn says_yes(world: &World, canary: &Id, url: &str) -> bool {
    let key = format!("{}.{}", canary.name, canary.namespace);
    if url.ends_with("/gate/halt") {
        return false;
    }
    if url.ends_with("/rollback/check") {
        return world.gates.contains(&format!("rollback.{key}"));
    }
    !url.ends_with("/gate/check") || world.gates.contains(&key)
}

/// Answers a request to the load tester: the status, or `None` for a path that is none of its gates'.
pub fn answer(world: &mut World, path: &str, body: &[u8]) -> Option<u16> {
    let (prefix, verb) = match path {
        "gate/open" | "gate/close" | "gate/check" => ("", path.rsplit('/').next()?),
        "rollback/open" | "rollback/close" | "rollback/check" => ("rollback.", path.rsplit('/').next()?),
        "gate/approve" => return Some(200),
        "gate/halt" => return Some(403),
        _ => return None,
    };
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Some(400) };
    let key = format!("{prefix}{}.{}", body.text("/name"), body.text("/namespace"));
    Some(match verb {
        "open" => {
            world.gates.insert(key);
            202
        }
        "close" => {
            world.gates.remove(&key);
            202
        }
        _ if world.gates.contains(&key) => 200,
        _ => 403,
    })
}
