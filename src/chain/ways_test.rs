//! Several recipes in one chain, keys, rows that are only linked, bound columns, and orders of members that are searched.

use super::fixture::*;
use super::given::Given;
use super::keys::Keys;
use super::report::{AnomalyKind as Kind, ChainReport};
use super::segment::Segment;
use super::spec::*;
use super::verify::{ChainFold, Limits};

/// A row with its conditions.
type Marked = (Row, Vec<bool>);

fn keyed(spec: &ChainSpec, keys: &Keys, rows: &[Marked]) -> ChainReport {
    let limits = Limits::default();
    let given = Given { keys: keys.clone(), ..Given::default() };
    let mut fold = ChainFold::new(spec, &given, limits).unwrap();
    let mut segment = Segment::new(spec, &given, limits).unwrap();
    for (row, conditions) in rows {
        let truths = conditions.iter().map(|holds| Some(if *holds { "t" } else { "f" }));
        let cells: Vec<Option<&str>> = row.iter().map(Option::as_deref).chain(truths).collect();
        fold.push(&cells).unwrap();
        segment.push(&cells);
    }
    let report = fold.finish();
    // What lies in perfect order is settled alike; nothing else is settled as it lies.
    match segment.finish() {
        Some(settled) => assert_eq!(settled, report),
        None => assert!(!report.anomalies.is_empty() || !report.undetermined.is_empty(), "{report:#?}"),
    }
    report
}

fn plain(rows: Vec<Row>) -> Vec<Marked> {
    rows.into_iter().map(|row| (row, Vec::new())).collect()
}

/// Hashes every row by what is said for its number.
fn written(length: u64, hash: impl Fn(usize, &Row, &str) -> String) -> Vec<Row> {
    let mut rows = chain(0, length);
    let mut previous: Option<String> = None;
    for (n, row) in rows.iter_mut().enumerate() {
        row[PREVIOUS].clone_from(&previous);
        let sealed = hash(n, row, previous.as_deref().unwrap_or(""));
        row[HASH] = Some(sealed.clone());
        previous = Some(sealed);
    }
    rows
}

fn cell(row: &Row, at: usize) -> &str {
    row[at].as_deref().unwrap_or("")
}

fn by_action(row: &Row, prev: &str) -> String {
    sha256_hex(format!("{prev}|{}", cell(row, ACTION)).as_bytes())
}

fn by_user(row: &Row, prev: &str) -> String {
    sha256_hex(format!("{prev}+{}", cell(row, USER)).as_bytes())
}

fn recipe(separator: &str, column: usize) -> Recipe {
    digest(Recipe::Join(separator.to_owned(), vec![or(Recipe::Prev, ""), Recipe::Column(column)]))
}

fn two(first: Option<usize>, second: Option<usize>) -> ChainSpec {
    let way = |recipe, when| Hashing { how: How::Recipe(recipe), when };
    ChainSpec {
        hashings: vec![way(recipe("|", ACTION), first), way(recipe("+", USER), second)],
        conditions: usize::from(first.is_some()) + usize::from(second.is_some()),
        ..tala()
    }
}

#[test]
fn recipes_without_mark_are_tried_in_turn() {
    let spec = two(None, None);
    let rows = written(20, |n, row, prev| if n < 12 { by_action(row, prev) } else { by_user(row, prev) });
    let report = keyed(&spec, &Keys::default(), &plain(rows.clone()));
    assert_eq!((report.verified, report.by_way.clone()), (20, vec![12, 8]), "{report:#?}");
    for (n, column, kind) in [(3, ACTION, Kind::AlteredRow), (15, USER, Kind::AlteredRow)] {
        let mut rows = rows.clone();
        rows[n][column] = Some("mallory".to_owned());
        let report = keyed(&spec, &Keys::default(), &plain(rows));
        assert_eq!(accused(&report), [(kind, format!("t0-{n}"))], "{report:#?}");
    }
}

#[test]
fn a_condition_says_which_recipe_a_row_has() {
    let spec = two(Some(0), Some(1));
    let rows = written(20, |n, row, prev| if n % 2 == 0 { by_action(row, prev) } else { by_user(row, prev) });
    let marked = |rows: &[Row]| -> Vec<Marked> {
        rows.iter().enumerate().map(|(n, row)| (row.clone(), vec![n % 2 == 0, n % 2 == 1])).collect()
    };
    let report = keyed(&spec, &Keys::default(), &marked(&rows));
    assert_eq!((report.verified, report.by_way.clone()), (20, vec![10, 10]));
    // By the wrong mark it does not pass, although another recipe would fit.
    let mut turned = marked(&rows);
    turned[5].1 = vec![true, false];
    let report = keyed(&spec, &Keys::default(), &turned);
    assert_eq!(accused(&report), [(Kind::AlteredRow, "t0-5".to_owned())], "{report:#?}");
    // By no mark it is not proven.
    let mut neither = marked(&rows);
    neither[5].1 = vec![false, false];
    let report = keyed(&spec, &Keys::default(), &neither);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["no_recipe"]), "{report:#?}");
}

