//! Two baselines compared, in both directions.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::baseline::Baseline;
use crate::baseline::compare::{Change, Whose, contents};
use crate::baseline::large::{LargeObjects, LargeSeal, compare};
use crate::baseline::model::Sealed;
use crate::baseline::schema::schema;
use crate::baseline::sides::Sides;
use crate::cli::terminal::{Talk, counted};
use crate::verdict::ExitStatus;

/// What was found, line by line.
#[derive(Default)]
struct Found {
    text: String,
    changes: usize,
    gaps: usize,
}

impl Found {
    fn change(&mut self, line: &str) {
        self.changes += 1;
        let _ = writeln!(self.text, "{line}");
    }

    fn gap(&mut self, line: &str) {
        self.gaps += 1;
        let _ = writeln!(self.text, "cannot be told: {line}");
    }

    fn note(&mut self, line: &str) {
        let _ = writeln!(self.text, "note: {line}");
    }
}

/// Compares two baselines and says what differs.
pub(super) fn diff((before, after): (&Baseline, &Baseline), except: &[String], talk: &Talk) -> ExitStatus {
    let mut found = Found::default();
    if before.policy.digest != after.policy.digest {
        found.note("they were taken under different policies, or versions of one");
    }
    for name in ["database", "system_identifier"] {
        let [was, is] = [before, after].map(|b| b.source.identity.get(name));
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            found.note(&format!("{name} is {is} and was {was}"));
        }
    }
    let names: BTreeSet<_> = before.relations.iter().chain(&after.relations).map(|r| &r.name).collect();
    if names.is_empty() {
        found.gap("neither holds a table");
    }
    for name in names {
        match (before.relation(name), after.relation(name)) {
            (Some(was), Some(is)) => relation(was, is, except, &mut found),
            (Some(_), None) => found.change(&format!("{name}: the table is missing")),
            (None, _) => found.change(&format!("{name}: the table was not there")),
        }
    }
    let objects = schema(&before.inventory, &after.inventory);
    for (kind, object, message) in &objects.changes {
        // Tables were named already.
        if !(object.kind == "table" && *kind != "altered_object") {
            found.change(message);
        }
    }
    objects.notes.iter().for_each(|note| found.note(note));
    large((before, after), &mut found);
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "never used".to_owned());
    let mut unread = 0;
    for name in before.sequences.keys().chain(after.sequences.keys()).collect::<BTreeSet<_>>() {
        match (before.sequences.get(name), after.sequences.get(name)) {
            (Some(was), Some(is)) if was != is => {
                found.change(&format!("sequence {name}: was {}, is {}", said(was), said(is)));
            }
            (Some(_), Some(_)) => {}
            // Whether it is there at all is a matter of the objects.
            _ => unread += 1,
        }
    }
    if unread > 0 {
        found.note(&format!(
            "{} could be read only once, and its last value is not compared",
            counted(unread, "sequence")
        ));
    }
    let (changes, gaps) = (found.changes, found.gaps);
    let end = match (changes, gaps) {
        (0, 0) => "the same".to_owned(),
        (0, _) => format!("no difference, and {} that could not be compared", counted(gaps, "thing")),
        (_, 0) => counted(changes, "difference"),
        _ => format!(
            "{}, and {} that could not be compared",
            counted(changes, "difference"),
            counted(gaps, "thing")
        ),
    };
    let _ = writeln!(found.text, "{end}");
    match (talk.print(&found.text), changes, gaps) {
        (ExitStatus::Open, 0, 0) => ExitStatus::Open,
        (ExitStatus::Open, 0, _) => ExitStatus::Unproven,
        (_, 1.., _) => ExitStatus::Broken,
        (other, ..) => other,
    }
}

/// The large objects of both. An archive that lists none holds none, which is no difference to a source that has none.
fn large((before, after): (&Baseline, &Baseline), found: &mut Found) {
    let (was, is) = (before.large_objects.as_ref(), after.large_objects.as_ref());
    let none = LargeSeal::Sealed(LargeObjects::default());
    let unlisted = |seal: Option<&LargeSeal>| seal == Some(&LargeSeal::Unlisted);
    let held = |seal| if unlisted(seal) { Some(&none) } else { seal };
    if unlisted(was) || unlisted(is) {
        found.note("an archive lists no large objects: there were none, or they were left out");
    }
    match compare(held(was), held(is), Sides::Times) {
        Ok(difference) => difference.changes.iter().for_each(|change| found.change(&change.message)),
        Err(why) => found.gap(&format!("large objects: {why}")),
    }
}

fn relation(was: &Sealed, is: &Sealed, except: &[String], found: &mut Found) {
    let name = &was.name;
    let columns = |sealed: &Sealed| {
        let mut list: Vec<String> =
            sealed.columns.iter().map(|c| format!("{} {}", c.name, c.type_name)).collect();
        list.sort();
        list
    };
    let (had, has) = (columns(was), columns(is));
    if had != has {
        let only = |list: &[String], other: &[String]| {
            list.iter().filter(|c| !other.contains(c)).cloned().collect::<Vec<_>>().join(", ")
        };
        found.change(&format!(
            "{name}: its columns had ({}) and have ({})",
            only(&had, &has),
            only(&has, &had)
        ));
    }
    let names = |sealed: &Sealed| sealed.columns.iter().map(|c| c.name.clone()).collect::<BTreeSet<_>>();
    if names(was) != names(is) {
        return;
    }
    let (Some(before), Some(now)) = (&was.seal, &is.seal) else {
        let why = was.unsealed.as_ref().or(is.unsealed.as_ref()).map(String::as_str).unwrap_or_default();
        found.gap(&format!("{name}: its rows were not sealed: {why}"));
        return;
    };
    if was.key != is.key {
        found.change(&format!(
            "{name}: its primary key was ({}) and is ({})",
            was.key.join(", "),
            is.key.join(", ")
        ));
    }
    let key: &[String] = if was.key == is.key { &is.key } else { &[] };
    let except = if is.tenant_by.is_empty() { &[] } else { except };
    let difference = contents(
        (before, &was.tenant_by),
        (now, &is.tenant_by),
        key,
        &Whose::AllBut(except.to_vec()),
        Sides::Times,
    );
    if let Some(gap) = difference.gap {
        found.gap(&format!("{name}: {gap}"));
    }
    for Change { message, key, .. } in difference.changes {
        let key: Vec<String> =
            key.iter().map(|(c, v)| format!("{c} = {}", v.as_deref().unwrap_or("NULL"))).collect();
        let key = if key.is_empty() { String::new() } else { format!(": {}", key.join(", ")) };
        found.change(&format!("{name}: {message}{key}"));
    }
}
