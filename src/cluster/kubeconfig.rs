//! Which cluster, as whom: kubeconfig files merged as kubectl does, with its flags on top.

use super::address;
use super::errors::ConnectError;
use super::options::ConnectOptions;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, ExecConfig, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedAuthInfo,
    NamedCluster, NamedContext,
};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A context with everything that a client needs, the credential plugin set apart.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The client's configuration, without the plugin's credentials.
    pub config: Config,
    /// The credential plugin to run, where the user has one.
    pub plugin: Option<ExecConfig>,
    /// The context's name.
    pub context: String,
    /// The namespace that the context names.
    pub namespace: Option<String>,
}

/// One context of the kubeconfig, for the list of contexts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextInfo {
    /// Its name.
    pub name: String,
    /// The cluster it points to.
    pub cluster: String,
    /// That cluster's server; `None` when the kubeconfig lacks the cluster.
    pub server: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The namespace it names.
    pub namespace: Option<String>,
    /// Whether it is the current one.
    pub current: bool,
}

/// Where configurations are looked for.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// `$KUBECONFIG`.
    pub variable: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Whether this process runs in a pod.
    pub in_pod: bool,
}

impl Places {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self {
            variable: std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: std::env::home_dir(),
            in_pod: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
        }
    }
}

/// Chooses cluster and user from the flags and the kubeconfig.
pub async fn choose(options: &ConnectOptions, places: &Places) -> Result<Chosen, ConnectError> {
    let Some(mut kubeconfig) = load(options, places)? else {
        return in_pod(options);
    };
    let context = context_name(&kubeconfig, options, places)?;
    override_by_flags(&mut kubeconfig, &context, options)?;
    check_parts(&kubeconfig, &context)?;
    let pick = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig.clone(), &pick).await.map_err(|error| explain(&context, &error))?;
    let plugin = config.auth_info.exec.take();
    let namespace = kubeconfig
        .contexts
        .into_iter()
        .find(|named| named.name == context)
        .and_then(|named| named.context?.namespace)
        .filter(|namespace| !namespace.is_empty());
    let context = if context == FLAGS { config.cluster_url.to_string() } else { context };
    Ok(Chosen { config, plugin, context, namespace })
}

/// The contexts of the kubeconfig, by name.
pub fn contexts(options: &ConnectOptions, places: &Places) -> Result<Vec<ContextInfo>, ConnectError> {
    let kubeconfig = load(options, places)?.unwrap_or_default();
    let current = options.context.clone().or_else(|| kubeconfig.current_context.clone());
    let mut contexts: Vec<ContextInfo> = kubeconfig
        .contexts
        .iter()
        .map(|named| {
            let context = named.context.clone().unwrap_or_default();
            let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster);
            ContextInfo {
                name: named.name.clone(),
                server: cluster.and_then(|named| named.cluster.as_ref()?.server.clone()),
                cluster: context.cluster,
                user: context.user,
                namespace: context.namespace.filter(|namespace| !namespace.is_empty()),
                current: current.as_deref() == Some(&*named.name),
            }
        })
        .collect();
    contexts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(contexts)
}

/// The merged kubeconfig; `None` when there is no file and the pod's own credentials are to be used.
fn load(options: &ConnectOptions, places: &Places) -> Result<Option<Kubeconfig>, ConnectError> {
    if let Some(path) = &options.kubeconfig {
        return read(path).map(Some);
    }
    let paths: Vec<PathBuf> = match &places.variable {
        Some(variable) => std::env::split_paths(variable).filter(|path| !path.as_os_str().is_empty()).collect(),
        None => places.home.iter().map(|home| home.join(".kube/config")).collect(),
    };
    let present: Vec<&PathBuf> = paths.iter().filter(|path| path.exists()).collect();
    if present.is_empty() && options.server.is_none() {
        if places.in_pod && places.variable.is_none() {
            return Ok(None);
        }
        let shown: Vec<String> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
        let looked = match (&places.variable, shown.is_empty()) {
            (Some(_), false) => format!("$KUBECONFIG names {}, which is not there", shown.join(" and ")),
            (_, true) => "there is no kubeconfig".to_owned(),
            (None, false) => format!("there is no {}", shown.join(" and ")),
        };
        return Err(ConnectError::NoCluster { looked });
    }
    present
        .into_iter()
        .try_fold(Kubeconfig::default(), |merged, path| {
            let next = read(path)?;
            merged.merge(next).map_err(|error| ConnectError::Broken { path: path.clone(), why: one_line(&error) })
        })
        .map(Some)
}

