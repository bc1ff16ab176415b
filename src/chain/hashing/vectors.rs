//! Rows and hashes of real formats, made by the runtimes themselves (Node 20, CPython 3.11, PL/pgSQL of PostgreSQL 15).

use super::eval::{Inputs, evaluate};
use super::fixture::{column, digest, or};
use super::program::{Form, Program};
use super::spec::{
    CellKind, ChainColumn, Digest, JsonField, JsonNull, JsonProfile, JsonValue, PyJson, Recipe, TimePreset,
};

fn run(
    recipe: &Recipe,
    columns: &[ChainColumn],
    row: &[Option<&str>],
    prev: Option<&[u8]>,
    micros: Option<(usize, i64)>,
) -> String {
    let form = if columns.iter().any(|c| c.name == "prev" && c.kind == CellKind::Bytea) {
        Form::Bytes
    } else {
        Form::Text
    };
    let program = Program::new(recipe, columns, form).unwrap();
    let mut out = Vec::new();
    let shift = micros.map(|(column, micros)| (column, micros * 1_000));
    let outcome =
        evaluate(&program, &Inputs { row, prev, shifts: shift.as_slice(), orders: &[] }, &mut out).unwrap();
    assert!(!outcome.null);
    String::from_utf8(out).unwrap()
}

fn field(key: &str, value: JsonValue) -> JsonField {
    JsonField { key: key.to_owned(), null: JsonNull::Null, value }
}

fn col(index: usize) -> Recipe {
    Recipe::Column(index)
}

fn text(index: usize) -> JsonValue {
    JsonValue::Column(index)
}

#[test]
fn tala_recomputes_with_the_applications_clock() {
    let columns = ["entityType", "entityId", "action", "userId"].map(|name| column(name, CellKind::Text));
    let columns = [columns.as_slice(), &[column("createdAt", CellKind::Timestamp)]].concat();
    let recipe = digest(Recipe::Cat(vec![
        or(Recipe::Prev, ""),
        col(0),
        col(1),
        col(2),
        Recipe::Time(4, TimePreset::Js),
        col(3),
    ]));
    let first =
        [Some("Invoice"), Some("inv_1"), Some("Created"), Some("u1"), Some("2026-01-02 03:04:05.681")];
    let hash = "319159c8c71cb7f9744405385da8dcef8b6181a074d531ced063bb7ddb0174e3";
    assert_eq!(run(&recipe, &columns, &first, None, Some((4, -3000))), hash);
    let second =
        [Some("Invoice"), Some("inv_1"), Some("Posted"), Some("u2"), Some("2026-01-02 03:04:06.003")];
    assert_eq!(
        run(&recipe, &columns, &second, Some(hash.as_bytes()), Some((4, -3000))),
        "f90bcbba20a7cbf0b05a7c3d53d47904177f63cd35e25b2af395ab1fa5559ecf"
    );
}

#[test]
fn javascript_objects() {
    let columns = ["actor_id", "action", "entity_type", "entity_id"].map(|name| column(name, CellKind::Text));
    let rest = [
        column("before", CellKind::Jsonb),
        column("after", CellKind::Jsonb),
        column("ts", CellKind::TimestampTz),
    ];
    let columns = [columns.as_slice(), &rest].concat();
    let recipe = digest(Recipe::Cat(vec![
        Recipe::Prev,
        Recipe::Json(
            JsonProfile::Js { sorted: false },
            vec![
                field("actor_id", text(0)),
                field("action", text(1)),
                field("entity_type", text(2)),
                field("entity_id", text(3)),
                field("before", text(4)),
                field("after", text(5)),
                field("ts", JsonValue::String(Recipe::Time(6, TimePreset::Js))),
            ],
        ),
    ]));
    let before = "{\"a\": {\"x\": [3, {\"b\": \"é<>&\u{2028}\", \"k\": null}], \"y\": 1}, \"zeta\": 1}";
    let row = ["u1", "update", "doc", "d1"].map(Some);
    let row = [row.as_slice(), &[Some(before), None, Some("2026-01-02 03:04:05.678+00")]].concat();
    let zeros = "0".repeat(64);
    assert_eq!(
        run(&recipe, &columns, &row, Some(zeros.as_bytes()), None),
        "d8b0d21458e65437b4532fd18dd08935a596f307b74bc7ecaa3d1890b2136747"
    );
}