#[test]
fn rows_that_are_accepted_as_linked_are_counted_and_their_links_judged() {
    let mut spec = two(Some(0), None);
    spec.hashings[0].how = How::LinksOnly;
    let rows =
        written(
            20,
            |n, row, prev| {
                if n < 8 { sha256_hex(format!("lost {n}").as_bytes()) } else { by_user(row, prev) }
            },
        );
    let marked = |rows: &[Row]| -> Vec<Marked> {
        rows.iter().map(|row| (row.clone(), vec![number(row) < 8])).collect()
    };
    let report = keyed(&spec, &Keys::default(), &marked(&rows));
    assert_eq!((report.verified, report.links_only, report.anomalies_total), (12, 8, 0), "{report:#?}");
    let mut cut = rows.clone();
    cut.remove(4);
    let report = keyed(&spec, &Keys::default(), &marked(&cut));
    assert_eq!(accused(&report), [(Kind::BrokenLink, "t0-5".to_owned())], "{report:#?}");
    let mut altered = rows;
    altered[12][USER] = Some("mallory".to_owned());
    let report = keyed(&spec, &Keys::default(), &marked(&altered));
    assert_eq!(accused(&report), [(Kind::AlteredRow, "t0-12".to_owned())], "{report:#?}");
    // A clause for rows that are only linked does not take in what a recipe before it fails.
    let mut late = two(None, Some(0));
    late.hashings[1].how = How::LinksOnly;
    let all: Vec<Marked> =
        written(9, |n, row, prev| if n == 5 { sha256_hex(b"forged") } else { by_action(row, prev) })
            .into_iter()
            .map(|row| (row, vec![true]))
            .collect();
    let report = keyed(&late, &Keys::default(), &all);
    assert_eq!((report.links_only, report.anomalies_total), (0, 1), "{report:#?}");
}

/// The number in a row's key.
fn number(row: &Row) -> u64 {
    cell(row, ID).rsplit('-').next().and_then(|n| n.parse().ok()).unwrap()
}

fn mac(key: &str, text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    assert!(super::digest::hmac(Digest::Sha256, key.as_bytes(), &mut out, 0));
    super::hex::encode_tail(&mut out, 0, false);
    String::from_utf8(out).unwrap()
}

fn keyed_spec(keys: &[&str]) -> ChainSpec {
    let inner = Recipe::Join("|".to_owned(), vec![or(Recipe::Prev, ""), Recipe::Column(ACTION)]);
    let key = |name: &&str| KeyRef {
        name: (*name).to_owned(),
        origin: KeyOrigin::Env(name.to_uppercase()),
        encoding: KeyEncoding::Text,
    };
    let spec = hashed(&tala(), Recipe::Hex(Box::new(Recipe::Hmac(Digest::Sha256, 0, Box::new(inner)))));
    ChainSpec { keys: keys.iter().map(key).collect(), ..spec }
}

