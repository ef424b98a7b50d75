//! What stages take of the rows that come in, and of other rows beside them.

use super::{ColumnId, JoinKind, NodeId, Stage};

impl Stage {
    /// The node whose rows it takes besides those of its input.
    pub fn other(&self) -> Option<NodeId> {
        match self {
            Stage::Union { other, .. } | Stage::Join { other, .. } => Some(*other),
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Iterate { .. }
            | Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Unpivot { .. }
            | Stage::Explode { .. } => None,
        }
    }

    /// The nodes whose rows it takes, its input first.
    pub fn inputs(&self) -> impl Iterator<Item = NodeId> + use<> {
        self.input().into_iter().chain(self.other())
    }

    /// The same stage over other rows beside its input; a stage that takes none stays as it is.
    pub fn with_other(mut self, new: NodeId) -> Stage {
        if let Stage::Union { other, .. } | Stage::Join { other, .. } = &mut self {
            *other = new;
        }
        self
    }

    /// The columns of its input that it mentions by themselves, outside of expressions.
    pub fn takes(&self) -> Vec<ColumnId> {
        self.taken().0
    }

    /// The columns of the other rows that it mentions.
    pub fn takes_of_other(&self) -> Vec<ColumnId> {
        self.taken().1
    }

    /// The columns of its input, and those of the other rows, that it mentions by themselves.
    fn taken(&self) -> (Vec<ColumnId>, Vec<ColumnId>) {
        match self {
            Stage::Union { columns, .. } => columns.iter().map(|(_, first, other)| (*first, *other)).unzip(),
            Stage::Join { join, .. } => {
                let old = |columns: &[(ColumnId, ColumnId)]| columns.iter().map(|(_, old)| *old).collect::<Vec<_>>();
                ([join.left_keys(), old(&join.left)].concat(), [join.right_keys(), old(&join.right)].concat())
            }
            Stage::Scan { .. }
            | Stage::Range { .. }
            | Stage::Values { .. }
            | Stage::Iterate { .. }
            | Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Aggregate { .. }
            | Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::While { .. }
            | Stage::Fold { .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Unpivot { .. }
            | Stage::Explode { .. } => Default::default(),
        }
    }

    /// Whether the columns of its input go on.
    pub fn passes_input(&self) -> bool {
        match self {
            Stage::Join { join, .. } => join.kind != JoinKind::Full,
            Stage::Aggregate { .. } | Stage::Fold { all: false, .. } | Stage::Union { .. } => false,
            Stage::Scan { .. } | Stage::Range { .. } | Stage::Values { .. } | Stage::Iterate { .. } => false,
            Stage::Filter { .. }
            | Stage::Map { .. }
            | Stage::Window { .. }
            | Stage::Sort { .. }
            | Stage::TopK { .. }
            | Stage::Slice { .. }
            | Stage::While { .. }
            | Stage::Fold { all: true, .. }
            | Stage::Number { .. }
            | Stage::Assert { .. }
            | Stage::Tee { .. }
            | Stage::Unpivot { .. }
            | Stage::Explode { .. } => true,
        }
    }
}
