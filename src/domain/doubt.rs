//! Whether another controller may steer a release, where what it is told by can't be read.

use super::Str;

/// Why a release may be somebody else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// One of its objects says that it belongs to an object that can't be read: the sentence. Nothing is written.
    Theirs(Str),
    /// What could steer it can't be read: the sentence. Nothing goes forward.
    Unread(Str),
}

impl Doubt {
    /// The sentence.
    pub const fn why(&self) -> &Str {
        match self {
            Self::Theirs(why) | Self::Unread(why) => why,
        }
    }
}
