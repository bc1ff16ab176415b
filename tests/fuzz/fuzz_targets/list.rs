//! Any bytes as a list of subjects: no panic, nothing of it in what is said against it, and whoever it names is found.

#![no_main]

use holdtrue::erasure::lines::{Entry, read};
use holdtrue::erasure::{Form, Gather};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str)| {
    let (bytes, stored) = input;
    let forms = [Form::Text, Form::Padded, Form::Folded, Form::Uuid, Form::Whole(-9, 9), Form::Numeric];
    let mut gather = Gather::new(&forms, None, true, 1 << 20);
    let mut plain = Vec::new();
    let taken = read(bytes, |number, entry| {
        if let Entry::Plain(text) = entry {
            plain.push(text);
        }
        gather.add(number, entry)
    });
    let Ok(subjects) = taken.and_then(|()| gather.finish()) else { return };
    for form in forms {
        let _misfit = subjects.fits(form);
        let _mark = subjects.find(form, stored);
        for text in &plain {
            if let Some(value) = form.listed(text) {
                assert!(subjects.find(form, &value).is_some());
            }
        }
    }
});
