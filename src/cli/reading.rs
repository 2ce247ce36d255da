//! How commands read a cluster: connected by the flags, once or watched, and one release by its target.

use std::sync::Arc;

use super::{Exit, Failure, Session, flags::Connection};
use crate::{
    action::{Desks, Journal},
    cluster::{Clock, Cluster, ConnectError, ConnectOptions, NamespaceScope, ObserveOptions, PluginTalk, ReadError},
    config::Config,
    domain::{
        Details, Kind, ObjectKey, Release, Snapshot,
        identity::ClusterIdentity,
        target::{Found, Target},
    },
    sim::SimCluster,
};

/// A connected command.
#[derive(Debug)]
pub struct Reading {
    /// The cluster.
    pub cluster: Cluster,
    /// Whose clock counts, and which namespaces.
    pub options: ObserveOptions,
    /// The configuration.
    pub config: Config,
    /// What we did before: it speaks for revisions.
    pub journal: Journal,
    /// What is under way from here.
    pub desks: Desks,
    /// The namespaces that the flags name; what a target says itself must be one of them.
    flagged: Vec<String>,
}

/// One release with what a plan for it is made from.
#[derive(Debug)]
pub struct Opened {
    /// The release.
    pub release: Release,
    /// Its raw objects.
    pub details: Details,
    /// The object that was typed, when it is a member of the release and not its root.
    pub member: Option<ObjectKey>,
}

impl Reading {
    /// Connects as the flags say. Nothing is sent yet.
    pub async fn start(session: &mut Session) -> Result<Self, Failure> {
        let config = session.config()?;
        let journal = Journal::open(&session.paths()?.state);
        let asked = namespaces(&session.flags.connection);
        let connect = ConnectOptions {
            namespaces: asked.clone(),
            plugin: if session.terminal.asks { PluginTalk::Interactive } else { PluginTalk::Silent },
            ..options(&session.flags.connection)
        };
        let (cluster, clock) = match &session.simulated {
            None => {
                let cluster = reached(&connect, session).await.map_err(|error| of_connection(error, &connect))?;
                let clock = cluster.clock();
                (cluster, clock)
            }
            Some(sim) => over(sim, &connect).await?,
        };
        let of_context = config.context(&cluster.identity().context).namespaces;
        let namespaces = match asked {
            NamespaceScope::Default if !of_context.is_empty() => NamespaceScope::List(of_context),
            asked => asked,
        };
        let options = ObserveOptions {
            namespaces,
            clock,
            recorded: journal.recorded(),
            settings: Arc::new(config.traffic()),
            presence: true,
        };
        let flagged = session.flags.connection.namespace.clone();
        Ok(Self { cluster, options, config, journal, desks: Desks::of_command(), flagged })
    }

    /// Everything in the namespaces asked for, as it is now; with a target, in those that it may be in.
    pub async fn snapshot(&self, target: Option<&Target>) -> Result<Snapshot, Failure> {
        let options = self.options_for(target)?;
        let all = match &options.namespaces {
            NamespaceScope::All => true,
            NamespaceScope::Default => self.cluster.context_namespace().is_none(),
            NamespaceScope::List(_) => false,
        };
        Box::pin(self.cluster.one_shot(options)).await.map_err(|error| match error {
            ReadError::Forbidden(why) if all => {
                Failure::new(Exit::Forbidden, format!("{why} Name a namespace that you may read with -n NAMESPACE."))
            }
            other => other.into(),
        })
    }

    /// The same with who steps what, which nothing waits for longer than two seconds.
    pub async fn snapshot_with_presence(&self, target: Option<&Target>) -> Result<Snapshot, Failure> {
        let options = self.options_for(target)?;
        let presence = async { Ok(self.cluster.presences(&options).await) };
        let (snapshot, presence) = tokio::try_join!(self.snapshot(target), presence)?;
        Ok(Snapshot { presence, ..snapshot })
    }

