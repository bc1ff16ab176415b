//! Verifying a record offline, with the chain engine that verifies the audit logs of applications.

use std::io::{self, BufRead};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::entry::{Entry, Sealed, hex};
use super::error::RecordError;
use super::event::Event;
use super::key::PublicKey;
use super::lines::{Line, Lines};
use super::recipe::{self, CHAIN, SEQUENCE};
use super::signing::Signing;
use super::torn::Torn;
use crate::chain::anchor::Anchor;
use crate::chain::given::Given;
use crate::chain::report::ChainReport;
use crate::chain::verify::{ChainFold, Limits};
use crate::finding::KeyPart;

/// Flaws that are listed; all are counted.
const SAMPLES: usize = 100;

/// An entry that was seen earlier and noted elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number, if that was noted too.
    pub sequence: Option<u64>,
    /// Its hash.
    pub hash: String,
}

impl std::str::FromStr for Head {
    type Err = String;

    /// `HASH`, or `NUMBER:HASH` as `record head` prints it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (sequence, hash) = match text.split_once(':') {
            Some((number, hash)) => {
                let number = number.parse::<u64>().ok().filter(|n| *n > 0);
                (Some(number.ok_or("write NUMBER:HASH, as `holdtrue record head` prints it")?), hash)
            }
            None => (None, text),
        };
        let digits =
            hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if digits {
            Ok(Self { sequence, hash: hash.to_owned() })
        } else {
            Err("the hash is 64 hex digits".to_owned())
        }
    }
}

/// What from outside the record it is held against.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys that entries must be signed with, or with a key that one of these was rotated to.
    pub keys: Vec<PublicKey>,
    /// Entries that must be in it.
    pub heads: Vec<Head>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Line in the file, from 1 on.
    pub line: Option<u64>,
    /// Number of the entry, as it states it.
    pub sequence: Option<u64>,
    /// A stable word, such as `altered_row`.
    pub kind: String,
    /// One sentence.
    pub message: String,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.sequence) {
            (Some(line), Some(sequence)) => write!(f, "line {line}, entry {sequence}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            (None, Some(sequence)) => write!(f, "entry {sequence}: ")?,
            (None, None) => {}
        }
        write!(f, "{} ({})", self.message, self.kind)
    }
}

/// What verifying a record found.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// Entries that were read.
    pub entries: u64,
    /// The last of them.
    pub head: Option<Sealed>,
    /// The id that the record states.
    pub record: Option<String>,
    /// Entries with the signature they must have.
    pub signed: u64,
    /// The id of the key that the next entry must be signed with.
    pub key: Option<String>,
    /// From which entry on a trusted key, or one it was rotated to, has signed.
    pub vouched_from: Option<u64>,
    /// Up to [`SAMPLES`] of what is amiss; none is a record that holds.
    pub flaws: Vec<Flaw>,
    /// How many there are.
    pub flaws_total: u64,
    /// What is worth knowing and no flaw.
    pub notes: Vec<String>,
    /// A last line that was not written to its end.
    pub torn: Option<Torn>,
}

impl Verification {
    /// Whether nothing is amiss.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.flaws_total == 0
    }

    fn flaw(&mut self, line: Option<u64>, sequence: Option<u64>, kind: &str, message: impl Into<String>) {
        self.flaws_total += 1;
        if self.flaws.len() < SAMPLES {
            self.flaws.push(Flaw { line, sequence, kind: kind.to_owned(), message: message.into() });
        }
    }
}

