//! Functions and lambdas that are checked by themselves, with columns that stand for their parameters: those that nobody
//! calls, and those over rows, whose bodies mean the same for all rows that they are given.
//!
//! It comes last: what it adds to the plan is of no use.

use super::Checker;
use super::generic::Letters;
use super::scope::{Lambda, Row, Scope, Stream, Value};
use super::types::Declared;
use crate::diagnostic::Diagnostic;
use crate::ir::{ExprId, Fields, OutputField, Shape, Stage};
use crate::modules::Modules;
use crate::source::Span;
use crate::syntax::ast::{self, TypeExpr};
use crate::ty::Type;
use std::rc::Rc;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// All functions and lambdas that are to be checked by themselves.
    pub(super) fn definitions_alone(&mut self, modules: &'a Modules) {
        let mut faulty: Vec<Span> = Vec::new();
        for (id, module) in modules.iter() {
            self.scope = Scope::empty(id);
            for statement in &module.tree.statements {
                let ast::Statement::Function(function) = statement else { continue };
                let is_called = self.called.contains(&function.name.span);
                if is_called && !takes_rows(function) {
                    continue;
                }
                let said = self.diagnostics.len();
                self.base = None;
                self.definition_alone(function);
                let mut found = self.diagnostics.split_off(said);
                found.retain(|diagnostic| !faulty.iter().any(|function| stands_in(diagnostic, *function)));
                // What is wrong with a body was also found where it is called, with what was given there.
                if found.iter().any(|diagnostic| diagnostic.is_error() && stands_in(diagnostic, function.span)) {
                    self.diagnostics.retain(|diagnostic| !stands_in(diagnostic, function.span));
                    faulty.push(function.span);
                }
                self.diagnostics.extend(found);
            }
        }
        for lambda in std::mem::take(&mut self.passed) {
            if !self.applied.contains(&lambda.body.span) {
                self.base = None;
                self.lambda_alone(lambda);
            }
        }
    }

    fn definition_alone(&mut self, function: &'a ast::Function) {
        // A function that is defined twice is not the one of that name.
        let Some(definition) = self.function(&function.name.text) else { return };
        if self.is_recursive(definition) {
            self.routine(definition);
            return;
        }
        let values: Vec<Value<'a>> = definition
            .function
            .parameters
            .iter()
            .map(|parameter| {
                let declared = self.declared(&parameter.ty);
                self.stand_in(&declared, &parameter.name)
            })
            .collect();
        self.inlined(definition, values, &Letters::new(), function.name.span);
    }

    /// A lambda that the function which it was passed to never calls.
    fn lambda_alone(&mut self, lambda: Lambda<'a>) {
        let Some(parameter) = lambda.of else { return };
        let TypeExpr::Function(takes, result, _) = &parameter.ast.ty else { return };
        let value = if lambda.parameters.is_empty() {
            let row = Row { known: false, ..Row::new(Fields::default(), Shape::Table, lambda.body.span) };
            self.in_scope(lambda.scope, |c| c.in_row(&Rc::new(row), |c| c.value(lambda.body)))
        } else {
            let mut values = Vec::new();
            for (ty, name) in takes.iter().zip(lambda.parameters) {
                let declared = self.declared_in(parameter.module, ty);
                values.push(self.stand_in(&declared, name));
            }
            self.applied(lambda, values, lambda.body.span)
        };
        let declared = self.declared_in(parameter.module, result);
        self.as_declared(value, &declared, &parameter.ast.name.text, lambda.body.span, result.span());
    }

    /// A value of a declared type, for a parameter that nobody has given one.
    fn stand_in(&mut self, declared: &Declared, name: &ast::Name) -> Value<'a> {
        match declared {
            Declared::Type(ty) if !ty.is_unknown() => Value::Expr(self.stand_in_column(&name.text, ty)),
            Declared::Record { schema, open: false } => {
                let fields = schema.fields.iter().map(|field| {
                    let column = self.stand_in_column(&field.name, &field.ty);
                    (field.name.clone(), Value::Expr(column))
                });
                Value::Record(Rc::new(fields.collect()))
            }
            Declared::Stream(row) => match &**row {
                Declared::Record { schema, .. } => Value::Stream(self.empty_table(schema, name.span)),
                Declared::Type(ty) if !ty.is_unknown() => Value::Stream(self.no_values(ty, name.span)),
                Declared::Type(_) | Declared::Stream(_) | Declared::Function | Declared::Any | Declared::Unknown => {
                    Value::Unknown
                }
            },
            Declared::Record { .. } | Declared::Type(_) | Declared::Function | Declared::Any | Declared::Unknown => {
                Value::Unknown
            }
        }
    }

    /// A stream of values of that type, without any.
    fn no_values(&mut self, ty: &Type, span: Span) -> Stream {
        let name: Arc<str> = "value".into();
        let column = self.add_column(&name, ty.clone(), None);
        let row = Row::new(vec![OutputField { name, column }], Shape::Values, span);
        self.other_rows(Stage::Values { columns: vec![column], rows: Vec::new() }, span, row, false)
    }

    /// Its value may fail, as that of any argument, and is known where there is one.
    fn stand_in_column(&mut self, name: &Arc<str>, ty: &Type) -> ExprId {
        let column = self.add_column(name, ty.clone(), None);
        self.unsure.insert(column);
        self.awaited.insert(column);
        self.plan.column_expr(column)
    }
}

/// Whether a function takes a stream.
fn takes_rows(function: &ast::Function) -> bool {
    let is_stream = |ty: &TypeExpr| matches!(ty, TypeExpr::Generic(name, ..) if &*name.text == "stream");
    function.parameters.iter().any(|parameter| is_stream(&parameter.ty))
}

/// Whether the place of a diagnostic is within that of a function.
fn stands_in(diagnostic: &Diagnostic, function: Span) -> bool {
    diagnostic.primary.as_ref().is_some_and(|primary| {
        primary.span.source == function.source
            && function.start <= primary.span.start
            && primary.span.end <= function.end
    })
}