fn read(path: &Path) -> Result<Kubeconfig, ConnectError> {
    Kubeconfig::read_from(path).map_err(|error| match error {
        KubeconfigError::ReadConfig(io, path) => ConnectError::Unreadable { path, why: plain(&io) },
        other => ConnectError::Broken { path: path.to_owned(), why: one_line(&other) },
    })
}

/// The name that a context made of flags alone gets until its server is known.
const FLAGS: &str = "\u{0}flags";

fn context_name(kubeconfig: &Kubeconfig, options: &ConnectOptions, places: &Places) -> Result<String, ConnectError> {
    let names = || names(kubeconfig.contexts.iter().map(|named| &*named.name));
    if let Some(name) = &options.context {
        let known = kubeconfig.contexts.iter().any(|named| named.name == *name);
        return if known { Ok(name.clone()) } else { Err(unknown("context", name, names())) };
    }
    match &kubeconfig.current_context {
        Some(name) if kubeconfig.contexts.iter().any(|named| named.name == *name) => Ok(name.clone()),
        Some(name) if !name.is_empty() && options.server.is_none() => Err(unknown("context", name, names())),
        _ if options.server.is_some() || options.cluster.is_some() => Ok(FLAGS.to_owned()),
        _ if kubeconfig.contexts.is_empty() => {
            let file = options.kubeconfig.as_deref().map(|path| format!("'{}'", path.display()));
            let file = file.or_else(|| places.variable.as_ref().map(|list| format!("'{}'", list.display())));
            let file = file.unwrap_or_else(|| "the kubeconfig".to_owned());
            Err(ConnectError::NoCluster { looked: format!("{file} names no context") })
        }
        _ => Err(ConnectError::NoContext { known: names() }),
    }
}

fn override_by_flags(kubeconfig: &mut Kubeconfig, context: &str, options: &ConnectOptions) -> Result<(), ConnectError> {
    if !kubeconfig.contexts.iter().any(|named| named.name == context) {
        let made = NamedContext { name: context.into(), context: Some(Context::default()), ..NamedContext::default() };
        kubeconfig.contexts.push(made);
    }
    let all_clusters = names(kubeconfig.clusters.iter().map(|named| &*named.name));
    let all_users = names(kubeconfig.auth_infos.iter().map(|named| &*named.name));
    let Some(chosen) = kubeconfig
        .contexts
        .iter_mut()
        .find(|named| named.name == context)
        .map(|named| named.context.get_or_insert_with(Context::default))
    else {
        return Err(unknown("context", context, String::new()));
    };
    if let Some(cluster) = &options.cluster {
        chosen.cluster.clone_from(cluster);
    }
    if let Some(user) = &options.user {
        chosen.user = Some(user.clone());
    }
    let (cluster_name, user_name) = (chosen.cluster.clone(), chosen.user.clone());

    if !kubeconfig.clusters.iter().any(|named| named.name == cluster_name) {
        if options.server.is_none() {
            return Err(unknown("cluster", &cluster_name, all_clusters));
        }
        kubeconfig.clusters.push(NamedCluster { name: cluster_name.clone(), ..NamedCluster::default() });
    }
    for named in kubeconfig.clusters.iter_mut().filter(|named| named.name == cluster_name) {
        cluster_flags(named.cluster.get_or_insert_with(Cluster::default), options);
    }

    let user_name = user_name.unwrap_or_default();
    if !kubeconfig.auth_infos.iter().any(|named| named.name == user_name) {
        if !user_name.is_empty() {
            return Err(unknown("user", &user_name, all_users));
        }
        kubeconfig.auth_infos.push(NamedAuthInfo { name: user_name.clone(), ..NamedAuthInfo::default() });
        for named in kubeconfig.contexts.iter_mut().filter(|named| named.name == context) {
            named.context.get_or_insert_with(Context::default).user = Some(user_name.clone());
        }
    }
    for named in kubeconfig.auth_infos.iter_mut().filter(|named| named.name == user_name) {
        user_flags(named.auth_info.get_or_insert_with(AuthInfo::default), options)?;
    }
    Ok(())
}

fn cluster_flags(cluster: &mut Cluster, options: &ConnectOptions) {
    if let Some(server) = &options.server {
        cluster.server = Some(server.clone());
    }
    if let Some(authority) = &options.certificate_authority {
        cluster.certificate_authority = Some(authority.display().to_string());
        cluster.certificate_authority_data = None;
    }
    if options.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(true);
        cluster.certificate_authority = None;
        cluster.certificate_authority_data = None;
    }
}

