//! What a check counts as looked at, and how it is shown.

use std::collections::BTreeMap;

use super::{Catalogues, CheckPlan, Options, Proof, plan};
use crate::catalogue::{Catalogue, Column, ColumnKind, ForeignKey, Relation, RelationKind};
use crate::check::{Given, check};
use crate::policy::{Policy, RelationName};
use crate::source_text::SourceSet;
use crate::syntax::parse;

fn column(name: &str, type_name: &str, kind: ColumnKind) -> Column {
    Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        kind,
        nullable: true,
        operators: None,
        words: Vec::new(),
        generated: false,
        computed: false,
        folding: false,
    }
}

fn catalogue() -> Catalogue {
    let entry = Relation {
        name: RelationName { schema: "public".to_owned(), name: "entry".to_owned() },
        kind: RelationKind::Table,
        columns: vec![
            column("id", "text", ColumnKind::Text),
            column("at", "timestamptz", ColumnKind::TimestampTz),
            column("amount", "numeric", ColumnKind::Numeric),
        ],
        primary_key: vec!["id".to_owned()],
        estimated_rows: -1,
        foreign: false,
        plain: false,
        parts: Vec::new(),
    };
    let link = ForeignKey {
        clears: false,
        name: "entry_id_fkey".to_owned(),
        child: entry.name.clone(),
        child_columns: vec!["id".to_owned()],
        parent: entry.name.clone(),
        parent_columns: vec!["id".to_owned()],
        validated: true,
        match_full: false,
    };
    Catalogue { relations: vec![entry], foreign_keys: vec![link], ..Catalogue::default() }
}

/// The policy and the plan of its one check.
fn planned(body: &str) -> (Policy, CheckPlan) {
    let text = format!(
        "policy p {{ language 1 }}\nsource postgres db\ntemplate above(col: column, low: number) {{ require $col > $low }}\ngate g {{ check c {body} }}"
    );
    let mut texts = SourceSet::default();
    let file = texts.add("p.hold", &text);
    let (ast, mut found) = parse(file, &text);
    let given = Given {
        parameters: BTreeMap::new(),
        lenient: false,
        today: jiff::civil::date(2026, 1, 14),
        no_raw_sql: false,
    };
    let (policy, more) = check(&texts, &[ast], &given);
    found.extend(more.into_iter().filter(crate::diagnostic::Diagnostic::is_error));
    assert!(found.is_empty(), "{found:?}");
    let policy = policy.unwrap();
    let catalogues: Catalogues = [("db".to_owned(), Ok(catalogue()))].into();
    let options = Options {
        selected: vec!["c".to_owned()],
        tenant: None,
        now: "2026-01-14T14:30:00Z".parse().unwrap(),
        samples: 10,
        exact: false,
    };
    let (mut plan, found) = plan(&policy, &catalogues, &options);
    assert!(found.is_empty(), "{found:?}");
    (policy, plan.checks.remove(0))
}

fn looks(check: &CheckPlan) -> usize {
    check.obligations.iter().filter(|o| matches!(o.proof, Proof::Looked | Proof::Examined { .. })).count()
}

#[test]
fn a_value_named_twice_is_looked_at_once() {
    for body in [
        "{ require newest(entry.at) within 1d before now }",
        "{ require sum(entry.amount) between 1 and 2 }",
        "{ require db.version between 150000 and 159999 }",
    ] {
        assert_eq!(looks(&planned(body).1), 1, "{body}");
    }
    // Two facts are two looks.
    assert_eq!(looks(&planned("{ require db.version > db.timeline }").1), 2);
}

#[test]
fn a_fact_can_be_required_to_be_true_or_false() {
    let (_, check) = planned("{ require db.in_recovery = false }");
    assert!(check.obligations.iter().any(|o| matches!(o.proof, Proof::Compare { .. })), "{check:?}");
}

#[test]
fn a_foreign_key_is_looked_at_in_rows_and_not_in_the_catalogue() {
    let (_, check) = planned("{ require every foreign_key is valid }");
    let counted = |proof: &Proof| matches!(proof, Proof::Examined { .. });
    assert!(check.obligations.iter().any(|o| counted(&o.proof)), "{check:?}");
    assert!(!check.obligations.iter().any(|o| matches!(o.proof, Proof::Looked)), "{check:?}");
}

#[test]
fn a_template_is_shown_with_its_arguments() {
    let (policy, _) = planned("use above(entry.amount, 5) {}");
    assert_eq!(policy.checks[0].written, "entry.amount > 5");
}
