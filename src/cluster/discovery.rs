//! Which optional kinds a server has, and in which version it serves them.
//!
//! One request for the groups and, beside it, one for each group of ours in its usual version, so that a command waits for
//! one round trip; only what is served in another version costs a second. The answer holds for a while, so that a dozen
//! watches that begin at once ask once, and a kind that is installed later is found.

use super::connect::Cluster;
use super::errors::ReadError;
use super::kinds::{list_path_in, object_path_in};
use super::request::Request;
use crate::domain::{Kind, ObjectKey, Str};
use futures::future::join_all;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long an answer holds; a watch asks again once a minute.
const HOLDS: Duration = Duration::from_secs(20);

/// The optional kinds that the server has, with the version that is used.
#[derive(Debug, Default)]
pub struct Served {
    versions: RwLock<HashMap<Kind, Str>>,
    asked: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    name: String,
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    name: String,
}

impl Cluster {
    /// Whether the server has `kind`. Asks for the optional ones, unless it did so just now; where it may not ask, the
    /// usual version is tried.
    pub async fn serves(&self, kind: Kind) -> Result<bool, ReadError> {
        if !kind.optional() {
            return Ok(true);
        }
        let served = &self.inner.served;
        let mut asked = served.asked.lock().await;
        if asked.is_none_or(|at| at.elapsed() >= HOLDS) {
            let found = match self.discover().await {
                Ok(found) => found,
                Err(ReadError::Forbidden(_)) => {
                    Kind::OPTIONAL.into_iter().map(|kind| (kind, Str::from(kind.version()))).collect()
                }
                Err(error) => return Err(error),
            };
            *served.versions.write().unwrap_or_else(PoisonError::into_inner) = found;
            *asked = Some(Instant::now());
        }
        Ok(served.version(kind).is_some())
    }

    /// The path of a kind's list, in the version that the server has.
    pub(super) fn list_path(&self, kind: Kind, namespace: Option<&str>) -> String {
        list_path_in(&self.version(kind), kind, namespace)
    }

    /// The path of one object, in the version that the server has of its kind.
    pub(super) fn object_path(&self, key: &ObjectKey) -> String {
        object_path_in(&self.version(key.kind), key)
    }

    /// The API version of `kind` as it is served here, `gateway.networking.k8s.io/v1beta1`; the usual one where nobody has
    /// asked yet.
    pub fn api_version(&self, kind: Kind) -> String {
        match kind.group() {
            "" => self.version(kind).to_string(),
            group => format!("{group}/{}", self.version(kind)),
        }
    }

    fn version(&self, kind: Kind) -> Str {
        self.inner.served.version(kind).unwrap_or_else(|| kind.version().into())
    }

    async fn discover(&self) -> Result<HashMap<Kind, Str>, ReadError> {
        let usual: BTreeMap<&str, &str> = Kind::OPTIONAL.iter().map(|kind| (kind.group(), kind.version())).collect();
        let groups = Box::pin(self.json::<Groups>(Request::get("/apis"), "the API groups"));
        let known = usual.iter().map(|(group, version)| async { Ok((*group, self.kinds_in(group, version).await?)) });
        let (groups, known) = tokio::join!(groups, join_all(known));
        let groups = groups?;
        let known: HashMap<&str, Vec<Kind>> = known.into_iter().collect::<Result<_, ReadError>>()?;
        let ours = groups.groups.iter().filter_map(|group| {
            let (name, version) = usual.get_key_value(group.name.as_str())?;
            Some(self.kinds_of(group, version, known.get(name)?))
        });
        let found = join_all(ours).await;
        found.into_iter().try_fold(HashMap::new(), |mut all, kinds| {
            all.extend(kinds?);
            Ok(all)
        })
    }

    /// Our kinds of a group: those `known` to be there in its usual version in that, the others in the version that the
    /// server prefers.
    async fn kinds_of(&self, group: &Group, usual: &str, known: &[Kind]) -> Result<Vec<(Kind, Str)>, ReadError> {
        let mut found: Vec<(Kind, Str)> = known.iter().map(|kind| (*kind, Str::from(usual))).collect();
        let wanted = Kind::OPTIONAL.iter().filter(|kind| kind.group() == group.name).count();
        for GroupVersion { version } in group.versions.iter().filter(|it| it.version != usual) {
            if found.len() == wanted {
                break;
            }
            let here = self.kinds_in(&group.name, version).await?;
            let missing: Vec<Kind> = here.into_iter().filter(|kind| !found.iter().any(|(it, _)| it == kind)).collect();
            found.extend(missing.into_iter().map(|kind| (kind, Str::from(version.as_str()))));
        }
        Ok(found)
    }

    /// Our kinds that a group has in `version`; none where the server does not have that.
    async fn kinds_in(&self, group: &str, version: &str) -> Result<Vec<Kind>, ReadError> {
        let what = format!("the kinds of {group}/{version}");
        match Box::pin(self.json::<Resources>(Request::get(format!("/apis/{group}/{version}")), &what)).await {
            Ok(Resources { resources }) => Ok(Kind::OPTIONAL
                .into_iter()
                .filter(|kind| kind.group() == group && resources.iter().any(|it| it.name == kind.plural()))
                .collect()),
            // Taken away between the two questions, or an aggregated API that is down: not there for us.
            Err(ReadError::NotFound(_) | ReadError::Server { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

impl Served {
    fn version(&self, kind: Kind) -> Option<Str> {
        self.versions.read().unwrap_or_else(PoisonError::into_inner).get(&kind).cloned()
    }
}
