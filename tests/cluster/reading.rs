//! The read side: what kubectl sees is what the snapshot holds.

use crate::kit;
use windlass::domain::snapshot::{Connection, Watch};
use windlass::domain::{Kind, ObjectKey};

#[tokio::test]
#[ignore = "needs a cluster with the scenario 'rolling'"]
async fn the_board_shows_releases_with_their_pods_and_history() {
    let cluster = kit::cluster().await;
    let observer = kit::observe_all(&cluster);
    let snapshot = kit::until(&observer, "everything is live", |snapshot| {
        snapshot.connection == Connection::Live
            && snapshot.kinds.len() == 11
            && snapshot.kinds.values().all(|kind| kind.watch == Watch::Live)
            && !snapshot.releases.is_empty()
    })
    .await;
    let web = snapshot.by_key(&ObjectKey::new(Kind::Deployment, "rolling", "web")).expect("the release rolling/web");
    assert!(web.history.len() > 1, "{:#?}", web.history);
    assert!(web.tracks.iter().any(|track| !track.pods.is_empty()));
}
