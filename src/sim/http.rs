//! The Kubernetes API over the simulated cluster: one request in, one answer out.

mod answer;
mod change;
mod discovery;
mod logs;
mod merge;
mod patch;
mod protobuf;
mod proxy;
mod read;
mod review;
mod route;
mod scale;
mod table;
mod watch;

use super::SimCluster;
use super::access::Access;
use super::faults::Effect;
use super::log::Request as Logged;
use super::refusal::Refusal;
use super::world::World;
use answer::Answer;
pub use answer::SimBody;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use route::{Query, Route, Target};
use std::io;
use std::time::Duration;

/// A request, taken apart.
#[derive(Debug)]
struct Call {
    /// The path with its query, as faults and the log see it.
    path: String,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
    access: Access,
    is_patch: bool,
    /// The fault that this request met.
    effect: Option<Effect>,
}

impl Call {
    fn is_spoiled(&self) -> bool {
        self.effect == Some(Effect::Malformed)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The field manager: as asked for, else the first part of the User-Agent.
    fn manager(&self) -> Result<String, Refusal> {
        let asked = self.query.get("fieldManager").unwrap_or_default();
        if asked.len() > 128 {
            return Err(Refusal::manager_too_long());
        }
        let agent = self.header("user-agent").split('/').next().unwrap_or_default();
        let named = [asked, agent, "unknown"].into_iter().find(|name| !name.is_empty());
        Ok(named.unwrap_or_default().to_owned())
    }

    fn is_dry_run(&self) -> bool {
        self.query.get("dryRun") == Some("All")
    }
}

/// Answers one request. An error is a connection that was cut.
pub async fn handle(sim: SimCluster, request: Request<Bytes>) -> io::Result<Response<SimBody>> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let route = sim.with(|world| {
        world.catch_up();
        route::route(&world.store, parts.uri.path())
    });
    let verb = route.verb(&parts.method, &query);
    sim.link_is_up().await?;
    let effect = sim.with(|world| {
        let now = world.now();
        world.faults.meet(verb, &path, now)
    });
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let access = sim.with(|world| {
        world.accounts.identify(header("authorization").as_deref(), header("impersonate-user").as_deref())
    });
    let user = access.as_ref().map_or_else(|| "anonymous".to_owned(), |access| access.user.clone());
    let mut logged = Logged {
        time: sim.now(),
        verb: verb.to_owned(),
        method: parts.method.to_string(),
        path: path.clone(),
        user,
        code: 0,
        agent: header("user-agent").unwrap_or_default(),
    };
    let answer = match (effect.clone(), access) {
        (Some(Effect::Reset), _) => {
            sim.with(|world| world.log.note(logged));
            return Err(cut());
        }
        (Some(Effect::Stall), _) if verb != "watch" => {
            sim.with(|world| world.log.note(logged));
            return std::future::pending().await;
        }
        (Some(Effect::Status { code, retry_after }), _) if !(verb == "watch" && code == 410) => {
            Answer::refusal(&Refusal { retry_after, ..Refusal::of_code(code) })
        }
        (Some(Effect::Status { .. }), _) => Answer::expired_watch(),
        (_, None) => Answer::refusal(&Refusal::unauthorized()),
        (effect, Some(access)) => {
            if let Some(Effect::Slow(delay)) = effect {
                tokio::time::sleep(delay).await;
            }
            let is_patch = parts.method == "PATCH";
            let call = Call { is_patch, path, query, headers: parts.headers, body, access, effect };
            dispatch(&sim, &call, &route, verb).unwrap_or_else(|refusal| Answer::refusal(&refusal))
        }
    };
    logged.code = answer.code();
    sim.with(|world| world.log.note(logged));
    sim.wake();
    if effect == Some(Effect::LostAnswer) {
        return Err(cut());
    }
    let ahead = if let Some(Effect::Ahead(ahead)) = effect { ahead } else { Duration::ZERO };
    Ok(answer.dated(sim.now() + ahead).into_response())
}

/// A connection that the other side reset.
pub fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection was reset by the simulated API server")
}

fn dispatch(sim: &SimCluster, call: &Call, route: &Route, verb: &str) -> Result<Answer, Refusal> {
    let target = match route {
        Route::Discovery(what) => return sim.with(|world| discovery::answer(&world.store, what)),
        Route::Review(kind) => return review::answer(call, kind),
        Route::Unknown => return Err(Refusal::no_such_path()),
        Route::Object(target) => target,
    };
    sim.with(|world| authorise(world, call, target, verb))?;
    match (target.sub.as_str(), verb) {
        ("", "watch") => watch::answer(sim, call, target),
        ("log", "get") if target.is_pod() => logs::answer(sim, call, target),
        ("proxy", _) => sim.with(|world| proxy::answer(world, call, target)),
        ("scale", _) => sim.with(|world| scale::answer(world, call, target, verb)),
        ("" | "status", _) => sim.with(|world| stored(world, call, target, verb)),
        _ => Err(Refusal::no_such_path()),
    }
}

fn stored(world: &mut World, call: &Call, target: &Target, verb: &str) -> Result<Answer, Refusal> {
    let kind = world.store.kind(target.kind).clone();
    if target.sub == "status" && !kind.has_status() {
        return Err(Refusal::no_such_path());
    }
    match verb {
        "get" => read::get(world, call, target),
        "list" => read::list(world, call, target),
        "create" if target.sub.is_empty() && target.name.is_empty() => change::create(world, call, target),
        "update" => change::update(world, call, target),
        "patch" => patch::answer(world, call, target),
        "delete" if target.sub.is_empty() => change::delete(world, call, target),
        "deletecollection" => change::delete_all(world, call, target),
        _ => Err(Refusal::method()),
    }
}

fn authorise(world: &World, call: &Call, target: &Target, verb: &str) -> Result<(), Refusal> {
    let kind = world.store.kind(target.kind);
    if call.access.allows(verb, &kind.plural, &target.sub, &target.namespace) {
        return Ok(());
    }
    let why = call.access.refusal(verb, kind, &target.sub, &target.namespace);
    Err(Refusal::forbidden(kind, &target.name, &why))
}
