//! Own queries of a namespace's releases, asked with the board's one query: never one a release.
//!
//! Each is marked with whose it is, and all of them are joined: `A or label_replace(B, …) or label_replace(C, …)`. A few
//! are asked at a time, in turns. One that the server refuses takes the others with it: then they go one by one until it
//! is found, and that one is left out.

use super::answer::{Answer, Row};
use super::own::{Now, reading};
use super::template::fill;
use crate::domain::Str;
use crate::domain::measurement::{Reading, TrackMeasured};
use crate::metrics::source::OwnErrors;
use jiff::SignedDuration;
use std::collections::{HashMap, HashSet};

/// How many releases' own queries are asked at a time.
const AT_ONCE: usize = 8;

/// The longest that an own query may be: what is asked goes into the address of a request.
const LONGEST: usize = 1_000;

/// How much text of several is asked at a time.
const LONGEST_OF_ALL: usize = 3_000;

/// The label that says whose a series is.
const MARK: &str = "windlass_own";

/// Whose turn it is, by namespace, and which queries the server refuses.
#[derive(Debug, Default)]
pub struct Turns {
    at: HashMap<Str, Turn>,
    refused: HashSet<String>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Turn {
    next: usize,
    /// One of so many is refused, or they are too much together: they are asked one by one.
    alone: usize,
}

/// Those whose turn it is.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    asked: Vec<(&'a OwnErrors, Vec<String>)>,
    /// After how many turns it is theirs again.
    pub turns: u32,
}

impl Turns {
    /// The next ones of `own`.
    pub fn next<'a>(&mut self, namespace: &Str, own: &'a [OwnErrors], window: SignedDuration) -> Batch<'a> {
        let filled = |own: &'a OwnErrors| {
            let lanes = own.lanes.tracks.iter();
            let text = |lane| fill(&own.query.text, &own.lanes, lane, &own.name, window);
            (own, lanes.map(text).collect::<Vec<String>>())
        };
        let good = |texts: &[String]| {
            texts.iter().all(|text| text.len() <= LONGEST && !self.refused.contains(text)) && !texts.is_empty()
        };
        let all: Vec<_> = own.iter().map(filled).filter(|(_, texts)| good(texts)).collect();
        if all.is_empty() {
            return Batch::default();
        }
        let turn = self.at.entry(namespace.clone()).or_default();
        let (len, first) = (all.len(), turn.next % all.len());
        let mut text = 0;
        let fits = |(_, texts): &&(_, Vec<String>)| {
            text += texts.iter().map(String::len).sum::<usize>();
            text <= LONGEST_OF_ALL
        };
        let most = if turn.alone > 0 { 1 } else { AT_ONCE.min(len) };
        let many = all.iter().cycle().skip(first).take(most).take_while(fits).count().max(1);
        turn.alone = turn.alone.saturating_sub(many);
        turn.next = (first + many) % len;
        let asked = all.into_iter().cycle().skip(first).take(many).collect();
        Batch { asked, turns: u32::try_from(len.div_ceil(many)).unwrap_or(u32::MAX) }
    }

    /// The server refused a query with this batch in it.
    pub fn refused(&mut self, namespace: &Str, batch: &Batch<'_>) {
        let many = batch.asked.len();
        // Where each is taken by itself, they are asked together again after a round.
        let round = many * usize::try_from(batch.turns).unwrap_or(1);
        self.at.entry(namespace.clone()).or_default().alone = if many > 1 { round } else { 0 };
        if many == 1 {
            self.refused.extend(batch.asked.iter().flat_map(|(_, texts)| texts.iter().cloned()));
        }
    }

    /// What was refused may be taken now.
    pub fn forget(&mut self) {
        self.refused.clear();
        self.at.clear();
    }
}

impl<'a> Batch<'a> {
    /// Whether it is nobody's turn.
    pub const fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Its queries, behind `first` where there is one.
    pub fn behind(&self, first: Option<String>) -> String {
        let own = self.asked.iter().enumerate().flat_map(|(release, (_, texts))| {
            let marked = move |(lane, text): (usize, &String)| {
                // A comment at its end goes no further than its line.
                format!("label_replace((\n{text}\n), \"{MARK}\", \"{release}.{lane}\", \"\", \"\")")
            };
            texts.iter().enumerate().map(marked)
        });
        first.into_iter().chain(own).collect::<Vec<_>>().join(" or ")
    }

    /// The tracks of those that were asked, laid over what else is known of them.
    pub fn tracks(
        &self,
        answer: &Answer,
        known: impl Fn(&OwnErrors) -> Vec<TrackMeasured>,
    ) -> Vec<(&'a OwnErrors, Vec<TrackMeasured>)> {
        let measured = |(release, (own, _)): (usize, &(&'a OwnErrors, Vec<String>))| {
            let mut tracks = known(own);
            for (lane, track) in tracks.iter_mut().enumerate() {
                let mark = format!("{release}.{lane}");
                let rows = answer.rows.iter().filter(|row| row.label(MARK) == Some(&mark)).cloned().collect();
                track.errors = share(rows, own);
            }
            (*own, tracks)
        };
        self.asked.iter().enumerate().map(measured).collect()
    }
}

/// Whether a series is an own query's.
pub fn is_own(row: &Row) -> bool {
    row.label(MARK).is_some()
}

fn share(rows: Vec<Row>, own: &OwnErrors) -> Reading {
    Now(reading(&Answer { rows, warning: None }, &own.query)).share("error_rate_query")
}
