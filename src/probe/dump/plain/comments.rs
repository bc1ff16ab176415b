//! The comments pg_dump writes between statements (`_printTocEntry` and `RestoreArchive` in
//! `pg_backup_archiver.c`).

/// What a comment line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// The first line of a dump.
    Begins,
    /// The last one.
    Complete,
    /// The first line of what pg_dumpall writes.
    Cluster,
    Server(String),
    Tool(String),
    Started(String),
    /// An object follows: its name, kind, schema and owner.
    Object {
        name: String,
        kind: String,
        schema: Option<String>,
        owner: Option<String>,
    },
    Other,
}

/// Reads a line that begins with two hyphens.
pub(super) fn read(line: &str) -> Comment {
    let Some(text) = line.strip_prefix("-- ") else { return Comment::Other };
    match text {
        "PostgreSQL database dump" => return Comment::Begins,
        "PostgreSQL database dump complete" => return Comment::Complete,
        "PostgreSQL database cluster dump" => return Comment::Cluster,
        _ => {}
    }
    let after = |prefix: &str| text.strip_prefix(prefix).map(|rest| rest.trim().to_owned());
    if let Some(version) = after("Dumped from database version ") {
        return Comment::Server(version);
    }
    if let Some(version) = after("Dumped by pg_dump version ") {
        return Comment::Tool(version);
    }
    if let Some(time) = after("Started on ") {
        return Comment::Started(time);
    }
    let text = text.strip_prefix("Data for ").unwrap_or(text);
    object(text.strip_prefix("Statistics for ").unwrap_or(text)).unwrap_or(Comment::Other)
}

/// `Name: n; Type: t; Schema: s; Owner: o`, perhaps with a tablespace. Names may hold any of it, so it is read from
/// behind.
fn object(text: &str) -> Option<Comment> {
    let text = text.strip_prefix("Name: ")?;
    let (text, owner) = text.rsplit_once("; Owner: ")?;
    let (text, schema) = text.rsplit_once("; Schema: ")?;
    let (name, kind) = text.rsplit_once("; Type: ")?;
    let owner = owner.split("; Tablespace: ").next().unwrap_or(owner);
    let some = |text: &str| (text != "-" && !text.is_empty()).then(|| text.to_owned());
    Some(Comment::Object {
        name: name.to_owned(),
        kind: kind.to_owned(),
        schema: some(schema),
        owner: some(owner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named() {
        let read = read("-- Data for Name: a; Type: b; Type: TABLE DATA; Schema: s; Owner: o; Tablespace: t");
        let (name, kind) = ("a; Type: b".to_owned(), "TABLE DATA".to_owned());
        let (schema, owner) = (Some("s".to_owned()), Some("o".to_owned()));
        assert_eq!(read, Comment::Object { name, kind, schema, owner });
    }
}
