//! One database with everything that matters when its dump is read, and archives of it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use holdtrue::policy::RelationName;
use holdtrue::probe::dump::{Archive, TableData};

use crate::support::{Cluster, fail, postgres_program, shared};

/// The name of the database.
pub(super) const DATABASE: &str = "dump_sample";

/// The cluster, with the sample loaded.
pub(super) fn cluster() -> &'static Cluster {
    static LOADED: OnceLock<()> = OnceLock::new();
    let cluster = shared();
    LOADED.get_or_init(|| {
        cluster.create_database(DATABASE, None);
        cluster.psql_file(DATABASE, &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/dump/sample.sql"));
    });
    cluster
}

/// Runs pg_dump on a database of the cluster. Where `file` is given it writes there, else what it printed is returned.
pub(super) fn pg_dump(database: &str, file: Option<&Path>, arguments: &[&str]) -> Vec<u8> {
    crate::support::pg_dump(&cluster().url(database), file, arguments)
}

/// A folder for archives, with one in it.
pub(super) fn archive(name: &str, arguments: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    pg_dump(DATABASE, Some(&path), arguments);
    (folder, path)
}

/// A relation by schema and name.
pub(super) fn name(schema: &str, name: &str) -> RelationName {
    RelationName { schema: schema.to_owned(), name: name.to_owned() }
}

/// The lines of each table, as the server copies them out now.
pub(super) fn server_rows(database: &str) -> BTreeMap<RelationName, Vec<String>> {
    let list = "select n.nspname || chr(10) || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'";
    // Names with line feeds are not in the sample.
    let list = cluster().psql(database, list);
    let mut lines = list.lines();
    let mut all = BTreeMap::new();
    while let (Some(schema), Some(table)) = (lines.next(), lines.next()) {
        let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let columns = cluster().psql(
            database,
            &format!(
                "select coalesce(string_agg(quote_ident(attname), ', ' order by attnum), '') from pg_attribute
                  where attrelid = '{}.{}'::regclass and attnum > 0 and not attisdropped and attgenerated = ''",
                quote(schema),
                quote(table)
            ),
        );
        let sql = format!(
            "set extra_float_digits = 3; copy (select {columns} from {}.{}) to stdout",
            quote(schema),
            quote(table)
        );
        let copied = raw_copy(database, &sql);
        let rows = copied.split_terminator('\n').map(str::to_owned).collect();
        all.insert(name(schema, table), rows);
    }
    all
}

/// What COPY writes, to the byte.
fn raw_copy(database: &str, sql: &str) -> String {
    let output = Command::new(postgres_program("psql"))
        .args(["-X", "-q", "-d", &cluster().url(database), "-c", sql])
        .env("PGCLIENTENCODING", "UTF8")
        .output()
        .unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of every table the archive has rows of, read one by one.
pub(super) fn archive_rows(archive: &Archive) -> BTreeMap<RelationName, Vec<String>> {
    let tables = archive.tables().unwrap();
    let with_rows = tables.iter().filter(|table| table.data == TableData::Rows);
    with_rows.map(|table| (table.name.clone(), rows(archive, &table.name))).collect()
}

/// The lines of a table.
pub(super) fn rows(archive: &Archive, relation: &RelationName) -> Vec<String> {
    let mut lines = Vec::new();
    let read = archive
        .rows(relation, &mut |row| {
            let cells: Vec<_> = row.cells().map(|cell| std::str::from_utf8(cell.raw()).unwrap()).collect();
            lines.push(cells.join("\t"));
            ControlFlow::Continue(())
        })
        .unwrap_or_else(|error| fail(&format!("{relation}: {error}")));
    assert!(read.complete);
    assert_eq!(read.rows, lines.len() as u64);
    lines
}
