//! One pass over a plain dump: its statements become entries, its blocks of data places.

use std::io::Read;

use super::comments::{self, Comment};
use super::scanner::{After, Scanner};
use crate::policy::RelationName;
use crate::probe::dump::blocks;
use crate::probe::dump::entry::{Entry, Place};
use crate::probe::dump::error::ArchiveError;
use crate::probe::dump::header::Header;
use crate::probe::dump::lines::Lines;
use crate::probe::dump::words;

/// The longest statement that is kept, in bytes. Longer ones are INSERTs and large objects.
const LONGEST: usize = 64 << 20;

/// Reads everything; `header` is completed by what the text says.
pub(super) fn read<R: Read>(lines: &mut Lines<R>, header: &mut Header) -> Result<Vec<Entry>, ArchiveError> {
    let mut index = Index {
        header,
        entries: Vec::new(),
        scanner: Scanner::default(),
        statement: Vec::new(),
        insert: false,
        began: 0,
        complete: false,
        restricted: None,
    };
    let mut first = true;
    loop {
        let from = lines.offset();
        let Some(line) = lines.next()? else { break };
        let (line, ended) = (line.bytes.to_vec(), line.ended);
        let mut line = line.as_slice();
        if std::mem::take(&mut first) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
            if let Some(unix) = line.strip_suffix(b"\r") {
                line = unix;
                lines.crlf = true;
            }
        }
        if let Some(copy) = index.line(line, ended).map_err(|error| error.at(from))? {
            index.data(copy, lines)?;
        }
    }
    index.finish().map_err(|error| error.at(lines.offset()))
}

struct Index<'a> {
    header: &'a mut Header,
    entries: Vec<Entry>,
    scanner: Scanner,
    /// The statement so far.
    statement: Vec<u8>,
    /// Whether it is one that is not kept.
    insert: bool,
    /// Dumps that began in this text.
    began: usize,
    complete: bool,
    /// The word of a `\restrict` that was not taken back yet.
    restricted: Option<String>,
}

fn behind() -> ArchiveError {
    ArchiveError::corrupt("something follows the end of the dump")
}

