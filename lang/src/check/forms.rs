//! Forms of `aliases.rs` with the arguments of a call in them: `($1 ?? $2)`, `replace($1, ~$2, ^$3)`.

use super::operators::spelled;
use crate::aliases;
use crate::diagnostic::Edit;
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOperator, ExprKind};

/// The edits that put the arguments of a call into a form, and what comes of it as far as that can be shown. There are no
/// edits where an argument is not known well enough: a pattern, a format or a replacement must be written down.
pub(super) fn in_form(form: &str, given: &[&ast::Expr], span: Span) -> (Vec<Edit>, String) {
    let mut pieces = form.split('$');
    let mut before = pieces.next().unwrap_or("");
    let (mut places, mut is_known, mut shown) = (Vec::new(), true, String::new());
    for piece in pieces {
        let (digit, after) = piece.split_at(piece.len().min(1));
        let at = digit.parse::<usize>().map_or(0, |nth| nth - 1);
        let Some(argument) = given.get(at) else { continue };
        let (text, mark) = split_mark(before);
        let converted = mark.map(|mark| converted(mark, argument));
        is_known &= !matches!(converted, Some(None));
        let converted = converted.flatten();
        shown.push_str(text);
        shown.push_str(&converted.clone().unwrap_or_else(|| shown_argument(argument, form)));
        places.push((at, text, *argument, converted));
        before = after;
    }
    shown.push_str(before);
    let edits = match places.iter().map(|place| place.0).is_sorted() {
        _ if !is_known => Vec::new(),
        true => in_place(form, &places, before, span),
        // In another order the arguments are written anew.
        false => {
            let mut whole = String::new();
            for (_, text, argument, converted) in &places {
                whole.push_str(text);
                match converted.clone().or_else(|| written(argument)) {
                    Some(argument) => whole.push_str(&argument),
                    None => return (Vec::new(), shown),
                }
            }
            vec![Edit { span, text: whole + before }]
        }
    };
    (edits, shown)
}

/// What stands before an argument without the sign for what it becomes, if there is one.
fn split_mark(text: &str) -> (&str, Option<char>) {
    match text.chars().next_back() {
        Some(mark @ ('~' | '%' | '^')) => (&text[..text.len() - 1], Some(mark)),
        _ => (text, None),
    }
}

/// An argument as a regex, a format of dates, or a replacement; none if it is not written down.
fn converted(mark: char, argument: &ast::Expr) -> Option<String> {
    let ExprKind::String(text) = &argument.kind else {
        return matches!(argument.kind, ExprKind::RawString(_)).then(|| written(argument))?;
    };
    match mark {
        '~' => aliases::raw(text),
        '%' if text.contains('%') => Some(format!("{text:?}")),
        '%' => aliases::date_format(text).map(|format| format!("{format:?}")),
        _ => Some(format!("{:?}", aliases::groups(text))),
    }
}

/// The arguments stay where they are, with what the form says around them.
fn in_place(form: &str, places: &[(usize, &str, &ast::Expr, Option<String>)], tail: &str, span: Span) -> Vec<Edit> {
    let is_operator = form.starts_with('(') && !form.starts_with("(if");
    let mut edits = Vec::new();
    let (mut start, mut wrapped) = (span.start, false);
    for (_, piece, argument, converted) in places {
        let wraps = is_operator && is_loose(argument);
        let text = format!("{}{piece}{}", if wrapped { ")" } else { "" }, if wraps { "(" } else { "" });
        edits.push(Edit { span: Span { start, end: argument.span.start, ..span }, text });
        edits.extend(converted.as_ref().map(|text| Edit { span: argument.span, text: text.clone() }));
        (start, wrapped) = (argument.span.end, wraps);
    }
    edits.push(Edit { span: Span { start, ..span }, text: format!("{}{tail}", if wrapped { ")" } else { "" }) });
    edits
}

/// `concat_ws("-", a, b)`: texts with a sign between them are one text with holes.
pub(super) fn joined(name: &str, given: &[&ast::Expr], span: Span) -> Option<(Vec<Edit>, String)> {
    let [between, texts @ ..] = given else { return None };
    if !aliases::puts_between(name) || texts.len() < 2 {
        return None;
    }
    let hole = |text: &&ast::Expr| written(text).map(|text| format!("{{{text}}}"));
    let holes: Option<Vec<String>> = texts.iter().map(hole).collect();
    let sign = match &between.kind {
        ExprKind::String(sign) => {
            let quoted = format!("{:?}", sign.replace('{', "{{").replace('}', "}}"));
            Some(quoted[1..quoted.len() - 1].to_string())
        }
        _ => hole(between),
    };
    Some(match holes.zip(sign) {
        Some((holes, sign)) => {
            let whole = format!("f\"{}\"", holes.join(&sign));
            (vec![Edit { span, text: whole.clone() }], whole)
        }
        None => (Vec::new(), "f\"{a}-{b}\"".to_string()),
    })
}

/// A short expression as it is written, texts among them.
pub(super) fn written(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Method { receiver, function, arguments, null_safe: false } if function.len() == 1 => {
            let plain = |argument: &ast::Argument| match argument.label {
                ast::Label::None => argument.expr().and_then(written),
                ast::Label::Option(_) | ast::Label::Column(_) => None,
            };
            let arguments: Vec<String> = arguments.iter().map(plain).collect::<Option<_>>()?;
            Some(format!("{}.{}({})", written(receiver)?, function[0].text, arguments.join(", ")))
        }
        ExprKind::String(text) => Some(format!("{text:?}")),
        ExprKind::RawString(text) => Some(format!("r\"{text}\"")),
        _ => spelled(expr),
    }
}

/// An argument as it is shown; the edit has it as it is written.
fn shown_argument(expr: &ast::Expr, form: &str) -> String {
    let is_operator = form.starts_with('(') && !form.starts_with("(if");
    let shown = shown(expr);
    if is_operator && is_loose(expr) { format!("({shown})") } else { shown }
}

fn shown(expr: &ast::Expr) -> String {
    match &expr.kind {
        ExprKind::Binary(BinaryOperator::Comparison(op), _, a, b) => {
            format!("{} {} {}", shown(a), op.symbol(), shown(b))
        }
        ExprKind::Binary(BinaryOperator::Arithmetic(op), _, a, b) => {
            format!("{} {} {}", shown(a), op.symbol(), shown(b))
        }
        ExprKind::String(text) if text.chars().count() < 20 => format!("{text:?}"),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Null => "null".into(),
        ExprKind::List(items) if items.len() < 4 => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        _ => spelled(expr).unwrap_or("…".into()),
    }
}

/// Whether an operand needs parentheses beside an operator.
fn is_loose(expr: &ast::Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Binary(..)
            | ExprKind::Unary(..)
            | ExprKind::Range { .. }
            | ExprKind::If { .. }
            | ExprKind::Pipeline { .. }
    )
}
