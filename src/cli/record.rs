//! `record`: re-check a restore record offline, show it, note its head, and keep its keys.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};

use super::record_show;
use super::recording::{KeyArgs, add, place, unrecorded};
use super::terminal::Talk;
use crate::record::{
    Corrected, Event, FILE, Head, PublicKey, Reading, Record, RecordError, Signer, Trust, Verification,
    exists, read,
};
use crate::verdict::ExitStatus;

/// Options of `record`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether a record is as it was written: entries that were edited, removed, inserted or moved are named
    Verify(Verify),
    /// Print what to note elsewhere, so that a lost tail shows: the number of the last entry and its hash
    Head(Folder),
    /// Show what a record tells
    Show(Folder),
    /// Make a page of what a record tells: gates, backups, drills, objectives, trends and open failures
    Dashboard(super::dashboard::Args),
    /// Make a key that entries are signed with
    Keygen(Keygen),
    /// Sign with another key from here on
    Rotate(Rotate),
    /// Add an entry that corrects an earlier one, which stays as it is
    Correct(Correct),
}

#[derive(Debug, ClapArgs)]
struct Folder {
    /// Folder of the record
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

#[derive(Debug, ClapArgs)]
struct Verify {
    #[command(flatten)]
    of: Folder,
    #[command(flatten)]
    trusted: Trusted,
}

/// What from outside of a record it is held against.
#[derive(Debug, ClapArgs)]
pub(super) struct Trusted {
    /// Head that was noted earlier, as `record head` prints it; may be given several times
    #[arg(long, value_name = "NUMBER:HASH")]
    head: Vec<Head>,
    /// File of a public key that entries must be signed with; may be given several times
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
struct Keygen {
    /// File of the private key, which must not exist; the public one is put beside it as FILE.pub
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, ClapArgs)]
struct Rotate {
    #[command(flatten)]
    of: Folder,
    #[command(flatten)]
    key: KeyArgs,
    /// File of the private key from here on
    #[arg(long, value_name = "FILE")]
    new_key: PathBuf,
}

#[derive(Debug, ClapArgs)]
struct Correct {
    #[command(flatten)]
    of: Folder,
    /// Number of the entry
    #[arg(value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    sequence: u64,
    /// Who says so
    #[arg(long, value_name = "WHO", value_parser = super::attest::filled)]
    by: String,
    /// What is right instead
    #[arg(long, value_name = "TEXT", value_parser = super::attest::filled)]
    text: String,
    #[command(flatten)]
    key: KeyArgs,
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let done = match &args.command {
        Command::Verify(args) => verify(args, talk),
        Command::Head(of) => head(&of.folder, talk),
        Command::Show(of) => show(&of.folder, talk),
        Command::Dashboard(args) => return super::dashboard::run(args, talk),
        Command::Keygen(args) => return keygen(&args.out, talk),
        Command::Rotate(args) => rotate(args, talk),
        Command::Correct(args) => correct(args, talk),
    };
    done.unwrap_or_else(|why| unrecorded(&why, talk))
}

fn verify(args: &Verify, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let trust = match args.trusted.trust(talk) {
        Ok(trust) => trust,
        Err(status) => return Ok(status),
    };
    let Reading { verification, .. } = read(&args.of.folder, &trust)?;
    let status = status(&verification);
    Ok(worse(talk.print(&text(&verification, &args.of.folder, &args.trusted)), status))
}

impl Trusted {
    /// Reads the keys; on failure everything has been said.
    pub(super) fn trust(&self, talk: &Talk) -> Result<Trust, ExitStatus> {
        let mut keys = Vec::new();
        for file in &self.key {
            let shown = file.display();
            match std::fs::read_to_string(file).map_err(|error| error.to_string()) {
                Ok(text) => match PublicKey::read(&text) {
                    Ok(key) => keys.push(key),
                    Err(why) => return Err(talk.stop(&format!("`{shown}`: {why}"))),
                },
                Err(why) => return Err(talk.stop(&format!("the key `{shown}` cannot be read: {why}"))),
            }
        }
        Ok(Trust { keys, heads: self.head.clone() })
    }
}

/// A record in which there is nothing proves nothing; any other flaw is a change.
fn status(found: &Verification) -> ExitStatus {
    match found.flaws.as_slice() {
        [] if found.holds() => ExitStatus::Open,
        [only] if only.kind == "empty" && found.flaws_total == 1 => ExitStatus::Unproven,
        _ => ExitStatus::Broken,
    }
}

/// What was found, unless nobody was told.
fn worse(printed: ExitStatus, found: ExitStatus) -> ExitStatus {
    if printed == ExitStatus::Open || found != ExitStatus::Open { found } else { printed }
}

fn text(found: &Verification, folder: &Path, args: &Trusted) -> String {
    let mut out = String::new();
    let path = folder.join(FILE);
    let verdict = if found.holds() { "holds" } else { "BROKEN" };
    let entries = usize::try_from(found.entries).unwrap_or(usize::MAX);
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    let _ = writeln!(out, "{}: {verdict}, {entries}", path.display());
    for flaw in &found.flaws {
        let _ = writeln!(out, "  {flaw}");
    }
    let more = found.flaws_total.saturating_sub(found.flaws.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
    if let Some(head) = &found.head {
        let _ = writeln!(out, "head {}:{}", head.sequence, head.hash);
    }
    match (&found.key, found.vouched_from) {
        (None, _) => {
            let _ = writeln!(
                out,
                "not signed: whoever may write it can write all of it anew; only a head noted elsewhere tells"
            );
        }
        (Some(key), Some(from)) => {
            let _ = writeln!(
                out,
                "signed, now with {key}; vouched for from entry {from} on by the key that was given"
            );
        }
        (Some(key), None) if args.key.is_empty() => {
            let _ = writeln!(
                out,
                "signed, now with {key}, which only the record itself vouches for; hold it against yours with `--key FILE`"
            );
        }
        (Some(_), None) => {}
    }
    if args.head.is_empty() {
        let _ = writeln!(
            out,
            "whether entries are gone from the end was not looked at; give a noted head with `--head`"
        );
    }
    for note in found.torn.iter().map(crate::record::Torn::note).chain(found.notes.iter().cloned()) {
        let _ = writeln!(out, "note: {note}");
    }
    out
}

/// A record that was changed has nothing to note or to show as if it were true.
fn sound(folder: &Path) -> Result<Reading, RecordError> {
    let reading = read(folder, &Trust::default())?;
    match reading.verification.flaws.first() {
        None => Ok(reading),
        Some(flaw) => Err(RecordError::changed(folder, flaw)),
    }
}

fn head(folder: &Path, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let reading = match sound(folder) {
        Ok(reading) => reading,
        Err(why) => return Ok(broken(folder, &why, talk)),
    };
    let head = reading.verification.head.map(|head| format!("{}:{}\n", head.sequence, head.hash));
    Ok(talk.print(&head.unwrap_or_default()))
}

fn show(folder: &Path, talk: &Talk) -> Result<ExitStatus, RecordError> {
    if let Err(why) = sound(folder) {
        return Ok(broken(folder, &why, talk));
    }
    Ok(talk.print(&record_show::text(folder)?))
}

/// Broken if it is there and was changed, unproven if it cannot be read or is empty.
fn broken(folder: &Path, why: &RecordError, talk: &Talk) -> ExitStatus {
    talk.say(&format!("error: {why}"));
    read(folder, &Trust::default()).map_or(ExitStatus::Unproven, |reading| status(&reading.verification))
}

fn keygen(out: &Path, talk: &Talk) -> ExitStatus {
    let made = Signer::generate().and_then(|key| Ok((key.pem()?, key.public().pem()?, key.id().to_owned())));
    let (private, public, id) = match made {
        Ok(made) => made,
        Err(why) => return talk.stop(&why.to_string()),
    };
    let mut beside = out.as_os_str().to_owned();
    beside.push(".pub");
    let beside = PathBuf::from(beside);
    for (path, text, secret) in [(out, &private, true), (beside.as_path(), &public, false)] {
        if let Err(error) = write_new(path, text, secret) {
            return talk.stop(&format!("`{}` cannot be written: {error}", path.display()));
        }
    }
    talk.print(&format!(
        "Private key {}, for whoever writes the record; keep it from everybody else.\nPublic key  {}, for auditors.\nKey id      {id}\n",
        out.display(),
        beside.display()
    ))
}

/// Never over a file that is there, since a key that is gone cannot be had again.
fn write_new(path: &Path, text: &str, secret: bool) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mode = if secret { 0o600 } else { 0o644 };
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Opens a record that must be there.
fn opened(folder: &Path, key: &KeyArgs) -> Result<Record, RecordError> {
    if !exists(folder) {
        read(folder, &Trust::default())?;
    }
    Record::open(folder, key.signer()?)
}

fn rotate(args: &Rotate, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let next = Signer::open(&args.new_key)?;
    let mut record = opened(&args.of.folder, &args.key)?;
    let id = next.id().to_owned();
    let sealed = record.rotate(next)?;
    Ok(talk.print(&format!("{}; entries after it are signed with {id}\n", place(&sealed, &args.of.folder))))
}

fn correct(args: &Correct, talk: &Talk) -> Result<ExitStatus, RecordError> {
    let mut record = opened(&args.of.folder, &args.key)?;
    let Some(hash) = record.hash_of(args.sequence)? else {
        return Ok(talk.stop(&format!("the record has no entry {}", args.sequence)));
    };
    let said = Corrected { sequence: args.sequence, hash, by: args.by.clone(), text: args.text.clone() };
    let sealed = add(&mut record, &[Event::Corrected(said)], &args.of.folder, talk)?;
    Ok(talk.print(&format!("{}\n", place(&sealed, &args.of.folder))))
}
