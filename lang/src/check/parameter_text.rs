//! The texts that parameters are given on the command line and at a prompt: what they are as values, and how to write
//! them. What `--help` shows as a default can be given: a date may have its `@`, and a list may be written down.

use super::parameter::{ParameterValue, ParameterWay};
use crate::calendar;
use crate::scalar::Scalar;
use crate::source::SourceMap;
use crate::syntax::{self, ast::ExprKind, ast::Statement};
use crate::ty::Kind;

/// The value that a text is.
pub(super) fn value(text: &str, kind: &Kind) -> Option<Scalar> {
    let time = || text.strip_prefix('@').unwrap_or(text).as_bytes();
    match kind {
        Kind::Int => text.replace('_', "").parse().ok().map(Scalar::Int),
        Kind::Float => text.replace('_', "").parse().ok().map(Scalar::Float),
        Kind::Bool => text.parse().ok().map(Scalar::Bool),
        Kind::String => Some(Scalar::String(text.into())),
        Kind::Date => calendar::parse_date(time()).map(Scalar::Date),
        Kind::DateTime => calendar::parse_datetime(time()).map(Scalar::DateTime),
        Kind::Duration => calendar::parse_duration(text).map(Scalar::Duration),
        _ => None,
    }
}

/// The values of a list that is written down, `[1, 2]`. Where texts are wanted these stand in quotes: `[x]` is a text.
pub(super) fn written_list(text: &str, item: &Kind) -> Option<Vec<ParameterValue>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    let mut sources = SourceMap::default();
    let source = sources.add("", text);
    let (script, diagnostics) = syntax::parse(source, text);
    let [Statement::Expression(list)] = script.statements.as_slice() else { return None };
    let ExprKind::List(items) = &list.kind else { return None };
    if !diagnostics.is_empty() {
        return None;
    }
    let value = |expr: &syntax::ast::Expr| match &expr.kind {
        ExprKind::String(text) => Some(ParameterValue::Text(text.to_string())),
        _ if *item == Kind::String => None,
        _ => Some(ParameterValue::Text(sources.snippet(expr.span).to_string())),
    };
    items.iter().map(value).collect()
}

impl ParameterWay {
    /// What to write, and where.
    pub(super) fn help(self, name: &str) -> String {
        match self {
            ParameterWay::BehindFile => format!("`--{name} …` after the file"),
            ParameterWay::BehindDashes => format!("`-- --{name} …` after the files"),
            ParameterWay::Prompt => format!("`:set {name} …`"),
            ParameterWay::Load => format!("`:load FILE --{name} …`"),
            ParameterWay::Host => format!("`with_param({name:?}, …)` of the program, or `param` of a run"),
        }
    }

    /// How these texts are given to a list.
    pub(super) fn list_help(self, name: &str, texts: &[&str], item: &Kind) -> String {
        let quoted =
            texts.iter().map(|text| if *item == Kind::String { format!("{text:?}") } else { text.to_string() });
        let list = format!("[{}]", quoted.collect::<Vec<_>>().join(", "));
        match self {
            ParameterWay::BehindFile | ParameterWay::BehindDashes | ParameterWay::Load => {
                let each: Vec<String> = texts.iter().map(|text| format!("--{name} {text}")).collect();
                format!("`{}`, or `--{name} '{list}'`", each.join(" "))
            }
            ParameterWay::Prompt => format!("`:set {name} {list}`"),
            ParameterWay::Host => format!("`with_param({name:?}, vec!{list})`"),
        }
    }
}
