//! The keys that `chain find` is given. They are read here and shown nowhere.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::terminal::Talk;
use crate::chain::given::Outside;
use crate::chain::spec::{ChainSpec, KeyOrigin};
use crate::find::Key;
use crate::probe::brought::key_at;
use crate::verdict::ExitStatus;

/// Options that say where keys are.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The environment variable that holds a key of the hashes: as text, in hex or in base64; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    key_env: Vec<String>,
    /// A file that holds a key of the hashes: as text, in hex or in base64; may be repeated
    #[arg(long, value_name = "FILE")]
    key_file: Vec<PathBuf>,
}

/// What was read.
pub(super) struct Keys {
    /// Every reading of every text, each key once.
    pub(super) keys: Vec<Key>,
    /// What was found in each place.
    texts: Vec<(KeyOrigin, Vec<u8>)>,
}

impl Args {
    /// Reads all keys.
    pub(super) fn read(&self, talk: &Talk) -> Result<Keys, ExitStatus> {
        let mut found = Keys { keys: Vec::new(), texts: Vec::new() };
        for name in &self.key_env {
            let mut letters = name.bytes();
            let begins = letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
            if !begins || !letters.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                // It may be the key, so it is not repeated.
                return Err(talk.stop("`--key-env` wants the name of an environment variable, not the key"));
            }
            let origin = KeyOrigin::Env(name.clone());
            let text = match std::env::var_os(name) {
                // Nor is what does not look like a name.
                None if name.len() > 40 || name.bytes().any(|b| b.is_ascii_lowercase()) => {
                    Err("the environment variable that `--key-env` names is not set".to_owned())
                }
                _ => key_at(&origin),
            };
            found.add(origin, text, talk)?;
        }
        for path in &self.key_file {
            let Some(path) = path.to_str() else {
                return Err(talk.stop("a path with a key must be UTF-8, or no policy can name it"));
            };
            let origin = KeyOrigin::File(path.to_owned());
            let text = match std::fs::symlink_metadata(path) {
                Err(error) => Err(format!("the file that `--key-file` names cannot be read: {error}")),
                Ok(_) => key_at(&origin),
            };
            found.add(origin, text, talk)?;
        }
        Ok(found)
    }
}

impl Keys {
    fn add(
        &mut self,
        origin: KeyOrigin,
        text: Result<Vec<u8>, String>,
        talk: &Talk,
    ) -> Result<(), ExitStatus> {
        let place = match &origin {
            KeyOrigin::Env(name) => format!("the environment variable `{name}`"),
            KeyOrigin::File(path) => format!("the file `{path}`"),
        };
        let read = text.and_then(|text| {
            let keys = Key::readings(&origin, &text).map_err(|why| format!("{place} holds no key: {why}"))?;
            Ok((text, keys))
        });
        let (text, keys) = read.map_err(|why| {
            talk.say(&format!("error: {why}"));
            ExitStatus::Unproven
        })?;
        for key in keys {
            if !self.keys.iter().any(|known| known.is_same(&key)) {
                self.keys.push(key);
            }
        }
        self.texts.push((origin, text));
        Ok(())
    }

    /// How many places keys were read from.
    pub(super) fn places(&self) -> usize {
        self.texts.len()
    }

    /// The keys that a declared chain takes, read as its declaration says.
    pub(super) fn of(&self, spec: &ChainSpec) -> Result<crate::chain::keys::Keys, String> {
        let mut outside = Outside::default();
        for key in &spec.keys {
            let text = self.texts.iter().find(|(origin, _)| *origin == key.origin);
            let text = text.map(|(_, text)| text.clone()).ok_or("it is kept elsewhere".to_owned());
            outside.add_key(key, text);
        }
        outside.of(spec).map(|given| given.keys)
    }
}
