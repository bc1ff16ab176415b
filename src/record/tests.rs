//! The record as a whole: what is written is found again, and what is changed is found out.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn said(text: &str) -> Event {
    Event::Attested(Attested {
        check: "told".to_owned(),
        by: "@support".to_owned(),
        text: text.to_owned(),
        expires: None,
    })
}

/// A record of so many statements, and one entry that begins it.
fn record(folder: &Path, statements: usize, signer: Option<Signer>) -> Vec<Sealed> {
    let mut record = Record::open(folder, signer).unwrap();
    (0..statements).flat_map(|n| record.append(&[said(&format!("statement {n}"))]).unwrap()).collect()
}

fn text(folder: &Path) -> String {
    std::fs::read_to_string(folder.join(FILE)).unwrap()
}

fn verified(text: &str, trust: &Trust) -> Verification {
    verify(text.as_bytes(), trust, &mut |_, _| {}).unwrap()
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// An entry made anew, with the right hash, after another.
fn forged(entry: &Entry, body: serde_json::Value, previous: &str, signer: Option<&Signer>) -> String {
    let at = entry.at().unwrap();
    let forged = Entry::seal((&entry.kind, body), (entry.sequence, previous), at, signer).unwrap();
    String::from_utf8(forged.line().unwrap()).unwrap().trim_end().to_owned()
}

#[test]
fn what_is_written_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = record(&folder.path().join("restores"), 3, None);
    assert_eq!(sealed.iter().map(|s| s.sequence).collect::<Vec<_>>(), [2, 3, 4]);
    let read = read(&folder.path().join("restores"), &Trust::default()).unwrap();
    assert!(read.verification.holds(), "{:?}", read.verification.flaws);
    assert_eq!((read.verification.entries, read.verification.head), (4, sealed.last().cloned()));
    assert_eq!(read.history.attested.len(), 3);
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for signer in [None, Some(Signer::generate().unwrap())] {
        let folder = folder.path().join(if signer.is_some() { "signed" } else { "plain" });
        let sealed = record(&folder, 3, signer);
        let whole = text(&folder).into_bytes();
        let ends = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at);
        let ends: Vec<usize> = ends.collect();
        // Kept as it was noted before; without, a last line that is no longer whole could be one that never was.
        let head = sealed.last().map(|last| Head { sequence: Some(last.sequence), hash: last.hash.clone() });
        let trust = Trust { heads: head.into_iter().collect(), ..Trust::default() };
        for at in (0..whole.len()).step_by(29) {
            for with in [b'0', b'"', b'\n', 0] {
                let mut changed = whole.clone();
                if changed[at] == with {
                    continue;
                }
                changed[at] = with;
                let found = verify(&changed[..], &trust, &mut |_, _| {}).unwrap();
                // The last line end alone is not what was written: the entry is whole without it.
                if ends.last() == Some(&at) && found.torn.as_ref().is_some_and(|torn| torn.whole) {
                    continue;
                }
                assert!(!found.holds(), "byte {at} as {with}");
                let line = 1 + ends.iter().filter(|end| **end < at).count() as u64;
                let near = found.flaws.iter().filter_map(|flaw| flaw.line);
                let torn = found.torn.as_ref().map(|torn| torn.line);
                assert!(
                    near.chain(torn).any(|l| l == line || l == line + 1),
                    "byte {at} as {with} of line {line}: {:?}",
                    found.flaws
                );
            }
        }
    }
}

