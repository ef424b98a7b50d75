//! `write "file.csv"`: the rows go to a file instead of being shown. It ends a pipeline, and its statement.

use super::scope::Stream;
use super::stage::StageCall;
use super::{Checker, errors};
use crate::catalog::WriteRequest;
use crate::ir::{Stage, Target};
use crate::scalar::Scalar;
use crate::syntax::ast::{self, ArgumentValue, Label};
use crate::ty::Type;
use std::sync::Arc;

pub(super) fn write<'a>(checker: &mut Checker<'a>, call: &StageCall<'a>, input: Stream) -> Option<Stream> {
    let ends = checker.ends(&input, call);
    let (mut path, mut format) = (None, None);
    for argument in &call.stage.arguments {
        match (&argument.label, &argument.value) {
            (Label::None, ArgumentValue::Expr(expr)) if path.is_none() => {
                path = Some((checker.constant_text(expr, "`write`")?, expr.span));
            }
            (Label::Option(name), ArgumentValue::Expr(expr)) if &*name.text == "format" => {
                format = Some((checker.constant_text(expr, "`format`")?, expr.span));
            }
            (Label::Option(name), _) => {
                let near = crate::diagnostic::did_you_mean(&name.text, ["format"]);
                checker.report(errors::unknown_option(name.span, "write", &name.text, &near));
                return None;
            }
            (label, _) => {
                checker.labelled(call, label, argument);
                return None;
            }
        }
    }
    let Some((path, span)) = path else {
        checker.report(errors::stage_arguments(call.span(), "write", call.def.signature, 0));
        return None;
    };
    ends?;
    if checker.rows_entered > 0 {
        checker.report(errors::write_inside(call.span()));
        return None;
    }
    match checker.sources.target(&WriteRequest { path: path.clone(), span, format }) {
        Ok(format) => {
            let stage = |input| Stage::Map { input, definitions: Vec::new() };
            let output = checker.same_rows(input, call.span(), stage);
            checker.targets.insert(output.node, Target { path, format: format.into() });
            Some(output)
        }
        Err(diagnostic) => {
            checker.report(*diagnostic);
            None
        }
    }
}

impl<'a> Checker<'a> {
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
