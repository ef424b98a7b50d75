//! `write "file.csv"`: the rows go to a file instead of being shown. It ends a pipeline, and its statement.
//! `tee "file.csv"`: they go to a file on their way.

use super::scope::Stream;
use super::stage::StageCall;
use super::{Checker, errors};
use crate::catalog::WriteRequest;
use crate::ir::{OutputField, Stage, Target, Tee};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, ArgumentValue, Label};
use crate::ty::Type;
use std::sync::Arc;

/// `write "file.csv"`
pub(super) fn write<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let target = checker.target(call, &input)?;
    if checker.rows_entered > 0 {
        checker.report(errors::write_inside(call.span()));
        return None;
    }
    let stage = Stage::Map { input: input.node, definitions: Vec::new() };
    let fields = checker.plan.node(input.node).output.clone();
    let node = checker.add_node(stage, call.span(), fields);
    checker.targets.insert(node, target);
    if let Some(open) = checker.pivots.get(&input.node).cloned() {
        checker.pivots.insert(node, open);
    }
    Some(Stream { node, ..input })
}

/// `tee "file.csv"`
pub(super) fn tee<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let target = checker.target(call, &input)?;
    if checker.rows_entered > 0 {
        checker.report(errors::tee_inside(call.span()));
        return None;
    }
    let field = |field: &OutputField| (field.name.clone(), checker.plan.column_expr(field.column));
    let fields = input.row.fields.iter().map(field).collect();
    let tee = Tee { target, shape: input.row.shape, fields };
    Some(checker.same_rows(input, call.span(), |input| Stage::Tee { input, tee }))
}

impl<'a> Checker<'a> {
    /// The file that a stage names; rows that do not end cannot be written to one.
    fn target(&mut self, call: &StageCall<'a>, input: &Stream) -> Option<Target> {
        let ends = self.ends(input, call);
        let (mut path, mut format, mut compression) = (None, None, None);
        for argument in &call.stage.arguments {
            match (&argument.label, &argument.value) {
                (Label::None, ArgumentValue::Expr(expr)) if path.is_none() => {
                    path = Some((self.constant_text(expr, &format!("`{}`", call.def.name))?, expr.span));
                }
                (Label::Option(name), ArgumentValue::Expr(expr)) if &*name.text == "format" => {
                    format = Some((self.constant_text(expr, "`format`")?, expr.span));
                }
                (Label::Option(name), ArgumentValue::Expr(expr)) if &*name.text == "compression" => {
                    compression = Some((self.constant_text(expr, "`compression`")?, expr.span));
                }
                (Label::Option(name), _) => {
                    let near = crate::diagnostic::did_you_mean(&name.text, ["format", "compression"]);
                    self.report(errors::unknown_option(name.span, call.def.name, &name.text, &near));
                    return None;
                }
                (label, _) => {
                    self.labelled(call, label, argument);
                    return None;
                }
            }
        }
        let Some((path, span)) = path else {
            self.report(errors::stage_arguments(call.span(), call.def.name, call.def.signature, 0));
            return None;
        };
        ends?;
        let named = compression.as_ref().map(|(name, _)| name.clone());
        match self.sources.target(&WriteRequest { path: path.clone(), span, format, compression }) {
            Ok(format) => {
                self.can_be_written(input, format, call.span())?;
                Some(Target { path, format: format.into(), compression: named })
            }
            Err(diagnostic) => {
                self.report(*diagnostic);
                None
            }
        }
    }

    /// Reports a column that no file can hold.
    fn can_be_written(&mut self, input: &Stream, format: &str, span: Span) -> Option<()> {
        for field in input.row.fields.iter() {
            let ty = self.plan.column(field.column).ty.clone();
            if let Some(name) = ty.kind.opaque() {
                let methods = self.catalog.methods(name);
                self.report(errors::opaque_written(span, &field.name, format, name, &methods));
                return None;
            }
        }
        Some(())
    }

    /// A text that is known now.
    fn constant_text(&mut self, expr: &'a ast::Expr, who: &str) -> Option<Arc<str>> {
        let id = self.scalar(expr)?;
        match self.constant_value(id) {
            Some(Ok(Scalar::String(text))) => Some(text),
            _ if self.awaits_parameter(id) => None,
            Some(Ok(_)) => {
                let found = self.ty(id).clone();
                self.report(errors::wanted(expr.span, who, &Type::STRING, &found));
                None
            }
            Some(Err(_)) | None => {
                self.report(errors::not_constant(expr.span, who));
                None
            }
        }
    }
}
