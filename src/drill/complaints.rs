//! What `pg_restore` and `psql` complain of. Their exit status says that something went wrong, not what, and `pg_restore` goes
//! on after most errors.

/// An error that a server or a program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// What was said.
    pub(super) message: String,
    /// What it was about, as `pg_restore` names it.
    pub(super) about: String,
}

impl Complaint {
    /// The same without what may be a value of a row: whatever is quoted after a colon.
    #[must_use]
    pub(super) fn without_values(&self) -> String {
        let message = match self.message.split_once(": \"") {
            Some((before, _)) => format!("{before}: [...]"),
            None => self.message.clone(),
        };
        if self.about.is_empty() { message } else { format!("{message} ({})", self.about) }
    }
}

/// Errors in what `pg_restore` or `psql` said on standard error. Lines that quote statements or rows are left out.
#[must_use]
pub(super) fn errors(said: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut about = String::new();
    for line in said.lines() {
        if let Some(entry) = line.strip_prefix("pg_restore: from TOC entry ") {
            // `123; 1259 16396 TABLE accounts postgres`: the numbers say nothing to people.
            let words = entry.split_once("; ").map_or(entry, |(_, rest)| rest);
            about = words.splitn(3, ' ').last().unwrap_or(words).to_owned();
            continue;
        }
        let said = line.strip_prefix("pg_restore: error: ").or_else(|| {
            // `psql:<stdin>:12: ERROR:  ...`, and errors of the connection.
            let (_, rest) = line.strip_prefix("psql:").and_then(|rest| rest.split_once(": "))?;
            let is_error = ["ERROR:", "FATAL:", "PANIC:", "error:"].iter().any(|word| rest.starts_with(word));
            is_error.then_some(rest)
        });
        let plain = ["psql: error: ", "ERROR:  ", "FATAL:  "].iter().find_map(|word| line.strip_prefix(word));
        let Some(said) = said.or(plain) else { continue };
        let message = ["could not execute query: ", "ERROR:", "FATAL:", "PANIC:", "error:"]
            .iter()
            .fold(said.trim(), |text, word| text.strip_prefix(word).unwrap_or(text).trim());
        found.push(Complaint { message: message.to_owned(), about: about.clone() });
    }
    found
}

/// Whether a message is meant by a pattern: a piece of it, in which `*` stands for anything.
#[must_use]
pub(super) fn meant(pattern: &str, message: &str) -> bool {
    let mut rest = message;
    pattern.split('*').all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// Words of the system and the server for a machine that has too little of something, or ended a process for that.
const MACHINE: [&str; 10] = [
    "No space left",
    // Of a block only a part of which found room (`mdextend` in `md.c`).
    ": wrote only ",
    "Check free disk space",
    "Disk quota exceeded",
    "out of memory",
    "Cannot allocate memory",
    "could not map",
    "could not create shared memory",
    "could not resize shared memory",
    "was terminated by signal 9",
];

/// A line that says that this machine is the reason, which says nothing of the backup.
#[must_use]
pub(super) fn machine(said: &str) -> Option<&str> {
    said.lines().map(str::trim).find(|line| MACHINE.iter().any(|words| line.contains(words)))
}

/// Errors that no pattern means, those that one does, and patterns that mean none.
#[must_use]
pub(super) fn sorted(
    errors: Vec<Complaint>,
    patterns: &[String],
) -> (Vec<Complaint>, Vec<Complaint>, Vec<String>) {
    let by = |error: &Complaint| patterns.iter().any(|pattern| meant(pattern, &error.message));
    let idle = patterns.iter().filter(|pattern| !errors.iter().any(|error| meant(pattern, &error.message)));
    let idle = idle.cloned().collect();
    let (ignored, counted) = errors.into_iter().partition(by);
    (counted, ignored, idle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "pg_restore: while PROCESSING TOC:\n\
        pg_restore: from TOC entry 215; 1259 16396 TABLE accounts postgres\n\
        pg_restore: error: could not execute query: ERROR:  role \"app\" does not exist\n\
        Command was: ALTER TABLE public.accounts OWNER TO app;\n\
        ERROR: inside of a statement\n\n\
        pg_restore: error: COPY failed for table \"accounts\": ERROR:  invalid input syntax for type integer: \"secret\"\n\
        CONTEXT:  COPY accounts, line 1, column id: \"secret\"\n\
        pg_restore: warning: errors ignored on restore: 2\n";

    #[test]
    fn errors_are_found_and_rows_are_not() {
        let found = errors(SAID);
        let shown: Vec<String> = found.iter().map(Complaint::without_values).collect();
        assert_eq!(
            shown,
            [
                "role \"app\" does not exist (TABLE accounts postgres)",
                "COPY failed for table \"accounts\": ERROR:  invalid input syntax for type integer: [...] (TABLE accounts postgres)",
            ]
        );
        let found = errors(
            "psql:<stdin>:12: ERROR:  relation \"t\" does not exist\nLINE 1: x\npsql:<stdin>:3: NOTICE:  hm\n",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(
            errors("pg_restore: error: could not read from input file: end of file\n")[0].message,
            "could not read from input file: end of file"
        );
    }

    #[test]
    fn a_full_disk_is_no_fault_of_the_backup() {
        let said = "pg_restore: error: could not execute query: ERROR:  could not extend file \"base/1\": No space left on device\n";
        assert!(machine(said).is_some_and(|line| line.contains("base/1")));
        let part = "ERROR:  could not extend file \"base/1\": wrote only 4096 of 8192 bytes at block 12116\n";
        assert!(machine(part).is_some());
        assert_eq!(machine(SAID), None);
    }

    #[test]
    fn a_pattern_means_a_piece() {
        assert!(meant("role * does not exist", "role \"app\" does not exist"));
        assert!(meant("does not", "role \"app\" does not exist"));
        assert!(!meant("role * exists", "role \"app\" does not exist"));
        let (counted, ignored, idle) = sorted(errors(SAID), &["role *".to_owned(), "none".to_owned()]);
        assert_eq!((counted.len(), ignored.len(), idle), (1, 1, vec!["none".to_owned()]));
    }
}
