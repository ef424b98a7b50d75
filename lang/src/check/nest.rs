//! `nest by key`: a row for each group, with its rows as a list.

use super::aggregate::Aggregation;
use super::scope::{Row, Stream};
use super::stage::{StageCall, row_after};
use super::{Checker, errors};
use crate::ir::{Expr, OutputField, Reduction, Shape};
use crate::syntax::ast::{ArgumentValue, ExprKind, Label};
use std::sync::Arc;

/// `nest by key`, `nest name: "orders" by key`: the keys, then the rows of the group as they came in.
pub(super) fn nest<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let name = checker.nest_name(call)?;
    let Some((_, by)) = &call.stage.by else {
        checker.report(errors::nest_without_by(call.span()));
        return None;
    };
    let (mut aggregation, mut keys) = (Aggregation::default(), Vec::new());
    for argument in by {
        checker.in_row(&input.row, |c| c.group_key(argument, &mut aggregation, &mut keys));
    }
    let of_row = checker.in_row(&input.row, |c| c.row_as_value(&input.row, call.span()))?;
    let catalog = checker.catalog;
    let reducer = catalog.reducer_named("list")?;
    let ty = checker.reducer_result(catalog.reducer(reducer), &[of_row], call.span())?;
    ends?;
    let column = checker.add_column(&name, ty.clone(), None);
    // A group has at least one row, so there is a list.
    let list = checker.plan.column_expr(column);
    let list = checker.add(Expr::NonNull(list), ty.without_null());
    let rows = checker.define(&name, list, Some((call.span(), format!("`{name}` are the rows of a group"))));
    let mut fields = aggregation.keys.clone();
    fields.push(OutputField { name: name.clone(), column: rows });
    if let Some(key) = aggregation.key(&name) {
        checker.report(errors::duplicate_column(call.option_span("name"), &name, checker.place_of(key)));
        return None;
    }
    let row = row_after(&input.row, fields, Shape::Table, call, None, &[]);
    let row = Row { known: input.row.known, ..row };
    let reduction = Reduction { column, reducer, arguments: vec![of_row], condition: None };
    Some(checker.reduced(input, keys, aggregation.keys, vec![reduction], vec![(rows, list)], row, call.span()))
}

impl<'a> Checker<'a> {
    /// What the list of rows is called.
    fn nest_name(&mut self, call: &StageCall<'a>) -> Option<Arc<str>> {
        let mut name: Arc<str> = "rows".into();
        for argument in &call.stage.arguments {
            match (&argument.label, &argument.value) {
                (Label::Option(option), ArgumentValue::Expr(expr)) if &*option.text == "name" => match &expr.kind {
                    ExprKind::String(text) | ExprKind::RawString(text) => name = text.clone(),
                    _ => {
                        self.report(errors::nest_name(expr.span));
                        return None;
                    }
                },
                (Label::Option(option), _) => {
                    self.report(errors::unknown_option(option.span, "nest", &option.text, &["name"]));
                    return None;
                }
                (Label::None | Label::Column(_), _) => {
                    self.report(errors::stage_arguments(argument.span, "nest", call.def.signature, 0));
                    return None;
                }
            }
        }
        Some(name)
    }
}
