//! `attest`: adds what somebody says to a file of statements.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::recording::{KeyArgs, add, place, unrecorded};
use super::terminal::Talk;
use crate::record::{Attested, Event, Record, RecordError};
use crate::verdict::ExitStatus;

/// Options of `attest`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Id of the check that the statement is about
    #[arg(value_name = "CHECK", value_parser = filled)]
    check: String,
    /// Who says so, as the policy writes it in `attested by`
    #[arg(long, value_name = "WHO", value_parser = filled)]
    by: String,
    /// What is said
    #[arg(long, value_name = "TEXT", default_value = "")]
    text: String,
    /// How long it counts, such as `24h` [default: without end]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    limit: Option<jiff::SignedDuration>,
    /// File of statements, which is made if there is none [default: attestations.toml]
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    file: Option<PathBuf>,
    /// Add the statement to the restore record in a folder instead
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

pub(super) fn filled(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("it must say something".to_owned()) } else { Ok(text.to_owned()) }
}

pub(super) fn duration(text: &str) -> Result<jiff::SignedDuration, String> {
    let span: jiff::Span = text.parse().map_err(|_| "write a duration, such as `24h`".to_owned())?;
    let span = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|e| e.to_string())?;
    if span > jiff::SignedDuration::ZERO { Ok(span) } else { Err("write a duration above zero".to_owned()) }
}

pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    // In whole seconds, which is enough for people and reads better; never rounded up, since a statement of the future does
    // not count.
    let seconds = jiff::TimestampRound::new().smallest(jiff::Unit::Second).mode(jiff::RoundMode::Floor);
    let now = jiff::Timestamp::now();
    let at = now.round(seconds).unwrap_or(now);
    let expires = match args.limit.map(|limit| at.checked_add(limit)).transpose() {
        Ok(expires) => expires,
        Err(_) => return talk.stop("no statement counts that long"),
    };
    if let Some(folder) = &args.record {
        return record(args, folder, expires, talk).unwrap_or_else(|why| unrecorded(&why, talk));
    }
    if args.key.is_given() {
        return talk.stop("`--record-key` needs `--record FOLDER`");
    }
    let file = args.file.clone().unwrap_or_else(|| PathBuf::from("attestations.toml"));
    let shown = file.display();
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return talk.stop(&format!("`{shown}` cannot be read: {error}")),
    };
    // A file that nobody can read any more is not made longer.
    if let Err(error) = before.parse::<toml::Table>() {
        return talk.stop(&format!("`{shown}` is no TOML: {}", error.message()));
    }
    let statement = statement(args, at, expires);
    let apart = if before.is_empty() || before.ends_with("\n\n") {
        ""
    } else if before.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let written = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| file.write_all(format!("{apart}{statement}").as_bytes()));
    match written {
        Ok(()) => talk.print(&format!(
            "Added to {shown}; commit it, so that its history says who wrote it:\n\n{statement}"
        )),
        Err(error) => talk.stop(&format!("`{shown}` cannot be written: {error}")),
    }
}

/// Adds the statement to a record, which dates it by itself.
fn record(
    args: &Args,
    folder: &Path,
    expires: Option<jiff::Timestamp>,
    talk: &Talk,
) -> Result<ExitStatus, RecordError> {
    let said = Attested {
        check: args.check.clone(),
        by: args.by.clone(),
        text: args.text.clone(),
        expires: expires.map(|at| at.to_string()),
    };
    let mut record = Record::open(folder, args.key.signer()?)?;
    let sealed = add(&mut record, &[Event::Attested(said)], folder, talk)?;
    Ok(talk.print(&format!("{}\n", place(&sealed, folder))))
}

fn statement(args: &Args, at: jiff::Timestamp, expires: Option<jiff::Timestamp>) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut out = String::from("[[statement]]\n");
    let _ = writeln!(out, "check = {}\nby = {}\nat = {at}", quoted(&args.check), quoted(&args.by));
    if let Some(expires) = expires {
        let _ = writeln!(out, "expires = {expires}");
    }
    if !args.text.is_empty() {
        let _ = writeln!(out, "text = {}", quoted(&args.text));
    }
    out
}