/// Verifies a record: every entry's form, hash, link, number and signature, and what it is held against. Each entry that
/// can be read is shown in passing, sound or not; what is shown counts only when the whole verification holds.
///
/// # Errors
///
/// When the input cannot be read.
pub fn verify(
    input: impl BufRead,
    trust: &Trust,
    visit: &mut dyn FnMut(&Entry, &Event),
) -> Result<Verification, RecordError> {
    let unread = |error: io::Error| RecordError::new(format!("the record cannot be read: {error}"));
    let spec = recipe::spec();
    // The recipe is known, so there is nothing to find out about why a row does not recompute.
    let limits = Limits { samples: SAMPLES, probes: 0, ..Limits::default() };
    let fold = ChainFold::new(&spec, &given(trust), limits)
        .map_err(|issue| RecordError::new(format!("the recipe of the record does not fit: {issue:?}")))?;
    let mut pass = Pass {
        found: Verification::default(),
        fold,
        signing: Signing::new(&trust.keys),
        last: None,
        clock: None,
        missing: trust.heads.iter().filter(|head| head.sequence.is_none()).cloned().collect(),
    };
    let mut lines = Lines::new(input);
    let mut at_hand = lines.next().map_err(unread)?;
    while let Some(line) = at_hand {
        at_hand = lines.next().map_err(unread)?;
        if line.is_torn() && at_hand.is_none() && !line.too_long {
            let whole = pass.continues(&line);
            pass.found.torn = Some(Torn::new(&line, whole));
            if !whole {
                break;
            }
        }
        pass.line(&line, visit)?;
    }
    Ok(pass.finish(trust))
}

/// Whether an entry recomputes and is the next after another, or the first.
pub(super) fn follows(entry: &Entry, last: Option<&Sealed>) -> bool {
    let sound = entry.preimage().is_ok_and(|preimage| hex(&Sha256::digest(preimage)) == entry.hash);
    sound
        && match last {
            Some(last) => entry.previous == last.hash && entry.sequence == last.sequence + 1,
            None => entry.previous == super::entry::GENESIS && entry.sequence == 1,
        }
}

/// What the chain engine is given: the anchors whose place is known.
fn given(trust: &Trust) -> Given {
    let anchor = |head: &Head| {
        let sequence = head.sequence?;
        Some(Anchor {
            chain: CHAIN.to_owned(),
            split: std::collections::BTreeMap::new(),
            order: [(SEQUENCE.to_owned(), Some(sequence.to_string()))].into(),
            hash: head.hash.clone(),
            rows: sequence,
        })
    };
    let anchors: Arc<[Anchor]> = trust.heads.iter().filter_map(anchor).collect();
    Given { anchors, ..Given::default() }
}

/// One pass over the lines.
struct Pass {
    found: Verification,
    fold: ChainFold,
    signing: Signing,
    last: Option<Sealed>,
    clock: Option<jiff::Timestamp>,
    /// Hashes that were noted without a number and have not been met.
    missing: Vec<Head>,
}

impl Pass {
    /// Whether a line without its end is the whole entry that comes next.
    fn continues(&self, line: &Line) -> bool {
        let Ok(entry) = Entry::read(&line.bytes) else { return false };
        follows(&entry, self.last.as_ref())
    }

    fn line(&mut self, line: &Line, visit: &mut dyn FnMut(&Entry, &Event)) -> Result<(), RecordError> {
        let number = Some(line.number);
        if line.too_long {
            self.found.flaw(number, None, "unreadable", "it is longer than any entry may be");
            return Ok(());
        }
        let entry = match Entry::read(&line.bytes) {
            Ok(entry) => entry,
            Err(unfit) => {
                let sequence = unfit.entry.as_ref().map(|entry| entry.sequence);
                self.found.flaw(number, sequence, "not_canonical", unfit.why);
                match unfit.entry {
                    Some(entry) => *entry,
                    None => return Ok(()),
                }
            }
        };
        self.found.entries += 1;
        let cells = recipe::cells(line.number, &entry);
        let cells: Vec<Option<&str>> = cells.iter().map(Option::as_deref).collect();
        self.fold.push(&cells).map_err(|issue| RecordError::new(issue.to_string()))?;
        let event = Event::of(&entry.kind, &entry.body);
        if let Some((kind, message)) = self.signing.entry(&entry, event.as_ref().ok()) {
            self.found.flaw(number, Some(entry.sequence), kind, message);
        }
        let first = self.last.is_none();
        match &event {
            Ok(Event::Opened(opened)) if first => self.found.record = Some(opened.record.clone()),
            Ok(Event::Opened(_)) => {
                self.found.flaw(
                    number,
                    Some(entry.sequence),
                    "begins_twice",
                    "a record begins once, with its first entry",
                );
            }
            Ok(_) if first => {
                self.found.flaw(
                    number,
                    Some(entry.sequence),
                    "no_beginning",
                    "the first entry does not begin a record",
                );
            }
            Ok(_) => {}
            Err(why) => {
                let why = format!("what it says is not known to this version: {why}");
                self.found.flaw(number, Some(entry.sequence), "unknown_kind", why);
            }
        }
        self.clock(&entry);
        self.missing.retain(|head| head.hash != entry.hash);
        self.last = Some(Sealed { sequence: entry.sequence, hash: entry.hash.clone() });
        if let Ok(event) = &event {
            visit(&entry, event);
        }
        Ok(())
    }

