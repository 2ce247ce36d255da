//! Whether objects that a template needs are there. Only their metadata is read: a Secret's values never come here.

use super::connect::Cluster;
use super::errors::ReadError;
use super::request::Request;
use crate::domain::{ObjectKey, Str};
use futures::stream::{self, StreamExt as _};

/// Whether an object exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existence {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It could not be looked up, and why.
    Unknown(Str),
}

/// Look-ups that run at a time: each takes a connection.
const AT_A_TIME: usize = 6;

impl Cluster {
    /// Looks up every key, in their order.
    pub async fn exists(&self, keys: &[ObjectKey]) -> Vec<(ObjectKey, Existence)> {
        stream::iter(keys.to_vec())
            .map(|key| async move {
                let existence = self.one_exists(&key).await;
                (key, existence)
            })
            .buffered(AT_A_TIME)
            .collect()
            .await
    }

    async fn one_exists(&self, key: &ObjectKey) -> Existence {
        let request = Request::get(self.object_path(key)).metadata_only();
        match self.whole(&request).await.map_err(|failed| failed.of_read(&key.to_string())) {
            Ok(_) => Existence::Yes,
            Err(ReadError::NotFound(_)) => Existence::No,
            Err(error) => Existence::Unknown(error.to_string().into()),
        }
    }
}