fn user_flags(user: &mut AuthInfo, options: &ConnectOptions) -> Result<(), ConnectError> {
    if let Some(token) = &options.token {
        user.token = Some(token.clone().into());
        user.token_file = None;
        user.exec = None;
        user.auth_provider = None;
        user.username = None;
        user.password = None;
    }
    if let Some(name) = &options.impersonate {
        user.impersonate = Some(name.clone());
        user.impersonate_groups = None;
    }
    if !options.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(options.impersonate_groups.clone());
        if user.impersonate.as_deref().unwrap_or_default().is_empty() {
            return Err(ConnectError::GroupAlone);
        }
    }
    Ok(())
}

/// Files that the context names, and the server's address, are looked at first, so that the error can name them.
fn check_parts(kubeconfig: &Kubeconfig, context: &str) -> Result<(), ConnectError> {
    let chosen =
        kubeconfig.contexts.iter().find(|named| named.name == context).and_then(|named| named.context.as_ref());
    let Some(chosen) = chosen else { return Ok(()) };
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == chosen.cluster);
    let cluster = cluster.and_then(|named| named.cluster.as_ref());
    let user = kubeconfig.auth_infos.iter().find(|named| Some(&named.name) == chosen.user.as_ref());
    let user = user.and_then(|named| named.auth_info.as_ref());
    let files = [
        (
            "certificate authority",
            cluster
                .filter(|it| it.certificate_authority_data.is_none())
                .and_then(|it| it.certificate_authority.as_ref()),
        ),
        (
            "client certificate",
            user.filter(|it| it.client_certificate_data.is_none()).and_then(|it| it.client_certificate.as_ref()),
        ),
        ("client key", user.filter(|it| it.client_key_data.is_none()).and_then(|it| it.client_key.as_ref())),
        ("token file", user.filter(|it| it.token.is_none()).and_then(|it| it.token_file.as_ref())),
    ];
    for (what, path) in files {
        if let Some(path) = path.filter(|path| !path.is_empty())
            && let Err(error) = std::fs::File::open(path)
        {
            let why = format!("'{path}': {}", plain(&error));
            return Err(ConnectError::Credentials { what, context: shown(context), why });
        }
    }
    let Some(cluster) = cluster else { return Ok(()) };
    match cluster.server.as_deref() {
        None | Some("") => {
            let why = format!("cluster '{}' has no server", chosen.cluster);
            Err(ConnectError::Other { context: shown(context), why })
        }
        Some(server) => address::check(server),
    }
}

fn in_pod(options: &ConnectOptions) -> Result<Chosen, ConnectError> {
    let mut config = Config::incluster()
        .map_err(|error| ConnectError::Other { context: "in-cluster".into(), why: one_line(&error) })?;
    if let Some(server) = &options.server {
        address::check(server)?;
        config.cluster_url = server.parse().map_err(|error| ConnectError::Other {
            context: "in-cluster".into(),
            why: format!("--server '{server}' is no address: {error}"),
        })?;
    }
    user_flags(&mut config.auth_info, options)?;
    let namespace = Some(config.default_namespace.clone());
    Ok(Chosen { config, plugin: None, context: "in-cluster".into(), namespace })
}

fn explain(context: &str, error: &KubeconfigError) -> ConnectError {
    let context = shown(context);
    let what = match error {
        KubeconfigError::LoadCertificateAuthority(_) | KubeconfigError::ParseCertificates(_) => "certificate authority",
        KubeconfigError::LoadClientCertificate(_) => "client certificate",
        KubeconfigError::LoadClientKey(_) => "client key",
        other => return ConnectError::Other { context, why: one_line(other) },
    };
    ConnectError::Credentials { what, context, why: one_line(error) }
}

fn shown(context: &str) -> String {
    if context == FLAGS { "from the flags".to_owned() } else { context.to_owned() }
}

fn unknown(what: &'static str, name: &str, known: String) -> ConnectError {
    ConnectError::Unknown { what, name: name.to_owned(), known }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    match names.len() {
        0 => "none".to_owned(),
        count @ 13.. => format!("{} and {} more", names[..12].join(", "), count - 12),
        _ => names.join(", "),
    }
}

/// The first line of an error and its causes: parsers add a picture of the place below it.
fn one_line(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to parse kubeconfig YAML: ").unwrap_or(&text);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("unknown").trim().trim_end_matches('.');
    placed(line).unwrap_or_else(|| line.to_owned())
}

/// The YAML parser's `error: line 1 column 11: expected sequence start`, as a part of a sentence.
fn placed(line: &str) -> Option<String> {
    let (place, what) = line.strip_prefix("error: line ")?.split_once(": ")?;
    let (line, column) = place.split_once(" column ")?;
    let what = match what {
        "expected sequence start" => "a list is expected",
        "expected mapping start" => "a map is expected",
        "expected string scalar" => "a text is expected",
        other => other,
    };
    Some(format!("{what} in line {line}, column {column}"))
}

/// The system's words without the error number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