#[test]
fn a_keyed_chain_needs_its_key() {
    let rows = written(20, |_, row, prev| mac("right", &format!("{prev}|{}", cell(row, ACTION))));
    let ring = |keys: &[&str]| Keys::from(keys.iter().map(|k| k.as_bytes().to_vec()).collect::<Vec<_>>());
    let spec = keyed_spec(&["one"]);
    let report = keyed(&spec, &ring(&["right"]), &plain(rows.clone()));
    assert_eq!((report.verified, report.anomalies_total), (20, 0));
    assert!(!report.notes.iter().any(|note| note.contains("no key")));
    let report = keyed(&spec, &ring(&["wrong"]), &plain(rows.clone()));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_key"]), "{report:#?}");
    // Another key of the chain is tried and named.
    let report = keyed(&keyed_spec(&["one", "two"]), &ring(&["wrong", "right"]), &plain(rows.clone()));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_key"]));
    assert!(report.undetermined[0].message.contains("the key `two`"), "{report:#?}");
    let mut altered = rows;
    altered[7][ACTION] = Some("mallory".to_owned());
    let report = keyed(&spec, &ring(&["right"]), &plain(altered));
    assert_eq!(accused(&report), [(Kind::AlteredRow, "t0-7".to_owned())]);
}

#[test]
fn a_change_of_keys_accuses_nobody() {
    let key = |n| if n < 60 { "old" } else { "new" };
    let rows = written(120, |n, row, prev| mac(key(n), &format!("{prev}|{}", cell(row, ACTION))));
    let ring = Keys::from(vec![b"new".to_vec()]);
    let report = keyed(&keyed_spec(&["one"]), &ring, &plain(rows.clone()));
    assert_eq!((accused(&report), report.verified), (vec![], 60), "{report:#?}");
    assert!(report.undetermined.iter().all(|u| u.message.contains("its key did")), "{report:#?}");
    // Both keys declared: every row recomputes.
    let mut spec = keyed_spec(&["one", "two"]);
    let second = super::variants::other_keys(recipe_of(&spec), &spec).remove(0).1;
    spec.hashings.push(Hashing::always(second));
    let report = keyed(&spec, &Keys::from(vec![b"new".to_vec(), b"old".to_vec()]), &plain(rows));
    assert_eq!((report.verified, report.by_way), (120, vec![60, 60]));
}

#[test]
fn a_stored_preimage_is_compared_with_the_columns_it_was_made_of() {
    // The preimage stands in `userId`, the hash covers nothing else.
    let stored = digest(Recipe::Column(USER));
    let member = |key: &str, value| JsonField { key: key.to_owned(), null: JsonNull::Null, value };
    let object = Recipe::Json(
        JsonProfile::Jcs,
        vec![
            member("prev", JsonValue::String(Recipe::Prev)),
            member("action", JsonValue::String(Recipe::Column(ACTION))),
        ],
    );
    let bind = Bind { column: USER, value: object, when: None };
    let spec = ChainSpec { binds: vec![bind], ..hashed(&tala(), stored) };
    let mut rows = chain(0, 20);
    let mut previous: Option<String> = None;
    for row in &mut rows {
        let prev = previous.as_ref().map_or("null".to_owned(), |hash| format!("\"{hash}\""));
        // White space and order are the writer's own.
        let text = format!("{{ \"prev\": {prev},\n \"action\": \"{}\" }}", cell(row, ACTION));
        row[PREVIOUS] = previous.take();
        row[HASH] = Some(sha256_hex(text.as_bytes()));
        previous.clone_from(&row[HASH]);
        row[USER] = Some(text);
    }
    let report = keyed(&spec, &Keys::default(), &plain(rows.clone()));
    assert_eq!((report.verified, report.anomalies_total), (20, 0), "{report:#?}");
    // The hash does not see it; the binding does.
    let mut altered = rows.clone();
    altered[7][ACTION] = Some("mallory".to_owned());
    let report = keyed(&spec, &Keys::default(), &plain(altered));
    assert_eq!(accused(&report), [(Kind::PreimageMismatch, "t0-7".to_owned())], "{report:#?}");
    assert_eq!(report.verified, 20);
    let mut blank = rows.clone();
    blank[7][ACTION] = None;
    let report = keyed(&spec, &Keys::default(), &plain(blank));
    assert_eq!(accused(&report), [(Kind::PreimageMismatch, "t0-7".to_owned())], "{report:#?}");
    // One that no row is bound by is not looked at.
    let mut never = spec.clone();
    never.conditions = 1;
    never.binds[0].when = Some(0);
    let marked = |holds: &dyn Fn(usize) -> bool| -> Vec<Marked> {
        rows.iter().enumerate().map(|(n, row)| (row.clone(), vec![holds(n)])).collect()
    };
    let report = keyed(&never, &Keys::default(), &marked(&|_| false));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["not_bound"]), "{report:#?}");
    let report = keyed(&never, &Keys::default(), &marked(&|n| n == 19));
    assert_eq!((report.verified, report.undetermined.len()), (20, 0), "{report:#?}");
    // A binding that nearly no row keeps is a slip of the policy.
    let mut wrong = spec;
    wrong.binds[0].value = Recipe::Json(JsonProfile::Jcs, vec![member("act", JsonValue::Column(ACTION))]);
    let report = keyed(&wrong, &Keys::default(), &plain(rows));
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["wrong_binding"]));
}

#[test]
fn rows_before_the_chain_may_be_expected() {
    let mut rows = chain(0, 20);
    for row in rows.iter_mut().take(5) {
        row[HASH] = None;
        row[PREVIOUS] = None;
    }
    rows[5][PREVIOUS] = None;
    let mut previous: Option<String> = None;
    for (n, row) in rows.iter_mut().enumerate().skip(5) {
        seal(row, previous.as_deref(), &at(n as u64));
        previous.clone_from(&row[HASH]);
    }
    let report = verify(&tala(), &rows);
    assert_eq!((accused(&report), undetermined(&report)), (vec![], vec!["before_chain"]), "{report:#?}");
    let spec = ChainSpec { unhashed_first: true, ..tala() };
    let report = verify(&spec, &rows);
    assert_eq!((report.unhashed, report.verified, report.undetermined.len()), (5, 15, 0));
    // Rows in the middle are still a bypass, and a chain without any hash was never written.
    rows[9][HASH] = None;
    assert!(accused(&verify(&spec, &rows)).contains(&(Kind::UnchainedRow, "t0-9".to_owned())));
    rows.iter_mut().for_each(|row| row[HASH] = None);
    assert_eq!(undetermined(&verify(&spec, &rows)), ["no_hash"]);
}

