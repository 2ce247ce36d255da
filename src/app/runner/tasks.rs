//! One task an effect: each asks, and tells the console what came of it.

use super::link::Lazy;
use super::{News, answers, say};
use crate::action::guard::{GuardNews, GuardOptions, HOLDS};
use crate::action::journal::Unfinished;
use crate::action::{Consent, Engine, Journal, Progress};
use crate::app::effect::{Ask, LogsWanted, Terms};
use crate::app::guards::{Acts, GuardTerms};
use crate::app::journal::Journal as Shown;
use crate::app::layers::logs::Line;
use crate::app::layers::plan::READ_LIMIT;
use crate::app::messages::Level;
use crate::app::msg::{Msg, WriteNews};
use crate::cluster::{Cluster, EventsMsg, LogMsg, LogRequest};
use crate::config::Config;
use crate::domain::intent::ReleaseId;
use crate::domain::outcome::OutcomeKind;
use crate::domain::plan::PlanId;
use crate::domain::text::count;
use crate::domain::{Kind, ObjectKey, Outcome, Plan, Release, Str};
use crate::notify::Notifier;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How many lines of logs are told at once.
const BATCH: usize = 500;

/// Reads the raw objects of a release; tells after two seconds that there is no answer yet.
pub(super) async fn details(cluster: Cluster, release: Arc<Release>, out: mpsc::Sender<News>) {
    let mut read = Box::pin(cluster.details(&release));
    let answer = match tokio::time::timeout(READ_LIMIT, &mut read).await {
        Ok(answer) => answer,
        Err(_) => {
            say(&out, Msg::DetailsLate(release.uid.clone())).await;
            read.await
        }
    };
    let answer = answer.map(Arc::new).map_err(|error| Str::from(error.to_string()));
    say(&out, Msg::Details(release.uid.clone(), answer)).await;
}

/// Asks what we may do with a release.
pub(super) async fn rights(engine: Arc<Lazy>, release: Arc<Release>, out: mpsc::Sender<News>) {
    let id = ReleaseId { key: release.key.clone(), uid: release.uid.clone() };
    let rights = engine.get().await.rights(&id).await;
    say(&out, Msg::Rights(release.uid.clone(), answers::rights(&rights, &release.key))).await;
}

/// Follows the cluster's events about a release.
pub(super) async fn events(cluster: Cluster, release: Arc<Release>, out: mpsc::Sender<News>) {
    let mut messages = cluster.events(&release);
    let mut known: Vec<crate::cluster::ClusterEvent> = Vec::new();
    while let Some(message) = messages.recv().await {
        let answer = match message {
            EventsMsg::All(events) => {
                known = events;
                Ok(answers::events(&known))
            }
            EventsMsg::One(event) => {
                known.retain(|other| other.name != event.name);
                known.push(event);
                Ok(answers::events(&known))
            }
            EventsMsg::Failing(why) if known.is_empty() => Err(why),
            // What was told stays; the connection is shown in the header.
            EventsMsg::Failing(_) => continue,
        };
        say(&out, Msg::Events(release.uid.clone(), answer)).await;
    }
}

/// Asks for the server's dry run; tells after three seconds that there is no answer yet.
pub(super) async fn preview(engine: Arc<Lazy>, ask: Ask, out: mpsc::Sender<News>) {
    let mut previews = engine.get().await.previews(ask.plan);
    while let Some(preview) = previews.recv().await {
        say(&out, Msg::Preview(ask.number, answers::preview(preview))).await;
    }
}

/// Looks up what the new template needs.
pub(super) async fn needs(engine: Arc<Lazy>, ask: Ask, out: mpsc::Sender<News>) {
    let found = engine.get().await.needs(&ask.plan).await;
    say(&out, Msg::Needs(ask.number, found.into_iter().map(answers::need).collect())).await;
}

/// Runs a preview check.
pub(super) async fn check(cluster: Cluster, ask: Ask, (check, side): (Str, Str), out: mpsc::Sender<News>) {
    let answer = cluster.preview_check(&check, &ask.plan.release.key, &side).await;
    say(&out, Msg::Checked(ask.number, answer)).await;
}

/// Reads the policies of those who manage the release.
pub(super) async fn managers(engine: Arc<Lazy>, ask: Ask, out: mpsc::Sender<News>) {
    let managers = engine.get().await.managers(&ask.plan).await;
    say(&out, Msg::Managers(ask.number, managers)).await;
}

