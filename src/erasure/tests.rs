//! Whoever is on a list is found in a column of any type, and nobody else is.

use proptest::prelude::*;

use super::lines::{Entry, entry, read};
use super::{Form, Gather, Mark, Subjects};

const FORMS: [Form; 6] =
    [Form::Text, Form::Padded, Form::Folded, Form::Uuid, Form::Whole(i64::MIN, i64::MAX), Form::Numeric];

fn subjects(bytes: &[u8], forms: &[Form]) -> Result<Subjects, String> {
    let mut gather = Gather::new(forms, None, true, 1 << 20);
    read(bytes, |number, entry| gather.add(number, entry))?;
    gather.finish()
}

fn found(list: &str, form: Form, stored: &str) -> Option<u32> {
    subjects(list.as_bytes(), &[form]).unwrap().find(form, stored).map(|Mark(line)| line)
}

#[test]
fn values_of_one_number_are_one_subject() {
    for (listed, stored) in [("007", "7"), ("+7", "7"), ("-0", "0"), ("-12", "-12")] {
        assert_eq!(found(&format!("{listed}\n"), Form::Whole(-100, 100), stored), Some(1), "{listed}");
    }
    for (listed, stored) in
        [("7.10", "7.1"), ("07.1", "7.1000"), (".5", "0.50"), ("-0.0", "0"), ("3.", "3"), ("-1.50", "-1.5")]
    {
        assert_eq!(found(&format!("{listed}\n"), Form::Numeric, stored), Some(1), "{listed}");
    }
    for no in ["", "-", ".", "1e3", "NaN", "0x1", "1 000", "1,5", "\u{661}"] {
        assert_eq!(Form::Numeric.listed(no), None, "{no}");
        assert_eq!(Form::Whole(0, 9).listed(no), None, "{no}");
    }
    assert_eq!(Form::Whole(0, 9).listed("10"), None);
    assert_eq!(found("1\n", Form::Numeric, "NaN"), None);
}

#[test]
fn the_first_of_equal_lines_names_a_subject() {
    let list = subjects(b"b\na\nb\n", &[Form::Text]).unwrap();
    assert_eq!((list.count(), list.find(Form::Text, "b")), (2, Some(Mark(1))));
    assert_eq!(list.called(Mark(1), Form::Text, "b"), "line 1");
    assert_eq!(list.few(Form::Text).unwrap().len(), 2);
}

#[test]
fn what_a_list_holds_is_not_shown() {
    let list = subjects(b"alice@example.org\n", &[Form::Text]).unwrap();
    assert!(!format!("{list:?}").contains("alice"));
    for damaged in ["alice@example.org ", " alice\n", "\"alice\"\n", "ali\u{7}ce\n", "sha256:alice\n"] {
        let why = subjects(damaged.as_bytes(), &[Form::Text]).unwrap_err();
        assert!(!why.contains("ali"), "{why}");
    }
}

#[test]
fn a_list_takes_no_more_memory_than_it_may() {
    let mut gather = Gather::new(&[Form::Text], None, true, 1000);
    let taken = (1..100).take_while(|n| gather.add(*n, Entry::Plain("x")).is_ok()).count();
    assert_eq!(taken, 13);
    assert!(gather.add(u64::MAX, Entry::Plain("x")).is_err());
}

proptest! {
    /// A value that is listed as PostgreSQL writes it is found, as itself and by its digest.
    #[test]
    fn whatever_is_listed_is_found(text in "[a-zA-Z0-9@.äÄßéЖ中 _-]{1,24}", at in 0..6usize) {
        let form = FORMS[at];
        let text = text.trim();
        prop_assume!(!text.is_empty() && form.listed(text).is_some());
        let stored = form.listed(text).unwrap().into_owned();
        prop_assert_eq!(found(&format!("#\n{text}\n"), form, &stored), Some(2));
        let digest = <sha2::Sha256 as sha2::Digest>::digest(stored.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(found(&format!("sha256:{hex}\n"), form, &stored), Some(1));
    }

    /// Two values are the same subject if and only if their forms are the same, and a form is its own form.
    #[test]
    fn nobody_else_is_found(one in "[aAbB01.-]{1,6}", other in "[aAbB01.-]{1,6}", at in 0..6usize) {
        let form = FORMS[at];
        let (Some(a), Some(b)) = (form.listed(&one), form.listed(&other)) else { return Ok(()) };
        prop_assert_eq!(form.listed(&a), Some(a.clone()));
        prop_assert_eq!(found(&format!("{one}\n"), form, &b).is_some(), a == b);
        match form {
            Form::Text => prop_assert_eq!(a == b, one == other),
            Form::Whole(..) => prop_assert_eq!(a == b, one.parse::<i64>() == other.parse::<i64>()),
            Form::Numeric => {
                let number = |text: &str| text.parse::<bigdecimal::BigDecimal>().ok();
                if let (Some(x), Some(y)) = (number(&one), number(&other)) {
                    prop_assert_eq!(a == b, x == y);
                }
            }
            _ => {}
        }
    }

    /// A file is a list or is not; it is never half of one, and what it names does not depend on order or repetition.
    #[test]
    fn files_are_read_whole(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut seen = 0;
        if read(&bytes, |_, _| { seen += 1; Ok(()) }).is_ok() {
            prop_assert!(bytes.is_empty() || bytes.ends_with(b"\n"));
            let twice = [bytes.clone(), bytes.clone()].concat();
            let (once, again) = (subjects(&bytes, &FORMS), subjects(&twice, &FORMS));
            if let (Ok(once), Ok(again)) = (once, again) {
                prop_assert_eq!(once.count(), again.count());
                prop_assert!(once.count() <= seen);
            }
        }
    }

    /// Cells of a table are read as lines are, without the rules of files.
    #[test]
    fn cells_are_plain_or_digests(text in ".{0,80}") {
        if let Ok(Entry::Plain(plain)) = entry(&text) {
            prop_assert_eq!(plain, text.as_str());
        }
    }
}
