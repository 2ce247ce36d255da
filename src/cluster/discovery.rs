//! Which optional kinds a server has, and in which version it serves them.
//!
//! One request for the groups, and one more for each group of ours that is there; the answer holds for a while, so that
//! a dozen watches that begin at once ask once, and a kind that is installed later is found.

use super::connect::Cluster;
use super::errors::ReadError;
use super::kinds::{list_path_in, object_path_in};
use super::request::Request;
use crate::domain::{Kind, ObjectKey, Str};
use futures::future::join_all;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
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

    fn version(&self, kind: Kind) -> Str {
        self.inner.served.version(kind).unwrap_or_else(|| kind.version().into())
    }

    async fn discover(&self) -> Result<HashMap<Kind, Str>, ReadError> {
        let wanted: BTreeSet<&str> = Kind::OPTIONAL.iter().map(|kind| kind.group()).collect();
        let groups: Groups = Box::pin(self.json(Request::get("/apis"), "the API groups")).await?;
        let ours = groups.groups.iter().filter(|group| wanted.contains(group.name.as_str()));
        let found = join_all(ours.map(|group| self.kinds_of(group))).await;
        found.into_iter().try_fold(HashMap::new(), |mut all, kinds| {
            all.extend(kinds?);
            Ok(all)
        })
    }

    /// Our kinds of a group: in their usual version where it is served, else in the one that the server prefers.
    async fn kinds_of(&self, group: &Group) -> Result<Vec<(Kind, Str)>, ReadError> {
        let mut missing: Vec<Kind> = Kind::OPTIONAL.into_iter().filter(|kind| kind.group() == group.name).collect();
        let usual = missing.first().map_or("", |kind| kind.version());
        let mut versions: Vec<&str> = group.versions.iter().map(|version| version.version.as_str()).collect();
        versions.sort_by_key(|version| *version != usual);
        let mut found = Vec::new();
        for version in versions {
            if missing.is_empty() {
                break;
            }
            let path = format!("/apis/{}/{version}", group.name);
            let what = format!("the kinds of {}/{version}", group.name);
            let resources: Resources = match Box::pin(self.json(Request::get(path), &what)).await {
                Ok(resources) => resources,
                // Taken away between the two questions, or an aggregated API that is down: not there for us.
                Err(ReadError::NotFound(_) | ReadError::Server { .. }) => continue,
                Err(error) => return Err(error),
            };
            missing.retain(|kind| {
                let here = resources.resources.iter().any(|resource| resource.name == kind.plural());
                if here {
                    found.push((*kind, Str::from(version)));
                }
                !here
            });
        }
        Ok(found)
    }
}

impl Served {
    fn version(&self, kind: Kind) -> Option<Str> {
        self.versions.read().unwrap_or_else(PoisonError::into_inner).get(&kind).cloned()
    }
}
