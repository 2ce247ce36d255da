//! Deriving: from touched objects to the releases that they belong to, and from those to the ones that win or lose members.

use super::{Index, ROOTS, place};
use crate::domain::objects::Objects as _;
use crate::domain::traffic::marks;
use crate::domain::{Kind, ObjectKey, Release, Str, Timestamp};
use crate::strategy::{self, Derive, doubt};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

impl Index {
    /// Derives the touched releases. The cost is in proportion to them. How many were derived.
    pub fn derive(&mut self, now: Timestamp) -> usize {
        let mut roots = HashSet::new();
        for key in std::mem::take(&mut self.dirty) {
            self.note_serving(&key, now);
            roots.extend(self.roots_of.get(&key).into_iter().flatten().cloned());
            match strategy::root_of(&key, &*self) {
                Some(root) => {
                    // It may have been a release of its own until now.
                    if root != key && self.releases.contains_key(&place(&key)) {
                        roots.insert(key);
                    }
                    roots.insert(root);
                }
                None if self.releases.contains_key(&place(&key)) => drop(roots.insert(key)),
                None => {}
            }
        }
        let mut settled = HashSet::with_capacity(roots.len());
        let mut waiting: Vec<ObjectKey> = roots.into_iter().collect();
        while let Some(root) = waiting.pop() {
            if !settled.contains(&root) {
                self.settle(&root, now, &mut waiting);
                settled.insert(root);
            }
        }
        settled.len()
    }

    /// Derives the release rooted at `root`, or drops it. Adds to `others` the roots of objects that it won or lost.
    fn settle(&mut self, root: &ObjectKey, now: Timestamp, others: &mut Vec<ObjectKey>) {
        let (recorded, settings) = (Arc::clone(&self.recorded), Arc::clone(&self.settings));
        let context = Derive { now, recorded: &*recorded, settings: &settings };
        let derived = strategy::owner_of(root, &*self)
            .filter(|(_, claim)| claim.root == *root)
            .and_then(|(strategy, _)| strategy.derive(root, &*self, &context))
            .map(|release| Release {
                measured_by: self.annotation(root, marks::METRICS),
                pods_unread: self.pods_unread(&root.namespace),
                doubt: doubt::of(&release, &*self),
                ..release
            })
            .map(told_in_doubt);
        let here = place(root);
        let old = self.releases.get(&here).map(Arc::clone);
        if old.as_deref() == derived.as_ref() {
            return;
        }
        let old_timer = old.as_ref().and_then(|old| old.recheck_at);
        let new_members = derived.as_ref().map(|new| new.members.as_slice()).unwrap_or_default();
        for member in old.iter().flat_map(|old| &old.members) {
            self.leave(member, root);
            if member != root && ROOTS.contains(&member.kind) && !new_members.contains(member) {
                // It lost its release: whose is it now?
                others.extend(strategy::root_of(member, &*self));
            }
        }
        let Some(release) = derived else {
            self.releases.remove(&here);
            return;
        };
        for member in &release.members {
            let roots = self.roots_of.entry(member.clone()).or_insert_with(|| Vec::with_capacity(1));
            if !roots.contains(root) {
                roots.push(root.clone());
            }
            if member != root && ROOTS.contains(&member.kind) && self.releases.contains_key(&place(member)) {
                others.push(member.clone());
            }
        }
        if let Some(due) = release.recheck_at.filter(|due| Some(*due) != old_timer) {
            self.timers.push(Reverse((due, root.clone())));
        }
        self.releases.insert(here, Arc::new(release));
    }

    /// Why the pods of a namespace are not known.
    fn pods_unread(&self, namespace: &str) -> Option<Str> {
        let coming = || (!self.pods_listed(namespace)).then(|| "they are still being read".into());
        self.unread(Kind::Pod, namespace).or_else(coming)
    }

    /// An annotation of the object that roots a release.
    fn annotation(&self, root: &ObjectKey, name: &str) -> Option<Str> {
        let annotations = match root.kind {
            Kind::Service => &self.service(root)?.annotations,
            Kind::VirtualService | Kind::HttpRoute | Kind::GrpcRoute => &self.route(root)?.meta.annotations,
            Kind::Canary => &self.canary(root)?.meta.annotations,
            _ => &self.workload(root)?.annotations,
        };
        annotations.get(name).map(|text| text.trim().into())
    }

    /// Notes that `member` no longer belongs to `root`.
    fn leave(&mut self, member: &ObjectKey, root: &ObjectKey) {
        if let Some(roots) = self.roots_of.get_mut(member) {
            roots.retain(|known| known != root);
            if roots.is_empty() {
                self.roots_of.remove(member);
            }
        }
    }
}

/// Says beside why it was recognised that somebody else may steer it.
fn told_in_doubt(release: Release) -> Release {
    let why = release.doubt.as_ref().map(|doubt| Str::from(format!("{}; {}", release.why, doubt.why())));
    Release { why: why.unwrap_or_else(|| release.why.clone()), ..release }
}
