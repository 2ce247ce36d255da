//! One stored object: its encoded bytes, and the few fields that the store itself looks at.

use super::json::{Json, encode};
use super::kinds::{BUDGETS, KindId, SERVICES};
use super::selector::LabelSelector;
use bytes::Bytes;
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// What names an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub kind: KindId,
    /// Empty for objects of the cluster scope.
    pub namespace: Arc<str>,
    pub name: Arc<str>,
}

impl Id {
    pub fn new(kind: KindId, namespace: &str, name: &str) -> Id {
        Id { kind, namespace: namespace.into(), name: name.into() }
    }

    /// The id of another object in the same namespace.
    pub fn beside(&self, kind: KindId, name: &str) -> Id {
        Id { kind, namespace: self.namespace.clone(), name: name.into() }
    }
}

/// Labels, in the object's order.
pub type Labels = Box<[(Box<str>, Box<str>)]>;

/// The controlling owner of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub uid: Box<str>,
    pub kind: Box<str>,
    pub name: Box<str>,
}

/// One version of one object. It is kept as the bytes that are sent (without `kind` and `apiVersion`, which lists
/// leave out). What a controller looks at is kept parsed too; what nobody touches is not, so that fifty thousand pods
/// stay small.
#[derive(Debug)]
pub struct Object {
    pub id: Id,
    pub uid: Box<str>,
    pub version: u64,
    pub labels: Labels,
    /// The owner that controls it.
    pub owner: Option<Owner>,
    /// Which pods a Service or a budget is about, so that it need not be parsed at every change of a pod.
    pub selector: Option<Box<LabelSelector>>,
    pub json: Bytes,
    pub parsed: OnceLock<Arc<Value>>,
}

impl Object {
    /// Takes an object's value apart; `metadata` must hold name, uid and resourceVersion.
    pub fn new(id: Id, mut value: Value) -> Object {
        value.cut("/kind");
        value.cut("/apiVersion");
        let version = value.text("/metadata/resourceVersion").parse().unwrap_or_default();
        let labels = value.entries("/metadata/labels").map(|(k, v)| (boxed(k), boxed(v.as_str().unwrap_or(""))));
        let selector = match id.kind {
            SERVICES => Some(LabelSelector::of_map(value.at("/spec/selector"))),
            BUDGETS => Some(LabelSelector::of_spec(value.at("/spec/selector"))),
            _ => None,
        };
        Object {
            selector: selector.filter(|selector| !selector.is_empty()).map(Box::new),
            id,
            uid: boxed(value.text("/metadata/uid")),
            version,
            labels: labels.collect(),
            owner: controller_of(&value),
            json: encode(&value).into(),
            parsed: OnceLock::from(Arc::new(value)),
        }
    }

    /// The object without `kind` and `apiVersion`, kept for the next who asks.
    pub fn value(&self) -> Arc<Value> {
        self.parsed.get_or_init(|| Arc::new(self.parse())).clone()
    }

    /// The object without `kind` and `apiVersion`, not kept: for those who go through many.
    pub fn parse(&self) -> Value {
        match self.parsed.get() {
            Some(value) => (**value).clone(),
            None => serde_json::from_slice(&self.json).unwrap_or_default(),
        }
    }

    /// Whether this Service or budget is about a pod.
    pub fn selects(&self, pod: &Object) -> bool {
        self.selector.as_ref().is_some_and(|selector| selector.matches(pod))
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(k, _)| &**k == key).map(|(_, v)| &**v)
    }
}

fn boxed(text: &str) -> Box<str> {
    text.into()
}

/// The owner that controls this object.
pub fn controller_of(value: &Value) -> Option<Owner> {
    let owners = value.list("/metadata/ownerReferences");
    let owner = owners.iter().find(|owner| owner.flag("/controller"))?;
    Some(Owner { uid: boxed(owner.text("/uid")), kind: boxed(owner.text("/kind")), name: boxed(owner.text("/name")) })
}
