//! Names and types of the policy against a source's catalogue.

use crate::catalogue::{Catalogue, Column, ColumnKind, Relation, RelationKind};
use crate::diagnostic::{Code, Diagnostic, suggest};
use crate::policy::RelationName;
use crate::policy::operand::{Aggregate, Condition, Function, Operand, columns_of};
use crate::source_text::Span;
use crate::value::{Type, comparable, result_type};

/// A relation by its name, or a sentence that says what there is instead.
pub(super) fn relation<'c>(
    catalogue: &'c Catalogue,
    name: &RelationName,
    source: &str,
) -> Result<&'c Relation, String> {
    if let Some(found) = catalogue.relation(name) {
        // An archive has the text of a view, and a server makes columns and rows of it.
        if found.columns.is_empty()
            && matches!(found.kind, RelationKind::View | RelationKind::MaterializedView)
        {
            return Err(format!(
                "`{name}` is a view, and source `{source}` holds neither its columns nor its rows; only a server does"
            ));
        }
        return Ok(found);
    }
    let same_schema: Vec<&str> = catalogue
        .relations
        .iter()
        .filter(|r| r.name.schema == name.schema)
        .map(|r| r.name.name.as_str())
        .collect();
    let elsewhere = catalogue.relations.iter().find(|r| r.name.name == name.name);
    let hint = match (suggest::nearest(&name.name, &same_schema), elsewhere) {
        (_, Some(other)) => format!("; there is one in schema `{}`", other.name.schema),
        (Some(near), None) => format!("; did you mean `{near}`?"),
        (None, None) if same_schema.is_empty() => format!("; schema `{}` holds no tables", name.schema),
        (None, None) => String::new(),
    };
    Err(format!("source `{source}` has no table `{name}`{hint}"))
}

/// A column by its name, or a diagnostic.
pub(super) fn column<'r>(relation: &'r Relation, name: &str, span: Span) -> Result<&'r Column, Diagnostic> {
    relation.column(name).ok_or_else(|| {
        Diagnostic::error(Code::NoColumn, format!("`{}` has no column `{name}`", relation.name))
            .at(span, "not in the catalogue")
            .did_you_mean(name, relation.columns.iter().map(|c| c.name.as_str()))
    })
}

