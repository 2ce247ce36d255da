//! Which series belong to which track: workloads, revision hashes, pods and Services, whichever a series names.

use crate::domain::Str;
use crate::domain::measurement::{Reading, TrackMeasured};
use crate::domain::release::{Release, Role, Track};
use crate::domain::traffic::rollout::RolloutStrategy;
use std::collections::HashMap;

/// The tracks of one release, in the release's order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lanes {
    /// The namespace of its pods.
    pub namespace: Str,
    /// The tracks.
    pub tracks: Vec<Lane>,
    pods: HashMap<Str, usize>,
}

/// A track, as series tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Its role now.
    pub role: Role,
    /// Its name.
    pub name: Str,
    /// The workload that its pods belong to; other tracks may have the same.
    pub workload: Str,
    /// The revision's hash, where the pods have one.
    pub hash: Option<Str>,
    /// The Services that select its pods and no other track's.
    pub services: Vec<Str>,
    /// How its pods' names begin.
    pub prefix: Option<Str>,
    /// Its ready pods, by name.
    pub ready: Vec<Str>,
}

/// What a series says of whose it is; a label that it lacks is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// The workload.
    pub workload: Option<&'a str>,
    /// The revision's hash.
    pub hash: Option<&'a str>,
    /// The pod.
    pub pod: Option<&'a str>,
    /// The Service.
    pub service: Option<&'a str>,
    /// The Service behind its namespace and a dash.
    pub prefixed: Option<&'a str>,
    /// Whether it is the canary's, where that is all that is told.
    pub canary: Option<bool>,
}

impl Lanes {
    /// The tracks of `release`.
    pub fn of(release: &Release) -> Self {
        let tracks: Vec<Lane> = release.tracks.iter().map(|track| lane(release, track)).collect();
        let mut pods = HashMap::new();
        for (at, track) in release.tracks.iter().enumerate() {
            pods.extend(track.pods.iter().map(|pod| (pod.name.clone(), at)));
        }
        let sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
        let namespace = sides.map(|side| &side.workload.key.namespace).next().unwrap_or(&release.key.namespace);
        Self { namespace: namespace.clone(), tracks, pods }
    }

    /// Every workload, once.
    pub fn workloads(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for lane in &self.tracks {
            if !names.contains(&&*lane.workload) {
                names.push(&lane.workload);
            }
        }
        names
    }

    /// The track that a series belongs to. `None`: none of them, or it can't be told which.
    pub fn place(&self, place: &Place<'_>) -> Option<usize> {
        let mut left: Vec<usize> = (0..self.tracks.len()).collect();
        let mut told = false;
        if let Some(workload) = place.workload {
            left.retain(|at| &*self.tracks[*at].workload == workload);
            told = true;
        }
        let open = |left: &[usize], told: bool| !told || left.len() > 1;
        if let Some(hash) = place.hash
            && open(&left, told)
        {
            left.retain(|at| self.tracks[*at].hash.as_deref() == Some(hash));
            told = true;
        }
        if let Some(pod) = place.pod
            && open(&left, told)
        {
            let owner = self.owner(pod);
            left.retain(|at| owner == Some(*at));
            told = true;
        }
        if let Some(service) = place.service
            && open(&left, told)
        {
            let serves = |at: &usize| self.tracks[*at].services.iter().any(|name| &**name == service);
            let canary = |at: &usize| self.tracks[*at].role == Role::Candidate;
            if place.canary == Some(true) && left.iter().any(serves) && left.iter().any(canary) {
                // The Service is the main one's, whichever of the two the request went to.
                left.retain(canary);
            } else {
                left.retain(serves);
            }
            told = true;
        }
        if let Some(prefixed) = place.prefixed
            && open(&left, told)
        {
            let own = prefixed.strip_prefix(&*self.namespace).and_then(|rest| rest.strip_prefix('-'));
            left.retain(|at| self.tracks[*at].services.iter().any(|name| Some(&**name) == own));
            told = true;
        }
        if let Some(canary) = place.canary
            && left.len() > 1
        {
            left.retain(|at| (self.tracks[*at].role == Role::Candidate) == canary);
        }
        left.first().copied().filter(|_| told && left.len() == 1)
    }

    fn owner(&self, pod: &str) -> Option<usize> {
        let begins = |lane: &Lane| lane.prefix.as_deref().is_some_and(|prefix| pod.starts_with(prefix));
        self.pods.get(pod).copied().or_else(|| self.tracks.iter().position(begins))
    }

    /// The tracks, of which nothing measures anything.
    pub fn unmeasured(&self) -> Vec<TrackMeasured> {
        let unknown = |lane: &Lane| TrackMeasured::unknown(lane.role, lane.name.clone(), Reading::NoSource);
        self.tracks.iter().map(unknown).collect()
    }
}

fn lane(release: &Release, track: &Track) -> Lane {
    let mut sides = release.traffic.iter().flat_map(|traffic| &traffic.rows.sides);
    let side = sides.find(|side| side.name == track.name);
    let workload = match side {
        Some(side) => side.workload.key.name.clone(),
        None if release.key.kind.is_workload() => release.key.name.clone(),
        None => track.name.clone(),
    };
    // A ReplicaSet's name is its workload's with the revision's hash.
    let suffix = track.name.strip_prefix(&*workload).and_then(|rest| rest.strip_prefix('-'));
    let hash = suffix.map(Str::from).or_else(|| track.pods.first().and_then(|pod| pod.hash.clone()));
    let prefix: Option<Str> = hash.as_ref().map(|hash| format!("{workload}-{hash}-").into());
    // A StatefulSet's and a DaemonSet's pods have a hash, and no name with it.
    let named = |prefix: &Str| track.pods.is_empty() || track.pods.iter().any(|pod| pod.name.starts_with(&**prefix));
    let prefix = prefix.filter(named);
    let mut services: Vec<Str> =
        side.iter().flat_map(|side| &side.services).map(|service| service.key.name.clone()).collect();
    services.extend(controllers_services(release, track.role));
    if services.is_empty() && release.tracks.len() == 1 {
        services.extend(release.services.iter().map(|service| service.key.name.clone()));
    }
    let ready = track.pods.iter().filter(|pod| pod.ready && pod.deleting.is_none()).map(|pod| pod.name.clone());
    Lane { role: track.role, name: track.name.clone(), workload, hash, services, prefix, ready: ready.collect() }
}

/// The Services that Flagger makes, or that Argo steers, for a track in `role`.
fn controllers_services(release: &Release, role: Role) -> Vec<Str> {
    let Some(traffic) = &release.traffic else { return Vec::new() };
    let rows = &traffic.rows;
    let flaggers = rows.canary.as_ref().and_then(|canary| canary.apex()).map(|apex| match role {
        Role::Stable => format!("{apex}-primary"),
        Role::Candidate | Role::Idle => format!("{apex}-canary"),
    });
    let argos = rows.rollout.as_ref().and_then(|rollout| match &rollout.strategy {
        RolloutStrategy::Canary(canary) => match role {
            Role::Stable => canary.stable_service.clone(),
            Role::Candidate | Role::Idle => canary.canary_service.clone(),
        },
        RolloutStrategy::BlueGreen(sides) => match role {
            Role::Stable => Some(sides.active_service.clone()),
            Role::Candidate | Role::Idle => sides.preview_service.clone(),
        },
        RolloutStrategy::Unclear => None,
    });
    flaggers.into_iter().map(Str::from).chain(argos).collect()
}