    /// The order of entries is their number; a clock may be set back, which is worth knowing.
    fn clock(&mut self, entry: &Entry) {
        let Some(at) = entry.at() else { return };
        if self.clock.is_some_and(|before| at < before) && self.found.notes.len() < SAMPLES {
            self.found.notes.push(format!(
                "entry {} is dated before the one before it: the writer's clock was set back",
                entry.sequence
            ));
        }
        self.clock = Some(at);
    }

    fn finish(self, trust: &Trust) -> Verification {
        let mut found = self.found;
        chained(&self.fold.finish(), &mut found);
        for head in &self.missing {
            let message = format!(
                "no entry has the anchored hash {}: entries are gone from the end, or the record was written anew",
                head.hash
            );
            found.flaw(None, None, "truncated_tail", message);
        }
        (found.signed, found.vouched_from) = (self.signing.signed, self.signing.vouched_from);
        found.key = self.signing.in_force().map(str::to_owned);
        if found.entries == 0 {
            found.flaw(None, None, "empty", "there is no entry, so nothing is proven");
        } else if !trust.keys.is_empty() && found.vouched_from.is_none() {
            found.flaw(None, None, "not_vouched", "no entry is signed with the key that was given");
        }
        found.head = self.last;
        found
    }
}

/// What the chain engine found, as flaws. The recipe of a record is not in doubt, as that of an application may be, so
/// what does not recompute was changed.
fn chained(report: &ChainReport, found: &mut Verification) {
    for anomaly in &report.anomalies {
        let kind = serde_json::to_value(anomaly.kind).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("anomaly").to_owned();
        let (line, sequence) = place(&anomaly.key);
        found.flaw(line, sequence, &kind, anomaly.message.clone());
    }
    found.flaws_total += report.anomalies_total.saturating_sub(report.anomalies.len() as u64);
    for undetermined in &report.undetermined {
        for key in &undetermined.samples {
            let (line, sequence) = place(key);
            let message = "it does not fit its hash or its place: it was changed, or those around it were";
            found.flaw(line, sequence, &undetermined.kind, message);
        }
        let rest = undetermined.rows.max(1).saturating_sub(undetermined.samples.len() as u64);
        if undetermined.samples.is_empty() {
            let message = "entries do not fit their hashes: they were changed".to_owned();
            found.flaw(None, None, &undetermined.kind, message);
        } else {
            found.flaws_total += rest;
        }
    }
    // What neither list accounts for must not pass.
    if found.flaws_total == 0 && (report.verified != report.rows || report.linked != report.rows) {
        let message =
            format!("only {} of {} entries recompute", report.verified.min(report.linked), report.rows);
        found.flaw(None, None, "not_verified", message);
    }
}

/// Line and number of an entry from the key that the engine states.
fn place(key: &[KeyPart]) -> (Option<u64>, Option<u64>) {
    let of = |name: &str| key.iter().find(|part| part.column == name)?.value.as_ref()?.parse().ok();
    (of("line"), of(SEQUENCE))
}
