//! `record dashboard`: a page over a record.

mod drilled;
mod told;

use std::path::PathBuf;

use clap::Args as ClapArgs;
use jiff::{SignedDuration, Timestamp};

use super::record::Trusted;
use super::terminal::Talk;
use crate::record::{Overview, read_with};
use crate::report::dashboard::{Dashboard, RecordState, render};
use crate::verdict::ExitStatus;

/// Options of `record dashboard`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Folder of the record
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Write the page to a file, which is replaced whole [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    trusted: Trusted,
    /// The longest time since the last run of gates with which the page is green
    #[arg(long, value_name = "DURATION", default_value = "8d", value_parser = duration)]
    run_age: SignedDuration,
    /// The longest time since the last proven drill with which the page is green
    #[arg(long, value_name = "DURATION", default_value = "100d", value_parser = duration)]
    drill_age: SignedDuration,
}

/// How old what is on record may be for the page to be green.
#[derive(Clone, Copy, Debug)]
struct Ages {
    run: SignedDuration,
    drill: SignedDuration,
}

/// A duration as the policy language writes it.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let span = text.parse::<jiff::Span>().ok();
    let span = span.and_then(|span| span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    // Weeks, months and years are no durations of the language, and `m` may be one or the other.
    let plain = text.chars().all(|c| c.is_ascii_digit() || "dhminsu".contains(c)) && !text.ends_with('m');
    span.filter(|span| plain && *span > SignedDuration::ZERO)
        .ok_or_else(|| "write a duration such as `90d` or `36h`".to_owned())
}

/// Makes the page. It is written whatever the record is like, so that no page of better days stays where it was.
pub(super) fn run(args: &Args, talk: &Talk) -> ExitStatus {
    let trust = match args.trusted.trust(talk) {
        Ok(trust) => trust,
        Err(status) => return status,
    };
    let now = Timestamp::now();
    let mut overview = Overview::default();
    let read = read_with(&args.folder, &trust, &mut |entry, event| overview.add(entry, event));
    let ages = Ages { run: args.run_age, drill: args.drill_age };
    let folder = args.folder.display().to_string();
    let mut board = match &read {
        Ok(reading) => told::board(reading, &overview, ages, now),
        Err(why) => Dashboard {
            record: RecordState { flaws: vec![why.to_string()], flaws_total: 1, ..RecordState::default() },
            ..Dashboard::default()
        },
    };
    board.record.folder = folder;
    board.made = told::instant(now);
    board.version = env!("CARGO_PKG_VERSION").to_owned();
    if !board.record.holds() {
        for flaw in &board.record.flaws {
            talk.say(&format!("error: {flaw}"));
        }
    }
    let page = render(&board);
    let status = board.status();
    let delivered = match &args.output {
        None => talk.print(&page) == ExitStatus::Open,
        Some(path) => match super::outfile::write(path, &page) {
            Ok(()) => true,
            Err(error) => {
                talk.say(&format!("error: the page `{}` cannot be written: {error}", path.display()));
                false
            }
        },
    };
    if delivered || status != ExitStatus::Open { status } else { ExitStatus::Unproven }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_language() {
        assert_eq!(duration("8d").unwrap(), SignedDuration::from_hours(192));
        assert_eq!(duration("1d12h30min").unwrap(), SignedDuration::from_mins(36 * 60 + 30));
        for text in ["", "8", "15m", "0d", "-1d", "1mo", "1y", "2w", "soon"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