#[test]
fn entries_that_were_edited_removed_inserted_or_moved_are_named() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 6, None);
    let whole = text(folder.path());
    let kept = lines(&whole);
    let entries: Vec<Entry> = kept.iter().map(|line| Entry::read(line.as_bytes()).unwrap()).collect();
    let named = |changed: &[&str]| {
        let found = verified(&joined(changed), &Trust::default());
        assert!(!found.holds());
        found.flaws.iter().map(|f| (f.line.unwrap_or(0), f.kind.clone(), f.to_string())).collect::<Vec<_>>()
    };
    let edited = kept[3].replace("statement 2", "statement 9");
    let mut changed = kept.clone();
    changed[3] = &edited;
    let found = named(&changed);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, found[0].1.as_str()), (4, "altered_row"));
    assert!(found[0].2.starts_with("line 4, entry 4: "), "{}", found[0].2);

    // Edited and hashed again: the one after it remembers the hash it had.
    let mut body = entries[3].body.clone();
    body["text"] = "something else".into();
    let again = forged(&entries[3], body, &entries[3].previous, None);
    changed[3] = &again;
    let found = named(&changed);
    assert!(found.iter().any(|(line, kind, _)| (*line, kind.as_str()) == (4, "rehashed_row")), "{found:?}");

    let mut changed = kept.clone();
    changed.remove(3);
    let found = named(&changed);
    assert!(found.iter().any(|(line, kind, _)| (*line, kind.as_str()) == (4, "missing_rows")), "{found:?}");

    let inserted = forged(&entries[3], entries[2].body.clone(), &entries[2].hash, None);
    let mut changed = kept.clone();
    changed.insert(3, &inserted);
    let found = named(&changed);
    assert!(found.iter().any(|(line, ..)| *line == 4 || *line == 5), "{found:?}");

    let mut changed = kept.clone();
    changed.swap(2, 4);
    let found = named(&changed);
    assert!(found.iter().any(|(line, ..)| (3..=6).contains(line)), "{found:?}");

    let mut changed = kept.clone();
    changed.insert(4, kept[3]);
    assert!(named(&changed).iter().any(|(line, ..)| *line == 4 || *line == 5));
}

#[test]
fn a_lost_tail_shows_against_an_anchored_head() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = record(folder.path(), 5, None);
    let last = sealed.last().unwrap();
    let whole = text(folder.path());
    let short = joined(&lines(&whole)[..4]);
    assert!(verified(&short, &Trust::default()).holds(), "a chain cannot see its own lost tail");
    for head in [format!("{}:{}", last.sequence, last.hash), last.hash.clone()] {
        let trust = Trust { heads: vec![head.parse().unwrap()], ..Trust::default() };
        assert!(verified(&whole, &trust).holds());
        let found = verified(&short, &trust);
        assert_eq!(found.flaws[0].kind, "truncated_tail", "{:?}", found.flaws);
        assert!(!verified("", &trust).holds());
    }
    // Another record of the same length.
    let other = tempfile::tempdir().unwrap();
    record(other.path(), 5, None);
    let trust = Trust { heads: vec![format!("6:{}", last.hash).parse().unwrap()], ..Trust::default() };
    let found = verified(&text(other.path()), &trust);
    assert_eq!(found.flaws[0].kind, "rewritten_suffix", "{:?}", found.flaws);
    assert!("0:aa".parse::<Head>().is_err() && last.hash.get(1..).unwrap().parse::<Head>().is_err());
}

