//! Sources that come once: `stdin`, FIFOs and devices.

use super::scope::{Found, Value};
use super::{Checker, errors};
use crate::catalog::{ReadRequest, STDIN};
use crate::ir::{NodeId, Stage, Supply, TableOrigin};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind};
use std::collections::BTreeMap;
use std::sync::Arc;

impl<'a> Checker<'a> {
    /// Whether an expression is the name `stdin`, and nothing else is called so.
    pub(super) fn is_stdin(&self, path: &ast::Expr) -> bool {
        let is_named_so = matches!(&path.kind, ExprKind::Name(name) if &**name == STDIN);
        is_named_so && matches!(self.scopes.look_up(self.scope, STDIN), Found::Nothing(_))
    }

    /// `stdin`, of the format that it looks like.
    pub(super) fn stdin(&mut self, span: Span) -> Value<'a> {
        let (path, options) = (STDIN.into(), Vec::new());
        let request = ReadRequest { path, stdin: true, span, options, room: None, one_of_several: false };
        let stream = self.describe(request, span);
        Value::Stream(stream.unwrap_or_else(|| self.unknown_stream(span)))
    }

    /// E0409 if the statements read what comes once more than once: a stream is run for each of its uses.
    pub(super) fn streams_once(&mut self) {
        let mut uses = vec![0u64; self.plan.nodes.len()];
        let results = self.plan.statements.iter().map(|statement| statement.node);
        for node in results.chain(self.plan.subqueries.iter().map(|subquery| subquery.node)) {
            uses[node.0 as usize] += 1;
        }
        // What uses a stage comes behind it.
        let mut reads: Vec<(Arc<str>, Span, u64)> = Vec::new();
        for at in (0..uses.len()).rev() {
            let node = self.plan.node(NodeId(at as u32));
            for input in node.stage.inputs() {
                uses[input.0 as usize] = uses[input.0 as usize].saturating_add(uses[at]);
            }
            let Stage::Scan { table, .. } = &node.stage else { continue };
            let table = &self.plan.tables[table.0 as usize];
            match &table.origin {
                TableOrigin::File { supply: Supply::Stdin | Supply::Stream, path, .. } if uses[at] > 0 => {
                    reads.push((path.clone(), table.span, uses[at]));
                }
                TableOrigin::File { .. } | TableOrigin::Bound(_) => {}
            }
        }
        let mut first: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        for (path, span, uses) in reads.into_iter().rev() {
            if let Some(first) = first.get(&path) {
                self.report(errors::stream_twice(&path, span, Some(*first)));
            } else if uses > 1 {
                self.report(errors::stream_twice(&path, span, None));
            }
            first.entry(path).or_insert(span);
        }
    }
}