    /// The release that `target` names. A workload in one namespace is read by itself, in one round trip; for all else
    /// the namespaces are listed first.
    pub async fn open(&self, target: &Target) -> Result<Opened, Failure> {
        let (key, member) = self.resolve(target).await?;
        match Box::pin(self.cluster.one_release_with(&key, &self.options)).await {
            Ok((release, details)) => {
                let typed = (release.key != key).then_some(key);
                Ok(Opened { release, details, member: member.or(typed) })
            }
            Err(ReadError::NotFound(_)) => {
                // Listing tells what there is instead.
                self.find(target).await?;
                Err(Failure::new(Exit::Usage, format!("{key} has just gone")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The key of the release's root, and the member that was typed.
    pub async fn resolve(&self, target: &Target) -> Result<(ObjectKey, Option<ObjectKey>), Failure> {
        if let (Some(kind @ (Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)), Some(namespace)) =
            (target.kind, self.namespace_of(target)?)
        {
            return Ok((ObjectKey::new(kind, namespace.as_str(), target.name.as_str()), None));
        }
        let found = self.find(target).await?;
        Ok((found.release.key.clone(), found.member))
    }

    async fn find(&self, target: &Target) -> Result<Found, Failure> {
        let snapshot = self.snapshot(Some(target)).await?;
        Ok(target.find(&snapshot)?)
    }

    /// The options for reading what `target` may be in, or everything that is asked for.
    pub fn options_for(&self, target: Option<&Target>) -> Result<ObserveOptions, Failure> {
        let namespace = target.map_or(Ok(None), |target| self.namespace_of(target))?;
        let namespaces = match namespace {
            Some(namespace) => NamespaceScope::List(vec![namespace]),
            None => self.options.namespaces.clone(),
        };
        Ok(ObserveOptions { namespaces, ..self.options.clone() })
    }

    /// The namespace of a target: its own, else, as kubectl sees it, `-n`, the context's, or `default`; none where several
    /// were asked for.
    fn namespace_of(&self, target: &Target) -> Result<Option<String>, Failure> {
        if let Some(namespace) = &target.namespace {
            if !self.flagged.is_empty() && !self.flagged.contains(namespace) {
                let flags = self.flagged.join(",");
                let sentence =
                    format!("'{target}' is in {namespace}, and -n {flags} says otherwise; leave one of them out");
                return Err(Failure::new(Exit::Usage, sentence));
            }
            return Ok(Some(namespace.clone()));
        }
        Ok(match &self.options.namespaces {
            NamespaceScope::All => None,
            NamespaceScope::List(names) => match names.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
            NamespaceScope::Default => Some(self.cluster.default_namespace().to_owned()),
        })
    }

    /// The namespaces that a console shows which opens on `key`: those asked for, and where it is in none of them, its own.
    pub fn scope_with(&self, key: &ObjectKey) -> NamespaceScope {
        let shown = match &self.options.namespaces {
            NamespaceScope::All => true,
            NamespaceScope::Default => self.cluster.context_namespace().is_none_or(|name| *name == *key.namespace),
            NamespaceScope::List(names) => names.iter().any(|name| **name == *key.namespace),
        };
        if shown { self.options.namespaces.clone() } else { NamespaceScope::List(vec![key.namespace.to_string()]) }
    }

    /// Those of `releases` that have a workload with these labels.
    pub async fn labelled(
        &self,
        selector: &str,
        snapshot: &Snapshot,
        releases: Vec<Arc<Release>>,
    ) -> Result<Vec<Arc<Release>>, Failure> {
        let known = releases.iter().map(|release| release.key.namespace.clone()).collect();
        let keys = self.cluster.labelled(selector, &snapshot.namespaces, &known).await?;
        let wanted = |release: &Arc<Release>| {
            keys.contains(&release.key) || release.members.iter().any(|member| keys.contains(member))
        };
        Ok(releases.into_iter().filter(wanted).collect())
    }
}

/// Which cluster the flags point to, as it says itself. A credential plugin gets no terminal for that.
pub async fn identity(session: &Session) -> Result<Arc<ClusterIdentity>, Failure> {
    let connect = options(&session.flags.connection);
    let cluster = match &session.simulated {
        None => Cluster::connect(&connect).await.map_err(|error| of_connection(error, &connect))?,
        Some(sim) => over(sim, &connect).await?.0,
    };
    Ok(cluster.check().await?)
}

/// The real cluster. A credential plugin may take its time, and is named then: what hangs is not the cluster.
async fn reached(options: &ConnectOptions, session: &mut Session) -> Result<Cluster, ConnectError> {
    let (waiting, mut waited_for) = tokio::sync::mpsc::unbounded_channel();
    let options = ConnectOptions { waiting: Some(waiting), ..options.clone() };
    let mut connecting = std::pin::pin!(Cluster::connect(&options));
    loop {
        tokio::select! {
            connected = &mut connecting => return connected,
            Some(name) = waited_for.recv() => {
                session.output.aside(&format!("waiting for the credential plugin '{name}'; Ctrl-C ends\n"));
            }
        }
    }
}

/// A simulated cluster in the place of a real one.
async fn over(sim: &SimCluster, options: &ConnectOptions) -> Result<(Cluster, Clock), Failure> {
    let cluster = Cluster::over(sim.client(), "simulated", options).await?;
    let sim = sim.clone();
    Ok((cluster, Clock::new(move || sim.now())))
}

fn namespaces(flags: &Connection) -> NamespaceScope {
    match (flags.all_namespaces, flags.namespace.as_slice()) {
        (true, _) => NamespaceScope::All,
        (false, []) => NamespaceScope::Default,
        (false, names) => NamespaceScope::List(names.to_vec()),
    }
}

/// What the connection flags ask for.
pub fn options(flags: &Connection) -> ConnectOptions {
    ConnectOptions {
        kubeconfig: flags.kubeconfig.clone(),
        context: flags.context.clone(),
        cluster: flags.cluster.clone(),
        user: flags.user.clone(),
        impersonate: flags.impersonate.clone(),
        impersonate_groups: flags.impersonate_groups.clone(),
        request_timeout: flags.request_timeout,
        token: flags.token.clone(),
        server: flags.server.clone(),
        certificate_authority: flags.certificate_authority.clone(),
        insecure_skip_tls_verify: flags.insecure_skip_tls_verify,
        ..ConnectOptions::default()
    }
}

/// A kubeconfig that a flag names is what was typed: one that can't be read is a wrong command line. One that names no
/// cluster is read well.
fn of_connection(error: ConnectError, asked: &ConnectOptions) -> Failure {
    let typed =
        asked.kubeconfig.is_some() && matches!(error, ConnectError::Unreadable { .. } | ConnectError::Broken { .. });
    let failure = Failure::from(error);
    if typed { Failure { exit: Exit::Usage, ..failure } } else { failure }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let exit = match &error {
            ConnectError::NoContext { .. } | ConnectError::Unknown { .. } | ConnectError::GroupAlone => Exit::Usage,
            ConnectError::Unauthorized(_) => Exit::Forbidden,
            ConnectError::NoCluster { .. }
            | ConnectError::Unreadable { .. }
            | ConnectError::Broken { .. }
            | ConnectError::Address { .. }
            | ConnectError::Credentials { .. }
            | ConnectError::Plugin { .. }
            | ConnectError::Unreachable(_)
            | ConnectError::Other { .. } => Exit::Unreachable,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = match &error {
            ReadError::NotFound(_) => Exit::Usage,
            ReadError::Forbidden(_) | ReadError::Unauthorized(_) => Exit::Forbidden,
            ReadError::Unreachable(_) | ReadError::TooMany { .. } => Exit::Unreachable,
            ReadError::OtherCluster(_) => Exit::Refused,
            ReadError::Gone(_) | ReadError::Server { .. } | ReadError::Unreadable(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string())
    }
}

/// The releases of `snapshot`, the worst first.
pub fn worst_first(snapshot: &Snapshot) -> Vec<Arc<Release>> {
    let mut releases = snapshot.releases.clone();
    releases.sort_unstable_by(|one, other| (one.state, &one.key).cmp(&(other.state, &other.key)));
    releases
}
