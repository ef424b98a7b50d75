//! Rows where a function declares what they are: `stream<{qty: int?, ..}>`. The function sees columns of exactly the
//! declared types and no others, so that its body means the same for all rows that it is ever given; what it does not see
//! passes through.

use super::scope::{Row, Stream, Value};
use super::types::Declared;
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, OutputField, Shape, Stage};
use crate::source::Span;
use crate::ty::Type;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// A stream that has the declared fields, as the function sees it.
    pub(super) fn pass_stream(
        &mut self,
        stream: Stream,
        declared: &Declared,
        span: Span,
        function: &str,
    ) -> Option<Stream> {
        let stream = self.as_declared_rows(stream, declared, span, function)?;
        let Declared::Record { schema, .. } = declared else { return Some(stream) };
        let undeclared = stream.row.names().filter(|name| schema.position(name).is_none()).map(Arc::from);
        let hidden: HashSet<Arc<str>> = stream.row.hidden.iter().cloned().chain(undeclared).collect();
        Some(Stream { row: Rc::new(Row { hidden: Rc::new(hidden), ..(*stream.row).clone() }), ..stream })
    }

    /// A stream that has the declared fields, each as a value of its declared type.
    pub(super) fn as_declared_rows(
        &mut self,
        stream: Stream,
        declared: &Declared,
        span: Span,
        function: &str,
    ) -> Option<Stream> {
        if !stream.row.known {
            return None;
        }
        let mut wanted: Vec<(OutputField, &Type)> = Vec::new();
        match declared {
            Declared::Record { schema, .. } => {
                for field in &schema.fields {
                    let Some(given) = stream.row.field(&field.name) else {
                        let names: Vec<&str> = stream.row.names().collect();
                        let error = errors::missing_field(span, function, &field.name, &names);
                        self.report(error);
                        return None;
                    };
                    wanted.push((given.clone(), &field.ty));
                }
            }
            Declared::Type(ty) => match stream.row.fields.first().filter(|_| stream.row.shape == Shape::Values) {
                Some(given) => wanted.push((given.clone(), ty)),
                None => {
                    self.report(errors::stream_of(span, function, ty));
                    return None;
                }
            },
            Declared::Any | Declared::Unknown | Declared::Stream(_) | Declared::Function => {}
        }
        let mut definitions = Vec::new();
        let mut fields = stream.row.fields.clone();
        for (given, ty) in wanted {
            if let Some((column, value)) = self.as_declared_column(&stream, &given, ty, span, function)? {
                definitions.push((column, value));
                fields.put(OutputField { name: given.name, column });
            }
        }
        if definitions.is_empty() {
            return Some(stream);
        }
        let row = Row { fields, ..(*stream.row).clone() };
        Some(self.other_rows(Stage::Map { input: stream.node, definitions }, span, row, stream.endless))
    }

    /// The column that stands for another one where its type is declared, with its definition; nothing if that one is of
    /// the declared type itself, or known to be.
    fn as_declared_column(
        &mut self,
        stream: &Stream,
        given: &OutputField,
        ty: &Type,
        span: Span,
        function: &str,
    ) -> Option<Option<(ColumnId, ExprId)>> {
        let found = self.plan.column(given.column).ty.clone();
        if found == *ty || found.is_unknown() || ty.is_unknown() {
            return Some(None);
        }
        let Value::Expr(value) = self.in_row(&stream.row, |c| c.column(given)) else { return Some(None) };
        let Some(value) = self.convert(value, ty) else {
            self.report(match stream.row.shape {
                Shape::Table => {
                    errors::wanted(span, &format!("the column `{}` of `{function}`", given.name), ty, &found)
                }
                Shape::Values | Shape::Scalar => errors::stream_of(span, function, ty),
            });
            return None;
        };
        if matches!(self.plan.exprs.get(value), Expr::NonNull(_)) {
            return Some(None);
        }
        let origin = self.origin(self.plan.column_expr(given.column));
        Some(Some((self.define(&given.name, value, origin), value)))
    }
}

/// The stream that a function gives, with all columns in sight that its caller sees.
pub(super) fn shown(stream: Stream, hidden_from_caller: &HashSet<Arc<str>>) -> Stream {
    let hidden = stream.row.hidden.intersection(hidden_from_caller).cloned().collect();
    Stream { row: Rc::new(Row { hidden: Rc::new(hidden), ..(*stream.row).clone() }), ..stream }
}
