//! Documents: what stands there, what does not, and what cannot be read.

use super::Place;

const DECLARED: &str = "source document d from env DOC";

fn place(name: &str, content: &str, check: &str) -> Place {
    let place = Place::new(DECLARED, &format!("check c {{ require {check} }}")).with("DOC", name);
    place.file(name, content);
    place
}

#[test]
fn values_are_what_they_are() {
    let yaml = "replicas: 2\nname: tala\nencrypted: true\nmade: \"2026-01-14T14:30:00Z\"\nrules:\n  - days: 90\n  - {}\n";
    for check in [
        "d.value(\"/replicas\") >= 2",
        "d.value(\"/name\") = \"tala\"",
        "d.value(\"/encrypted\") = true",
        "d.value(\"/made\") < 2026-02-01T00:00:00Z",
        "d.value(\"/rules/0/days\") = 90",
        "d.count(\"/rules\") = 2",
        "d.exists(\"/rules/1\") = true",
        "d.exists(\"/rules/2\") = false",
        "d.size > 10B",
    ] {
        place("d.yaml", yaml, check).run(&[]).ends_with(0);
    }
    place("d.yaml", yaml, "d.value(\"/replicas\") >= 3").run(&[]).ends_with(1).judges("c", "broken", "is 2");
}

#[test]
fn what_is_not_there_or_something_else_is_unproven() {
    let json = r#"{"days": "90", "list": [1], "none": null}"#;
    for (check, why) in [
        ("d.value(\"/dayz\") = \"90\"", "there is nothing at `/dayz`"),
        ("d.value(\"/days\") >= 90", "stands a text, and no number"),
        ("d.value(\"/none\") = \"x\"", "stands null"),
        ("d.count(\"/days\") >= 1", "has no elements"),
        ("d.value(\"/list\") = 1", "stands an array"),
        ("d.exists(\"days\") = false", "not a JSON pointer"),
        ("every \"/days\" of d has a = 1", "has no elements"),
        ("every \"/none/0\" of d has a = 1", "there is nothing at"),
    ] {
        place("d.json", json, check).run(&[]).ends_with(3).judges("c", "unproven", why);
    }
    for (name, content, why) in [
        ("d.json", "{\"a\": 1, \"a\": 2}", "twice"),
        ("d.json", "", "EOF"),
        ("d.json", "{\"a\": 1", "EOF"),
        ("d.toml", "a = ", "cannot be read"),
        ("d.yaml", "a: [", "cannot be read"),
        ("d.txt", "a", "ends in none of"),
    ] {
        place(name, content, "d.value(\"/a\") = 1").run(&[]).ends_with(3).judges("c", "unproven", why);
    }
    let place = place("d.json", "{}", "d.value(\"/a\") = 1").with("DOC", "gone.json");
    place.run(&[]).ends_with(3).judges("c", "unproven", "`gone.json` cannot be read");
}