#[test]
fn every_entry_is_signed_by_the_key_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (Signer::generate().unwrap(), Signer::generate().unwrap());
    let (mine, next) = (first.public(), second.public());
    let pem = second.pem().unwrap();
    {
        let mut record = Record::open(folder.path(), Some(first)).unwrap();
        record.append(&[said("one")]).unwrap();
        record.rotate(second).unwrap();
        record.append(&[said("two")]).unwrap();
    }
    let whole = text(folder.path());
    let by = |key: &PublicKey| Trust { keys: vec![key.clone()], ..Trust::default() };
    let found = verified(&whole, &by(&mine));
    assert!(found.holds(), "{:?}", found.flaws);
    assert_eq!((found.signed, found.vouched_from, found.key), (4, Some(1), Some(next.id().unwrap())));
    assert_eq!(verified(&whole, &by(&next)).vouched_from, Some(4));
    let stranger = Signer::generate().unwrap();
    assert_eq!(verified(&whole, &by(&stranger.public())).flaws[0].kind, "not_vouched");

    // Whoever has no key cannot go on, and cannot take signatures away.
    let kept = lines(&whole);
    let entry = Entry::read(kept[3].as_bytes()).unwrap();
    let kinds = |line: &str| {
        let changed = joined(&[kept[0], kept[1], kept[2], line]);
        verified(&changed, &by(&mine)).flaws.iter().map(|f| f.kind.clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&forged(&entry, entry.body.clone(), &entry.previous, None)), ["not_signed"]);
    assert_eq!(kinds(&forged(&entry, entry.body.clone(), &entry.previous, Some(&stranger))), ["other_key"]);
    let mut wrong = entry.clone();
    wrong.signature = wrong.signature.map(|s| s.chars().rev().collect());
    let wrong = String::from_utf8(wrong.line().unwrap()).unwrap();
    assert_eq!(kinds(wrong.trim_end()), ["wrong_signature"]);
    // A record written anew, which names the key at its end, has nothing that the key signed.
    let other = tempfile::tempdir().unwrap();
    {
        let mut record = Record::open(other.path(), Some(stranger)).unwrap();
        let public_key = mine.pem().unwrap();
        record.append(&[said("nothing happened"), Event::KeyRotated(KeyRotated { public_key })]).unwrap();
    }
    assert_eq!(verified(&text(other.path()), &by(&mine)).flaws[0].kind, "not_vouched");

    // Nor can it be gone on with without the key, or with another.
    assert!(Record::open(folder.path(), None).unwrap_err().to_string().contains("--record-key"));
    assert!(Record::open(folder.path(), Some(Signer::generate().unwrap())).is_err());
    let path = folder.path().join("key.pem");
    std::fs::write(&path, &pem).unwrap();
    let again = Signer::open(&path).unwrap();
    assert_eq!(format!("{again:?}"), format!("Signer({})", again.id()));
    assert_eq!(
        Record::open(folder.path(), Some(again)).unwrap().append(&[said("three")]).unwrap()[0].sequence,
        5
    );
}

#[test]
fn a_line_cut_anywhere_is_set_aside_and_nothing_before_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 3, None);
    let whole = text(folder.path());
    let path = folder.path().join(FILE);
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    for cut in last + 1..whole.len() {
        for zeros in [0, 5] {
            let mut torn = whole.as_bytes()[..cut].to_vec();
            torn.resize(torn.len() + zeros, 0);
            std::fs::write(&path, &torn).unwrap();
            let seen = read(folder.path(), &Trust::default()).unwrap();
            assert!(seen.verification.holds(), "{:?}", seen.verification.flaws);
            let complete = cut == whole.len() - 1 && zeros == 0;
            assert_eq!(seen.verification.entries, if complete { 4 } else { 3 });
            assert_eq!(seen.verification.torn.as_ref().map(|torn| torn.whole), Some(complete));
            let mut record = Record::open(folder.path(), None).unwrap();
            record.append(&[said("after")]).unwrap();
            let kept = record.recovered()[0].kept.clone();
            assert_eq!(record.recovered().len(), 1);
            let found = verified(&text(folder.path()), &Trust::default());
            assert!(found.holds() && found.torn.is_none(), "{:?}", found.flaws);
            match kept {
                Some(name) => {
                    let aside = std::fs::read(folder.path().join(&name)).unwrap();
                    assert_eq!(aside, torn[last..]);
                    assert_eq!(found.entries, 5);
                    std::fs::remove_file(folder.path().join(name)).unwrap();
                }
                None => assert!(complete && found.entries == 6),
            }
        }
    }
    // A record whose very first line was torn begins.
    std::fs::write(&path, &whole.as_bytes()[..40]).unwrap();
    record(folder.path(), 1, None);
    assert!(verified(&text(folder.path()), &Trust::default()).holds());
}

#[test]
fn two_writers_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let folder = folder.path();
            scope.spawn(move || {
                for n in 0..10 {
                    let mut record = Record::open(folder, None).unwrap();
                    record.append(&[said(&format!("{writer} {n}"))]).unwrap();
                }
            });
        }
    });
    let read = read(folder.path(), &Trust::default()).unwrap();
    assert!(read.verification.holds(), "{:?}", read.verification.flaws);
    assert_eq!((read.verification.entries, read.history.attested.len()), (41, 40));
}

