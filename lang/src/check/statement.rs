//! Statements: definitions first by name, then everything in order; what is an expression is shown.

use super::scope::{Stream, Value};
use super::types::{Alias, Declared};
use super::{Checker, Definition, errors};
use crate::ir::{ExprId, OutputField, Shape, Stage, Statement};
use crate::source::Span;
use crate::syntax::ast;
use crate::ty::Type;
use std::collections::HashMap;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// The whole script.
    pub(super) fn script(&mut self, script: &'a ast::Script) {
        self.unknown_parameters(script);
        self.definitions(script);
        for statement in &script.statements {
            self.base = None;
            self.statement(statement);
        }
        self.uncalled_functions(script);
    }

    /// Functions and types may be used before the line that defines them.
    fn definitions(&mut self, script: &'a ast::Script) {
        let mut places: HashMap<(&str, &Arc<str>), Span> = HashMap::new();
        let mut sees = 0;
        for statement in &script.statements {
            let (space, name) = match statement {
                ast::Statement::Function(function) => ("function", &function.name),
                ast::Statement::Type(alias) => ("type", &alias.name),
                ast::Statement::Let(definition) => ("value", &definition.name),
                ast::Statement::Parameter(parameter) => ("value", &parameter.name),
                ast::Statement::Import(_)
                | ast::Statement::Test(_)
                | ast::Statement::Expression(_)
                | ast::Statement::Error(_) => continue,
            };
            sees += usize::from(space == "value");
            if let Some(first) = places.insert((space, &name.text), name.span) {
                self.report(errors::defined_twice(name.span, &name.text, first));
            }
            match statement {
                ast::Statement::Function(function) => {
                    self.functions.insert(name.text.clone(), Definition { function, sees });
                }
                ast::Statement::Type(alias) => {
                    self.aliases.insert(name.text.clone(), Alias { ty: &alias.ty, open: false });
                }
                _ => {}
            }
        }
    }

    fn statement(&mut self, statement: &'a ast::Statement) {
        match statement {
            ast::Statement::Let(definition) => {
                let value = self.value(&definition.value);
                let value = self.settled(value, &definition.name.text, definition.value.span);
                self.bind_in_script(&definition.name, value);
            }
            ast::Statement::Parameter(parameter) => {
                let value = self.script_parameter(parameter);
                self.bind_in_script(&parameter.name, value);
            }
            ast::Statement::Type(alias) => {
                self.declared(&alias.ty);
            }
            ast::Statement::Expression(expr) => {
                let value = self.value(expr);
                self.show(value, expr.span);
            }
            ast::Statement::Function(_) | ast::Statement::Error(_) => {}
            ast::Statement::Import(_) => self.report(errors::not_yet(statement.span(), "`import`")),
            ast::Statement::Test(_) => self.report(errors::not_yet(statement.span(), "`test`")),
        }
    }

    fn bind_in_script(&mut self, name: &ast::Name, value: Value<'a>) {
        self.bind(&name.text, name.span, value);
        self.script_scopes.push(self.scope);
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
            None => self.add_node(Stage::Values { columns: Vec::new(), rows: vec![Vec::new()] }, span, Vec::new()),
        };
        let column = self.define(name, id, None);
        let output = vec![OutputField { name: name.clone(), column }];
        let row = super::scope::Row::new(output, Shape::Scalar, span);
        self.other_rows(Stage::Map { input, definitions: vec![(column, id)] }, span, row, false)
    }

    /// A top-level expression is shown.
    fn show(&mut self, value: Value<'a>, span: Span) {
        let value_name = Arc::from("value");
        let stream = match value {
            Value::Unknown => return,
            Value::Lambda(_) => return self.report(errors::lambda_as_value(span)),
            Value::Expr(id) if self.ty(id).is_unknown() => return,
            Value::Expr(id) => self.one_value(id, &value_name, span),
            Value::Record(fields) => {
                let one = vec![Value::Record(fields)];
                self.values(&one, span)
            }
            other => self.as_stream(other, span),
        };
        if stream.row.known {
            self.plan.statements.push(Statement { node: stream.node, shape: stream.row.shape, span });
        }
    }

    /// A function that nobody calls is checked too, with columns that stand for its parameters; what that adds to the
    /// plan is thrown away.
    fn uncalled_functions(&mut self, script: &'a ast::Script) {
        let uncalled: Vec<&'a ast::Function> = script
            .statements
            .iter()
            .filter_map(|statement| match statement {
                ast::Statement::Function(function) if !self.called.contains(&function.name.text) => Some(function),
                _ => None,
            })
            .collect();
        if uncalled.is_empty() {
            return;
        }
        let plan = self.plan.clone();
        for function in uncalled {
            self.base = None;
            self.uncalled(function);
        }
        self.plan = plan;
    }

    fn uncalled(&mut self, function: &'a ast::Function) {
        let values: Vec<Value<'a>> = function
            .parameters
            .iter()
            .map(|parameter| {
                let declared = self.declared(&parameter.ty);
                self.stand_in(&declared, &parameter.name)
            })
            .collect();
        self.inlined(&function.name, values, function.name.span);
    }

    /// A value of a declared type, for a parameter that nobody has given one.
    fn stand_in(&mut self, declared: &Declared, name: &ast::Name) -> Value<'a> {
        match declared {
            Declared::Type(ty) if super::operators::is_ordered(&ty.kind) => {
                Value::Expr(self.stand_in_column(&name.text, ty))
            }
            Declared::Record { schema, open: false } => {
                let fields = schema.fields.iter().map(|field| {
                    let column = self.stand_in_column(&field.name, &field.ty);
                    (field.name.clone(), Value::Expr(column))
                });
                Value::Record(std::rc::Rc::new(fields.collect()))
            }
            Declared::Stream(row) => match &**row {
                Declared::Record { schema, .. } => Value::Stream(self.empty_table(schema, name.span)),
                Declared::Type(_) | Declared::Stream(_) | Declared::Function | Declared::Any | Declared::Unknown => {
                    Value::Unknown
                }
            },
            Declared::Record { .. } | Declared::Type(_) | Declared::Function | Declared::Any | Declared::Unknown => {
                Value::Unknown
            }
        }
    }

    fn stand_in_column(&mut self, name: &Arc<str>, ty: &Type) -> ExprId {
        let column = self.add_column(name, ty.clone(), None);
        self.unsure.insert(column);
        self.plan.column_expr(column)
    }
}
