//! Where themes come from: the bundled ones, and the user's own folder, whose files go first.

use std::{io, path::PathBuf};

use super::file::{self, File};
use crate::config::{Origin, Problem};
use crate::domain::nearest::suggestion;

/// The bundled themes by name; the first is the default.
pub const BUNDLED: &[(&str, &str)] = &[
    ("default", include_str!("../../../themes/default.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("ansi16", include_str!("../../../themes/ansi16.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("nord", include_str!("../../../themes/nord.toml")),
    ("gruvbox", include_str!("../../../themes/gruvbox.toml")),
    ("catppuccin", include_str!("../../../themes/catppuccin.toml")),
];

/// The themes that can be chosen.
#[derive(Debug, Clone, Default)]
pub struct Library {
    folder: Option<PathBuf>,
}

impl Library {
    /// The bundled themes, and those in `folder` (`NAME.toml`), which need not exist.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// The names of all themes: the bundled ones in their order, then the user's by name.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUNDLED.iter().map(|(name, _)| (*name).to_owned()).collect();
        let files = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok());
        let mut own: Vec<String> = files
            .into_iter()
            .flatten()
            .filter_map(|file| Some(file.ok()?.file_name().to_str()?.strip_suffix(".toml")?.to_owned()))
            .filter(|name| !names.contains(name))
            .collect();
        own.sort_unstable();
        names.append(&mut own);
        names
    }

    /// The files that `name` is made of, the one that it builds on first. A theme that builds on itself, directly or
    /// through others, is cut there, with a problem.
    pub(super) fn chain(&self, name: &str) -> Result<Vec<File>, Problem> {
        let mut seen: Vec<(String, Source)> = Vec::new();
        let mut chain: Vec<File> = Vec::new();
        let mut next = (name.to_owned(), Origin::Default);
        loop {
            let (wanted, asked_at) = next;
            // A bundled theme builds on bundled ones, and a user's theme of a bundled one's name may build on that one.
            let bundled = seen.last().is_some_and(|(name, source)| {
                let shadows = *name == wanted && BUNDLED.iter().any(|(own, _)| *own == wanted);
                *source == Source::Bundled || shadows
            });
            let found = match self.find(&wanted, bundled) {
                Ok((source, _)) if seen.contains(&(wanted.clone(), source)) => {
                    let names: Vec<_> = seen.iter().map(|(name, _)| name.as_str()).collect();
                    Err(Problem::new(
                        asked_at,
                        format!("themes build on each other in a circle: {} → {wanted}", names.join(" → ")),
                    ))
                }
                Ok((source, file)) => {
                    seen.push((wanted, source));
                    Ok(file)
                }
                Err(message) => Err(Problem::new(asked_at, message)),
            };
            match (found, chain.last_mut()) {
                (Err(problem), None) => return Err(problem),
                (Err(problem), Some(child)) => {
                    child.problems.push(problem);
                    break;
                }
                (Ok(file), _) => {
                    let parent = file.inherits.clone();
                    chain.push(file);
                    let Some(parent) = parent else { break };
                    next = parent;
                }
            }
        }
        chain.reverse();
        Ok(chain)
    }

    /// The file of `name`; `bundled` leaves out the user's folder.
    fn find(&self, name: &str, bundled: bool) -> Result<(Source, File), String> {
        // A name is a file's name and never a way out of the folder.
        let plain = !name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.');
        if let (true, false, Some(folder)) = (plain, bundled, &self.folder) {
            let path = folder.join(format!("{name}.toml"));
            match std::fs::read(&path) {
                Ok(bytes) => return Ok((Source::Folder, file::read(path, &String::from_utf8_lossy(&bytes)))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("theme '{name}' in {} cannot be read: {error}", path.display())),
            }
        }
        if let Some((own, text)) = BUNDLED.iter().find(|(own, _)| *own == name) {
            return Ok((Source::Bundled, file::read(PathBuf::from(format!("themes/{own}.toml")), text)));
        }
        let names = self.names();
        let near = suggestion(name, names.iter().map(String::as_str));
        Err(format!("there is no theme '{name}'{near}; there are: {}", names.join(", ")))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Bundled,
    Folder,
}
