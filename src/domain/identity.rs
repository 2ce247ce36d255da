//! Which cluster this is.

use super::Str;
use serde::{Deserialize, Serialize};

/// A cluster's identity: two contexts with similar names have two fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// The context's name in the kubeconfig.
    pub context: Str,
    /// The API server's URL.
    pub server: Str,
    /// Taken at connect and at every rebuild of the client.
    pub fingerprint: Fingerprint,
}

/// What makes a cluster recognisable: the kube-system namespace's UID, else server URL and CA hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The full identity.
    pub id: Str,
    /// A word of it that people can say and type: `heron`.
    pub word: Str,
    /// Its colour as an index from 0 to 11 into the theme's fingerprint colours.
    pub colour: u8,
}

impl Fingerprint {
    /// Derives word and colour from the identity text (FNV-1a: stable over versions and machines).
    pub fn of(id: &str) -> Self {
        let hash = id
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let word = WORDS[(hash % WORDS.len() as u64) as usize];
        Self { id: id.into(), word: word.into(), colour: ((hash >> 32) % 12) as u8 }
    }
}

/// Short words that are told apart when read and when typed.
const WORDS: [&str; 64] = [
    "acorn", "amber", "anchor", "badger", "basil", "beacon", "birch", "bison", "cedar", "cobalt", "comet", "coral",
    "cricket", "dahlia", "delta", "dune", "eagle", "ember", "falcon", "fern", "finch", "fjord", "garnet", "ginger",
    "glacier", "harbor", "hazel", "heron", "indigo", "iris", "island", "jasper", "juniper", "kestrel", "lagoon",
    "lantern", "larch", "lemon", "lotus", "maple", "marble", "meadow", "nectar", "nimbus", "ocean", "olive", "onyx",
    "orchid", "otter", "pebble", "pepper", "quartz", "raven", "reef", "saffron", "sparrow", "spruce", "thistle",
    "tulip", "tundra", "velvet", "walnut", "willow", "zephyr",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_stable_and_words_are_unique() {
        assert_eq!(Fingerprint::of("a"), Fingerprint::of("a"));
        assert_ne!(Fingerprint::of("a").word, Fingerprint::of("b").word);
        let mut words = WORDS.to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
        assert!(Fingerprint::of("x").colour < 12);
    }
}
