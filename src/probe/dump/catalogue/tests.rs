//! Statements of versions and kinds that no pg_dump at hand writes.

use super::super::entry::{Entry, Place};
use super::super::error::ArchiveErrorKind;
use super::{Model, read};
use crate::catalogue::{ColumnKind, Relation, RelationKind};
use crate::policy::RelationName;

fn entry(kind: &str, schema: &str, definition: &str) -> Entry {
    Entry {
        dump_id: 1,
        kind: kind.to_owned(),
        namespace: Some(schema.to_owned()),
        tag: "tag".to_owned(),
        owner: None,
        definition: definition.to_owned(),
        drop_statement: String::new(),
        copy_statement: String::new(),
        dependencies: Vec::new(),
        has_data: false,
        place: Place::Nowhere,
    }
}

fn model(statements: &[(&str, &str)], bare: bool) -> Model {
    let entries: Vec<_> = statements.iter().map(|(kind, text)| entry(kind, "app", text)).collect();
    read(&entries, bare).unwrap()
}

fn relation<'a>(model: &'a Model, name: &str) -> &'a Relation {
    model.relation(&RelationName { schema: "app".to_owned(), name: name.to_owned() }).unwrap()
}

fn columns(relation: &Relation) -> Vec<(&str, &str, ColumnKind, bool)> {
    let columns = relation.columns.iter();
    columns
        .map(|column| (column.name.as_str(), column.type_name.as_str(), column.kind, column.nullable))
        .collect()
}

#[test]
fn texts_that_a_collation_calls_equal_are_left_to_a_server() {
    let statements = [
        (
            "COLLATION",
            "CREATE COLLATION app.folded (provider = icu, deterministic = false, locale = 'und-u-ks-level2');",
        ),
        ("COLLATION", "CREATE COLLATION app.german (provider = icu, locale = 'de');"),
        ("DOMAIN", "CREATE DOMAIN app.word AS text COLLATE app.folded;"),
        (
            "TABLE",
            "CREATE TABLE app.t (\n    a text COLLATE app.folded,\n    b text COLLATE app.german,\n    c app.word,\n    \
             d text COLLATE pg_catalog.\"C\",\n    e app.word COLLATE pg_catalog.\"C\"\n);",
        ),
    ];
    let model = model(&statements, false);
    let t = relation(&model, "t");
    let own: Vec<bool> = t.columns.iter().map(|c| c.operators.is_some()).collect();
    assert_eq!(own, [true, false, true, false, false]);
}

#[test]
fn old_archives_leave_the_schema_out() {
    let statements = [
        ("TYPE", "CREATE TYPE mood AS ENUM (\n    'sad'\n);"),
        ("DOMAIN", "CREATE DOMAIN cents AS integer;"),
        ("SEQUENCE", "CREATE SEQUENCE s\n    INCREMENT BY 2;"),
        (
            "TABLE",
            "CREATE TABLE t (\n    id integer DEFAULT nextval('s'::regclass) NOT NULL,\n    mood mood,\n    price cents,\n    \
             mail citext,\n    at date\n);",
        ),
        ("TABLE", "CREATE TABLE u (\n    t integer\n);"),
        ("SEQUENCE SET", "SELECT pg_catalog.setval('s', 9, false);"),
        ("CONSTRAINT", "ALTER TABLE ONLY t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (id);"),
        (
            "FK CONSTRAINT",
            "ALTER TABLE ONLY u\n    ADD CONSTRAINT u_t FOREIGN KEY (t) REFERENCES t(id) NOT VALID;",
        ),
    ];
    let model = model(&statements, true);
    let t = relation(&model, "t");
    use ColumnKind::{Date, Enum, Integer, Text};
    let expected = [
        ("id", "integer", Integer, false),
        ("mood", "mood", Enum, true),
        ("price", "cents", Integer, true),
        ("mail", "citext", Text, true),
        ("at", "date", Date, true),
    ];
    assert_eq!(columns(t), expected);
    assert_eq!(t.column("mail").unwrap().operators.as_deref(), Some("app"));
    assert_eq!(t.primary_key, ["id"]);
    let key = &model.catalogue.foreign_keys[0];
    assert_eq!((key.parent.to_string().as_str(), key.validated), ("app.t", false));
    let sequence = &model.catalogue.sequences[0];
    assert_eq!((sequence.name.to_string().as_str(), sequence.last_value.as_deref()), ("app.s", Some("7")));
}

