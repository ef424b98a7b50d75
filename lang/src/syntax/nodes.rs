//! The tree as nodes with children, for whoever looks for something in it: the classes of names, what stands at a place.

use super::ast::*;
use crate::source::Span;

/// A part of the tree.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A statement.
    Statement(&'a Statement),
    /// A parameter of a function.
    Parameter(&'a FunctionParameter),
    /// A block.
    Block(&'a Block),
    /// An expression.
    Expr(&'a Expr),
    /// A stage.
    Stage(&'a Stage),
    /// An argument of a stage or call.
    Argument(&'a Argument),
    /// An arm of a `match`.
    Arm(&'a Arm),
    /// A pattern.
    Pattern(&'a Pattern),
    /// A type.
    Type(&'a TypeExpr),
}

impl<'a> Node<'a> {
    /// Where it stands.
    pub fn span(self) -> Span {
        match self {
            Node::Statement(it) => it.span(),
            Node::Parameter(it) => match &it.default {
                Some(default) => it.name.span.to(default.span),
                None => it.name.span.to(it.ty.span()),
            },
            Node::Block(it) => it.span,
            Node::Expr(it) => it.span,
            Node::Stage(it) => it.span,
            Node::Argument(it) => it.span,
            Node::Arm(it) => it.span,
            Node::Pattern(it) => pattern_span(it),
            Node::Type(it) => it.span(),
        }
    }

    /// What it consists of, in order.
    pub fn children(self) -> Vec<Node<'a>> {
        match self {
            Node::Statement(it) => of_statement(it),
            Node::Parameter(it) => {
                [Node::Type(&it.ty)].into_iter().chain(it.default.as_ref().map(Node::Expr)).collect()
            }
            Node::Block(it) => {
                it.statements.iter().map(Node::Statement).chain(it.value.as_deref().map(Node::Expr)).collect()
            }
            Node::Expr(it) => of_expr(&it.kind),
            Node::Stage(it) => {
                let clauses = it.by.iter().chain(&it.on).flat_map(|(_, arguments)| arguments);
                it.arguments.iter().chain(clauses).map(Node::Argument).collect()
            }
            Node::Argument(it) => match &it.value {
                ArgumentValue::Expr(value) => vec![Node::Expr(value)],
                ArgumentValue::Type(ty) => vec![Node::Type(ty)],
            },
            Node::Arm(it) => [Node::Pattern(&it.pattern)]
                .into_iter()
                .chain(it.guard.iter().chain([&it.value]).map(Node::Expr))
                .collect(),
            Node::Pattern(it) => match it {
                Pattern::Anything(_) | Pattern::Name(_) => Vec::new(),
                Pattern::Value(value) => vec![Node::Expr(value)],
                Pattern::Record(fields, _) => {
                    fields.iter().filter_map(|(_, it)| it.as_ref()).map(Node::Pattern).collect()
                }
                Pattern::Either(patterns, _) => patterns.iter().map(Node::Pattern).collect(),
            },
            Node::Type(it) => match it {
                TypeExpr::Named(..) | TypeExpr::Error(_) => Vec::new(),
                TypeExpr::Nullable(inner, _) | TypeExpr::List(inner, _) | TypeExpr::Generic(_, inner, _) => {
                    vec![Node::Type(inner)]
                }
                TypeExpr::Record { fields, .. } => fields.iter().map(|(_, ty)| Node::Type(ty)).collect(),
                TypeExpr::Function(parameters, result, _) => {
                    parameters.iter().chain([&**result]).map(Node::Type).collect()
                }
            },
        }
    }

    /// Visits it and everything in it, the outer before the inner.
    pub fn walk(self, visit: &mut dyn FnMut(Node<'a>)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}

impl Script {
    /// Visits everything in it, the outer before the inner.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(Node<'a>)) {
        for statement in &self.statements {
            Node::Statement(statement).walk(visit);
        }
    }

    /// The nodes around a place, the outermost first; a node ends behind its last character.
    pub fn around(&self, offset: u32) -> Vec<Node<'_>> {
        let mut path: Vec<Node> = Vec::new();
        let mut children: Vec<Node> = self.statements.iter().map(Node::Statement).collect();
        let holds = |node: &Node| node.span().start <= offset && offset <= node.span().end;
        while let Some(inner) = children.into_iter().rfind(holds) {
            path.push(inner);
            children = inner.children();
        }
        path
    }
}

fn pattern_span(pattern: &Pattern) -> Span {
    match pattern {
        Pattern::Anything(span) | Pattern::Record(_, span) | Pattern::Either(_, span) => *span,
        Pattern::Name(name) => name.span,
        Pattern::Value(value) => value.span,
    }
}

fn of_statement(statement: &Statement) -> Vec<Node<'_>> {
    match statement {
        Statement::Let(it) => vec![Node::Expr(&it.value)],
        Statement::Function(it) => {
            let parameters = it.parameters.iter().map(Node::Parameter);
            parameters.chain(it.result.as_ref().map(Node::Type)).chain([Node::Block(&it.body)]).collect()
        }
        Statement::Parameter(it) => {
            [Node::Type(&it.ty)].into_iter().chain(it.default.as_ref().map(Node::Expr)).collect()
        }
        Statement::Type(it) => vec![Node::Type(&it.ty)],
        Statement::Test(it) => vec![Node::Block(&it.body)],
        Statement::Expression(it) => vec![Node::Expr(it)],
        Statement::Import(_) | Statement::Error(_) => Vec::new(),
    }
}

fn of_expr(kind: &ExprKind) -> Vec<Node<'_>> {
    match kind {
        ExprKind::Int(_) | ExprKind::Float(..) | ExprKind::Bool(_) | ExprKind::Null => Vec::new(),
        ExprKind::String(_) | ExprKind::RawString(_) | ExprKind::Date(_) | ExprKind::DateTime(_) => Vec::new(),
        ExprKind::Duration(_) | ExprKind::Name(_) | ExprKind::It | ExprKind::Path(_) | ExprKind::Error => Vec::new(),
        ExprKind::Interpolated(fragments) => fragments.iter().filter_map(hole).collect(),
        ExprKind::List(items) => items.iter().map(Node::Expr).collect(),
        ExprKind::Record(items) => items.iter().map(|item| Node::Expr(item_value(item))).collect(),
        ExprKind::Map(entries) => entries.iter().flat_map(|(key, value)| [key, value]).map(Node::Expr).collect(),
        ExprKind::Parenthesized(inner) | ExprKind::Unary(_, inner) | ExprKind::Lambda { body: inner, .. } => {
            vec![Node::Expr(inner)]
        }
        ExprKind::Binary(_, _, left, right) => vec![Node::Expr(left), Node::Expr(right)],
        ExprKind::Range { start, end, .. } => start.iter().chain(end).map(|bound| Node::Expr(bound)).collect(),
        ExprKind::Call { arguments, .. } => arguments.iter().map(Node::Argument).collect(),
        ExprKind::Method { receiver, arguments, .. } => {
            [Node::Expr(receiver)].into_iter().chain(arguments.iter().map(Node::Argument)).collect()
        }
        ExprKind::Field { record, .. } => vec![Node::Expr(record)],
        ExprKind::Index { value, index, .. } => vec![Node::Expr(value), Node::Expr(index)],
        ExprKind::If { condition, then, otherwise } => {
            let blocks = [then].into_iter().chain(otherwise).map(Node::Block);
            [Node::Expr(condition)].into_iter().chain(blocks).collect()
        }
        ExprKind::Match { subject, arms } => {
            [Node::Expr(subject)].into_iter().chain(arms.iter().map(Node::Arm)).collect()
        }
        ExprKind::Pipeline { source, stages } => {
            [Node::Expr(source)].into_iter().chain(stages.iter().map(Node::Stage)).collect()
        }
    }
}

fn hole(fragment: &Fragment) -> Option<Node<'_>> {
    match fragment {
        Fragment::Text(_) => None,
        Fragment::Hole { value, .. } => Some(Node::Expr(value)),
    }
}

fn item_value(item: &RecordItem) -> &Expr {
    match item {
        RecordItem::Field(_, value) | RecordItem::Short(value) | RecordItem::Spread(value) => value,
    }
}
