//! Statements: definitions first by name, then everything in order; what is an expression is shown.

use super::module::Definition;
use super::recursion::recursive_functions;
use super::scope::{Row, Scope, Stream, Value};
use super::test::Tests;
use super::types::Alias;
use super::{Checker, errors, named};
use crate::diagnostic::Diagnostic;
use crate::ir::{ExprId, Fields, NodeId, OutputField, Plan, Shape, Stage, Statement};
use crate::modules::{Module, Modules};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::HashMap;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The script, after all that it imports; gives its plan and its tests.
    pub(super) fn script(&mut self, modules: &'a Modules) -> (Plan, Tests) {
        let mut tests = Tests::default();
        let mut plan = None;
        for (id, module) in modules.iter() {
            self.scope = Scope::empty(id);
            self.definitions(module);
            if id == modules.script() {
                self.unknown_parameters(&module.tree);
                module.tree.statements.iter().for_each(|statement| self.statement(statement));
                self.streams_once();
                self.note_what_is_told();
                named::note(&mut self.plan);
                plan = Some(self.plan.clone());
                tests = self.tests(&module.tree);
                self.pivots_are_last();
            } else {
                self.imported_statements(&module.tree.statements);
            }
        }
        self.definitions_alone(modules);
        (plan.unwrap_or_default(), tests)
    }

    /// Functions and types may be used before the line that defines them.
    fn definitions(&mut self, module: &'a Module) {
        let mut places: HashMap<(&str, Arc<str>), Span> = HashMap::new();
        let mut sees = 0;
        for statement in &module.tree.statements {
            let (space, name) = match statement {
                ast::Statement::Function(function) => ("function", &function.name),
                ast::Statement::Type(alias) => ("type", &alias.name),
                ast::Statement::Let(definition) => ("value", &definition.name),
                ast::Statement::Parameter(parameter) => ("value", &parameter.name),
                ast::Statement::Import(import) => ("module", &import.name()),
                ast::Statement::Test(_) | ast::Statement::Expression(_) | ast::Statement::Error(_) => continue,
            };
            sees += usize::from(space == "value");
            if let Some(first) = places.insert((space, name.text.clone()), name.span) {
                self.report(match statement {
                    ast::Statement::Import(import) => errors::imported_twice(import, &name.text, first),
                    _ => errors::defined_twice(name.span, &name.text, first),
                });
            }
            match statement {
                ast::Statement::Function(function) => {
                    let module = self.scope.module;
                    let definition = Definition { function, module, sees };
                    self.names_mut().functions.insert(name.text.clone(), definition);
                }
                ast::Statement::Type(alias) => {
                    self.names_mut().types.insert(name.text.clone(), Alias::new(&alias.ty));
                }
                _ => {}
            }
        }
        self.names_mut().recursive = recursive_functions(&self.names().functions);
    }

    fn statement(&mut self, statement: &'a ast::Statement) {
        self.base = None;
        match statement {
            ast::Statement::Let(definition) => {
                self.let_statement(definition);
                self.seen_from_here();
            }
            ast::Statement::Parameter(parameter) => {
                let value = self.script_parameter(parameter);
                self.bind(&parameter.name.text, parameter.name.span, value);
                self.seen_from_here();
            }
            ast::Statement::Type(alias) => {
                self.alias_of(self.scope.module, &alias.name.text, alias.name.span);
            }
            ast::Statement::Expression(expr) if let Some(error) = self.assertion_outside(expr) => self.report(error),
            ast::Statement::Expression(expr) => {
                self.shown_source = source_of(expr);
                let value = self.value(expr);
                self.shown_source = None;
                let statement = self.shown(value, expr.span);
                self.plan.statements.extend(statement);
            }
            // What is imported has been checked already; tests come at the end.
            ast::Statement::Function(_)
            | ast::Statement::Import(_)
            | ast::Statement::Test(_)
            | ast::Statement::Error(_) => {}
        }
    }

    /// E0203: an assertion that is a statement of the script.
    fn assertion_outside(&self, expr: &ast::Expr) -> Option<Diagnostic> {
        let ast::ExprKind::Call { function, arguments } = &expr.kind else { return None };
        let [name] = function.as_slice() else { return None };
        let is_assertion = matches!(&*name.text, "assert" | "assert_eq") && !arguments.is_empty();
        let own = self.names().functions.contains_key(&name.text);
        (is_assertion && !own).then(|| errors::assertion_outside(name.span, &name.text, Some(expr.span)))
    }

    /// The statements of a module: what they define is used; it has no parameters, and nothing else of it is run.
    fn imported_statements(&mut self, statements: &'a [ast::Statement]) {
        let mut idle = None;
        for statement in statements {
            match statement {
                ast::Statement::Parameter(parameter) => {
                    self.report(errors::parameter_of_module(parameter.name.span, &parameter.name.text));
                    self.bind(&parameter.name.text, parameter.name.span, Value::Unknown);
                    self.seen_from_here();
                }
                ast::Statement::Expression(expr) => idle = idle.or(Some(expr.span)),
                ast::Statement::Test(_) => {}
                ast::Statement::Let(_)
                | ast::Statement::Type(_)
                | ast::Statement::Function(_)
                | ast::Statement::Import(_)
                | ast::Statement::Error(_) => self.statement(statement),
            }
        }
        if let Some(first) = idle {
            self.report(errors::expression_of_module(first));
        }
    }

    /// `let name = value`, of a script or test.
    pub(super) fn let_statement(&mut self, definition: &'a ast::Let) {
        self.base = None;
        let value = self.value(&definition.value);
        let value = self.settled(value, &definition.name.text, definition.value.span);
        self.bind(&definition.name.text, definition.name.span, value);
    }

    /// What has just been bound is seen by the functions below it.
    fn seen_from_here(&mut self) {
        let scope = self.scope;
        self.scopes.define(scope);
        self.names_mut().scopes.push(scope);
    }

    /// The value of a `let`: an expression over the value of a stream becomes a stream of one value itself.
    fn settled(&mut self, value: Value<'a>, name: &Arc<str>, span: Span) -> Value<'a> {
        match (value, self.base) {
            (Value::Expr(id), Some(_)) => Value::Stream(self.one_value(id, name, span)),
            (value, _) => value,
        }
    }

    /// A stream of one value: over the stream that the expression is computed from, or over one row of nothing.
    fn one_value(&mut self, id: ExprId, name: &Arc<str>, span: Span) -> Stream {
        let input = match self.base {
            Some(base) => base,
            None => self.row_of_nothing(span),
        };
        let column = self.define(name, id, None);
        let output = vec![OutputField { name: name.clone(), column }];
        let row = Row::new(output, Shape::Scalar, span);
        self.other_rows(Stage::Map { input, definitions: vec![(column, id)] }, span, row, false)
    }

    /// One row without columns.
    pub(super) fn row_of_nothing(&mut self, span: Span) -> NodeId {
        self.add_node(Stage::Values { columns: Vec::new(), rows: vec![Vec::new()] }, span, Fields::default())
    }

    /// A record of values that are computed from a stream, as its one row.
    fn one_row(&mut self, record: &[(Arc<str>, Value<'a>)], base: NodeId, span: Span) -> Option<Stream> {
        let (mut definitions, mut output) = (Vec::new(), Vec::new());
        for (name, value) in record {
            let id = self.as_scalar(value.clone(), span)?;
            let column = self.define(name, id, None);
            definitions.push((column, id));
            output.push(OutputField { name: name.clone(), column });
        }
        let row = Row::new(output, Shape::Table, span);
        Some(self.other_rows(Stage::Map { input: base, definitions }, span, row, false))
    }

    /// The statement that shows a value; nothing after an error.
    pub(super) fn shown(&mut self, value: Value<'a>, span: Span) -> Option<Statement> {
        let value_name = Arc::from("value");
        let stream = match value {
            Value::Unknown => return None,
            Value::Lambda(_) => {
                self.report(errors::lambda_as_value(span));
                return None;
            }
            Value::Expr(id) if self.ty(id).is_unknown() => return None,
            Value::Expr(id) => self.one_value(id, &value_name, span),
            Value::Record(fields) => {
                // Streams are run for their values here, and the first of them is what the others are computed beside.
                for (_, value) in fields.iter() {
                    self.as_scalar(value.clone(), span)?;
                }
                match self.base {
                    Some(base) => self.one_row(&fields, base, span)?,
                    None => self.values(&[Value::Record(fields)], span),
                }
            }
            other => self.as_stream(other, span),
        };
        if !self.has_no_foreign(&stream.row) {
            return None;
        }
        let target = self.targets.get(&stream.node).cloned();
        let pivot = self.pivots.get(&stream.node).map(|open| open.pivot.clone());
        stream.row.known.then(|| Statement { node: stream.node, shape: stream.row.shape, target, pivot, span })
    }
}

/// Where the source of a pipeline stands.
fn source_of(expr: &ast::Expr) -> Option<Span> {
    match &expr.kind {
        ast::ExprKind::Parenthesized(inner) => source_of(inner),
        ast::ExprKind::Pipeline { source, .. } => Some(source.span),
        _ => None,
    }
}
