//! `.pgpass`: passwords by host, port, database and user.
//!
//! Source: "The Password File" in the libpq chapter of the PostgreSQL documentation.

use std::path::{Path, PathBuf};

use super::environment::Environment;

/// The password file as read, or the reason it is not used.
#[derive(Default)]
pub struct PassFile {
    content: String,
}

impl PassFile {
    /// Reads the named file, or `~/.pgpass`. A file that may not be used is left out, as libpq does, and the
    /// second part of the answer says why.
    #[must_use]
    pub fn read(named: Option<&str>, env: &dyn Environment) -> (Self, Option<String>) {
        let Some(path) = path(named, env) else { return (Self::default(), None) };
        let Ok(facts) = env.facts(&path) else { return (Self::default(), None) };
        let ignored = |why: &str| (Self::default(), Some(format!("password file {} {why}", path.display())));
        if !facts.is_file {
            return ignored("is not used: it is not a plain file");
        }
        if facts.mode & 0o077 != 0 {
            return ignored("is not used: group or others may read it; run chmod 0600 on it");
        }
        match env.read(&path).map(String::from_utf8) {
            Ok(Ok(content)) => (Self { content }, None),
            Ok(Err(_)) => ignored("is not used: it is not UTF-8"),
            Err(error) => ignored(&format!("cannot be read: {error}")),
        }
    }

    /// The password of the first line that matches; a field of `*` matches everything.
    #[must_use]
    pub fn find(&self, host: &str, port: u16, database: &str, user: &str) -> Option<String> {
        let wanted = [host, &port.to_string(), database, user];
        self.content.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
            let mut rest = line;
            for want in wanted {
                let (field, after) = field(rest)?;
                if field.pattern != want && !field.is_wildcard {
                    return None;
                }
                rest = after;
            }
            // The password runs to the next unescaped colon or the end of the line.
            Some(field(rest).map_or_else(|| unescape(rest), |(field, _)| field.pattern))
                .filter(|p| !p.is_empty())
        })
    }
}

fn path(named: Option<&str>, env: &dyn Environment) -> Option<PathBuf> {
    match named.filter(|name| !name.is_empty()) {
        Some(name) => Some(Path::new(name).to_path_buf()),
        None => env.home().map(|home| home.join(".pgpass")),
    }
}

struct Field {
    pattern: String,
    is_wildcard: bool,
}

/// One field and the text after its colon; `None` where no unescaped colon follows.
fn field(text: &str) -> Option<(Field, &str)> {
    let mut escaped = false;
    let end = text.char_indices().find_map(|(at, c)| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })?;
    let (raw, after) = text.split_at_checked(end)?;
    Some((Field { pattern: unescape(raw), is_wildcard: raw == "*" }, after.strip_prefix(':')?))
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next().or(Some(c)) } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::environment::fake::FakeEnvironment;
    use super::PassFile;

    fn file(content: &str) -> PassFile {
        let env = FakeEnvironment::new().file("/home/ann/.pgpass", 0o600, content);
        let (file, note) = PassFile::read(None, &env);
        assert_eq!(note, None);
        file
    }

    #[test]
    fn the_first_matching_line_wins() {
        let file = file("#db:*:*:*:commented\ndb:5432:tala:ann:first\ndb:*:*:ann:second\n*:*:*:*:third\n");
        assert_eq!(file.find("db", 5432, "tala", "ann").as_deref(), Some("first"));
        assert_eq!(file.find("db", 5433, "tala", "ann").as_deref(), Some("second"));
        assert_eq!(file.find("x", 1, "y", "z").as_deref(), Some("third"));
    }

    #[test]
    fn escapes_stand_for_themselves() {
        let file = file("::1:5432:a:b:never\n\\:\\:1:5432:a\\\\b:\\*:p\\:q\\\\r\n");
        assert_eq!(file.find("::1", 5432, "a\\b", "*").as_deref(), Some("p:q\\r"));
        assert_eq!(file.find("::1", 5432, "a\\b", "ann"), None);
    }

    #[test]
    fn a_password_ends_at_a_colon_as_in_libpq() {
        assert_eq!(file("*:*:*:*:pw:comment\n").find("h", 1, "d", "u").as_deref(), Some("pw"));
        assert_eq!(file("*:*:*:*:\n*:*:*:short\n").find("h", 1, "d", "u"), None);
    }

    #[test]
    fn an_open_file_is_left_out_and_the_note_says_so() {
        for mode in [0o640, 0o604, 0o644] {
            let env = FakeEnvironment::new().file("/p", mode, "*:*:*:*:s3cret\n");
            let (file, note) = PassFile::read(Some("/p"), &env);
            assert_eq!(file.find("h", 1, "d", "u"), None);
            let note = note.unwrap();
            assert!(note.contains("/p is not used") && note.contains("0600"), "{note}");
        }
        let (_, note) = PassFile::read(None, &FakeEnvironment::new());
        assert_eq!(note, None);
    }
}