#[test]
fn nothing_is_added_to_a_record_that_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 3, None);
    let path = folder.path().join(FILE);
    let changed = text(folder.path()).replace("statement 1", "statement 9");
    std::fs::write(&path, &changed).unwrap();
    let why = Record::open(folder.path(), None).unwrap_err().to_string();
    assert!(why.contains("line 3, entry 3"), "{why}");
    assert_eq!(text(folder.path()), changed);
}

#[test]
fn a_record_that_was_let_go_goes_on_after_what_others_added() {
    for signed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, Signer::generate().unwrap().pem().unwrap()).unwrap();
        let key = || signed.then(|| Signer::open(&file).unwrap());
        record(folder.path(), 3, key());
        let paused = Record::open(folder.path(), key()).unwrap().pause().unwrap();
        record(folder.path(), 2, key());
        let mut again = paused.resume().unwrap();
        assert_eq!(again.history().attested.len(), 5);
        assert_eq!(again.append(&[said("mine")]).unwrap()[0].sequence, 7);
        let again = again.pause().unwrap().resume().unwrap();
        assert!(Record::open(folder.path(), key()).is_err(), "it is held");
        drop(again);
        let found = verified(&text(folder.path()), &Trust::default());
        assert!(found.holds() && found.entries == 7, "{:?}", found.flaws);
    }
    // A record that nobody had begun, and one that somebody else began meanwhile.
    let folder = tempfile::tempdir().unwrap();
    let paused = Record::open(folder.path(), None).unwrap().pause().unwrap();
    record(folder.path(), 1, None);
    assert_eq!(paused.resume().unwrap().append(&[said("mine")]).unwrap()[0].sequence, 3);
    assert!(verified(&text(folder.path()), &Trust::default()).holds());
}

#[test]
fn what_was_changed_while_it_was_let_go_takes_no_entry() {
    let other = tempfile::tempdir().unwrap();
    record(other.path(), 5, None);
    let foreign = text(other.path());
    let changes: [&dyn Fn(&str) -> String; 9] = [
        &|whole| whole.replace("statement 1", "statement 9"),
        &|whole| whole.replace("statement 2", "statement 9"),
        &|whole| joined(&lines(whole)[..2]),
        &|whole| format!("{whole}{}\n", lines(whole)[3]),
        &|whole| format!("{whole}{}\n", lines(&foreign)[4]),
        &|whole| format!("{whole}nothing\n"),
        &|whole| whole.replacen("statement 0", "longer statement", 1),
        &|whole| joined(&[lines(whole)[0], lines(whole)[2], lines(whole)[1], lines(whole)[3]]),
        &|_| foreign.lines().take(2).chain(["x"]).map(|line| format!("{line}\n")).collect(),
    ];
    for (n, change) in changes.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), 3, None);
        let paused = Record::open(folder.path(), None).unwrap().pause().unwrap();
        // The clock of a file ticks a few times in a hundredth of a second.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let changed = change(&text(folder.path()));
        std::fs::write(folder.path().join(FILE), &changed).unwrap();
        assert!(paused.resume().is_err(), "change {n}");
        assert_eq!(text(folder.path()), changed, "change {n}");
    }
    // A line that another writer did not end is mended, and another record under the same name is another record.
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 3, None);
    let paused = Record::open(folder.path(), None).unwrap().pause().unwrap();
    std::fs::write(folder.path().join(FILE), format!("{}{{\"bo", text(folder.path()))).unwrap();
    let mut again = paused.resume().unwrap();
    again.append(&[said("mine")]).unwrap();
    assert_eq!(again.recovered().len(), 1);
    assert!(verified(&text(folder.path()), &Trust::default()).holds());
    let paused = again.pause().unwrap();
    std::fs::remove_file(folder.path().join(FILE)).unwrap();
    std::fs::copy(other.path().join(FILE), folder.path().join(FILE)).unwrap();
    assert!(paused.resume().is_err());
    assert_eq!(Record::open(folder.path(), None).unwrap().hash_of(6).unwrap().unwrap().len(), 64);
}

