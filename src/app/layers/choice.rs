//! A list to choose from: contexts, namespaces, themes, or the side of a release.

use crate::app::field::TextField;
use crate::app::filter;
use crate::app::scroll::Scroll;
use crate::domain::{Str, Uid};

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A context of the kubeconfig.
    Contexts,
    /// The namespaces that are shown.
    Namespaces,
    /// The colours.
    Themes,
    /// The side that gets a release's traffic.
    Sides,
}

impl Subject {
    /// The title of the list.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Contexts => "Contexts",
            Self::Namespaces => "Namespaces",
            Self::Themes => "Themes",
            Self::Sides => "Switch to which side",
        }
    }
}

/// One line to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: Str,
    /// What is said beside it.
    pub about: Str,
    /// It is in use.
    pub current: bool,
    /// It was marked to be used together with others.
    pub marked: bool,
}

impl Item {
    /// An item with what is said beside it.
    pub fn new(name: impl Into<Str>, about: impl Into<Str>, current: bool) -> Self {
        Self { name: name.into(), about: about.into(), current, marked: false }
    }
}

/// A list to choose from.
#[derive(Debug)]
pub struct Choice {
    /// What is chosen.
    pub subject: Subject,
    /// The lines; `None` while they are read.
    pub items: Option<Vec<Item>>,
    /// Why they could not be read.
    pub problem: Option<Str>,
    /// The word looked for.
    pub find: TextField,
    /// Whether it is being typed.
    pub typing: bool,
    /// The selected line among those that match.
    pub scroll: Scroll,
    /// The release that a side is chosen for.
    pub release: Option<Uid>,
    /// What was in use when the list was opened, to go back to on leaving.
    pub before: Str,
}

impl Choice {
    /// A list of `subject`; `items` may come later.
    pub fn new(subject: Subject, items: Option<Vec<Item>>, before: impl Into<Str>) -> Self {
        let at = items.as_ref().and_then(|items| items.iter().position(|item| item.current)).unwrap_or(0);
        Self {
            subject,
            items,
            problem: None,
            find: TextField::default(),
            typing: false,
            scroll: Scroll { at },
            release: None,
            before: before.into(),
        }
    }

    /// Whether several lines can be marked.
    pub const fn marks(&self) -> bool {
        matches!(self.subject, Subject::Namespaces)
    }

    /// The lines that match, with their places.
    pub fn matching(&self) -> Vec<(usize, &Item)> {
        let all = self.items.iter().flatten().enumerate();
        if self.find.text().is_empty() {
            return all.collect();
        }
        filter::best(self.find.text(), all, |(_, item)| &item.name)
    }

    /// The selected line.
    pub fn selected(&self) -> Option<(usize, &Item)> {
        let matching = self.matching();
        matching.get(self.scroll.within(matching.len())).copied()
    }

    /// The marked names, else the selected one.
    pub fn chosen(&self) -> Vec<Str> {
        let marked: Vec<Str> =
            self.items.iter().flatten().filter(|item| item.marked).map(|item| item.name.clone()).collect();
        if marked.is_empty() {
            self.selected().map(|(_, item)| item.name.clone()).into_iter().collect()
        } else {
            marked
        }
    }
}
