//! What a stage `tee` writes.

use super::{ExprId, Plan, Shape, Target};
use crate::ty::{Field, Schema};
use std::sync::Arc;

/// A file that rows are written to on their way.
#[derive(Clone, Debug, PartialEq)]
pub struct Tee {
    /// Which.
    pub target: Target,
    /// How the rows are written.
    pub shape: Shape,
    /// What is written of each row, in the order of evaluation.
    pub fields: Vec<(Arc<str>, ExprId)>,
}

impl Tee {
    /// Its expressions in the order of evaluation.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        self.fields.iter().map(|(_, expr)| *expr)
    }

    /// The type of the rows in the file.
    pub fn schema(&self, plan: &Plan) -> Schema {
        let field = |(name, expr): &(Arc<str>, ExprId)| Field { name: name.clone(), ty: plan.exprs.ty(*expr).clone() };
        Schema { fields: self.fields.iter().map(field).collect() }
    }
}
