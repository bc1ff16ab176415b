//! A record that is let go for a while and taken up again, at the cost of what others added meanwhile.
//!
//! A command that looks for hours at a database must not hold the record all that time, nor verify all of it twice. It
//! remembers where the record ended and how it hung together. Taken up again, only what was added since is read, entry by
//! entry: form, hash, number, link, signature. Whatever does not fit, and whatever else says that somebody was at the file,
//! leads to the full look, by the engine that words what is amiss. So this shortcut spares work and never accuses, and a
//! record that it takes up wrongly is found all the same by `record verify`, which knows no shortcut.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::check::{Head, Trust, follows};
use super::entry::{Entry, Sealed};
use super::error::RecordError;
use super::event::Event;
use super::file::{FILE, Record};
use super::history::History;
use super::key::Signer;
use super::lines::Lines;
use super::signing::Signing;

/// Bytes before the known end that must still be what they were.
const BEFORE: u64 = 4096;

/// What a record was when it was let go. Nothing in it is secret, and nothing of it is kept anywhere else.
#[derive(Debug)]
pub struct Paused {
    pub(super) record: Record,
    known: Option<Known>,
}

/// By what the file is known again.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    file: (u64, u64),
    changed: (i64, i64),
    before: [u8; 32],
}

impl Known {
    fn of(file: &mut File, length: u64) -> io::Result<Self> {
        let about = file.metadata()?;
        Ok(Self {
            file: place(&about),
            changed: (about.ctime(), about.ctime_nsec()),
            before: before(file, length)?,
        })
    }
}

/// Which file it is, whatever it is called.
fn place(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

/// A digest of the last bytes before a place.
fn before(file: &mut File, end: u64) -> io::Result<[u8; 32]> {
    let mut bytes = Vec::new();
    let from = end.saturating_sub(BEFORE);
    file.seek(SeekFrom::Start(from))?;
    file.take(end - from).read_to_end(&mut bytes)?;
    Ok(Sha256::digest(&bytes).into())
}

impl Record {
    /// Lets others add to the record, until [`Paused::resume`].
    ///
    /// # Errors
    ///
    /// When the lock cannot be given back.
    pub fn pause(mut self) -> Result<Paused, RecordError> {
        // What is torn is mended by the next writer, so what is known of the end would be wrong anyway.
        let known = match self.is_clean() {
            true => Known::of(&mut self.file, self.length).ok(),
            false => None,
        };
        self.file
            .unlock()
            .map_err(|error| RecordError::new(format!("the record cannot be unlocked: {error}")))?;
        Ok(Paused { record: self, known })
    }
}

impl Paused {
    /// Takes the record up again. Costs what was added meanwhile, or a full look where something is not as it was left.
    ///
    /// # Errors
    ///
    /// As [`Record::open`].
    pub fn resume(mut self) -> Result<Record, RecordError> {
        self.record.lock()?;
        let since = match &self.known {
            Some(known) => since(&mut self.record, known).ok().flatten(),
            None => None,
        };
        let Some(since) = since else {
            let Record { folder, signer, file, sequence, head, .. } = self.record;
            // Given back first, since it may be the very file that is opened anew.
            drop(file);
            // What was seen at its end must still be in it, since a record does not show by itself that it lost its tail.
            let seen = (sequence > 0).then_some(Head { sequence: Some(sequence), hash: head });
            return Record::open_with(
                &folder,
                signer,
                &Trust { heads: seen.into_iter().collect(), keys: Vec::new() },
            );
        };
        let record = &mut self.record;
        record.length = since.length;
        (record.sequence, record.head) = (since.head.sequence, since.head.hash);
        record.history = since.history;
        Ok(self.record)
    }
}

/// What a record has become.
struct Since {
    length: u64,
    head: Sealed,
    history: History,
}

/// What others added, if the record is otherwise as it was left and all of it fits; `None` asks for a full look.
fn since(record: &mut Record, known: &Known) -> Result<Option<Since>, RecordError> {
    let unread = |error: io::Error| RecordError::new(format!("the record cannot be read: {error}"));
    let named = std::fs::metadata(record.folder.join(FILE)).map_err(unread)?;
    let about = record.file.metadata().map_err(unread)?;
    let touched = (about.ctime(), about.ctime_nsec()) != known.changed;
    // Longer is what other writers make it. Touched and no longer is something else.
    let odd = about.len() < record.length || (about.len() == record.length && touched);
    if place(&named) != known.file || place(&about) != known.file || odd {
        return Ok(None);
    }
    if before(&mut record.file, record.length).map_err(unread)? != known.before {
        return Ok(None);
    }
    let mut head = Sealed { sequence: record.sequence, hash: record.head.clone() };
    let Ok(mut signing) = Signing::going_on(record.signer.as_ref().map(Signer::public)) else {
        return Ok(None);
    };
    let mut history = record.history.clone();
    record.file.seek(SeekFrom::Start(record.length)).map_err(unread)?;
    let mut lines = Lines::new(BufReader::new(&record.file));
    let mut length = record.length;
    while let Some(line) = lines.next().map_err(unread)? {
        if line.is_torn() || line.too_long {
            return Ok(None);
        }
        let Ok(entry) = Entry::read(&line.bytes) else { return Ok(None) };
        let event = Event::of(&entry.kind, &entry.body);
        let begins = matches!(&event, Ok(Event::Opened(_))) != (head.sequence == 0);
        let fits = follows(&entry, (head.sequence > 0).then_some(&head))
            && signing.entry(&entry, event.as_ref().ok()).is_none();
        let (Ok(event), true, false) = (event, fits, begins) else { return Ok(None) };
        history.add(&entry, &event);
        length += line.bytes.len() as u64 + 1;
        head = Sealed { sequence: entry.sequence, hash: entry.hash };
    }
    let keyed = head.sequence == 0 || signing.in_force() == record.signer.as_ref().map(Signer::id);
    Ok(keyed.then_some(Since { length, head, history }))
}

/// The text of an entry's hash, of a record that is open and therefore verified.
pub(super) fn hash_of(file: &File, sequence: u64) -> Result<Option<String>, RecordError> {
    let unread = |error: io::Error| RecordError::new(format!("the record cannot be read: {error}"));
    (&*file).seek(SeekFrom::Start(0)).map_err(unread)?;
    let mut lines = Lines::new(BufReader::new(file));
    while let Some(line) = lines.next().map_err(unread)? {
        if line.number == sequence {
            return Ok(Entry::read(&line.bytes).ok().map(|entry| entry.hash));
        }
    }
    Ok(None)
}

/// Whether there is a record in a folder.
#[must_use]
pub fn exists(folder: &Path) -> bool {
    folder.join(FILE).is_file()
}
