//! Text as XML can hold it.

use quick_junit::{Property, XmlString};

use crate::report::escape;

/// Characters XML cannot hold are written visibly; quick-junit would drop them, and with them part of a key.
pub(super) fn xml(text: &str) -> XmlString {
    let lines: Vec<String> = text.split('\n').map(|line| escape::visible(line, true).into_owned()).collect();
    XmlString::new(lines.join("\n"))
}

/// The same on one line, for attributes, where XML readers turn line breaks into blanks.
pub(super) fn attribute(text: &str) -> XmlString {
    XmlString::new(escape::visible(text, true))
}

pub(super) fn property(name: &str, value: &str) -> Property {
    Property::new(attribute(name), attribute(value))
}
