//! Searches over small tables that are made here, by code that knows nothing of recipes.

use hmac::{KeyInit as _, Mac as _, SimpleHmac};
use sha2::{Digest as _, Sha256};

use super::{Finding, Key, Settings, Sheet, State, find};
use crate::chain::spec::{CellKind, ChainColumn, JsonProfile, KeyOrigin};

fn sha(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

const COLUMNS: [(&str, CellKind); 9] = [
    ("id", CellKind::Integer),
    ("tenant", CellKind::Text),
    ("action", CellKind::Text),
    ("entity_type", CellKind::Text),
    ("user_id", CellKind::Text),
    ("note", CellKind::Text),
    ("created_at", CellKind::Timestamp),
    ("prev_hash", CellKind::Text),
    ("hash", CellKind::Text),
];

type Cells<'a> = [Option<&'a str>; 7];

/// A table of two tenants whose chains were written by this code.
fn written(hashed: impl Fn(&Cells<'_>, Option<&str>) -> String) -> Sheet {
    sealed(|row, prev| sha(&hashed(row, prev)))
}

/// The same with another digest, or form of it, which may depend on the row.
fn written_by(
    digest: impl Fn(usize, &str) -> String,
    hashed: impl Fn(&Cells<'_>, Option<&str>) -> String,
) -> Sheet {
    sealed(|row, prev| digest(number(row), &hashed(row, prev)))
}

/// The same, with what each row has as its hash.
fn sealed(hash: impl Fn(&Cells<'_>, Option<&str>) -> String) -> Sheet {
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    let mut heads: [Option<String>; 2] = [None, None];
    for n in 0..24usize {
        let (id, user) = (format!("{}", n * 3 + 7), format!("u-{}", n % 5));
        let (action, note) = (["login", "update", "delete"][n % 3], format!("note {n} é"));
        let at = format!("2026-03-0{} 10:{:02}:07.{:03}", n / 9 + 1, n, n * 37 + 110);
        let row: Cells<'_> = [
            Some(&id),
            Some(["a", "b"][n % 2]),
            Some(action),
            Some(["invoice", "order", "person", "file"][n % 4]),
            (n % 5 != 3).then_some(user.as_str()),
            (n % 4 != 1).then_some(note.as_str()),
            Some(&at),
        ];
        let prev = heads[n % 2].clone();
        let hash = hash(&row, prev.as_deref());
        let mut cells: Vec<Option<String>> = row.iter().map(|cell| cell.map(str::to_owned)).collect();
        cells.extend([prev, Some(hash.clone())]);
        heads[n % 2] = Some(hash);
        rows.push(cells);
    }
    let column = |(name, kind): (&str, CellKind)| ChainColumn::own(name, kind);
    Sheet {
        schema: "public".to_owned(),
        table: "Log".to_owned(),
        columns: COLUMNS.map(column).to_vec(),
        key: vec!["id".to_owned()],
        rows,
        runs: vec![0],
        whole: true,
        joins: Vec::new(),
    }
}

fn searched(sheet: &Sheet, candidates: u64) -> Finding {
    resumed(sheet, candidates, State::begin(sheet))
}

fn resumed(sheet: &Sheet, candidates: u64, from: State) -> Finding {
    let profiles = [
        ("js".to_owned(), JsonProfile::Js { sorted: false }),
        ("jcs".to_owned(), JsonProfile::Jcs),
        ("py".to_owned(), JsonProfile::Py(JsonProfile::PY)),
    ];
    let settings = Settings {
        profiles: &profiles,
        keys: &[],
        threads: 2,
        candidates,
        stop: &|| false,
        progress: &|_, _| {},
    };
    find(sheet, &settings, from)
}

fn or<'a>(cell: Option<&'a str>, word: &'a str) -> &'a str {
    cell.unwrap_or(word)
}

fn iso(cell: Option<&str>) -> String {
    format!("{}Z", or(cell, "").replace(' ', "T"))
}

#[track_caller]
fn says(sheet: &Sheet, pieces: &[&str]) {
    let finding = searched(sheet, 400_000);
    let found = finding.found.unwrap_or_else(|| panic!("nothing was found after {:?}", finding.state));
    assert_eq!((found.fits.len(), found.misfits.len()), (sheet.rows.len(), 0), "{}", found.block);
    // However its lines are broken.
    let flat = found.block.split_whitespace().collect::<Vec<_>>().join(" ");
    for piece in pieces {
        assert!(flat.contains(piece), "`{piece}` should be in\n{}", found.block);
    }
}

#[test]
fn a_join_with_words_for_null_is_found_with_its_split_and_order() {
    let sheet = written(|row, prev| {
        [or(prev, "GENESIS"), or(row[2], ""), or(row[3], ""), or(row[4], "null"), &iso(row[6])].join("|")
    });
    says(
        &sheet,
        &[
            "chain log on Log {",
            "split by tenant",
            "order by id",
            "link prev_hash genesis null",
            r#"join("|", prev ?? "GENESIS", action, entity_type, user_id ?? "null", ts(created_at, js))"#,
        ],
    );
}

#[test]
fn a_concatenation_in_another_order_than_the_tables_is_found() {
    let sheet = written(|row, prev| [or(row[4], ""), or(row[2], ""), or(row[3], ""), or(prev, "")].concat());
    says(&sheet, &[r#"cat(user_id ?? "", action, entity_type, prev ?? "")"#]);
}

#[test]
fn an_object_with_members_that_are_left_out_is_found() {
    let sheet = written(|row, prev| {
        let text = |key: &str, cell: Option<&str>| cell.map(|cell| format!("\"{key}\":\"{cell}\""));
        let prev = format!("\"prevHash\":{}", prev.map_or("null".to_owned(), |prev| format!("\"{prev}\"")));
        let members = [
            text("action", row[2]),
            text("entityType", row[3]),
            text("userId", row[4]),
            Some(format!("\"createdAt\":\"{}\"", iso(row[6]))),
            Some(prev),
        ];
        format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","))
    });
    says(&sheet, &["json(js, {", "userId: user_id ?? omit", "prevHash: prev ?? null"]);
}

#[test]
fn two_levels_are_found() {
    let sheet = written(|row, prev| {
        format!("{}{}", or(prev, "0"), sha(&[or(row[2], ""), or(row[3], ""), &iso(row[6])].join("|")))
    });
    says(&sheet, &[r#"cat(prev ?? "0", hex(sha256(join("|", action, entity_type, ts(created_at, js)))))"#]);
}

#[test]
fn a_clock_that_was_read_before_the_stored_one_is_found() {
    let sheet = written(|row, prev| {
        let at = iso(row[6]);
        // Some milliseconds earlier, within the same second.
        let (second, fraction) = at.trim_end_matches('Z').split_once('.').unwrap();
        let millis: u32 = fraction.parse::<u32>().unwrap() - fraction.parse::<u32>().unwrap() % 7;
        [or(prev, ""), or(row[2], ""), or(row[3], ""), or(row[4], ""), &format!("{second}.{millis:03}Z")]
            .concat()
    });
    says(&sheet, &["search created_at window -10ms..0ms"]);
}

#[test]
fn an_altered_row_is_shown_and_not_explained_away() {
    let mut sheet = written(|row, prev| [or(prev, ""), or(row[2], ""), or(row[3], "")].join("|"));
    sheet.rows[9][2] = Some("forged".to_owned());
    let found = searched(&sheet, 400_000).found.unwrap();
    assert_eq!((found.fits.len(), found.misfits), (23, vec![9]));
}

#[test]
fn chains_that_go_on_elsewhere_are_split_by_tenant_all_the_same() {
    let mut sheet = written(|row, prev| [or(prev, "0"), or(row[2], ""), or(row[3], "")].join("|"));
    // Of one tenant only the beginning was read, of the other only what comes later, and a row from in between.
    sheet.rows.retain(|row| row[1].as_deref() == Some("a") || row[7].is_some());
    let stray = sheet.rows.remove(15);
    sheet.rows.insert(2, stray);
    let found = searched(&sheet, 50_000).found.unwrap();
    assert!(found.misfits.is_empty() && found.block.contains("split by tenant"), "{}", found.block);
    assert!(found.block.contains("genesis null"), "{}", found.block);
}

fn hmac(key: &[u8], text: &str) -> String {
    let mut mac = SimpleHmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keys(texts: &[&str]) -> Vec<Key> {
    let read = |(n, text): (usize, &&str)| {
        Key::readings(&KeyOrigin::Env(format!("KEY_{n}")), text.as_bytes()).unwrap()
    };
    texts.iter().enumerate().flat_map(read).collect()
}

/// The lines of a block that is found with keys, as words.
fn found_with(sheet: &Sheet, texts: &[&str], candidates: u64) -> Option<String> {
    let (keys, profiles) = (keys(texts), []);
    let settings = Settings {
        profiles: &profiles,
        keys: &keys,
        threads: 2,
        candidates,
        stop: &|| false,
        progress: &|_, _| {},
    };
    let found = find(sheet, &settings, State::begin(sheet).keyed(&keys)).found?;
    assert!(found.misfits.is_empty(), "{}", found.block);
    Some(found.block.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_key_is_found_in_its_place_and_in_its_reading() {
    let joined =
        |row: &Cells<'_>, prev: Option<&str>| [or(prev, "0"), or(row[2], ""), or(row[3], "")].join("|");
    let recipe = r#"join("|", prev ?? "0", action, entity_type)"#;
    let over = sealed(|row, prev| hmac(b"a key", &sha(&joined(row, prev))));
    let whole = sealed(|row, prev| hmac(&[0xca, 0xfe, 0xca, 0xfe], &joined(row, prev)));
    let inside = sealed(|row, prev| {
        sha(&format!("{}{}", or(prev, "0"), hmac(b"a key", &[or(row[2], ""), or(row[3], "")].join("|"))))
    });
    let block = found_with(&over, &["a key"], 100_000).unwrap();
    assert!(
        block.contains(&format!("hash hash = hex(hmac(sha256, key_0, hex(sha256({recipe}))))")),
        "{block}"
    );
    let block = found_with(&whole, &["a key", "cafecafe"], 100_000).unwrap();
    assert!(
        block.contains("key key_1 from env KEY_1 as hex hash hash = hex(hmac(sha256, key_1, join("),
        "{block}"
    );
    let block = found_with(&inside, &["a key"], 100_000).unwrap();
    assert!(
        block.contains(r#"hex(sha256(cat(prev ?? "0", hex(hmac(sha256, key_0, join("|", action"#),
        "{block}"
    );
    for sheet in [over, whole, inside] {
        assert_eq!(found_with(&sheet, &["another key"], 2_000), None);
        assert_eq!(found_with(&sheet, &[], 2_000), None);
    }
}

#[test]
fn rows_that_take_another_key_are_explained_by_it() {
    let sheet = sealed(|row, prev| {
        let number: u32 = row[0].unwrap().parse().unwrap();
        hmac(
            if number < 30 { b"old" } else { b"new" },
            &[or(prev, ""), or(row[2], ""), or(row[4], "-")].join(":"),
        )
    });
    let block = found_with(&sheet, &["old", "new", "unused"], 100_000).unwrap();
    assert_eq!(block.matches(r#"join(":", prev ?? "", action, user_id ?? "-")"#).count(), 2, "{block}");
    assert!(block.contains("key key_0 from env KEY_0 key key_1 from env KEY_1 hash"), "{block}");
}

fn number(row: &Cells<'_>) -> usize {
    (row[0].unwrap().parse::<usize>().unwrap() - 7) / 3
}

#[test]
fn digits_that_were_hashed_and_not_kept_are_searched() {
    // Three digits are all that the other rows show, which six formats write alike.
    let sheet = written(|row, prev| {
        let at = iso(row[6]);
        let at = if number(row) % 4 == 2 { at.replace('Z', "000417Z") } else { at };
        [or(prev, ""), or(row[2], ""), or(row[3], ""), &at].join("|")
    });
    says(&sheet, &["search created_at digits 9"]);
}

#[test]
fn an_order_of_members_that_was_not_kept_is_searched() {
    let mut sheet = written(|row, prev| {
        let n = number(row);
        let document = if n % 3 == 2 {
            format!("{{\"b\":{n}}}")
        } else {
            format!("{{\"zone\":{n},\"at\":[1,{{\"y\":1,\"x\":2}}]}}")
        };
        // What stands for the predecessor only shows in rows whose order is lost.
        [or(prev, "ROOT"), or(row[2], ""), &document].join("|")
    });
    sheet.columns[5].kind = CellKind::Jsonb;
    for n in 0..sheet.rows.len() {
        sheet.rows[n][5] = Some(if n % 3 == 2 {
            format!("{{\"b\": {n}}}")
        } else {
            format!("{{\"at\": [1, {{\"x\": 2, \"y\": 1}}], \"zone\": {n}}}")
        });
    }
    says(&sheet, &["prev ?? \"ROOT\", action, json(js, note)", "search note members"]);
}

#[test]
fn rows_of_an_older_recipe_are_found_as_well() {
    let sheet = written(|row, prev| {
        if number(row) < 9 {
            [or(prev, ""), or(row[2], ""), or(row[3], "")].concat()
        } else {
            [or(row[2], ""), or(row[3], ""), &iso(row[6]), or(prev, "")].join("|")
        }
    });
    says(&sheet, &["join(\"|\", action, entity_type, ts(created_at, js), prev", "cat(prev"]);
}

/// What is found, with the rows that do not recompute.
fn misfits(sheet: &Sheet) -> (super::Found, Vec<usize>) {
    let found = searched(sheet, 400_000).found.unwrap();
    let misfits = found.misfits.clone();
    (found, misfits)
}

#[test]
fn a_second_writer_behind_a_word_is_found_and_said_to_be_of_few_rows() {
    let sheet = written(|row, prev| {
        if matches!(number(row), 9 | 14) {
            ["verified", or(prev, ""), or(row[3], ""), or(row[2], ""), &iso(row[6]), or(row[4], "")].join("|")
        } else {
            [or(prev, ""), or(row[2], ""), or(row[3], ""), or(row[4], ""), &iso(row[6])].join("|")
        }
    });
    let (found, misfits) = misfits(&sheet);
    assert!(misfits.is_empty(), "{}", found.block);
    let flat = found.block.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(r#"join("|", "verified", prev"#), "{flat}");
    assert!(found.open.iter().any(|line| line.contains("learnt from 2 rows alone")), "{:?}", found.open);
}

#[test]
fn the_first_version_of_a_writer_is_found_on_its_first_rows() {
    let sheet = written(|row, prev| {
        let first = [or(prev, "ROOT"), or(row[2], ""), or(row[3], "")].join("|");
        if number(row) < 4 { first } else { [&first, or(row[4], "-"), &iso(row[6])].join("|") }
    });
    let (found, misfits) = misfits(&sheet);
    assert!(
        misfits.is_empty() && found.block.matches("hash hash").count() == 2,
        "{} {:?}",
        found.block,
        found.open
    );
    assert!(found.open.iter().any(|line| line.contains("learnt from 4 rows alone")), "{:?}", found.open);
}

#[test]
fn what_was_filled_in_or_exchanged_after_hashing_makes_no_recipe() {
    // A note that is not there is not hashed, so one that was put there later is not either.
    let mut filled = written(|row, prev| {
        let parts = [Some(or(prev, "")), row[2], row[3], row[5]];
        parts.into_iter().flatten().collect::<Vec<_>>().join("|")
    });
    assert!(misfits(&filled).1.is_empty());
    for row in [1, 5] {
        assert!(filled.rows[row][5].is_none());
        filled.rows[row][5] = Some("a word put in later".to_owned());
    }
    let (found, rows) = misfits(&filled);
    assert_eq!(rows, [1, 5], "{}", found.block);
    assert!(found.open.iter().any(|line| line.contains("alteration")), "{:?}", found.open);

    let mut exchanged =
        written(|row, prev| [or(prev, ""), or(row[2], ""), or(row[3], ""), &iso(row[6])].join("|"));
    for row in [0, 8, 9] {
        exchanged.rows[row].swap(2, 3);
    }
    let (found, rows) = misfits(&exchanged);
    assert_eq!(rows, [0, 8, 9], "{}", found.block);

    let mut object = written(|row, prev| {
        let text = |key: &str, cell: Option<&str>| cell.map(|cell| format!("\"{key}\":\"{cell}\""));
        let members = [
            text("action", row[2]),
            text("entity_type", row[3]),
            text("user_id", row[4]),
            text("prev_hash", Some(or(prev, "0"))),
        ];
        format!("{{{}}}", members.into_iter().flatten().collect::<Vec<_>>().join(","))
    });
    for row in [3, 8] {
        object.rows[row][4] = Some("somebody".to_owned());
    }
    let (found, rows) = misfits(&object);
    assert_eq!(rows, [3, 8], "{}", found.block);
}

#[test]
fn times_that_are_text_order_what_no_other_column_does() {
    let mut sheet = written(|row, prev| [or(prev, ""), or(row[2], ""), or(row[3], "")].join("|"));
    sheet.columns[6].kind = CellKind::Text;
    for (n, row) in sheet.rows.iter_mut().enumerate() {
        row[0] = Some(format!("{}", n * 7 % 24));
    }
    says(&sheet, &["order by created_at link"]);
    // Beside each other in time, they are told apart by a column that is no key.
    sheet.columns[0].name = "place".to_owned();
    sheet.rows.iter_mut().enumerate().for_each(|(n, row)| {
        row[0] = Some(n.to_string());
        row[6] = Some(format!("2026-03-01 10:{:02}:00", n / 6));
    });
    sheet
        .rows
        .iter_mut()
        .for_each(|row| row[0] = row[0].take().map(|n| (n.parse::<usize>().unwrap() % 6).to_string()));
    says(&sheet, &["order by created_at, place link"]);
}

#[test]
fn rows_whose_hash_has_another_form_are_not_passed_over() {
    let forms =
        |n: usize, text: &str| if (4..8).contains(&n) { sha(text) } else { format!("v2:{}", sha(text)) };
    let joined =
        |row: &Cells<'_>, prev: Option<&str>| [or(prev, "ROOT"), or(row[2], ""), or(row[3], "")].join("|");
    says(&written_by(forms, joined), &["cat(\"v2:\", hex(sha256(join("]);
    // Those hashed what nobody knows.
    let unknown = |row: &Cells<'_>, prev: Option<&str>| {
        let text = joined(row, prev);
        if (4..8).contains(&number(row)) { format!("{text} a secret") } else { text }
    };
    let found = searched(&written_by(forms, unknown), 60_000).found.unwrap();
    assert_eq!((found.fits.len(), found.misfits), (20, vec![4, 5, 6, 7]));
}

#[test]
fn an_array_of_values_is_found() {
    let sheet = written(|row, prev| {
        let text = |cell: Option<&str>| cell.map_or("null".to_owned(), |cell| format!("\"{cell}\""));
        format!("[{}]", [text(prev), text(row[2]), text(row[4]), text(row[3])].join(","))
    });
    says(&sheet, &["json(js, [prev ?? null, action, user_id ?? null, entity_type])"]);
}

#[test]
fn a_tag_before_an_object_is_found_in_a_digest_that_is_written_as_the_chains() {
    let tagged = |text: &str| format!("sha256:{}", sha(text));
    let mut sheet = sealed(|row, prev| {
        let object = format!(
            "audit:{}:{{\"action\":\"{}\",\"entity_type\":\"{}\"}}",
            number(row) % 2,
            or(row[2], ""),
            or(row[3], "")
        );
        tagged(&format!("{}:{}", tagged(&object), or(prev, "ROOT")))
    });
    sheet.columns[5].name = "domain_tag".to_owned();
    for (n, row) in sheet.rows.iter_mut().enumerate() {
        row[5] = Some(format!("audit:{}:", n % 2));
    }
    sheet.columns.drain(4..5);
    sheet.rows.iter_mut().for_each(|row| drop(row.drain(4..5)));
    says(
        &sheet,
        &[
            r#"join(":", cat("sha256:", hex(sha256(cat(domain_tag, json("#,
            r#"{ action, entity_type }))))), prev ?? "ROOT")"#,
        ],
    );
}

#[test]
fn another_digest_of_the_same_length_is_found() {
    let sha3 = |_: usize, text: &str| {
        sha3::Sha3_256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut sheet = written_by(sha3, |row, prev| [or(prev, ""), or(row[2], ""), or(row[3], "")].join("|"));
    // With few columns it takes few candidates.
    sheet.columns.drain(4..7);
    sheet.rows.iter_mut().for_each(|row| drop(row.drain(4..7)));
    says(&sheet, &["hex(sha3_256(join("]);
}

#[test]
fn where_there_is_nothing_to_find_nothing_is() {
    let random = written(|row, prev| format!("{:?} {prev:?} a secret", row));
    let mut unlinked = random.clone();
    for (n, row) in unlinked.rows.iter_mut().enumerate() {
        row[7] = Some(sha(&format!("elsewhere {n}")));
    }
    let mut one = random.clone();
    one.rows.truncate(1);
    let mut empty = random.clone();
    empty.rows.clear();
    let mut plain = random.clone();
    for row in &mut plain.rows {
        row[7] = None;
        row[8] = Some("not a hash".to_owned());
    }
    for sheet in [random, unlinked, one, empty, plain] {
        let finding = searched(&sheet, 20_000);
        assert!(finding.found.is_none(), "{:?}", finding.found);
    }
}

#[test]
fn the_same_is_found_by_going_on_from_a_kept_state() {
    let sheet = written(|row, prev| [or(prev, ""), or(row[3], ""), or(row[2], ""), or(row[4], "")].join(":"));
    let begun = searched(&sheet, 1);
    assert!(begun.found.is_none() && begun.state.tried > 0);
    let text = serde_json::to_string(&begun.state).unwrap();
    let kept: State = serde_json::from_str(&text).unwrap();
    assert!(kept.continues(&State::begin(&sheet)));
    let block = |finding: Finding| finding.found.map(|found| found.block);
    assert_eq!(block(resumed(&sheet, 4_000_000, kept)), block(searched(&sheet, 4_000_000)));
    let mut other = sheet;
    other.rows[0][1] = None;
    assert!(!begun.state.continues(&State::begin(&other)));
}

#[test]
fn a_zone_that_was_not_kept_is_searched() {
    let sheet = written(|row, prev| {
        let at = iso(row[6]);
        let at = if number(row) % 4 == 2 { at.replace("T10:", "T11:").replace('Z', "+01:00") } else { at };
        [or(prev, ""), or(row[2], ""), or(row[3], ""), &at].join("|")
    });
    says(&sheet, &["search created_at zones"]);
}

#[test]
fn a_digit_that_no_row_kept_is_searched_from_the_first() {
    let sheet = written(|row, prev| {
        let at = iso(row[6]).replace('Z', &format!("000{}Z", number(row) % 9 + 1));
        [or(prev, ""), or(row[2], ""), or(row[3], ""), &at].concat()
    });
    says(&sheet, &["ts(created_at, dotnet)", "search created_at digits 7"]);
}

#[test]
fn a_flag_is_hashed_as_it_was_at_first() {
    let mut sheet = written(|row, prev| {
        let prev = prev.map_or("null".to_owned(), |prev| format!("\"{prev}\""));
        format!(
            "{{\"action\":\"{}\",\"entity_type\":\"{}\",\"note\":false,\"prev_hash\":{prev}}}",
            or(row[2], ""),
            or(row[3], "")
        )
    });
    sheet.columns[5].kind = CellKind::Bool;
    for (n, row) in sheet.rows.iter_mut().enumerate() {
        row[5] = Some(["t", "f"][n % 2].to_owned());
    }
    says(&sheet, &["note: false, prev_hash: prev ?? null"]);
    let open = searched(&sheet, 400_000).found.unwrap().open;
    assert!(
        open.iter().any(|line| line.starts_with("12 of the rows that recompute have `note`")),
        "{open:?}"
    );
    // Two that are set otherwise may as well have been altered.
    for (n, row) in sheet.rows.iter_mut().enumerate() {
        row[5] = Some(if n == 7 || n == 12 { "t" } else { "f" }.to_owned());
    }
    let found = searched(&sheet, 400_000).found.unwrap();
    assert_eq!((found.fits.len(), found.misfits), (22, vec![7, 12]), "{}", found.block);
    assert!(found.block.contains("note,"), "{}", found.block);
}

#[test]
fn a_predecessor_before_an_object_that_has_it_as_well_is_found() {
    let sheet = written(|row, prev| {
        let prev = prev.map_or_else(|| sha("log-genesis"), str::to_owned);
        format!("{prev}{{\"action\":\"{}\",\"prev_hash\":\"{prev}\"}}", or(row[2], ""))
    });
    // Written down where the first row has none, as such applications do.
    let mut sheet = sheet;
    sheet.rows.iter_mut().for_each(|row| _ = row[7].get_or_insert_with(|| sha("log-genesis")));
    says(
        &sheet,
        &["genesis hex(sha256(\"log-genesis\"))", "cat(prev, json(js, { action, prev_hash: prev }))"],
    );
}

#[test]
fn a_time_as_a_language_writes_it_by_default_is_found() {
    let sheet = written(|row, prev| {
        let (day, clock) = row[6].unwrap().split_at(10);
        let day =
            ["Sun Mar 01", "Mon Mar 02", "Tue Mar 03"][day.get(8..).unwrap().parse::<usize>().unwrap() - 1];
        let at = format!("{day} 2026{} GMT+0000 (Coordinated Universal Time)", clock.get(..9).unwrap());
        [or(prev, ""), or(row[2], ""), or(row[3], ""), &at].join("|")
    });
    says(&sheet, &["ts(created_at, \"%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)\")"]);
}

#[test]
fn digests_are_found_where_their_bytes_were_hashed() {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let bytes = |text: &str| base64::prelude::BASE64_STANDARD.decode(text).unwrap();
    let zeros = base64(&[0; 32]);
    let mut sheet = sealed(|row, prev| {
        let content = Sha256::digest(or(row[0], ""));
        base64(&Sha256::digest([bytes(prev.unwrap_or(&zeros)).as_slice(), &content].concat()))
    });
    for row in &mut sheet.rows {
        row[5] = row[0].as_ref().map(|id| base64(&Sha256::digest(id)));
        row[7].get_or_insert_with(|| zeros.clone());
    }
    says(&sheet, &["base64(sha256(cat(unbase64(prev), unbase64(base64(sha256(id))))))"]);
}
