//! `stdin` as a source: it can be read once.

use super::scope::{Found, Value};
use super::{Checker, errors};
use crate::catalog::{ReadRequest, STDIN};
use crate::ir::{NodeId, Stage, TableOrigin};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind};

impl<'a> Checker<'a> {
    /// Whether an expression is the name `stdin`, and nothing else is called so.
    pub(super) fn is_stdin(&self, path: &ast::Expr) -> bool {
        let is_named_so = matches!(&path.kind, ExprKind::Name(name) if &**name == STDIN);
        is_named_so && matches!(self.scopes.look_up(self.scope, STDIN), Found::Nothing(_))
    }

    /// `stdin`, of the format that it looks like.
    pub(super) fn stdin(&mut self, span: Span) -> Value<'a> {
        let request = ReadRequest { path: STDIN.into(), stdin: true, span, options: Vec::new(), one_of_several: false };
        let stream = self.describe(request, span);
        Value::Stream(stream.unwrap_or_else(|| self.unknown_stream(span)))
    }

    /// E0409 if the statements read stdin more than once: a stream is run for each of its uses.
    pub(super) fn stdin_once(&mut self) {
        let mut uses = vec![0u64; self.plan.nodes.len()];
        let results = self.plan.statements.iter().map(|statement| statement.node);
        for node in results.chain(self.plan.subqueries.iter().map(|subquery| subquery.node)) {
            uses[node.0 as usize] += 1;
        }
        let mut first: Option<Span> = None;
        // What uses a stage comes behind it.
        let mut reads: Vec<(Span, u64)> = Vec::new();
        for at in (0..uses.len()).rev() {
            let node = self.plan.node(NodeId(at as u32));
            for input in node.stage.inputs() {
                uses[input.0 as usize] = uses[input.0 as usize].saturating_add(uses[at]);
            }
            let Stage::Scan { table, .. } = &node.stage else { continue };
            let table = &self.plan.tables[table.0 as usize];
            if matches!(table.origin, TableOrigin::File { stdin: true, .. }) && uses[at] > 0 {
                reads.push((table.span, uses[at]));
            }
        }
        reads.reverse();
        for (span, uses) in reads {
            if let Some(first) = first {
                self.report(errors::stdin_twice(span, Some(first)));
            } else if uses > 1 {
                self.report(errors::stdin_twice(span, None));
            }
            first.get_or_insert(span);
        }
    }
}