/// Applies a confirmed plan and tells how it goes, to its end and beyond: who reverted it.
pub(super) async fn apply(engine: Arc<Lazy>, plan: Arc<Plan>, terms: Terms, out: mpsc::Sender<News>) {
    let id = plan.id.clone();
    let mut news = engine.get().await.apply(plan, answers::consent(terms));
    while let Some(progress) = news.recv().await {
        say(&out, Msg::Write(id.clone(), answers::write(progress))).await;
    }
}

/// Reads the journal; on a thread of its own, since a disk may be slow.
pub(super) async fn journal(journal: Journal, out: mpsc::Sender<News>) {
    let read = move || {
        let entries = journal.entries()?;
        let (inverses, left_by_undo, switched) = journal.memory(crate::action::journal::memory::Memory::of_all);
        std::io::Result::Ok(Box::new(Shown { entries, inverses, left_by_undo, switched }))
    };
    let answer = match tokio::task::spawn_blocking(read).await {
        Ok(Ok(journal)) => Ok(journal),
        Ok(Err(error)) => Err(Str::from(error.to_string())),
        Err(error) => Err(Str::from(error.to_string())),
    };
    say(&out, Msg::Journal(answer)).await;
}

/// Looks for plans that were interrupted.
pub(super) async fn interrupted(engine: &Engine, out: &mpsc::Sender<News>) {
    let engine = engine.clone();
    if let Ok(Ok(plans)) = tokio::task::spawn_blocking(move || engine.unfinished()).await
        && !plans.is_empty()
    {
        say(out, Msg::Interrupted(plans)).await;
    }
}

/// Sends what is still missing of an interrupted plan; its news are messages, since no dialog shows it.
pub(super) async fn go_on(engine: Arc<Lazy>, plan: Unfinished, out: mpsc::Sender<News>) {
    let title = plan.record.title.clone();
    let mut news = match engine.get().await.go_on(&plan, Consent::default()) {
        Ok(news) => news,
        Err(refusal) => {
            say(&out, Msg::Say(Level::Error, refusal.reason.clone())).await;
            let outcome = Outcome::new(OutcomeKind::Refused, refusal.reason);
            return say(&out, Msg::Write(plan.plan, WriteNews::Ended(outcome))).await;
        }
    };
    while let Some(progress) = news.recv().await {
        say(&out, Msg::Write(plan.plan.clone(), answers::write(progress.clone()))).await;
        let (level, text) = match progress {
            Progress::Done(outcome) => {
                let level = if outcome.kind.exit_code() == 0 { Level::Warning } else { Level::Error };
                (level, format!("{title}: {} ({})", outcome.kind, outcome.reason))
            }
            Progress::RevertedBy(who) => (Level::Alarm, format!("{who} took back {title}")),
            _ => continue,
        };
        say(&out, Msg::Say(level, text.into())).await;
    }
}

/// Closes an interrupted plan as it was found.
pub(super) async fn leave(engine: Arc<Lazy>, plan: Unfinished, out: mpsc::Sender<News>) {
    if let Err(error) = engine.get().await.leave(&plan).await {
        say(&out, Msg::Say(Level::Error, error.to_string().into())).await;
    }
}

/// Closes an interrupted plan that another one took back.
pub(super) async fn taken_back(engine: Arc<Lazy>, plan: Unfinished, by: PlanId, out: mpsc::Sender<News>) {
    if let Err(error) = engine.get().await.taken_back(&plan, &by).await {
        say(&out, Msg::Say(Level::Error, error.to_string().into())).await;
    }
}

/// Follows logs, told in batches so that a burst is drawn once.
pub(super) async fn logs(cluster: Cluster, wanted: LogsWanted, out: mpsc::Sender<News>) {
    let namespace = &wanted.release.key.namespace;
    let request = LogRequest {
        pods: wanted.pods.iter().map(|pod| ObjectKey::new(Kind::Pod, namespace.clone(), pod.clone())).collect(),
        follow: wanted.follow,
        tail: Some(wanted.tail),
        previous: wanted.previous,
        ..LogRequest::default()
    };
    let mut messages = cluster.logs(&request);
    let mut batch = Vec::new();
    let mut ends: Vec<(Str, Str)> = Vec::new();
    loop {
        let read = messages.recv_many(&mut batch, BATCH).await;
        let mut lines = Vec::with_capacity(read);
        for message in batch.drain(..) {
            match message {
                LogMsg::Line(line) => lines.push(Line { pod: line.pod, container: line.container, text: line.text }),
                LogMsg::Ended { pod, why: Some(why) } => ends.push((pod, why)),
                LogMsg::Ended { .. } => {}
            }
        }
        if !lines.is_empty() {
            say(&out, Msg::Logs(wanted.number, lines)).await;
        }
        if read == 0 {
            break;
        }
    }
    say(&out, Msg::LogsEnded(wanted.number, why_ended(&ends).into())).await;
}

