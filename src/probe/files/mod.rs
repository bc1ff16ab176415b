//! A set of files, in a folder or in object storage: how old, how many, how large, how regular, and whether their bytes are
//! those that checksum lists state.

pub(super) mod figures;
mod find;
mod lists;
mod naming;
pub(super) mod runs;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::OnceLock;

use jiff::Timestamp;

use self::find::{Folder, Found};
use self::lists::Algorithm;
use self::naming::Naming;
use super::objects::Finder;
use super::postgres::Canceller;
use super::tells::{Means, Tells, Told, other};
use crate::facts::{Failure, Inspected, Observed};
use crate::failure::FailureKind;
use crate::plan::Inspection;
use crate::policy::SourceOptions;
use crate::policy::facts::Fact;
use crate::verdict::Verdict;

/// A set of files as it was when it was opened.
#[derive(Debug)]
pub(super) struct Files {
    address: String,
    folder: Folder,
    all: Vec<Found>,
    naming: Option<Naming>,
    every: Option<i64>,
    lists: Vec<String>,
    finder: Finder,
    canceller: Canceller,
    /// Reading all bytes takes long, and is done once.
    verified: OnceLock<Result<Inspected, Failure>>,
}

/// A file with the instant it was made.
#[derive(Clone, Copy, Debug)]
struct Made<'a> {
    file: &'a Found,
    at: Timestamp,
}

impl Files {
    /// Finds the files that an address names.
    ///
    /// # Errors
    /// They cannot be looked at.
    pub(super) fn open(address: &str, options: &SourceOptions, means: Means) -> Result<Self, Failure> {
        let (folder, mut all) = find::find(address, means.finder.clone())?;
        leave_out_sums(&mut all, &options.checksums);
        let mut files = Self {
            address: address.to_owned(),
            folder,
            all,
            naming: options.named.as_ref().map(Naming::new).transpose().map_err(other)?,
            every: options.every,
            lists: options.checksums.clone(),
            finder: means.finder,
            canceller: means.canceller,
            verified: OnceLock::new(),
        };
        if options.newest {
            let newest = files.made()?.last().map(|made| made.file.clone());
            files.all = newest.into_iter().collect();
        }
        Ok(files)
    }

    /// All files with the instants they were made, oldest first. Where names hold an instant, that counts, but no later
    /// than the last change: copying makes a file look young, and a name can be anything.
    ///
    /// # Errors
    /// A name holds no instant although it should.
    fn made(&self) -> Result<Vec<Made<'_>>, Failure> {
        let mut made = Vec::with_capacity(self.all.len());
        for file in &self.all {
            let at = match &self.naming {
                None => file.changed,
                Some(naming) => {
                    let named = naming.read(&file.name).ok_or_else(|| {
                        other(format!(
                            "the name of `{}` is not as `named` says, so when it was made is not known",
                            self.shown(file)
                        ))
                    })?;
                    // Who names a file when its making begins has changed it later; one of the future has not been made.
                    if named > file.changed && named <= Timestamp::now() { file.changed } else { named }
                }
            };
            made.push(Made { file, at });
        }
        made.sort_by(|a, b| (a.at, &a.file.name).cmp(&(b.at, &b.file.name)));
        Ok(made)
    }

    /// Whether there is any.
    fn some(&self) -> Result<(), Failure> {
        if self.all.is_empty() { Err(other(format!("no file matches `{}`", self.address))) } else { Ok(()) }
    }

    /// A file for people.
    fn shown(&self, file: &Found) -> String {
        self.folder.named(&file.place)
    }

    /// Whether a file of this name would be one of these.
    fn covers(&self, name: &str) -> bool {
        let last = self.address.rsplit('/').next().unwrap_or_default();
        let pattern = if last.is_empty() { "*" } else { last };
        glob::Pattern::new(pattern).is_ok_and(|p| p.matches_with(name, glob::MatchOptions::new()))
            && !Algorithm::ALL.iter().any(|(_, ending)| name.ends_with(&format!(".{ending}")))
    }

    /// Whether the store states of every object that it is encrypted.
    fn encrypted(&self) -> Result<Inspected, Failure> {
        let mut seen = Inspected::of("objects");
        for file in &self.all {
            if self.canceller.is_cancelled() {
                let message = "interrupted while the store was asked".to_owned();
                return Err(Failure { kind: FailureKind::Cancelled, message });
            }
            seen.examined += 1;
            match self.folder.stated(&file.place) {
                Ok(stated) if stated.encryption.is_some() => {}
                Ok(_) => {
                    let message =
                        format!("the store does not state that `{}` is encrypted", self.shown(file));
                    seen.add(Verdict::Unproven, "encryption", message);
                }
                Err(failure) => seen.add(Verdict::Unproven, "encryption", failure.message),
            }
        }
        Ok(seen)
    }

    /// Whether every name is as it should be.
    fn named(&self) -> Result<Inspected, Failure> {
        let naming = self.naming.as_ref().ok_or_else(|| other("how its files are named is not said"))?;
        let mut seen = Inspected::of("files");
        for file in &self.all {
            seen.examined += 1;
            if naming.read(&file.name).is_none() {
                let message = format!("the name of `{}` is not as `named` says", self.shown(file));
                seen.add(Verdict::Broken, "misnamed", message);
            }
        }
        Ok(seen)
    }
}

impl Tells for Files {
    fn fact(&self, fact: &Fact, argument: Option<&str>) -> Result<Told, Failure> {
        match argument {
            None => self.figure(fact.name),
            Some(argument) => {
                let span: jiff::SignedDuration = argument
                    .parse::<jiff::Span>()
                    .ok()
                    .and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok())
                    .ok_or_else(|| other(format!("`{argument}` is not a duration")))?;
                let over = i64::try_from(span.as_micros()).map_err(|_| other("the time is too long"))?;
                self.figure_over(fact.name, over)
            }
        }
    }

    fn identity(&self) -> Vec<(String, String)> {
        let mut says = vec![("files".to_owned(), self.all.len().to_string())];
        let total: u128 = self.all.iter().map(|f| u128::from(f.bytes)).sum();
        says.push(("bytes".to_owned(), total.to_string()));
        if let Some(newest) = self.made().ok().as_ref().and_then(|made| made.last()) {
            says.push(("newest".to_owned(), format!("{} of {}", self.shown(newest.file), newest.at)));
        }
        says
    }

    fn inspect(&self, inspection: &Inspection) -> Result<Observed, Failure> {
        let seen = match inspection {
            Inspection::State("verified") => self.verified.get_or_init(|| self.verify()).clone()?,
            Inspection::State("named") => self.named()?,
            Inspection::State("encrypted") => self.encrypted()?,
            Inspection::Runs { over, .. } => self.runs(*over)?,
            _ => return Err(other("files cannot be asked for this")),
        };
        Ok(Observed::Inspected(seen))
    }
}

/// Leaves out sidecars of other files and the lists, which a wide pattern matches too.
fn leave_out_sums(all: &mut Vec<Found>, lists: &[String]) {
    let places: std::collections::BTreeSet<String> = all.iter().map(|f| f.place.clone()).collect();
    let clean = |path: &str| path.trim_start_matches("./").to_owned();
    let lists: Vec<String> = lists.iter().map(|list| clean(list)).collect();
    all.retain(|file| {
        let of = Algorithm::ALL.iter().find_map(|(_, ending)| file.place.strip_suffix(&format!(".{ending}")));
        let listed = lists
            .iter()
            .any(|list| *list == clean(&file.place) || list.ends_with(&format!("/{}", file.place)));
        !of.is_some_and(|of| places.contains(of)) && !listed
    });
}
