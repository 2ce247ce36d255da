//! A text that fills the screen: YAML, or the diff of two revisions.

use crate::app::field::TextField;
use crate::app::scroll::Scroll;
use crate::domain::plan::Change;
use crate::domain::{ObjectKey, Release, Revision, Str};
use std::sync::Arc;

/// A text with a title.
#[derive(Debug)]
pub struct TextView {
    /// What it shows.
    pub title: Str,
    /// The text itself.
    pub body: Body,
    /// Only lines with this word are shown.
    pub word: String,
    /// The word being typed.
    pub find: Option<TextField>,
    /// The first line in sight.
    pub scroll: Scroll,
    /// Whether long lines are wrapped.
    pub wrap: bool,
}

/// What is shown.
#[derive(Debug)]
pub enum Body {
    /// It is being read.
    Reading(ObjectKey),
    /// The objects of this diff are being read.
    ReadingDiff(Arc<Release>, Against),
    /// It could not be read.
    Problem(Str),
    /// YAML, line by line.
    Yaml(Vec<String>),
    /// Changed places; none: the two are the same.
    Diff(Vec<Change>),
}

/// What a template is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// The spec, against this revision.
    Revision(Revision),
    /// The template of one workload, against that of another.
    Workload(ObjectKey, ObjectKey),
}

impl TextView {
    /// A text titled `title`.
    pub fn new(title: impl Into<Str>, body: Body) -> Self {
        Self { title: title.into(), body, word: String::new(), find: None, scroll: Scroll::default(), wrap: false }
    }

    /// How many lines it has, before wrapping.
    pub fn lines(&self) -> usize {
        match &self.body {
            Body::Reading(_) | Body::ReadingDiff(..) | Body::Problem(_) => 1,
            Body::Yaml(lines) => lines.iter().filter(|line| line.contains(&self.word)).count(),
            Body::Diff(changes) => changes.iter().map(change_lines).sum(),
        }
    }

    /// The whole text, for the clipboard.
    pub fn plain(&self) -> String {
        match &self.body {
            Body::Reading(_) | Body::ReadingDiff(..) => String::new(),
            Body::Problem(text) => text.to_string(),
            Body::Yaml(lines) => lines.join("\n"),
            Body::Diff(changes) => changes
                .iter()
                .flat_map(|change| {
                    let old = change.old.iter().map(|old| format!("  - {old}"));
                    let new = change.new.iter().map(|new| format!("  + {new}"));
                    std::iter::once(change.place.to_string()).chain(old).chain(new).collect::<Vec<_>>()
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }
}

/// How many lines a changed place takes: one for the place, one for each side.
pub fn change_lines(change: &Change) -> usize {
    1 + usize::from(change.old.is_some()) + usize::from(change.new.is_some())
}