/// A sentence of the server without its full stop: others may follow.
fn without_stop(why: &str) -> &str {
    why.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(why)
}

/// Why logs ended, in a sentence: pods of one revision mostly end for one reason, which is told once.
fn why_ended(ends: &[(Str, Str)]) -> String {
    let mut causes: Vec<(String, Vec<(&Str, &Str)>)> = Vec::new();
    for (pod, why) in ends {
        // The server names the pod in its sentence, too.
        let cause =
            without_stop(why).replace(&format!(" in pod \"{pod}\""), "").replace(&format!("pod/{pod}"), "each pod");
        match causes.iter_mut().find(|(known, _)| *known == cause) {
            Some((_, ends)) => ends.push((pod, why)),
            None => causes.push((cause, vec![(pod, why)])),
        }
    }
    let said = causes.iter().map(|(cause, ends)| match ends.as_slice() {
        [(pod, why)] => format!("{pod}: {}", without_stop(why)),
        ends => format!("{}: {cause}", count(ends.len(), "pod")),
    });
    said.collect::<Vec<_>>().join("; ")
}

/// Reads one object for its YAML.
pub(super) async fn yaml(cluster: Cluster, key: ObjectKey, out: mpsc::Sender<News>) {
    let answer = cluster.read(&key).await.map_err(|error| Str::from(error.to_string()));
    say(&out, Msg::Yaml(key, answer)).await;
}

/// How often a guard of the console looks.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// Guards a release, and tells what it sees; it ends with this task.
pub(super) async fn guard(
    engine: Arc<Lazy>,
    config: Arc<Config>,
    (release, terms): (ReleaseId, GuardTerms),
    out: mpsc::Sender<News>,
) {
    let uid = release.uid.clone();
    let tell = |news: GuardNews| say(&out, Msg::Guard(uid.clone(), Box::new(news)));
    let settings = &config.guard;
    let variable = |name: &str| std::env::var(name).ok();
    let notifier = match Notifier::new(&settings.notify, &config.notify, &variable) {
        Ok(notifier) => notifier,
        Err(unusable) => {
            // It guards all the same: that is what matters.
            say(&out, Msg::Say(Level::Error, format!("this guard tells nobody: {unusable}").into())).await;
            Notifier::default()
        }
    };
    let (snapshots, measurements) = engine.seen();
    let options = GuardOptions {
        release,
        rules: terms.rules,
        watch: terms.watch,
        on_breach: terms.on_breach,
        asks: terms.acts == Acts::Asks,
        step_when_ok: terms.acts == Acts::Steps,
        every: LOOK_EVERY,
        measurements,
        snapshots,
        notifier,
        reason: "armed in the console".into(),
        word: false,
        name: None,
        lanes: None,
        overrides: Vec::new(),
        holds: HOLDS,
    };
    let mut news = engine.get().await.guard(options);
    while let Some(told) = news.recv().await {
        tell(told).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_whose_logs_end_for_one_reason_tell_it_once() {
        let end = |pod: &str| {
            let why = format!("container \"app\" in pod \"{pod}\" is waiting to start: image can't be pulled");
            (Str::from(pod), Str::from(why))
        };
        let ends: Vec<_> = (0..9).map(|number| end(&format!("web-{number}"))).collect();
        assert_eq!(why_ended(&ends), "9 pods: container \"app\" is waiting to start: image can't be pulled");
        let other = (Str::from("db-0"), Str::from("gone"));
        assert_eq!(why_ended(&[other]), "db-0: gone");
        let [one, two] = ["a", "b"].map(|pod| (Str::from(pod), Str::from(format!("pods \"{pod}\" not found."))));
        assert_eq!(why_ended(&[one, two]), "a: pods \"a\" not found; b: pods \"b\" not found");
    }
}
