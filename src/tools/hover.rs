//! What stands at a place: the type of an expression, the rows around a stage, how a function is called.

use super::known::{self, About, Known, SCRIPT};
use crate::engine::Engine;
use pipelang_lang::check::{Meaning, Parameters, Rows};
use pipelang_lang::ir::Shape;
use pipelang_lang::source::SourceId;
use pipelang_lang::syntax;
use pipelang_lang::syntax::ast::{ExprKind, Name, TypeExpr};
use pipelang_lang::syntax::nodes::Node;
use pipelang_lang::ty::spell;
use std::ops::Range;

/// What there is to say about a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What it is said about.
    pub range: Range<usize>,
    /// Plain text of one or more lines.
    pub text: String,
}

/// What stands at `offset`, a byte of the text, if something is known of it. `name` is that of the script, beside which its
/// imports are.
///
/// ```
/// use pipelang::{Engine, tools::hover};
/// let text = "let xs = [{id: 1, price: 2.5}]\nxs | select price";
/// let there = hover(&Engine::default(), "", text, text.len() - 2).expect("a column");
/// assert_eq!(there.text, "price: float");
/// ```
pub fn hover(engine: &Engine, name: &str, text: &str, offset: usize) -> Option<Hover> {
    let tokens = syntax::tokens(SourceId(0), text).tokens;
    let holds = |range: &Range<usize>| range.start <= offset && offset < range.end;
    let (token, span) = tokens.iter().find(|(_, span)| holds(&span.range()))?;
    let known = Known::new(engine, name, text, &Parameters::default(), None);
    let range = span.range();
    let about = match token.is_name() {
        true => named(&known, &range),
        false => None,
    };
    let about = about.or_else(|| value(&known, &range, token.is_name()))?;
    Some(Hover { range, text: about })
}

/// What a name is by its place in the tree.
fn named(known: &Known, range: &Range<usize>) -> Option<String> {
    let here = |name: &Name| name.span.range() == *range;
    let around = known.script().around(range.start as u32);
    around.iter().rev().find_map(|node| match node {
        Node::Stage(stage) if stage.name.iter().any(here) => stage_text(known, &stage.name),
        Node::Expr(expr) => match &expr.kind {
            ExprKind::Call { function, .. } | ExprKind::Method { function, .. } if function.iter().any(here) => {
                function_text(known, function)
            }
            _ => None,
        },
        Node::Type(TypeExpr::Named(names, _)) => {
            let name = names.last().filter(|name| here(name))?;
            let alias = known::aliases(known.script()).find(|alias| alias.name.text == name.text)?;
            Some(known.text[alias.span.range()].to_string())
        }
        _ => None,
    })
}

fn about_text(about: &About) -> String {
    if about.doc.is_empty() { about.signature.clone() } else { format!("{}\n{}", about.signature, about.doc) }
}

fn function_text(known: &Known, path: &[Name]) -> Option<String> {
    let all = known.about_function(path);
    let mut text = all.iter().map(|about| about.signature.as_str()).collect::<Vec<_>>().join("\n");
    let doc = all.first()?.doc.as_str();
    if !doc.is_empty() {
        text.push('\n');
        text.push_str(doc);
    }
    Some(text)
}

fn stage_text(known: &Known, path: &[Name]) -> Option<String> {
    let mut text = known.about_stage(path).map_or(String::new(), |about| about_text(&about));
    if let Some(note) = known.stages().find(|note| path.last().is_some_and(|name| note.name == name.span)) {
        let after = match &note.output {
            Some(Meaning::Rows(rows)) => rows_text(rows),
            Some(other) => other.to_string(),
            None => "unknown".to_string(),
        };
        text.push_str(&format!("\nbefore: {}\nafter: {after}", rows_text(&note.input)));
    }
    Some(text.trim_start().to_string()).filter(|text| !text.is_empty())
}

/// `{id: int, price: float}` for rows, else the type.
fn rows_text(rows: &Rows) -> String {
    match rows.shape {
        _ if !rows.known => "unknown".to_string(),
        Shape::Table => rows.schema.to_string(),
        Shape::Values | Shape::Scalar => rows.to_string(),
    }
}

/// The type of the smallest expression or definition around a token.
fn value(known: &Known, range: &Range<usize>, is_name: bool) -> Option<String> {
    let values = known
        .notes
        .values
        .iter()
        .filter(|(span, _)| span.source == SCRIPT)
        .map(|(span, meaning)| (span.range(), meaning));
    let holding = values.filter(|(place, _)| place.start <= range.start && range.end <= place.end);
    let (place, meaning) = holding.min_by_key(|(place, _)| place.len())?;
    let text = &known.text[range.clone()];
    let is_last = is_name && place.end == range.end;
    Some(match is_last {
        true => format!("{}: {meaning}", spell(text.trim_matches('`'))),
        false => meaning.to_string(),
    })
}
