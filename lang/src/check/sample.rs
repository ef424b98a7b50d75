//! `sample n: 100, seed: 1` and `sample fraction: 0.01`: rows by chance, the same for the same seed. Each row has a random
//! number that follows from the seed and its own number (`rand`), so that neither threads nor batches show.

use super::aggregate::unused_name;
use super::scope::Stream;
use super::stage::StageCall;
use super::{Checker, errors};
use crate::ir::{ColumnId, Expr, ExprId, Fields, NodeId, OutputField, SortKey, Stage};
use crate::scalar::{Comparison, Scalar};
use crate::source::Span;
use crate::syntax::ast::{self, ArgumentValue, ExprKind, Label};
use crate::ty::{Kind, Type};

pub(super) fn sample<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let (mut count, mut fraction, mut seed) = (None, None, 0);
    for argument in &call.stage.arguments {
        match (&argument.label, &argument.value) {
            (Label::Option(name), ArgumentValue::Expr(expr)) if matches!(&*name.text, "n" | "seed") => {
                let id = checker.scalar(expr)?;
                let value = checker.int_constant(id, expr.span, &format!("`{}`", name.text))?;
                if &*name.text == "seed" {
                    seed = value;
                } else if value < 0 {
                    checker.report(errors::negative_count(expr.span, "sample", value));
                    return None;
                } else {
                    count = Some(value);
                }
            }
            (Label::Option(name), ArgumentValue::Expr(expr)) if &*name.text == "fraction" => {
                let id = checker.scalar(expr)?;
                let found = checker.ty(id).clone();
                let value = checker.coerce(id, &Kind::Float).and_then(|id| checker.constant_value(id));
                let Some(Ok(Scalar::Float(value))) = value else {
                    checker.report(errors::wanted(expr.span, "`fraction`", &Type::FLOAT, &found));
                    return None;
                };
                if !(0.0..=1.0).contains(&value) {
                    checker.report(errors::no_fraction(expr.span));
                    return None;
                }
                fraction = Some(value);
            }
            (Label::Option(name), _) => {
                let near = crate::diagnostic::did_you_mean(&name.text, ["n", "fraction", "seed"]);
                checker.report(errors::unknown_option(name.span, "sample", &name.text, &near));
                return None;
            }
            (Label::None, ArgumentValue::Expr(ast::Expr { kind: ExprKind::Int(_), span })) => {
                checker.report(errors::sample_number(*span, "n"));
                return None;
            }
            (Label::None, ArgumentValue::Expr(ast::Expr { kind: ExprKind::Float(..), span })) => {
                checker.report(errors::sample_number(*span, "fraction"));
                return None;
            }
            (Label::None | Label::Column(_), _) => {
                checker.report(errors::stage_arguments(argument.span, "sample", call.def.signature, 2));
                return None;
            }
        }
    }
    match (count, fraction) {
        (None, Some(fraction)) => checker.sample_fraction(input, fraction, seed, call.span()),
        (Some(count), None) => {
            checker.ends(&input, call)?;
            let keys = match &call.stage.by {
                Some(_) => checker.keys(call, &input.row)?,
                None => Vec::new(),
            };
            checker.sample_count(input, count, seed, keys, call.span())
        }
        (None, None) | (Some(_), Some(_)) => {
            checker.report(errors::stage_arguments(call.span(), "sample", call.def.signature, 0));
            None
        }
    }
}

impl<'a> Checker<'a> {
    /// Each row with that chance.
    fn sample_fraction(&mut self, input: Stream, fraction: f64, seed: i64, span: Span) -> Option<Stream> {
        let fields = input.row.fields.clone();
        let (node, number) = self.number(input.node, span, &fields, Vec::new());
        let chance = self.chance(seed, number, span)?;
        let most = self.float(fraction);
        let predicate = self.add(Expr::Compare(Comparison::Less, chance, most), Type::BOOL);
        let node = self.add_node(Stage::Filter { input: node, predicate, told: None }, span, fields);
        Some(Stream { node, ..input })
    }

    /// The rows with the least random numbers, of each group if there are keys, in the order that they came in.
    fn sample_count(&mut self, input: Stream, count: i64, seed: i64, keys: Vec<ExprId>, span: Span) -> Option<Stream> {
        let fields = input.row.fields.clone();
        let (node, number) = self.number(input.node, span, &fields, Vec::new());
        let chance = self.chance(seed, number, span)?;
        let numbered = self.with_number(&fields, number);
        let by_chance = vec![SortKey { expr: chance, descending: false }];
        let node = self.add_node(Stage::Sort { input: node, keys: by_chance }, span, numbered.clone());
        let node = match keys.is_empty() {
            true => {
                let stage = Stage::Slice { input: node, skip: 0, take: Some(count as u64) };
                self.add_node(stage, span, numbered.clone())
            }
            false => {
                let (node, rank) = self.number(node, span, &numbered, keys);
                let (rank, bound) = (self.plan.column_expr(rank), self.int(count));
                let predicate = self.add(Expr::Compare(Comparison::Less, rank, bound), Type::BOOL);
                self.add_node(Stage::Filter { input: node, predicate, told: None }, span, numbered.clone())
            }
        };
        let keys = vec![SortKey { expr: self.plan.column_expr(number), descending: false }];
        let node: NodeId = self.add_node(Stage::Sort { input: node, keys }, span, fields);
        Some(Stream { node, ..input })
    }

    fn with_number(&self, fields: &Fields, number: ColumnId) -> Fields {
        let mut numbered = fields.clone();
        numbered.push(OutputField { name: unused_name("number".into(), fields), column: number });
        numbered
    }

    /// The random number of a row.
    fn chance(&mut self, seed: i64, number: ColumnId, span: Span) -> Option<ExprId> {
        let (seed, number) = (self.int(seed), self.plan.column_expr(number));
        let Some(rand) = self.catalog.functions_named("rand").first().copied() else {
            self.report(errors::not_yet(span, "`sample` without the function `rand`"));
            return None;
        };
        Some(self.call_expr(rand, vec![seed, number], span))
    }
}
