//! The watch after a write: is the template still the one that we left there, and if not, who changed it?

use super::owners::{name_of, owners, writer_of};
use crate::cluster::Cluster;
use crate::domain::{ObjectKey, RawObject, Release, Str};
use crate::strategy::workload::template::{images, same};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// How long the template is watched after the write was taken.
pub const WATCHED_FOR: Duration = Duration::from_mins(10);

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is as we left it.
    Same,
    /// It is as it was before our write: who put it back.
    PutBack(Str),
    /// It is something third: who changed it.
    Changed(Str),
}

/// The template of one object, before and after our write.
#[derive(Debug)]
pub struct TemplateWatch {
    target: ObjectKey,
    before: Arc<RawValue>,
    after: Arc<RawValue>,
    generation: i64,
}

impl TemplateWatch {
    /// A watch over what `answer` shows; `None` when the write left the template alone.
    pub fn new(before: Arc<RawValue>, answer: &RawObject) -> Option<Self> {
        let after: Arc<RawValue> = answer.at("/spec/template")?.to_owned().into();
        if same(&before, &after) {
            return None;
        }
        let generation = answer.value("/metadata/generation").unwrap_or(0);
        Some(Self { target: answer.key.clone(), before, after, generation })
    }

    /// Looks again if the object's generation rose (a template can't change without); reads the object only then.
    pub async fn look(&mut self, cluster: &Cluster, release: &Release) -> Look {
        let generation = release.generation_of(&self.target).unwrap_or(release.generation);
        if generation.spec <= self.generation {
            return Look::Same;
        }
        let Ok(object) = cluster.read(&self.target).await else { return Look::Same };
        self.generation = object.value("/metadata/generation").unwrap_or(self.generation);
        self.judge(&object, release)
    }

    fn judge(&self, object: &RawObject, release: &Release) -> Look {
        let Some(now) = object.at("/spec/template") else { return Look::Same };
        if same(now, &self.after) {
            return Look::Same;
        }
        let owners = owners(object);
        let writer = writer_of(&owners, "/spec/template").or_else(|| owners.first());
        let who = writer.map_or_else(|| "somebody".into(), |owned| manager(release, &owned.manager));
        // A manager may write its own defaults: the old images are the old version all the same.
        let old_images = images(now) == images(&self.before) && images(now) != images(&self.after);
        if same(now, &self.before) || old_images { Look::PutBack(who) } else { Look::Changed(who) }
    }
}

/// A field manager's name as people know it: `Argo CD 'search'` for `argocd-controller`, where the release is marked so.
fn manager(release: &Release, field_manager: &str) -> Str {
    use crate::domain::management::Manager;
    let known = release.management.iter().find(|management| match management.manager {
        Manager::ArgoCd => field_manager.starts_with("argocd"),
        Manager::FluxKustomize => field_manager.starts_with("kustomize-controller"),
        Manager::FluxHelm => field_manager.starts_with("helm-controller"),
        Manager::Helm => field_manager.eq_ignore_ascii_case("helm"),
        Manager::KubectlApply => field_manager.starts_with("kubectl"),
        Manager::Flagger => field_manager.starts_with("flagger"),
        Manager::ArgoRollouts => field_manager.starts_with("rollouts-controller"),
        Manager::Autoscaler | Manager::Owner | Manager::Terraform => false,
    });
    match known {
        Some(management) if management.manager != Manager::KubectlApply && !management.name.is_empty() => {
            management.who().into()
        }
        _ => name_of(field_manager).into(),
    }
}
