//! What a plan has, by its ids, and how something is added to it.

use super::{
    ColumnDef, ColumnId, Expr, ExprId, Fields, Node, NodeId, OutputField, Plan, Routine, RoutineId, Site, SiteId,
    Stage, TypedExpr,
};
use crate::catalog::{Effect, ReadPolicy};
use crate::source::Span;
use crate::ty::{Schema, Type};
use std::sync::Arc;

impl Plan {
    /// The node that `id` names.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Adds a stage.
    pub fn add_node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Adds a column.
    pub fn add_column(&mut self, name: impl Into<Arc<str>>, ty: Type) -> ColumnId {
        let column = ColumnId(self.columns.len() as u32);
        self.exprs.add(TypedExpr { expr: Expr::Column(column), ty: ty.clone(), site: None }, Effect::Total);
        self.columns.push(ColumnDef { name: name.into(), ty });
        column
    }

    /// Adds a place that rows may fail at.
    pub fn add_site(&mut self, span: Span, caller: Option<SiteId>) -> SiteId {
        self.sites.push(Site { span, caller });
        SiteId(self.sites.len() as u32 - 1)
    }

    /// The routine that `id` names.
    pub fn routine(&self, id: RoutineId) -> &Routine {
        &self.routines[id.0 as usize]
    }

    /// The column that `id` names.
    pub fn column(&self, id: ColumnId) -> &ColumnDef {
        &self.columns[id.0 as usize]
    }

    /// The fields of the rows of a node; none of no node.
    pub fn fields_of(&self, node: Option<NodeId>) -> Fields {
        node.map_or_else(Fields::default, |node| self.node(node).output.clone())
    }

    /// The type of the rows of a node.
    pub fn schema(&self, id: NodeId) -> Schema {
        let field = |f: &OutputField| crate::ty::Field { name: f.name.clone(), ty: self.column(f.column).ty.clone() };
        Schema { fields: self.node(id).output.iter().map(field).collect() }
    }

    /// Whether the rows that stream from a node are looked at to their end whatever is taken of them, since there is an
    /// assertion or a `tee` among the stages that they stream through, or they come from a `read` that counts what does
    /// not fit. Of the rows that a union puts behind others, which may never be opened, that holds if there is one
    /// anywhere.
    pub fn runs_to_its_end(&self, node: NodeId) -> bool {
        let mut pending = vec![(node, false)];
        while let Some((node, anywhere)) = pending.pop() {
            match &self.node(node).stage {
                Stage::Assert { .. } | Stage::Tee { .. } => return true,
                Stage::Scan { table, .. } if self.tables[table.0 as usize].policy() != ReadPolicy::Fail => return true,
                Stage::Union { input, other, .. } => pending.extend([(*input, anywhere), (*other, true)]),
                stage if anywhere => pending.extend(stage.inputs().map(|input| (input, true))),
                stage => pending.extend(stage.input().filter(|_| !stage.is_breaker()).map(|input| (input, false))),
            }
        }
        false
    }

    /// The expression that is a column.
    pub fn column_expr(&self, column: ColumnId) -> ExprId {
        let ty = self.column(column).ty.clone();
        let expr = TypedExpr { expr: Expr::Column(column), ty, site: None };
        self.exprs.find(&expr).expect("a column is added together with its expression")
    }
}