#[test]
fn a_jsonb_payload_is_flagged_where_its_order_is_lost() {
    let columns = [
        column("event_type", CellKind::Text),
        column("payload", CellKind::Jsonb),
        column("prev_hash", CellKind::Text),
    ];
    let recipe = digest(Recipe::Json(
        JsonProfile::Js { sorted: false },
        vec![
            field("event_type", text(0)),
            field("payload", text(1)),
            field("prev_hash", JsonValue::String(Recipe::Prev)),
        ],
    ));
    let prev = "515abbe4635c1d6466ae0705e968d4619517db2ddc13a5f59bc6351de56bae8a";
    assert_eq!(
        run(&recipe, &columns, &[Some("DELETE"), Some("{\"id\": 7}"), None], Some(prev.as_bytes()), None),
        "b865636d4d7ebf4c27bf53cafedea3968c2a1ce3d0b465df9524b4fae6cb95d5"
    );
    let row = [Some("CREATE"), Some("{\"b\": 2, \"aa\": 3, \"zeta\": 1}"), None];
    let program = Program::new(&recipe, &columns, Form::Text).unwrap();
    let mut out = Vec::new();
    let outcome =
        evaluate(&program, &Inputs { row: &row, prev: None, shifts: &[], orders: &[] }, &mut out).unwrap();
    assert!(outcome.order_lost);
    assert_ne!(out, prev.as_bytes());
    // Kept as json, the order is what was written.
    let verbatim = [Some("CREATE"), Some("{\"zeta\":1,\"b\":2,\"aa\":3}"), None];
    let mut columns = columns;
    columns[1].kind = CellKind::Json;
    assert_eq!(run(&recipe, &columns, &verbatim, None, None), prev);
}

#[test]
fn javascript_objects_with_an_absent_first_predecessor() {
    let names = ["id", "tenantId", "actorId", "action", "resourceType", "resourceId", "outcome"];
    let mut columns: Vec<ChainColumn> = names.iter().map(|name| column(name, CellKind::Text)).collect();
    columns.push(column("timestamp", CellKind::TimestampTz));
    columns.push(column("correlationId", CellKind::Text));
    columns.push(column("severity", CellKind::Text));
    columns.push(column("metadata", CellKind::Json));
    columns.push(column("sequence", CellKind::Integer));
    let mut fields: Vec<JsonField> = names.iter().enumerate().map(|(n, name)| field(name, text(n))).collect();
    fields.push(field("timestamp", JsonValue::String(Recipe::Time(7, TimePreset::Js))));
    fields.push(field("correlationId", text(8)));
    fields.push(field("severity", text(9)));
    fields.push(field("metadata", text(10)));
    fields.push(JsonField {
        key: "previousHash".to_owned(),
        null: JsonNull::Omit,
        value: JsonValue::String(Recipe::Prev),
    });
    fields.push(field("sequence", text(11)));
    fields.push(field("immutable", JsonValue::Bool(true)));
    let recipe = digest(Recipe::Json(JsonProfile::Js { sorted: false }, fields));
    let metadata = "{\"ip\": \"10.0.0.1\", \"n\": 1.50, \"nested\": {\"z\": [1, null, true], \"a\": 1e21}}";
    let row = |id, at, correlation, sequence| {
        let head =
            [id, "t1", "a", "LOGIN", "user", "u\"1", "success", at, correlation, "INFO", metadata, sequence];
        head.map(Some)
    };
    let first = run(&recipe, &columns, &row("e1", "2026-01-02 03:04:01+00", "c1", "1"), None, None);
    assert_eq!(first, "4b62c981fece2a9380431130582c1cc1f12f895fe34eb5f7cf2155375bdc43bb");
    let second =
        run(&recipe, &columns, &row("e2", "2026-01-02 03:04:02+00", "c2", "2"), Some(first.as_bytes()), None);
    assert_eq!(second, "820d58fca61837c51af319be0bcfebac47e44b2e5ae6309be7fc1c597593bdba");
}