/// What an append costs, in microseconds: `cargo test cost_of_an_append -- --ignored --nocapture`.
#[test]
#[ignore = "it measures"]
fn cost_of_an_append() {
    let folder = tempfile::tempdir().unwrap();
    let mut at = 0;
    for entries in [100, 1_000, 10_000] {
        let mut all = Record::open(folder.path(), None).unwrap();
        while at < entries {
            all.append(&[said("of a usual length, in words that a person would write about a restore")])
                .unwrap();
            at += 1;
        }
        let begun = std::time::Instant::now();
        all.append(&[said("held")]).unwrap();
        let held = begun.elapsed();
        drop(all);
        let begun = std::time::Instant::now();
        let mut record = Record::open(folder.path(), None).unwrap();
        record.append(&[said("opened")]).unwrap();
        let opened = begun.elapsed();
        let paused = record.pause().unwrap();
        let begun = std::time::Instant::now();
        let mut record = paused.resume().unwrap();
        record.append(&[said("resumed")]).unwrap();
        let resumed = begun.elapsed();
        println!("{entries} entries: opened {opened:?}, resumed {resumed:?}, held {held:?}");
    }
}

#[test]
fn no_spelling_but_one_is_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), 1, None);
    let whole = text(folder.path());
    let kept = lines(&whole);
    let odd = [
        kept[1].replacen(':', ": ", 1),
        kept[1].replacen("{", "{\"body\":{},", 1),
        kept[1].replace("told", "t\\u006fld"),
        kept[1].replace("\"sequence\":2", "\"sequence\":2.0"),
        format!("{} ", kept[1]),
        format!("{}{}", kept[1], kept[1]),
        format!("{}\r", kept[1]),
    ];
    for line in odd {
        assert_ne!(line, kept[1]);
        let found = verified(&joined(&[kept[0], &line]), &Trust::default());
        assert_eq!(found.flaws[0].kind, "not_canonical", "{line}");
    }
    assert!(!verified("", &Trust::default()).holds());
    assert!(!verified(&format!("{}\n", "[".repeat(10_000)), &Trust::default()).holds());
}

#[test]
fn numbers_that_readers_differ_on_are_refused() {
    let at = jiff::Timestamp::now();
    for body in [serde_json::json!({"a": 1.5}), serde_json::json!([9_007_199_254_740_992_u64])] {
        assert!(Entry::seal(("drill", body), (1, GENESIS), at, None).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The chain engine's canonical JSON is that of the writer, whatever the texts hold.
    #[test]
    fn any_text_recomputes(texts in prop::collection::vec(any::<String>(), 1..5), key in any::<String>()) {
        let (mut lines, mut previous) = (Vec::new(), GENESIS.to_owned());
        for (n, text) in texts.iter().enumerate() {
            let body = serde_json::json!({ key.clone(): text, "\u{fb33}": 1, "\u{1f600}": -2, "z": { text: [true, null] } });
            let at = jiff::Timestamp::UNIX_EPOCH;
            let entry = Entry::seal(("attested", body), (n as u64 + 1, &previous), at, None).unwrap();
            previous.clone_from(&entry.hash);
            lines.extend(entry.line().unwrap());
        }
        let found = verify(&lines[..], &Trust::default(), &mut |_, _| {}).unwrap();
        // The bodies are none that are known; nothing else is amiss.
        prop_assert!(found.flaws.iter().all(|f| f.kind == "unknown_kind" || f.kind == "no_beginning"), "{:?}", found.flaws);
        prop_assert_eq!(found.entries, texts.len() as u64);
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "(?s).{0,200}") {
        let found = verify(&bytes[..], &Trust::default(), &mut |_, _| {}).unwrap();
        prop_assert!(!found.holds());
        let _ = verify(text.as_bytes(), &Trust::default(), &mut |_, _| {}).unwrap();
    }
}
