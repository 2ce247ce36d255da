//! Finds objects by labels and by selectors without looking at all of them.

use crate::domain::selector::{Labels, Selector};
use crate::domain::{ObjectKey, Str};
use std::collections::{HashMap, HashSet};

/// A label in a namespace.
type Pair = (Str, Str, Str);

/// Objects with labels, filed under each of them: for the question "what does this selector select".
#[derive(Debug, Default)]
pub struct Labelled {
    by_pair: HashMap<Pair, HashSet<ObjectKey>>,
    by_namespace: HashMap<Str, HashSet<ObjectKey>>,
    labels: HashMap<ObjectKey, Labels>,
}

impl Labelled {
    /// Files `key` under `labels`.
    pub fn insert(&mut self, key: &ObjectKey, labels: &Labels) {
        if self.labels.get(key) == Some(labels) {
            return;
        }
        self.remove(key);
        for (name, value) in labels {
            self.by_pair.entry(pair(&key.namespace, name, value)).or_default().insert(key.clone());
        }
        self.by_namespace.entry(key.namespace.clone()).or_default().insert(key.clone());
        self.labels.insert(key.clone(), labels.clone());
    }

    /// Forgets `key`.
    pub fn remove(&mut self, key: &ObjectKey) {
        let Some(labels) = self.labels.remove(key) else { return };
        for (name, value) in &labels {
            take(&mut self.by_pair, &pair(&key.namespace, name, value), key);
        }
        take(&mut self.by_namespace, &key.namespace, key);
    }

    /// The objects in `namespace` that `selector` selects.
    pub fn selected(&self, namespace: &Str, selector: &Selector) -> Vec<ObjectKey> {
        let smallest = selector
            .labels
            .iter()
            .map(|(name, value)| self.by_pair.get(&pair(namespace, name, value)))
            .min_by_key(|keys| keys.map_or(0, HashSet::len));
        let candidates = smallest.unwrap_or_else(|| self.by_namespace.get(namespace));
        candidates
            .into_iter()
            .flatten()
            .filter(|key| self.labels.get(*key).is_some_and(|labels| selector.matches(labels)))
            .cloned()
            .collect()
    }
}

/// Objects with selectors, each filed under one of its labels: for the question "what selects these labels".
#[derive(Debug, Default)]
pub struct Selectors {
    by_pair: HashMap<Pair, HashSet<ObjectKey>>,
    /// Selectors without any plain label.
    rest: HashMap<Str, HashSet<ObjectKey>>,
    filed: HashMap<ObjectKey, (Selector, Option<Pair>)>,
}

impl Selectors {
    /// Files `key` under the rarest label of `selector`.
    pub fn insert(&mut self, key: &ObjectKey, selector: &Selector) {
        if self.filed.get(key).is_some_and(|(known, _)| known == selector) {
            return;
        }
        self.remove(key);
        let rarest = selector
            .labels
            .iter()
            .map(|(name, value)| pair(&key.namespace, name, value))
            .min_by_key(|pair| self.by_pair.get(pair).map_or(0, HashSet::len));
        match &rarest {
            Some(pair) => self.by_pair.entry(pair.clone()).or_default().insert(key.clone()),
            None => self.rest.entry(key.namespace.clone()).or_default().insert(key.clone()),
        };
        self.filed.insert(key.clone(), (selector.clone(), rarest));
    }

    /// Forgets `key`.
    pub fn remove(&mut self, key: &ObjectKey) {
        let Some((_, filed)) = self.filed.remove(key) else { return };
        match filed {
            Some(pair) => take(&mut self.by_pair, &pair, key),
            None => take(&mut self.rest, &key.namespace, key),
        }
    }

    /// The selector of `key`.
    pub fn of(&self, key: &ObjectKey) -> Option<&Selector> {
        self.filed.get(key).map(|(selector, _)| selector)
    }

    /// The objects in `namespace` that select `labels`, by name.
    pub fn selecting(&self, namespace: &str, labels: &Labels) -> Vec<ObjectKey> {
        let namespace = Str::from(namespace);
        let by_label = labels.iter().filter_map(|(name, value)| self.by_pair.get(&pair(&namespace, name, value)));
        let mut found: Vec<ObjectKey> = by_label
            .chain(self.rest.get(&namespace))
            .flatten()
            .filter(|key| self.of(key).is_some_and(|selector| selector.matches(labels)))
            .cloned()
            .collect();
        found.sort_unstable();
        found
    }
}

fn pair(namespace: &Str, name: &Str, value: &Str) -> Pair {
    (namespace.clone(), name.clone(), value.clone())
}

fn take<K: std::hash::Hash + Eq>(map: &mut HashMap<K, HashSet<ObjectKey>>, at: &K, key: &ObjectKey) {
    if let Some(keys) = map.get_mut(at) {
        keys.remove(key);
        if keys.is_empty() {
            map.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;
    use crate::domain::selector::{Operator, Requirement};

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| (Str::from(*name), Str::from(*value))).collect()
    }

    #[test]
    fn both_questions_give_what_matching_each_object_gives() {
        let web = ObjectKey::new(Kind::Deployment, "shop", "web");
        let api = ObjectKey::new(Kind::Deployment, "shop", "api");
        let mut labelled = Labelled::default();
        labelled.insert(&web, &labels(&[("app", "web"), ("tier", "front")]));
        labelled.insert(&api, &labels(&[("app", "api"), ("tier", "front")]));
        let front = Selector::of(labels(&[("tier", "front")]));
        let only_web = Selector::of(labels(&[("tier", "front"), ("app", "web")]));
        let not_web = Requirement { key: "app".into(), operator: Operator::NotIn, values: vec!["web".into()] };
        let expression = Selector { expressions: vec![not_web], ..Selector::default() };
        assert_eq!(labelled.selected(&"shop".into(), &front).len(), 2);
        assert_eq!(labelled.selected(&"shop".into(), &only_web), std::slice::from_ref(&web));
        assert_eq!(labelled.selected(&"shop".into(), &expression), std::slice::from_ref(&api));
        assert!(labelled.selected(&"other".into(), &front).is_empty());
        labelled.remove(&web);
        assert_eq!(labelled.selected(&"shop".into(), &front), [api]);

        let service = |name: &str| ObjectKey::new(Kind::Service, "shop", name);
        let mut selectors = Selectors::default();
        selectors.insert(&service("front"), &front);
        selectors.insert(&service("web"), &only_web);
        selectors.insert(&service("rest"), &expression);
        selectors.insert(&service("none"), &Selector::default());
        let of_web = selectors.selecting("shop", &labels(&[("app", "web"), ("tier", "front")]));
        assert_eq!(of_web, [service("front"), service("web")]);
        selectors.insert(&service("web"), &Selector::of(labels(&[("app", "other")])));
        let of_api = selectors.selecting("shop", &labels(&[("app", "api"), ("tier", "front")]));
        assert_eq!(of_api, [service("front"), service("rest")]);
    }
}
