//! Shared strings: names of nodes, images, hashes and namespaces repeat over thousands of rows and are stored once.

use crate::domain::Str;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A pool of shared strings.
#[derive(Debug, Default)]
pub struct Pool {
    known: HashSet<Str>,
    sweep_at: usize,
}

impl Pool {
    /// The pool's string equal to `text`.
    pub fn share(&mut self, text: &str) -> Str {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if self.known.len() >= self.sweep_at {
            self.known.retain(|text| Arc::strong_count(text) > 1);
            self.sweep_at = (self.known.len() * 2).max(1_024);
        }
        let shared = Str::from(text);
        self.known.insert(shared.clone());
        shared
    }
}

/// The pool as the tasks of one observer share it.
#[derive(Debug, Clone, Default)]
pub struct Interner(Arc<Mutex<Pool>>);

impl Interner {
    /// The pool, for as long as one row takes. A panic of another task leaves it usable.
    pub fn lock(&self) -> MutexGuard<'_, Pool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_are_stored_once_and_unused_ones_are_swept() {
        let mut pool = Pool::default();
        let first = pool.share("node-1");
        assert!(Arc::ptr_eq(&first, &pool.share("node-1")));
        for number in 0..5_000 {
            pool.share(&number.to_string());
        }
        assert!(pool.known.len() < 3_000, "{}", pool.known.len());
        assert!(Arc::ptr_eq(&first, &pool.share("node-1")));
    }
}
