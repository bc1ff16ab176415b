//! `holdtrue.toml`: where it is, and which of its profiles is used.

mod profile;
mod read;
mod routes;

use std::path::{Path, PathBuf};

use clap::Args;

pub(super) use profile::{Channel, Limits, Profile, Target};

use super::terminal::Talk;
use crate::diagnostic::suggest;
use crate::verdict::ExitStatus;

/// Name of the file of settings.
const FILE: &str = "holdtrue.toml";

/// Which file of settings, and which profile in it.
#[derive(Debug, Args)]
pub(super) struct SettingsArgs {
    /// Settings to use [default: `holdtrue.toml` here, or in a folder above up to the root of the repository]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Profile of the settings to use [default: what the settings name as `default_profile`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl SettingsArgs {
    /// The profile of this run, if there is one; on failure everything has been said.
    pub(super) fn profile(&self, talk: &Talk) -> Result<Option<Profile>, ExitStatus> {
        let Some(path) = self.config.clone().or_else(|| found(&std::env::current_dir().ok()?)) else {
            return match &self.profile {
                Some(name) => Err(talk.stop(&format!(
                    "`--profile {name}` needs a `{FILE}`, and there is none here or above, up to the root of a \
                     repository; name one with `--config FILE`"
                ))),
                None => Ok(None),
            };
        };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| talk.stop(&format!("settings `{shown}` cannot be read: {error}")))?;
        let settings =
            read::settings(&text).map_err(|why| talk.stop(&format!("settings `{shown}`: {why}")))?;
        let Some(name) = self.profile.as_ref().or(settings.default.as_ref()) else { return Ok(None) };
        let legal: Vec<&str> = settings.profiles.keys().map(String::as_str).collect();
        let mut profiles = settings.profiles.clone();
        match profiles.remove(name) {
            Some(mut profile) => {
                profile.file = shown;
                Ok(Some(profile))
            }
            None => {
                let hint = match suggest::nearest(name, &legal) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None if legal.is_empty() => "; there are none in it".to_owned(),
                    None => format!("; there are {}", suggest::listing(&legal)),
                };
                Err(talk.stop(&format!("settings `{shown}` have no profile `{name}`{hint}")))
            }
        }
    }
}

/// The file of settings in a folder or the nearest one above it, as a path from there.
///
/// Outside of a repository only the folder itself counts: whoever may write to a folder high up, such as one for
/// temporary files, must not decide what others verify.
fn found(folder: &Path) -> Option<PathBuf> {
    let root = folder.ancestors().position(|above| above.join(".git").exists()).unwrap_or(0);
    folder.ancestors().take(root + 1).enumerate().find_map(|(up, above)| {
        let climbed: PathBuf = std::iter::repeat_n("..", up).collect();
        above.join(FILE).is_file().then(|| climbed.join(FILE))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_file_counts_and_none_beyond_the_repository() {
        let top = tempfile::tempdir().unwrap();
        let deep = top.path().join("repo/a/b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(top.path().join(FILE), "").unwrap();
        assert_eq!(found(&deep), None, "no repository, so only the folder itself");
        fs::create_dir(top.path().join("repo/.git")).unwrap();
        assert_eq!(found(&deep), None, "what lies above the repository is not its own");
        fs::write(top.path().join("repo").join(FILE), "").unwrap();
        assert_eq!(found(&deep), Some(PathBuf::from("../../holdtrue.toml")));
        fs::write(deep.join(FILE), "").unwrap();
        assert_eq!(found(&deep), Some(PathBuf::from(FILE)));
    }
}
