//! What an archive's statements say, beside the server's own catalogue.

use holdtrue::catalogue::{Catalogue, RelationKind};
use holdtrue::probe::dump::{Archive, ArchiveErrorKind, TableData};
use holdtrue::probe::postgres::{Address, ProcessEnvironment, Session, SessionOptions, catalogue};

use super::sample::{DATABASE, archive, cluster, name, rows};

/// What the server says, without what an archive cannot know.
fn server() -> Catalogue {
    let url = cluster().url(DATABASE);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut found = runtime.block_on(async {
        let address = Address::parse(&url, &ProcessEnvironment).unwrap();
        let session = Session::open(&address, &SessionOptions::default()).await.unwrap();
        session.begin().await.unwrap();
        let found = catalogue::read(&session, &[]).await.unwrap();
        session.close().await;
        found
    });
    // What is installed in a server is that server's.
    found.extensions = None;
    for relation in &mut found.relations {
        relation.estimated_rows = -1;
        relation.plain = false;
        if matches!(relation.kind, RelationKind::View | RelationKind::MaterializedView) {
            relation.columns.clear();
        }
    }
    // What a server derives for each partition from a foreign key to their table is not written down.
    found
        .objects
        .retain(|object| !object.name.starts_with("part_ref_part_at_fkey") || object.name.ends_with('y'));
    found
}

#[test]
fn the_catalogue_is_the_servers() {
    let expected = server();
    let (_folder, path) = archive("sample.dump", &["-Fc"]);
    let archive = Archive::open(&path).unwrap();
    let mut found = archive.catalogue().unwrap().clone();
    // What an archive has to say, and a server does by itself.
    for column in found.relations.iter_mut().flat_map(|relation| &mut relation.columns) {
        column.generated = false;
    }
    for relation in &expected.relations {
        assert_eq!(found.relation(&relation.name), Some(relation));
    }
    assert_eq!(found.relations, expected.relations);
    assert_eq!(found.foreign_keys, expected.foreign_keys);
    assert_eq!(found.sequences, expected.sequences);
    assert_eq!(found.objects, expected.objects);
    assert_eq!(found, expected);
}

#[test]
fn a_partitioned_table_has_the_rows_of_its_partitions() {
    let (_folder, path) = archive("sample.dump", &["-Fc"]);
    let archive = Archive::open(&path).unwrap();
    // Partition 2 has its columns in another order.
    let mut seen = Vec::new();
    let read = archive.rows(&name("public", "part"), &mut |row| {
        assert_eq!(row.columns(), ["id", "at", "v"]);
        seen.push(row.cells().map(|cell| cell.text().unwrap().unwrap().into_owned()).collect::<Vec<_>>());
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(read.unwrap().rows, 100);
    seen.sort_by_key(|row| row[0].parse::<i32>().unwrap());
    for (n, row) in seen.iter().enumerate() {
        assert_eq!((&row[0], &row[2]), (&n.to_string(), &format!("v{n}")));
        assert!(row[1].starts_with("2026-0"));
    }
    let tables = archive.tables().unwrap();
    let table = |named: &str| tables.iter().find(|table| table.name == name("public", named)).unwrap();
    assert_eq!(table("part").data, TableData::Absent);
    assert_eq!(table("part_3_a").partition_of, Some(name("public", "part_3")));
    assert_eq!(table("part_3").kind, Some(RelationKind::Partition));
    assert_eq!(table("derived").inherits, [name("public", "base")]);
    assert!(table("child").row_security && !table("base").row_security);
    assert_eq!(rows(&archive, &name("public", "base")), ["1\tbase", "2\tderived"]);
}

#[test]
fn what_is_left_out_is_said() {
    let no_data = |arguments: &[&str], schema: &str, table: &str, why: &str| {
        let (_folder, path) = archive("sample.dump", arguments);
        let archive = Archive::open(&path).unwrap();
        let error =
            archive.rows(&name(schema, table), &mut |_| std::ops::ControlFlow::Continue(())).unwrap_err();
        assert!(error.message.contains(why), "{arguments:?} {table}: {error}");
        error.kind
    };
    use ArchiveErrorKind::{NoData, NoSuchTable, Unsupported};
    assert_eq!(no_data(&["-Fc"], "public", "seen", "a view's rows"), NoData);
    assert_eq!(no_data(&["-Fc"], "public", "nowhere", "does not know public.nowhere"), NoSuchTable);
    assert_eq!(no_data(&["-Fc", "-s"], "public", "account", "--schema-only"), NoData);
    assert_eq!(
        no_data(&["-Fc", "--exclude-table-data=account"], "public", "account", "--exclude-table-data"),
        NoData
    );
    assert_eq!(
        no_data(&["-Fc", "--exclude-table-data=part_2"], "public", "part", "public.part_2, a partition"),
        NoData
    );
    assert_eq!(no_data(&["-Fc", "-t", "part"], "public", "part", "without any of its partitions"), NoData);
    assert_eq!(
        no_data(&["-Fc", "--exclude-table-data=derived"], "public", "base", "public.derived, an heir"),
        NoData
    );
    assert_eq!(no_data(&["-Fp", "--enable-row-security"], "public", "child", "rows may be missing"), NoData);
    assert_eq!(no_data(&["-Fc", "--inserts"], "public", "account", "--inserts"), Unsupported);
    assert_eq!(no_data(&["-Fc", "--column-inserts"], "public", "part", "--inserts"), Unsupported);
    assert_eq!(
        no_data(&["-Fc", "-E", "SQL_ASCII", "-t", "seen"], "public", "account", "does not know"),
        NoSuchTable
    );
}

#[test]
fn data_without_definitions_can_be_read_by_name() {
    let (_folder, path) = archive("sample.dump", &["-Fc", "-a"]);
    let archive = Archive::open(&path).unwrap();
    assert!(archive.catalogue().unwrap().relations.is_empty());
    assert_eq!(rows(&archive, &name("public", "quick")), ["1"]);
    assert!(archive.tables().unwrap().iter().all(|table| table.kind.is_none()));
}

#[test]
fn rows_written_through_the_partitioned_table_belong_to_it() {
    let (_folder, path) = archive("sample.dump", &["-Fc", "--load-via-partition-root"]);
    let archive = Archive::open(&path).unwrap();
    assert_eq!(rows(&archive, &name("public", "part")).len(), 100);
}
