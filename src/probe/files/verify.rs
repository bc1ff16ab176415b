//! Whether files have the bytes that checksum lists and sidecars state.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};

use super::Files;
use super::find::{self, Found, Reading};
use super::lists::{Algorithm, Line, lines};
use crate::facts::{Failure, Inspected};
use crate::failure::FailureKind;
use crate::probe::tells::{other, unread};
use crate::verdict::Verdict;

/// Most bytes of a list.
const MOST_OF_LIST: u64 = 32 << 20;

/// What a list or a sidecar states of a file.
struct Stated {
    line: Line,
    /// Where it is stated.
    by: String,
}

impl Files {
    /// Reads every file that a list or a sidecar is about, and compares.
    ///
    /// # Errors
    /// A list cannot be read, or the run was interrupted.
    pub(super) fn verify(&self) -> Result<Inspected, Failure> {
        let mut seen = Inspected::of("files");
        let (mut stated, mut weak) = (self.stated(&mut seen)?, false);
        for file in &self.all {
            let mut about = stated.remove(&file.name).unwrap_or_default();
            about.extend(self.sidecars(file, &mut seen)?);
            seen.examined += 1;
            if about.is_empty() {
                let message = format!("no list and no sidecar states a checksum of `{}`", self.shown(file));
                seen.add(Verdict::Unproven, "unlisted", message);
                continue;
            }
            // A strong digest settles it alone; without one, the weak ones say all there is to say.
            about.sort_by_key(|s| s.line.algorithm.is_weak());
            let strong = about.iter().any(|s| !s.line.algorithm.is_weak());
            about.retain(|s| !strong || !s.line.algorithm.is_weak());
            weak |= !strong;
            self.compare(file, &about, &mut seen)?;
        }
        // What lists speak of and is not there.
        for (name, lines) in stated {
            if !self.covers(&name) {
                seen.notes.push(format!("`{}` is listed and none of these files", name.escape_debug()));
                continue;
            }
            for line in lines {
                seen.examined += 1;
                let message = format!("`{}` is listed in {} and is not there", name.escape_debug(), line.by);
                seen.add(Verdict::Broken, "missing", message);
            }
        }
        if weak {
            let note = "MD5 and SHA1 find damage, and not what somebody made on purpose; SHA256 finds both";
            seen.notes.push(note.to_owned());
        }
        Ok(seen)
    }

    /// What the declared lists state, by the names of files without their folders.
    fn stated(&self, seen: &mut Inspected) -> Result<BTreeMap<String, Vec<Stated>>, Failure> {
        let mut stated: BTreeMap<String, Vec<Stated>> = BTreeMap::new();
        for list in &self.lists {
            let by = format!("`{}`", list.escape_debug());
            let opened = find::open(list, self.finder.clone())?;
            let Some(reading) = opened else {
                let message = format!("the checksum list {by} is not there");
                return Err(Failure { kind: FailureKind::MissingObject, message });
            };
            let text = text(reading, &by)?;
            let all = lines(&text);
            if all.is_empty() {
                return Err(other(format!("the checksum list {by} is empty")));
            }
            for (number, line) in all {
                match line {
                    Ok(Line { name: Some(name), algorithm, digest }) => {
                        let base = name.rsplit('/').next().unwrap_or(&name).to_owned();
                        let line = Line { name: Some(name), algorithm, digest };
                        stated.entry(base).or_default().push(Stated { line, by: by.clone() });
                    }
                    Ok(Line { name: None, .. }) => {
                        seen.add(Verdict::Unproven, "list", format!("line {number} of {by} names no file"));
                    }
                    Err(why) => seen.add(Verdict::Unproven, "list", format!("line {number} of {by} {why}")),
                }
            }
        }
        Ok(stated)
    }

    /// What files beside a file state of it.
    fn sidecars(&self, file: &Found, seen: &mut Inspected) -> Result<Vec<Stated>, Failure> {
        let mut stated = Vec::new();
        for (algorithm, ending) in Algorithm::ALL {
            let place = format!("{}.{ending}", file.place);
            let Some(reading) = self.folder.open(&place)? else { continue };
            let by = format!("`{}`", self.folder.named(&place));
            let text = text(reading, &by)?;
            let all = lines(&text);
            let wrong = match all.as_slice() {
                [(_, Ok(line))] if line.algorithm != algorithm => Some("holds a digest of another kind"),
                [(_, Ok(line))] => {
                    let named = line.name.as_ref().map(|n| n.rsplit('/').next().unwrap_or(n));
                    named.is_some_and(|n| n != file.name).then_some("is about a file of another name")
                }
                [(_, Err(why))] => Some(*why),
                _ => Some("is no single line"),
            };
            match (wrong, all.into_iter().next()) {
                (None, Some((_, Ok(line)))) => stated.push(Stated { line, by }),
                (why, _) => {
                    let why = why.unwrap_or("is empty");
                    seen.add(Verdict::Unproven, "sidecar", format!("{by} {why}"));
                }
            }
        }
        Ok(stated)
    }

    fn compare(&self, file: &Found, about: &[Stated], seen: &mut Inspected) -> Result<(), Failure> {
        let name = self.shown(file);
        for stated in about {
            match self.digest(file, stated.line.algorithm) {
                Ok(digest) if digest == stated.line.digest => {}
                Ok(digest) => {
                    let message = format!(
                        "the bytes of `{name}` are not those that {} states: {} is {digest}, and it should be {}",
                        stated.by,
                        stated.line.algorithm.name(),
                        stated.line.digest
                    );
                    seen.add(Verdict::Broken, "checksum", message);
                    return Ok(());
                }
                Err(failure) if failure.kind == FailureKind::Cancelled => return Err(failure),
                Err(failure) => {
                    seen.add(Verdict::Unproven, "unread", failure.message);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The digest of a file as it is now, which must be the file that was found.
    fn digest(&self, file: &Found, algorithm: Algorithm) -> Result<String, Failure> {
        let name = format!("`{}`", self.shown(file));
        let Some(mut reading) = self.folder.open(&file.place)? else {
            return Err(Failure { kind: FailureKind::MissingObject, message: format!("{name} is gone") });
        };
        let mut bytes = 0;
        let mut read = |room: &mut [u8]| loop {
            if self.canceller.is_cancelled() {
                let message = format!("interrupted while {name} was being read");
                return Err(Failure { kind: FailureKind::Cancelled, message });
            }
            match reading.read(room) {
                Ok(n) => {
                    bytes += n as u64;
                    return Ok(n);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(unread(&name, &error)),
            }
        };
        let digest = algorithm.digest(&mut read)?;
        if bytes != file.bytes {
            let message =
                format!("{name} had {} bytes when it was found and {bytes} when it was read", file.bytes);
            return Err(Failure { kind: FailureKind::SnapshotConflict, message });
        }
        Ok(digest)
    }
}

fn text(reading: Reading, by: &str) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    reading.take(MOST_OF_LIST + 1).read_to_end(&mut bytes).map_err(|e| unread(by, &e))?;
    if bytes.len() as u64 > MOST_OF_LIST {
        return Err(other(format!("{by} is larger than a checksum list is read")));
    }
    String::from_utf8(bytes).map_err(|_| other(format!("{by} is no text")))
}
