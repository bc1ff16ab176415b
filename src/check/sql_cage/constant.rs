//! What an expression of raw SQL always is, whatever the tables hold. Only what is certain is folded.

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

/// The value of an expression over constants alone, or one that a NULL in it settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fixed {
    /// NULL; also every comparison with it.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(BigDecimal),
    /// A text, or a constant whose type is not settled yet.
    Text(String),
}

/// `AEXPR_OP`, an ordinary operator, in PostgreSQL's parse trees.
const PLAIN_OPERATOR: i64 = 1;

/// `AND_EXPR`, `OR_EXPR` and `NOT_EXPR` there.
const AND: i64 = 1;
const OR: i64 = 2;
const NOT: i64 = 3;

/// Whether a condition lets no row through: it is false or NULL for each of them.
pub(super) fn never_true(node: &Json) -> bool {
    let parts = || node.pointer("/node/BoolExpr/args").and_then(Json::as_array);
    match node.pointer("/node/BoolExpr/boolop").and_then(Json::as_i64) {
        Some(AND) => parts().is_some_and(|parts| parts.iter().any(never_true)),
        Some(OR) => parts().is_some_and(|parts| parts.iter().all(never_true)),
        _ => matches!(fixed(node), Some(Fixed::Null | Fixed::Bool(false))),
    }
}

/// Folds an expression node; `None` when it depends on rows or is not understood.
pub(super) fn fixed(node: &Json) -> Option<Fixed> {
    let (kind, body) = node.get("node")?.as_object()?.iter().next()?;
    match kind.as_str() {
        "AConst" => constant(body),
        "TypeCast" => cast(body),
        "BoolExpr" => logic(body),
        "AExpr" if body.get("kind").and_then(Json::as_i64) == Some(PLAIN_OPERATOR) => operator(body),
        _ => None,
    }
}

fn constant(body: &Json) -> Option<Fixed> {
    if body.get("isnull").and_then(Json::as_bool) == Some(true) {
        return Some(Fixed::Null);
    }
    let (kind, value) = body.get("val")?.as_object()?.iter().next()?;
    match kind.as_str() {
        "Ival" => Some(Fixed::Number(value.get("ival").and_then(Json::as_i64).unwrap_or(0).into())),
        "Fval" => value.get("fval")?.as_str()?.parse().ok().map(Fixed::Number),
        "Boolval" => Some(Fixed::Bool(value.get("boolval").and_then(Json::as_bool).unwrap_or(false))),
        "Sval" => Some(Fixed::Text(value.get("sval")?.as_str()?.to_owned())),
        _ => None,
    }
}

fn cast(body: &Json) -> Option<Fixed> {
    let name =
        body.pointer("/type_name/names")?.as_array()?.last()?.pointer("/node/String/sval")?.as_str()?;
    match (fixed(body.get("arg")?)?, name) {
        (Fixed::Null, _) => Some(Fixed::Null),
        (Fixed::Text(text), "bool") => match text.trim().to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Some(Fixed::Bool(true)),
            "f" | "false" | "n" | "no" | "off" | "0" => Some(Fixed::Bool(false)),
            _ => None,
        },
        (Fixed::Number(n), "bool") => Some(Fixed::Bool(n != 0)),
        (Fixed::Text(text), "int2" | "int4" | "int8" | "numeric") => {
            text.trim().parse().ok().map(Fixed::Number)
        }
        (value @ Fixed::Number(_), "int8" | "numeric") => Some(value),
        (value @ Fixed::Text(_), "text") | (value @ Fixed::Bool(_), "bool") => Some(value),
        _ => None,
    }
}

/// AND, OR and NOT with three truth values.
fn logic(body: &Json) -> Option<Fixed> {
    let parts: Vec<Option<Fixed>> = body.get("args")?.as_array()?.iter().map(fixed).collect();
    let is = |wanted: bool| move |part: &Option<Fixed>| *part == Some(Fixed::Bool(wanted));
    match body.get("boolop")?.as_i64()? {
        AND if parts.iter().any(is(false)) => Some(Fixed::Bool(false)),
        AND if parts.iter().all(is(true)) => Some(Fixed::Bool(true)),
        OR if parts.iter().any(is(true)) => Some(Fixed::Bool(true)),
        OR if parts.iter().all(is(false)) => Some(Fixed::Bool(false)),
        AND | OR if parts.iter().all(Option::is_some) => Some(Fixed::Null),
        NOT => match parts.into_iter().next()?? {
            Fixed::Bool(b) => Some(Fixed::Bool(!b)),
            Fixed::Null => Some(Fixed::Null),
            _ => None,
        },
        _ => None,
    }
}

fn operator(body: &Json) -> Option<Fixed> {
    let symbol = body.pointer("/name/0/node/String/sval")?.as_str()?;
    let compares = ["=", "<>", "<", "<=", ">", ">="].contains(&symbol);
    let (left, right) = (body.get("lexpr").and_then(fixed), body.get("rexpr").and_then(fixed));
    // An ordinary comparison with NULL is NULL, whatever is on the other side.
    if compares && [&left, &right].contains(&&Some(Fixed::Null)) {
        return Some(Fixed::Null);
    }
    let order = match (left?, right?) {
        (Fixed::Number(l), Fixed::Number(r)) => match symbol {
            "+" => return Some(Fixed::Number(l + r)),
            "-" => return Some(Fixed::Number(l - r)),
            "*" => return Some(Fixed::Number(l * r)),
            _ => l.cmp(&r),
        },
        (Fixed::Bool(l), Fixed::Bool(r)) => l.cmp(&r),
        // How texts sort is the collation's business; whether they are the same is not.
        (Fixed::Text(l), Fixed::Text(r)) if symbol == "=" || symbol == "<>" => l.cmp(&r),
        _ => return None,
    };
    match symbol {
        "=" => Some(Fixed::Bool(order.is_eq())),
        "<>" => Some(Fixed::Bool(order.is_ne())),
        "<" => Some(Fixed::Bool(order.is_lt())),
        "<=" => Some(Fixed::Bool(order.is_le())),
        ">" => Some(Fixed::Bool(order.is_gt())),
        ">=" => Some(Fixed::Bool(order.is_ge())),
        _ => None,
    }
}
