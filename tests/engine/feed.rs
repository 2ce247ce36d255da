//! Measurements fed by hand: every second anew, for the tracks as the release has them.

use jiff::SignedDuration;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use windlass::cluster::Clock;
use windlass::domain::measurement::{Measured, Measurements, Reading, Series, TrackMeasured};
use windlass::domain::{ObjectKey, Release, Snapshot, Track};

/// What is told of a track: its share of errors, or nothing.
pub type Told = fn(&Release, &Track) -> Reading;

/// Every track is well.
pub fn well(_: &Release, _: &Track) -> Reading {
    Reading::Value(0.001)
}

/// What the spec stands for, or the candidate, fails every fifth request.
pub fn new_is_bad(release: &Release, track: &Track) -> Reading {
    let current = release.current().map(|entry| &entry.object.name);
    let bad = track.role == windlass::domain::Role::Candidate
        || (release.traffic.is_none() && current == Some(&track.name))
        || track.version.contains("bad");
    Reading::Value(if bad { 0.2 } else { 0.001 })
}

/// No request anywhere.
pub fn silence(_: &Release, _: &Track) -> Reading {
    Reading::NoTraffic
}

/// Publishes for the release at `key` until nobody listens any more.
pub fn feed(
    snapshots: watch::Receiver<Arc<Snapshot>>,
    key: ObjectKey,
    clock: Clock,
    told: Told,
) -> watch::Receiver<Arc<Measurements>> {
    let (sender, receiver) = watch::channel(Arc::default());
    tokio::spawn(async move {
        let mut version = 0;
        while !sender.is_closed() {
            let release = snapshots.borrow().by_key(&key).cloned();
            if let Some(release) = release {
                version += 1;
                let measured = Arc::new(measured(&release, &clock, told));
                let releases = [(release.uid.clone(), measured)].into();
                let _ = sender.send(Arc::new(Measurements { version, releases }));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    receiver
}

fn measured(release: &Release, clock: &Clock, told: Told) -> Measured {
    let track = |track: &Track| TrackMeasured {
        role: track.role,
        name: track.name.clone(),
        requests: Reading::Value(20.0),
        errors: told(release, track),
        p50: Reading::Value(0.02),
        p90: Reading::Value(0.1),
        p99: Reading::Value(0.2),
        samples: Some(1_200),
        series: Series::default(),
        recent: Series::default(),
    };
    Measured {
        source: "test".into(),
        detail: "".into(),
        at: Some(clock.now()),
        every: SignedDuration::from_secs(5),
        window: SignedDuration::from_mins(1),
        tracks: release.tracks.iter().map(track).collect(),
        named: Vec::new(),
        health: None,
        trouble: None,
    }
}