#[test]
fn python_objects_with_a_raw_predecessor() {
    let names = ["tenant_id", "agent_id", "action", "resource_type", "resource_id"];
    let mut columns: Vec<ChainColumn> = names.iter().map(|name| column(name, CellKind::Text)).collect();
    columns.push(column("seq", CellKind::Integer));
    columns.push(column("detail", CellKind::Jsonb));
    columns.push(column("created_at", CellKind::TimestampTz));
    columns.push(column("prev", CellKind::Bytea));
    let mut fields: Vec<JsonField> = names.iter().enumerate().map(|(n, name)| field(name, text(n))).collect();
    fields.push(field("seq", text(5)));
    fields.push(field("detail", text(6)));
    fields.push(field("created_at", JsonValue::String(Recipe::Time(7, TimePreset::IsoMicros))));
    let recipe = digest(Recipe::Cat(vec![
        Recipe::Json(JsonProfile::Py(PyJson { compact: true, ..JsonProfile::PY }), fields),
        Recipe::Prev,
    ]));
    let row = [
        Some("t1"),
        Some("ag"),
        Some("write"),
        Some("memory"),
        None,
        Some("2"),
        None,
        Some("2026-01-02 03:04:06+00"),
        None,
    ];
    let mut prev = Vec::new();
    super::hex::decode_bytea(
        "\\x3894fec03f05fad3e0616f725c57e7fe6a0f671522a388a258a4a163ffc5e7d7",
        &mut prev,
    )
    .unwrap();
    assert_eq!(
        run(&recipe, &columns, &row, Some(&prev), None),
        "1517089b2e07bed8a9c741b32ceb79215bb874680e53e7d668dec6cf1e781ae1"
    );
}

#[test]
fn java_instants_and_a_nested_digest() {
    let names = [
        "id",
        "event_type",
        "aggregate_type",
        "aggregate_id",
        "actor_id",
        "actor_type",
        "payload",
        "service",
        "corr",
    ];
    let mut columns: Vec<ChainColumn> = names.iter().map(|name| column(name, CellKind::Text)).collect();
    columns.push(column("occurred_at", CellKind::TimestampTz));
    columns.push(column("recorded_at", CellKind::TimestampTz));
    let recipe = digest(Recipe::Join(
        "|".to_owned(),
        vec![
            Recipe::Prev,
            col(0),
            col(1),
            col(2),
            col(3),
            or(col(4), ""),
            or(col(5), ""),
            digest(col(6)),
            col(7),
            or(col(8), ""),
            Recipe::Time(9, TimePreset::Java),
            Recipe::Time(10, TimePreset::Java),
        ],
    ));
    let base = |id, payload, corr, occurred| {
        [
            Some(id),
            Some("ACCOUNT_OPENED"),
            Some("Account"),
            Some("acc1"),
            None,
            None,
            Some(payload),
            Some("svc"),
            corr,
            Some(occurred),
            Some("2026-01-02 03:04:06+00"),
        ]
    };
    let row = base(
        "00000000-0000-4000-8000-000000000001",
        "{\"amount\": 1.10}",
        None,
        "2026-01-02 03:04:05.678901+00",
    );
    let first = run(&recipe, &columns, &row, Some("0".repeat(64).as_bytes()), None);
    assert_eq!(first, "a4e2834c770a635ed82096f440315913633e2cdebdf71e62d99451feabfbb34f");
    let row = base("00000000-0000-4000-8000-000000000002", "{}", Some("c1"), "2026-01-02 03:04:05.12+00");
    assert_eq!(
        run(&recipe, &columns, &row, Some(first.as_bytes()), None),
        "bbc3a7f332f108455cd91437e40a41665047568ff5ba696516d55973ab3a7395"
    );
}

