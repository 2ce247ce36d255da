//! One measurement, large.

use crate::domain::Release;
use std::sync::Arc;

/// What a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shows {
    /// The share of failed requests.
    #[default]
    Errors,
    /// The time that 99 of 100 requests stay below.
    P99,
    /// Requests a second.
    Requests,
    /// A measurement with a name of its own, by its place.
    Named(usize),
}

impl Shows {
    /// All of them, where there are so many named ones.
    pub fn all(named: usize) -> Vec<Self> {
        let mut all = vec![Self::Errors, Self::P99, Self::Requests];
        all.extend((0..named).map(Self::Named));
        all
    }
}

/// An open chart.
#[derive(Debug)]
pub struct ChartView {
    /// The release as last shown.
    pub release: Arc<Release>,
    /// What it shows.
    pub shows: Shows,
}

impl ChartView {
    /// Goes on to the next measurement, or back to the one before.
    pub fn turn(&mut self, named: usize, forth: bool) {
        let all = Shows::all(named);
        let at = all.iter().position(|shows| *shows == self.shows).unwrap_or(0);
        let next = if forth { at + 1 } else { at + all.len() - 1 };
        self.shows = all[next % all.len()];
    }
}