#[test]
fn a_lost_order_of_members_is_searched() {
    let mut base = tala();
    base.columns[USER].kind = CellKind::Jsonb;
    let member = |key: &str, value| JsonField { key: key.to_owned(), null: JsonNull::Null, value };
    let spec = hashed(
        &base,
        digest(Recipe::Json(
            JsonProfile::Js { sorted: false },
            vec![member("payload", JsonValue::Column(USER)), member("prev", JsonValue::String(Recipe::Prev))],
        )),
    );
    let stored = |n: usize| format!("{{\"n\": {n}, \"to\": {{\"x\": 1, \"y\": 2}}, \"zz\": 1}}");
    let mut rows = chain(0, 12);
    let mut previous: Option<String> = None;
    for (n, row) in rows.iter_mut().enumerate() {
        let prev = previous.as_ref().map_or("null".to_owned(), |hash| format!("\"{hash}\""));
        let text =
            format!("{{\"payload\":{{\"zz\":1,\"n\":{n},\"to\":{{\"y\":2,\"x\":1}}}},\"prev\":{prev}}}");
        row[USER] = Some(stored(n));
        row[PREVIOUS] = previous.take();
        row[HASH] = Some(sha256_hex(text.as_bytes()));
        previous.clone_from(&row[HASH]);
    }
    let report = keyed(&spec, &Keys::default(), &plain(rows.clone()));
    assert_eq!(undetermined(&report), ["json_order_lost"]);
    assert!(report.undetermined[0].message.contains("declare `search userId members`"), "{report:#?}");
    let searched = ChainSpec { searches: vec![Search { column: USER, sought: Sought::Members }], ..spec };
    let report = keyed(&searched, &Keys::default(), &plain(rows.clone()));
    assert_eq!((report.by_search, report.undetermined.len(), report.search_bits), (12, 0, 4), "{report:#?}");
    rows[6][USER] = Some(stored(7));
    let report = keyed(&searched, &Keys::default(), &plain(rows));
    assert_eq!((report.by_search, report.anomalies_total + report.undetermined.len() as u64), (11, 1));
}

#[test]
fn lost_digits_of_a_time_are_searched() {
    let spec = hashed(
        &tala(),
        digest(Recipe::Join(
            "|".to_owned(),
            vec![or(Recipe::Prev, ""), Recipe::Column(ACTION), Recipe::Time(AT, TimePreset::Go)],
        )),
    );
    for (rounded, advice) in
        [(false, "`search createdAt digits 9`"), (true, "`search createdAt digits 9 rounded`")]
    {
        let mut rows = chain(0, 12);
        let mut previous: Option<String> = None;
        for (n, row) in rows.iter_mut().enumerate() {
            // Nanoseconds of the writer's clock, of which the column kept microseconds.
            let nanos = if rounded { [-500, -1, -499][n % 3] } else { [1, 999, 470][n % 3] };
            let stored = super::time::parse(&at(n as u64)).unwrap();
            let mut text = Vec::new();
            stored.shifted_nanos(nanos).unwrap().write(TimePreset::Go, &mut text);
            let text = String::from_utf8(text).unwrap();
            let preimage = format!("{}|{}|{text}", previous.as_deref().unwrap_or(""), cell(row, ACTION));
            row[PREVIOUS] = previous.take();
            row[HASH] = Some(sha256_hex(preimage.as_bytes()));
            previous.clone_from(&row[HASH]);
        }
        let report = keyed(&spec, &Keys::default(), &plain(rows.clone()));
        assert_eq!(
            (accused(&report), undetermined(&report)),
            (vec![], vec!["time_precision"]),
            "{report:#?}"
        );
        assert!(report.undetermined[0].message.contains(advice), "{report:#?}");
        let sought = Sought::Digits { digits: 9, rounded };
        let searched = ChainSpec { searches: vec![Search { column: AT, sought }], ..spec.clone() };
        let report = keyed(&searched, &Keys::default(), &plain(rows.clone()));
        assert_eq!(
            (report.by_search, report.undetermined.len(), report.search_bits),
            (12, 0, 10),
            "{report:#?}"
        );
        rows[6][ACTION] = Some("mallory".to_owned());
        let report = keyed(&searched, &Keys::default(), &plain(rows));
        assert_eq!(accused(&report), [(Kind::AlteredRow, "t0-6".to_owned())], "{report:#?}");
    }
}