impl Index<'_> {
    /// Takes a line of SQL. Gives a COPY statement whose data comes next.
    fn line(&mut self, line: &[u8], ended: bool) -> Result<Option<String>, ArchiveError> {
        if self.scanner.is_between() {
            if line.starts_with(b"--") {
                self.comment(&self.decode(line))?;
                return Ok(None);
            }
            if line.first() == Some(&b'\\') {
                return self.command(&self.decode(line)).map(|()| None);
            }
        }
        let mut from = 0;
        while let After::Ended(at) = self.scanner.line(line, from) {
            self.keep(line.get(from..=at).unwrap_or_default())?;
            from = at + 1;
            let statement = std::mem::take(&mut self.statement);
            let statement = self.decode(&statement);
            self.scanner.reset();
            self.insert = false;
            let rest = line.get(from..).unwrap_or_default();
            let copy = statement.trim_start();
            if copy.starts_with("COPY ") && copy.trim_end_matches([';', ' ']).ends_with(" FROM stdin") {
                if !rest.is_empty() || !ended {
                    return Err(ArchiveError::truncated("no data follows a COPY statement"));
                }
                return Ok(Some(copy.to_owned()));
            }
            self.statement(&statement)?;
        }
        self.keep(line.get(from..).unwrap_or_default())?;
        if !self.statement.is_empty() {
            self.keep(b"\n")?;
        }
        Ok(None)
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), ArchiveError> {
        if self.insert || (self.statement.is_empty() && part.iter().all(u8::is_ascii_whitespace)) {
            return Ok(());
        }
        self.statement.extend_from_slice(part);
        if self.statement.starts_with(b"INSERT INTO ") {
            self.insert = true;
        }
        if self.statement.len() > LONGEST {
            let message = format!("a statement is longer than {} MiB", LONGEST >> 20);
            return Err(ArchiveError::corrupt(message));
        }
        Ok(())
    }

    fn comment(&mut self, line: &str) -> Result<(), ArchiveError> {
        match comments::read(line) {
            Comment::Begins if self.began > 0 => {
                let message = "it holds several dumps, one after the other; keep each in a file of its own";
                return Err(ArchiveError::unsupported(message));
            }
            Comment::Begins => self.began += 1,
            Comment::Cluster => {
                let message = "it was made by pg_dumpall and holds several databases; dump each with pg_dump";
                return Err(ArchiveError::unsupported(message));
            }
            Comment::Complete => self.complete = true,
            Comment::Server(version) => self.header.server_version = Some(version),
            Comment::Tool(version) => self.header.pg_dump_version = Some(version),
            Comment::Started(time) => {
                let mut words = time.split(' ');
                let date = words.next().unwrap_or_default();
                let clock = words.next().unwrap_or_default();
                self.header.created = format!("{date}T{clock}").parse().ok();
            }
            Comment::Object { name, kind, schema, owner } => {
                let mut entry = self.entry(&kind);
                // Without COPY, a table's rows are statements; no rows, no statement.
                entry.has_data = kind == "TABLE DATA";
                (entry.tag, entry.namespace, entry.owner) = (name, schema, owner);
                self.entries.push(entry);
            }
            Comment::Other => {}
        }
        Ok(())
    }

    /// A command of psql: `\restrict` and `\unrestrict` around the dump, and `\connect` with --create.
    fn command(&mut self, line: &str) -> Result<(), ArchiveError> {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("\\restrict") if !self.complete => {
                self.restricted = words.next().map(str::to_owned);
                Ok(())
            }
            // The same word as at the beginning, or the end is not the end of this dump.
            Some("\\unrestrict") if words.next() == self.restricted.as_deref() => {
                self.restricted = None;
                Ok(())
            }
            Some("\\connect") => {
                if self.header.database.is_none() {
                    self.header.database = words.next_back().map(|name| name.trim_matches('"').to_owned());
                }
                Ok(())
            }
            _ => Err(ArchiveError::corrupt("a line begins with a backslash and is not what pg_dump writes")),
        }
    }

    fn statement(&mut self, statement: &str) -> Result<(), ArchiveError> {
        if self.complete {
            return Err(behind());
        }
        if let Some(setting) = statement.strip_prefix("SET ") {
            let value = || words::quoted(setting, 0);
            if setting.starts_with("client_encoding ") {
                self.header.encoding = value();
            } else if setting.starts_with("standard_conforming_strings ") {
                self.scanner.standard = !setting.contains("off");
                self.header.standard_strings = Some(self.scanner.standard);
            } else if setting.starts_with("row_security ") {
                self.header.row_security = Some(!setting.contains("off"));
            }
            return Ok(());
        }
        if statement.starts_with("SELECT pg_catalog.set_config('search_path'") {
            self.header.search_path = words::quoted(statement, 1);
            return Ok(());
        }
        if self.entries.is_empty() {
            let entry = self.entry("");
            self.entries.push(entry);
        }
        // Rows and large objects that are written as statements are data, and may be of any length.
        let is_data = |entry: &Entry| ["TABLE DATA", "BLOBS"].contains(&entry.kind.as_str());
        if let Some(entry) = self.entries.last_mut().filter(|entry| !is_data(entry)) {
            if entry.definition.len() + statement.len() > LONGEST {
                return Err(ArchiveError::corrupt("the definition of an object is absurdly long"));
            }
            entry.definition.push_str(statement);
            entry.definition.push('\n');
        }
        Ok(())
    }

    /// Passes over the data of a COPY statement, up to its end marker.
    fn data<R: Read>(&mut self, copy: String, lines: &mut Lines<R>) -> Result<(), ArchiveError> {
        let from = lines.offset();
        if self.complete {
            return Err(behind().at(from));
        }
        // The relation is the one the statement names: comments are for people.
        let schema = self.entries.last().and_then(|entry| entry.namespace.clone()).unwrap_or_default();
        let RelationName { schema, name } = blocks::target(&copy, &schema)?;
        let mut entry = self.entry("TABLE DATA");
        if let Some(last) = self.entries.last().filter(|last| last.kind == "TABLE DATA") {
            entry.owner.clone_from(&last.owner);
            if last.copy_statement.is_empty() {
                self.entries.pop();
            }
        }
        loop {
            match lines.next() {
                Ok(Some(line)) if line.ended => {
                    if line.bytes == b"\\." {
                        break;
                    }
                }
                Ok(_) => {
                    let error = ArchiveError::truncated("its data ends without the end marker `\\.`");
                    return Err(error.inside(&format!("table {schema}.{name}")));
                }
                Err(error) => return Err(error.inside(&format!("table {schema}.{name}"))),
            }
        }
        (entry.tag, entry.namespace, entry.copy_statement, entry.has_data) = (name, Some(schema), copy, true);
        entry.place = Place::Text(from, lines.offset());
        self.entries.push(entry);
        Ok(())
    }

    fn entry(&self, kind: &str) -> Entry {
        Entry {
            dump_id: i32::try_from(self.entries.len() + 1).unwrap_or(i32::MAX),
            kind: kind.to_owned(),
            namespace: None,
            tag: String::new(),
            owner: None,
            definition: String::new(),
            drop_statement: String::new(),
            copy_statement: String::new(),
            dependencies: Vec::new(),
            has_data: false,
            place: Place::Nowhere,
        }
    }

    fn finish(self) -> Result<Vec<Entry>, ArchiveError> {
        if self.complete && !self.statement.is_empty() {
            return Err(behind());
        }
        if self.restricted.is_some() {
            return Err(ArchiveError::truncated(
                "its last line, an `\\unrestrict` for the `\\restrict` it begins with, is missing",
            ));
        }
        if !self.complete || !self.scanner.is_between() {
            return Err(ArchiveError::truncated(
                "the last line of every dump, `-- PostgreSQL database dump complete`, is missing",
            ));
        }
        Ok(self.entries)
    }

    fn decode(&self, bytes: &[u8]) -> String {
        words::decode(bytes.to_vec(), self.header.encoding.as_deref().unwrap_or_default())
    }
}