#[test]
fn partitions_and_heirs_take_columns_over() {
    let statements = [
        (
            "TABLE",
            "CREATE TABLE app.p (\n    id integer NOT NULL,\n    v numeric(12,2)\n)\nPARTITION BY RANGE (id);",
        ),
        ("TABLE", "CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (1) TO (2);"),
        (
            "TABLE",
            "CREATE TABLE app.p2 (\n    v numeric(12,2),\n    id integer NOT NULL\n);\nALTER TABLE ONLY app.p ATTACH PARTITION app.p2 FOR VALUES FROM (2) TO (3);",
        ),
        (
            "TABLE",
            "CREATE TABLE app.heir (\n    more \"char\"[] COLLATE pg_catalog.\"C\" DEFAULT '{}'::\"char\"[]\n)\nINHERITS (app.p2);",
        ),
        ("TABLE", "ALTER TABLE ONLY app.heir ALTER COLUMN v SET NOT NULL;"),
        ("TYPE", "CREATE TYPE app.pair AS (\n\ta integer,\n\tb timestamp(3) without time zone\n);"),
        ("TABLE", "CREATE TABLE app.typed OF app.pair;"),
        (
            "FOREIGN TABLE",
            "CREATE FOREIGN TABLE app.f (\n    id integer OPTIONS (column_name 'x') NOT NULL\n)\nSERVER s;",
        ),
    ];
    let model = model(&statements, false);
    let names =
        |name: &str| columns(relation(&model, name)).into_iter().map(|c| (c.0, c.1, c.3)).collect::<Vec<_>>();
    let (id, v) = (("id", "integer", false), ("v", "numeric(12,2)", true));
    assert_eq!(names("p1"), [id, v]);
    assert_eq!(names("p2"), [v, id]);
    assert_eq!(names("heir"), [("v", "numeric(12,2)", false), id, ("more", "\"char\"[]", true)]);
    assert_eq!(names("typed"), [("a", "integer", true), ("b", "timestamp(3) without time zone", true)]);
    assert_eq!(names("f"), [("id", "integer", true)]);
    assert_eq!(relation(&model, "p1").kind, RelationKind::Partition);
    assert_eq!(relation(&model, "p2").kind, RelationKind::Partition);
    let family = model.family(&relation(&model, "p").name).len();
    assert_eq!(family, 4);
}

#[test]
fn circles_end() {
    let statements = [
        ("DOMAIN", "CREATE DOMAIN app.a AS app.b;"),
        ("DOMAIN", "CREATE DOMAIN app.b AS app.a;"),
        ("TABLE", "CREATE TABLE app.t (\n    x app.a\n)\nINHERITS (app.u);"),
        ("TABLE", "CREATE TABLE app.u (\n    y app.b\n)\nINHERITS (app.t);"),
    ];
    let model = model(&statements, false);
    assert_eq!(relation(&model, "t").columns.len(), 2);
    assert_eq!(model.family(&relation(&model, "t").name).len(), 2);
}

#[test]
fn a_table_that_cannot_be_understood_is_not_left_out() {
    let error = read(&[entry("TABLE", "app", "CREATE TABLE app.t (a integer,,);")], false).unwrap_err();
    assert_eq!((error.kind, error.entry.as_deref()), (ArchiveErrorKind::Unsupported, Some("TABLE tag")));
    assert!(read(&[entry("TRIGGER", "app", "CREATE TRIGGER nonsense;")], false).is_ok());
    assert!(read(&[entry("FUNCTION", "app", "not SQL at all")], false).is_ok());
}
