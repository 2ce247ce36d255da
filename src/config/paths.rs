//! Where windlass keeps its files: the XDG folders, or those that a variable names.

use std::{io, path::PathBuf};

use directories::ProjectDirs;

use super::{origin::Origin, problem::Problem};

/// The folders. None of them need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml` and `themes/`: `$WINDLASS_CONFIG_DIR`, else `$XDG_CONFIG_HOME/windlass`.
    pub config: PathBuf,
    /// Journal and logs: `$WINDLASS_STATE_DIR`, else `$XDG_STATE_HOME/windlass`.
    pub state: PathBuf,
    /// What can be had again: `$WINDLASS_CACHE_DIR`, else `$XDG_CACHE_HOME/windlass`.
    pub cache: PathBuf,
}

/// No folder can be told, since there is no home.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no home folder is known, so there is no place for windlass' files; set HOME, or {0}")]
pub struct NoHome(&'static str);

impl Paths {
    /// Finds the folders; `variable` reads the environment.
    pub fn find(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, NoHome> {
        let home = ProjectDirs::from("", "", "windlass");
        let folder = |own: &'static str, xdg: &str, built_in: &dyn Fn(&ProjectDirs) -> PathBuf| {
            if let Some(named) = variable(own).filter(|path| !path.is_empty()) {
                return Ok(PathBuf::from(named));
            }
            // The XDG specification: a relative path is invalid and must be ignored.
            let base = variable(xdg).map(PathBuf::from).filter(|path| path.is_absolute());
            base.map(|base| base.join("windlass")).or_else(|| home.as_ref().map(built_in)).ok_or(NoHome(own))
        };
        Ok(Self {
            config: folder("WINDLASS_CONFIG_DIR", "XDG_CONFIG_HOME", &|home| home.config_dir().to_owned())?,
            state: folder("WINDLASS_STATE_DIR", "XDG_STATE_HOME", &|home| {
                home.state_dir().unwrap_or_else(|| home.data_local_dir()).to_owned()
            })?,
            cache: folder("WINDLASS_CACHE_DIR", "XDG_CACHE_HOME", &|home| home.cache_dir().to_owned())?,
        })
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The folder of the user's own themes.
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }
}

/// The text of the configuration file `path`; `None` when there is none.
pub fn read(path: &PathBuf) -> Result<Option<String>, Problem> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let origin = Origin::File { path: path.clone().into(), line: 1, column: 1 };
            Err(Problem::new(origin, format!("cannot be read: {error}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Paths {
        Paths::find(&|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
            .unwrap()
    }

    #[test]
    fn own_variables_go_before_xdg_and_relative_xdg_paths_are_ignored() {
        let found = paths(&[
            ("WINDLASS_CONFIG_DIR", "/etc/here"),
            ("XDG_CONFIG_HOME", "/xdg/config"),
            ("XDG_STATE_HOME", "/xdg/state"),
            ("XDG_CACHE_HOME", "relative"),
            ("WINDLASS_CACHE_DIR", "/tmp/cache"),
        ]);
        assert_eq!(found.config_file(), PathBuf::from("/etc/here/config.toml"));
        assert_eq!(found.themes(), PathBuf::from("/etc/here/themes"));
        assert_eq!(found.state, PathBuf::from("/xdg/state/windlass"));
        assert_eq!(found.cache, PathBuf::from("/tmp/cache"));
    }

    #[test]
    fn a_missing_file_is_no_fault_and_a_folder_in_its_place_is_one() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("config.toml")), Ok(None));
        let fault = read(&folder.path().to_owned()).unwrap_err();
        assert!(fault.message.starts_with("cannot be read"), "{fault}");
    }
}