/// All these columns, or a diagnostic for each that is missing.
pub(super) fn columns<'a>(
    relation: &Relation,
    names: impl IntoIterator<Item = &'a (String, Span)>,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (name, span) in names {
        match column(relation, name, *span) {
            Ok(column) => found.push(column.name.clone()),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// Whether a text given on the command line reads as a value of a column, as far as its type tells.
pub(super) fn readable(relation: &Relation, column: &str, text: &str, span: Span) -> Result<(), Diagnostic> {
    let Some(column) = relation.column(column) else { return Ok(()) };
    let digits = || text.chars().filter(|c| !matches!(c, '-' | '{' | '}'));
    let fits = match column.kind {
        ColumnKind::Integer => text.trim().parse::<i64>().is_ok(),
        ColumnKind::Uuid => digits().count() == 32 && digits().all(|c| c.is_ascii_hexdigit()),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    let message = format!(
        "there can be no tenant `{text}`: `{}.{}` is `{}`",
        relation.name, column.name, column.type_name
    );
    Err(Diagnostic::error(Code::BadParameter, message)
        .at(span, "the key of tenants")
        .help(format!("give `--tenant` a value of type `{}`", column.type_name)))
}

/// Keys that can be equal at all.
pub(super) fn joinable(
    child: (&Relation, &str),
    parent: (&Relation, &str),
    span: Span,
) -> Result<(), Diagnostic> {
    let (Some(c), Some(p)) = (child.0.column(child.1), parent.0.column(parent.1)) else { return Ok(()) };
    let same = match class(c.kind) {
        // A domain has a name of its own and the values of its base type.
        Class::Same if !matches!(c.kind, ColumnKind::Enum | ColumnKind::Inet | ColumnKind::Other) => {
            c.kind == p.kind
        }
        Class::Same => c.type_name == p.type_name,
        class => class == self::class(p.kind),
    };
    if same {
        return Ok(());
    }
    Err(Diagnostic::error(
        Code::ColumnType,
        format!("`{}` ({}) can never equal `{}` ({})", child.1, c.type_name, parent.1, p.type_name),
    )
    .at(span, "keys of different types"))
}

#[derive(PartialEq, Eq)]
enum Class {
    Text,
    Number,
    Time,
    Same,
}

fn class(kind: ColumnKind) -> Class {
    match kind {
        ColumnKind::Text | ColumnKind::PaddedText => Class::Text,
        ColumnKind::Integer | ColumnKind::Numeric | ColumnKind::Float => Class::Number,
        ColumnKind::Timestamp | ColumnKind::TimestampTz | ColumnKind::Date => Class::Time,
        _ => Class::Same,
    }
}

/// Checks every column and comparison of an operand over a relation's rows; its type when it has one.
pub(super) fn operand(operand: &Operand, relation: &Relation, wrong: &mut Vec<Diagnostic>) -> Option<Type> {
    match operand {
        Operand::Literal(value) => Some(value.ty()),
        Operand::Param { ty, .. } => Some(*ty),
        Operand::Now => Some(Type::Time),
        Operand::Fact(fact) => Some(fact.ty),
        Operand::Column { name, span } => match column(relation, name, *span) {
            Ok(column) => column.kind.ty(),
            Err(diagnostic) => {
                wrong.push(diagnostic);
                None
            }
        },
        Operand::Negate(inner) | Operand::Exact(inner) => self::operand(inner, relation, wrong),
        Operand::Choose(list) => {
            let mut ty = None;
            for (condition, value) in list {
                self::condition(condition, relation, wrong);
                ty = ty.or(self::operand(value, relation, wrong));
            }
            ty
        }
        Operand::Coalesce(inner, value) => self::operand(inner, relation, wrong).or(Some(value.ty())),
        Operand::Binary { op, left, right, span } => {
            let (l, r) = (self::operand(left, relation, wrong)?, self::operand(right, relation, wrong)?);
            match result_type(*op, l, r) {
                Some(ty) => Some(ty),
                None => {
                    wrong.push(
                        Diagnostic::error(
                            Code::ColumnType,
                            format!("a {} and a {} cannot be combined like this", l.word(), r.word()),
                        )
                        .at(*span, "by the columns' types"),
                    );
                    None
                }
            }
        }
        Operand::Aggregate(aggregate) => self::aggregate(aggregate, relation, wrong),
    }
}

/// Checks an aggregate; its type when it has one.
pub(super) fn aggregate(
    aggregate: &Aggregate,
    relation: &Relation,
    wrong: &mut Vec<Diagnostic>,
) -> Option<Type> {
    if let Some(filter) = &aggregate.filter {
        condition(filter, relation, wrong);
    }
    let Some(argument) = &aggregate.argument else { return Some(Type::Number) };
    let before = wrong.len();
    let ty = operand(argument, relation, wrong);
    if wrong.len() > before {
        return None;
    }
    let kinds = kinds(argument, relation);
    let refuse = |message: String, help: &str| {
        Diagnostic::error(Code::ColumnType, message).at(aggregate.span, "by the column's type").help(help)
    };
    match aggregate.function {
        Function::Rows | Function::Count => Some(Type::Number),
        Function::Sum if ty != Some(Type::Number) => {
            wrong.push(refuse("only numbers can be summed".to_owned(), "use `count`, or sum another column"));
            None
        }
        Function::Sum if kinds.contains(&ColumnKind::Float) => {
            wrong.push(refuse(
                "a sum of binary floating point is not exact".to_owned(),
                "money belongs into `numeric`; a `ledger` accepts such a column with a declared `tolerance`",
            ));
            None
        }
        Function::Newest | Function::Oldest if ty != Some(Type::Time) => {
            wrong.push(refuse(
                format!("`{}` needs a column of dates or times", aggregate.function.word()),
                "use `min` or `max` for other types",
            ));
            None
        }
        Function::Min | Function::Max
            if !matches!(ty, Some(Type::Number | Type::Time | Type::Duration))
                && kinds.iter().any(|k| *k != ColumnKind::Text) =>
        {
            wrong.push(refuse(
                "this type has no least or greatest value".to_owned(),
                "use a number, time or text column",
            ));
            None
        }
        _ => ty,
    }
}

fn kinds(operand: &Operand, relation: &Relation) -> Vec<ColumnKind> {
    let mut kinds = Vec::new();
    operand.walk(&mut |o| {
        if let Operand::Column { name, .. } = o {
            kinds.extend(relation.column(name).map(|c| c.kind));
        }
    });
    kinds
}

/// Whether a condition can be neither true nor false for some row of the relation: a NULL, `NaN`, an infinity.
pub(super) fn may_be_unknown(condition: &Condition, relation: &Relation) -> bool {
    let unknown = |operand: &Operand| {
        let mut found = false;
        operand.walk(&mut |o| {
            if let Operand::Column { name, .. } = o {
                found |= relation.column(name).is_none_or(|c| c.nullable || c.kind.may_be_infinite());
            }
        });
        found
    };
    match condition {
        Condition::And(list) | Condition::Or(list) => list.iter().any(|c| may_be_unknown(c, relation)),
        Condition::Not(inner) => may_be_unknown(inner, relation),
        Condition::IsNull(_) => false,
        Condition::In(operand, _) => unknown(operand),
        Condition::Compare { left, right, .. } => unknown(left) || unknown(right),
    }
}

/// Whether a value in an operand can be `NaN` or infinite.
pub(super) fn may_be_infinite(operand: &Operand, relation: &Relation) -> bool {
    kinds(operand, relation).iter().any(|k| k.may_be_infinite())
}

/// Checks every column and comparison of a condition.
pub(super) fn condition(condition: &Condition, relation: &Relation, wrong: &mut Vec<Diagnostic>) {
    match condition {
        Condition::And(list) | Condition::Or(list) => {
            for inner in list {
                self::condition(inner, relation, wrong);
            }
        }
        Condition::Not(inner) => self::condition(inner, relation, wrong),
        Condition::IsNull(o) => {
            operand(o, relation, wrong);
        }
        Condition::In(o, list) => {
            let Some(ty) = operand(o, relation, wrong) else { return };
            let span = span_of(o);
            for item in list {
                if let (Some(other), Some(span)) = (operand(item, relation, wrong), span) {
                    compare(ty, other, span, wrong);
                }
            }
        }
        Condition::Compare { left, right, span, .. } => {
            let before = wrong.len();
            let (l, r) = (operand(left, relation, wrong), operand(right, relation, wrong));
            if let Some(diagnostic) = wrong.get_mut(before..).and_then(|new| new.first_mut()) {
                unquoted(diagnostic, (left, l), (right, r));
            }
            match (l, r) {
                (Some(l), Some(r)) => compare(l, r, *span, wrong),
                _ if wrong.len() == before => {
                    let message = incomparable([left, right], relation);
                    wrong.push(
                        Diagnostic::error(Code::ColumnType, message)
                            .at(*span, "json, bytea, arrays, types of extensions and the like")
                            .help("compare with `is null` or `is not null`, or use raw SQL"),
                    );
                }
                _ => {}
            }
        }
    }
}

/// Says which column's values cannot be compared.
fn incomparable(operands: [&Operand; 2], relation: &Relation) -> String {
    let names = operands.into_iter().flat_map(columns_of);
    let column = names.filter_map(|name| relation.column(&name)).find(|column| column.kind.ty().is_none());
    match column {
        Some(column) => {
            format!(
                "`{}` is `{}`, whose values cannot be compared by a policy",
                column.name, column.type_name
            )
        }
        None => "values of this type cannot be compared by a policy".to_owned(),
    }
}

/// A word without quotes beside a text column reads as a column that is not there.
fn unquoted(diagnostic: &mut Diagnostic, left: (&Operand, Option<Type>), right: (&Operand, Option<Type>)) {
    for ((text, ty), (word, _)) in [(left, right), (right, left)] {
        if let (Operand::Column { .. }, Some(Type::Text), Operand::Column { name, .. }) = (text, ty, word)
            && diagnostic.code == Code::NoColumn
        {
            let meant = format!("if the text is meant, write `\"{name}\"`");
            diagnostic.help = Some(match diagnostic.help.take() {
                Some(help) => format!("{help} {meant}"),
                None => meant,
            });
        }
    }
}

fn span_of(operand: &Operand) -> Option<Span> {
    let mut found = None;
    operand.walk(&mut |o| {
        if let Operand::Column { span, .. } = o {
            found = Some(*span);
        }
    });
    found
}

/// Reports types that cannot be compared.
pub(super) fn compare(left: Type, right: Type, span: Span, wrong: &mut Vec<Diagnostic>) {
    if !comparable(left, right) {
        wrong.push(
            Diagnostic::error(
                Code::ColumnType,
                format!("a {} cannot be compared with a {}", left.word(), right.word()),
            )
            .at(span, "by the columns' types"),
        );
    }
}
