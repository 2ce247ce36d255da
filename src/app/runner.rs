//! Turns effects into tasks over the cluster and the engine. One task a purpose: a newer one takes the older one's
//! place, and leaving what it was for stops it. A write is never stopped.

mod answers;
mod link;
mod tasks;
#[cfg(test)]
mod tests;

pub use link::Home;

use super::effect::{Effect, Purpose};
use super::messages::Level;
use super::model::Model;
use super::msg::Msg;
use super::session::Session;
use crate::cluster::{Clock, Cluster, NamespaceScope};
use crate::domain::{Str, Uid};
use crate::metrics::Focus;
use link::Link;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Messages on their way to the console. When it is full, snapshots wait (the newest counts), and so do logs.
const MESSAGES: usize = 256;

/// What a task tells.
#[derive(Debug)]
pub enum News {
    /// Something happened.
    Msg(Msg),
    /// Another cluster, or other namespaces, are to be shown from now on.
    Connected(Box<Connected>),
}

/// A cluster that was switched to.
#[derive(Debug)]
pub struct Connected {
    cluster: Cluster,
    scope: NamespaceScope,
}

/// The runner.
#[derive(Debug)]
pub struct Runner {
    home: Home,
    clock: Clock,
    link: Link,
    out: mpsc::Sender<News>,
    tasks: HashMap<Purpose, AbortHandle>,
    guards: HashMap<Uid, AbortHandle>,
}

impl Runner {
    /// Starts with observing the cluster.
    pub(super) fn start(home: Home, clock: Clock, session: &Session) -> (Self, mpsc::Receiver<News>) {
        let (out, news) = mpsc::channel(MESSAGES);
        let link = Link::start(&home, home.cluster.clone(), home.scope.clone(), &clock, session, &out);
        (Self { home, clock, link, out, tasks: HashMap::new(), guards: HashMap::new() }, news)
    }

    /// Observes another cluster, or other namespaces, from now on; gives the session there.
    pub(super) fn adopt(&mut self, connected: Connected, session: &Session) -> Session {
        let next = session.on(connected.cluster.identity());
        self.tasks.drain().for_each(|(_, task)| task.abort());
        if !next.is_at(&session.cluster) {
            self.guards.drain().for_each(|(_, task)| task.abort());
        }
        let session = next;
        self.link = Link::start(&self.home, connected.cluster, connected.scope, &self.clock, &session, &self.out);
        session
    }

    /// Says what is looked at now, and so worth measuring.
    pub(super) fn look_at(&self, focus: Focus) {
        self.link.meter.look_at(focus);
    }

    /// Does what `effect` asks for.
    pub(super) fn run(&mut self, effect: Effect, model: &Model) {
        let purpose = effect.purpose();
        let (link, out) = (&self.link, self.out.clone());
        let task = match effect {
            Effect::ReadDetails(release) => tokio::spawn(tasks::details(link.cluster.clone(), release, out)),
            Effect::AskRights(release) => tokio::spawn(tasks::rights(link.engine(), release, out)),
            Effect::Events(release) => tokio::spawn(tasks::events(link.cluster.clone(), release, out)),
            Effect::Preview(ask) => tokio::spawn(tasks::preview(link.engine(), ask, out)),
            Effect::LookUp(ask) => tokio::spawn(tasks::needs(link.engine(), ask, out)),
            Effect::AskManagers(ask) => tokio::spawn(tasks::managers(link.engine(), ask, out)),
            Effect::Check { ask, check, side } => {
                tokio::spawn(tasks::check(link.cluster.clone(), ask, (check, side), out))
            }
            Effect::Apply(plan, terms) => {
                tokio::spawn(until_end(link.observer(), tasks::apply(link.engine(), plan, terms, out)))
            }
            Effect::Arm(release, terms) => {
                let config = Arc::clone(&model.session.config);
                let uid = release.uid.clone();
                let guard = tasks::guard(link.engine(), config, (release, *terms), out);
                // It looks at what is observed and measured here, whichever namespaces are shown later.
                let task = tokio::spawn(until_end((link.observer(), link.meter.clone()), guard));
                self.guards.insert(uid, task.abort_handle());
                return;
            }
            Effect::Disarm(uid) => {
                if let Some(task) = self.guards.remove(&uid) {
                    task.abort();
                }
                return;
            }
            Effect::GoOn(plan) => tokio::spawn(until_end(link.observer(), tasks::go_on(link.engine(), *plan, out))),
            Effect::LeaveInterrupted(plan) => tokio::spawn(tasks::leave(link.engine(), *plan, out)),
            Effect::CloseInterrupted(plan, by) => tokio::spawn(tasks::taken_back(link.engine(), *plan, by, out)),
            Effect::ReadJournal => tokio::spawn(tasks::journal(self.home.journal.clone(), out)),
            Effect::Logs(wanted) => tokio::spawn(tasks::logs(link.cluster.clone(), wanted, out)),
            Effect::ReadYaml(key) => tokio::spawn(tasks::yaml(link.cluster.clone(), key, out)),
            Effect::ListContexts => {
                tokio::spawn(link::contexts(self.home.elsewhere.clone(), model.session.cluster.clone(), out))
            }
            Effect::SwitchContext(name) => {
                tokio::spawn(link::switch(self.home.elsewhere.clone(), model.session.config.clone(), name, out))
            }
            Effect::SwitchNamespaces(names) => {
                let scope = if names.is_empty() {
                    NamespaceScope::All
                } else {
                    NamespaceScope::List(names.iter().map(ToString::to_string).collect())
                };
                let connected = Connected { cluster: link.cluster.clone(), scope };
                tokio::spawn(async move {
                    let _ = out.send(News::Connected(Box::new(connected))).await;
                })
            }
            Effect::Stop(purpose) => {
                if let Some(task) = self.tasks.remove(&purpose) {
                    task.abort();
                }
                return;
            }
            Effect::Copy(_) | Effect::Redraw | Effect::Suspend | Effect::SaveScreen | Effect::Quit => return,
        };
        if let Some(purpose) = purpose
            && let Some(older) = self.tasks.insert(purpose, task.abort_handle())
        {
            older.abort();
        }
    }

    /// Writes the text of the screen to a file of its own.
    pub(super) fn save_screen(&self, text: String) {
        let name = self.clock.now().strftime("screen-%Y%m%dT%H%M%SZ.txt").to_string();
        let path: PathBuf = self.home.screens.join(name);
        let out = self.out.clone();
        tokio::spawn(async move {
            let saved = match tokio::fs::create_dir_all(path.parent().unwrap_or(&path)).await {
                Ok(()) => tokio::fs::write(&path, text).await,
                Err(error) => Err(error),
            };
            let (level, words) = match saved {
                Ok(()) => (Level::Note, format!("the screen is in {}", path.display())),
                Err(error) => (Level::Error, format!("the screen can't be written to {}: {error}", path.display())),
            };
            say(&out, Msg::Say(level, Str::from(words))).await;
        });
    }
}

/// Runs a task with what it needs kept to its end: its cluster under observation, above all.
async fn until_end<T>(kept: T, task: impl Future<Output = ()>) {
    task.await;
    drop(kept);
}

impl Drop for Runner {
    fn drop(&mut self) {
        for task in self.tasks.values().chain(self.guards.values()) {
            task.abort();
        }
    }
}

/// Tells the console; it is nobody's fault when it has ended meanwhile.
async fn say(out: &mpsc::Sender<News>, msg: Msg) {
    let _ = out.send(News::Msg(msg)).await;
}
