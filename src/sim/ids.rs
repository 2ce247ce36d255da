//! Random-looking names and uids that are the same on every run.

use sha2::{Digest, Sha256};

/// The letters that Kubernetes uses in generated names.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A seeded source of uids, suffixes and jitter (splitmix64).
#[derive(Debug, Clone)]
pub struct Ids(u64);

impl Ids {
    pub fn seeded(name: &str) -> Ids {
        Ids(fnv(name.as_bytes()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn uid(&mut self) -> String {
        uid_of(self.next(), self.next())
    }

    /// Five letters, as at the end of a pod's name.
    pub fn suffix(&mut self) -> String {
        (0..5).map(|_| char::from(ALPHABET[(self.next() % 27) as usize])).collect()
    }

    /// A number from 0 up to, not including, `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

fn uid_of(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// A uid that depends on the name alone.
pub fn fixed_uid(name: &str) -> String {
    let mut ids = Ids::seeded(name);
    ids.uid()
}

/// 64-bit FNV-1a.
pub fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A hash as Kubernetes writes it into names: the decimal digits of 32 bits in the safe alphabet.
pub fn safe_hash(bytes: &[u8]) -> String {
    let folded = fnv(bytes);
    let digits = ((folded >> 32) ^ (folded & 0xffff_ffff)).to_string();
    digits.bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % 27])).collect()
}

/// The digest under which the simulated registry holds an image; `variant` is another build under the same tag.
pub fn digest(image: &str, variant: &str) -> String {
    use std::fmt::Write as _;
    let hash = Sha256::digest(format!("{image}{variant}"));
    hash.iter().fold(String::from("sha256:"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (mut a, mut b) = (Ids::seeded("x"), Ids::seeded("x"));
        assert_eq!((a.uid(), a.suffix()), (b.uid(), b.suffix()));
        assert_ne!(a.uid(), Ids::seeded("y").uid());
        assert_eq!(a.uid().len(), 36);
    }
}