#[test]
fn triggers_in_the_database() {
    let names = ["event_id", "event_type", "resource_id", "actor_type", "actor_id", "actor_name", "actor_ip"];
    let mut columns: Vec<ChainColumn> = names.iter().map(|name| column(name, CellKind::Text)).collect();
    columns.push(column("created_at", CellKind::TimestampTz));
    let recipe = digest(Recipe::Join(
        "|".to_owned(),
        vec![
            or(Recipe::Prev, "GENESIS"),
            col(0),
            col(1),
            Recipe::Time(7, TimePreset::IsoMicros),
            col(2),
            col(3),
            col(4),
            or(col(5), ""),
            or(col(6), ""),
        ],
    ));
    let row = [
        Some("550e8400-e29b-41d4-a716-446655440000"),
        Some("RULE_CREATED"),
        Some("r1"),
        Some("user"),
        Some("u1"),
        None,
        Some("10.0.0.1"),
        Some("2026-01-02 03:04:05.678901+00"),
    ];
    let first = run(&recipe, &columns, &row, None, None);
    assert_eq!(first, "87bd881f0e1472188a4414b3a74ccf95d38bdf3e65d634a1204f9b3387ec8094");
    let row = [
        Some("550e8400-e29b-41d4-a716-446655440001"),
        Some("RULE_UPDATED"),
        Some("r1"),
        Some("user"),
        Some("u2"),
        Some("Zoé"),
        Some(""),
        Some("2026-01-02 03:04:06+00"),
    ];
    assert_eq!(
        run(&recipe, &columns, &row, Some(first.as_bytes()), None),
        "f4e44e135f1749b85a6470db0be4f6c81b59d595c86d29d698db1f81e9c52ef3"
    );

    let names = ["event_id", "arn", "event_type", "actor_type", "actor_id"];
    let mut columns: Vec<ChainColumn> = names.iter().map(|name| column(name, CellKind::Text)).collect();
    columns.push(column("payload", CellKind::Jsonb));
    columns.push(column("created_at", CellKind::TimestampTz));
    let recipe = digest(Recipe::Join(
        "|".to_owned(),
        vec![
            col(0),
            or(col(1), ""),
            or(col(2), ""),
            or(col(3), ""),
            or(col(4), ""),
            or(col(5), "{}"),
            Recipe::Time(6, TimePreset::IsoMillis),
            Recipe::Prev,
        ],
    ));
    let payload = "{\"b\": 1.10, \"é\": \"<a>\", \"zeta\": 1}";
    let row = [
        Some("e1"),
        None,
        Some("LOGIN"),
        Some("OFFICER"),
        Some("o1"),
        Some(payload),
        Some("2026-01-02 03:04:05.678901+00"),
    ];
    let first = run(&recipe, &columns, &row, Some(b"GENESIS"), None);
    assert_eq!(first, "28968bfa805216d5dfdf6dc094a8222790a27c37b2d3e84b026f9c331058c407");
    let row = [Some("e2"), Some("A1"), Some("X"), None, None, Some("{}"), Some("2026-01-02 03:04:06+00")];
    assert_eq!(
        run(&recipe, &columns, &row, Some(first.as_bytes()), None),
        "c92172ec5a8185db6a579a4f949096ca2cb37490a26d476e5e56d330dae127d0"
    );
}

#[test]
fn encodings_and_longer_digests() {
    let columns = [column("a", CellKind::Text), column("b", CellKind::Bytea), column("t", CellKind::Bool)];
    let row = [Some("abc"), Some("\\x00ff"), Some("f")];
    let on = |algorithm| Recipe::Digest(algorithm, Box::new(col(0)));
    assert_eq!(
        run(&Recipe::Hex(Box::new(on(Digest::Sha384))), &columns, &row, None, None),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    );
    assert_eq!(
        run(&Recipe::Base64(Box::new(on(Digest::Sha512))), &columns, &row, None, None),
        "3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw=="
    );
    let bytes = Recipe::HexUpper(Box::new(Recipe::Cat(vec![
        col(1),
        Recipe::Unhex(Box::new(Recipe::Text("0a".into()))),
    ])));
    assert_eq!(run(&bytes, &columns, &row, None, None), "00FF0A");
    let words = Recipe::Join(
        ",".to_owned(),
        vec![
            Recipe::Upper(Box::new(Recipe::Text("straße".into()))),
            Recipe::Lower(Box::new(Recipe::Text("ÀB".into()))),
            Recipe::Bool(2, "True".into(), "False".into()),
        ],
    );
    assert_eq!(run(&words, &columns, &row, None, None), "STRASSE,àb,False");
}
