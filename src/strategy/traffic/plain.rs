//! Workloads that nobody but us steers.

use crate::domain::objects::Objects;
use crate::domain::workload::Workload;
use crate::domain::{Kind, Str};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether nobody but us steers the workload: no operator, no Flagger, no Argo.
pub fn is_plain(workload: &Workload, objects: &dyn Objects) -> bool {
    let key = &workload.key;
    matches!(key.kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
        && workload.owner.is_none()
        && (!objects.any(Kind::Canary) || objects.canaries_naming(key).is_empty())
        && (!objects.any(Kind::Rollout) || objects.rollouts_naming(key).is_empty())
}

/// Whether the workloads run the same image, whatever its tag: a repository that all of them have.
pub fn share_an_image<'a>(workloads: impl IntoIterator<Item = &'a Arc<Workload>>) -> bool {
    let mut workloads = workloads.into_iter();
    let Some(first) = workloads.next() else { return false };
    let mut shared = repositories(first);
    for workload in workloads {
        let own = repositories(workload);
        shared.retain(|repository| own.contains(repository));
    }
    !shared.is_empty()
}

fn repositories(workload: &Workload) -> BTreeSet<&str> {
    workload.images.iter().map(|image| repository(&image.reference)).collect()
}

/// `reg:5000/shop/web` of `reg:5000/shop/web:v1@sha256:…`.
fn repository(reference: &Str) -> &str {
    let name = reference.split_once('@').map_or(&**reference, |(name, _)| name);
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    name[last..].find(':').map_or(name, |colon| &name[..last + colon])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_the_image_without_tag_and_digest() {
        for reference in ["reg:5000/shop/web", "reg:5000/shop/web:v1", "reg:5000/shop/web:v1@sha256:00"] {
            assert_eq!(repository(&reference.into()), "reg:5000/shop/web", "{reference}");
        }
        assert_eq!(repository(&"web@sha256:00".into()), "web");
    }
}
