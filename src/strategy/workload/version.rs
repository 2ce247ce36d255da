//! A version in few characters, and the digests behind it.

use crate::domain::pod::Pod;
use crate::domain::release::{Role, Track};
use crate::domain::workload::Image;
use crate::domain::{Release, Str};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The tag or short digest; with several containers that differ, each with its container's name: `app:v2 proxy:v9`.
pub fn version(images: &[Image]) -> Str {
    match images {
        [] => "?".into(),
        [one] => one.version().into(),
        [first, rest @ ..] if rest.iter().all(|image| image.version() == first.version()) => first.version().into(),
        many => {
            let parts: Vec<String> =
                many.iter().map(|image| format!("{}:{}", image.container, image.version())).collect();
            parts.join(" ").into()
        }
    }
}

/// The version that the spec of `release` stands for.
pub fn spec_version(release: &Release) -> Str {
    let of_spec = |track: &&Track| track.revision == release.revision && track.role != Role::Idle;
    let track = release.tracks.iter().find(of_spec).or_else(|| release.tracks.last());
    track.map_or_else(|| "what runs now".into(), |track| track.version.clone())
}

/// The digest of an image that a runtime reports: what stands behind `@`, or a bare `sha256:…`. `None` before the image
/// was pulled.
pub fn digest_of(image_id: &str) -> Option<&str> {
    let digest = image_id.rsplit_once('@').map_or(image_id, |(_, digest)| digest);
    let digest = digest.rsplit_once("://").map_or(digest, |(_, digest)| digest);
    digest.contains(':').then_some(digest)
}

/// The distinct digests that pods really run, per container.
pub fn digests(pods: &[Arc<Pod>]) -> BTreeMap<Str, Vec<Str>> {
    let mut found: BTreeMap<Str, Vec<Str>> = BTreeMap::new();
    for container in pods.iter().flat_map(|pod| pod.containers.iter()) {
        let Some(digest) = digest_of(&container.image_id) else { continue };
        let known = found.entry(container.name.clone()).or_default();
        if !known.iter().any(|have| **have == *digest) {
            known.push(digest.into());
        }
    }
    found
}

/// The digests worth showing: those behind a tag that may move, and those of a tag under which pods differ.
pub fn telling_digests(images: &[Image], pods: &[Arc<Pod>]) -> Vec<Str> {
    let by_container = digests(pods);
    let mut telling = Vec::new();
    for image in images {
        let Some(found) = by_container.get(&image.container) else { continue };
        if image.mutable() || (found.len() > 1 && !image.reference.contains('@')) {
            telling.extend(found.iter().cloned());
        }
    }
    telling
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(container: &str, reference: &str) -> Image {
        Image { container: container.into(), reference: reference.into() }
    }

    #[test]
    fn several_containers_are_named_only_where_their_versions_differ() {
        assert_eq!(&*version(&[image("app", "web:v2")]), "v2");
        assert_eq!(&*version(&[image("app", "web:v2"), image("proxy", "envoy:v9")]), "app:v2 proxy:v9");
        assert_eq!(&*version(&[image("app", "web:v2"), image("worker", "work:v2")]), "v2");
        assert_eq!(&*version(&[]), "?");
    }

    #[test]
    fn a_digest_is_found_in_every_form_that_runtimes_report() {
        assert_eq!(digest_of("docker-pullable://reg/web@sha256:ab"), Some("sha256:ab"));
        assert_eq!(digest_of("reg:5000/web@sha256:ab"), Some("sha256:ab"));
        assert_eq!(digest_of("sha256:ab"), Some("sha256:ab"));
        assert_eq!(digest_of("docker://sha256:ab"), Some("sha256:ab"));
        assert_eq!(digest_of(""), None);
    }
}
