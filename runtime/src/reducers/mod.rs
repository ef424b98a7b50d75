//! The reducers: many rows to one value a group. A reducer is a row of a table: its definition and its state, which is
//! columnar (one slot a group) and is updated by whole columns.

use crate::batch::Column;
use pipelang_lang::catalog::{ReducerDef, ReducerId};
use pipelang_lang::ty::Type;

/// The state of one reducer over many groups. Slots are group numbers; a new group begins empty.
pub trait State: Send {
    /// Makes room for groups `0 .. groups`.
    fn grow(&mut self, groups: usize);

    /// Takes rows: row `i` belongs to group `groups[i]` and comes `ordinals[i]`-th in the stream. A row whose `active` bit
    /// is off does not count (`where:`). Rows of one call come in order; calls need not.
    fn update(
        &mut self,
        arguments: &[Column],
        groups: &[u32],
        ordinals: &[u64],
        active: Option<&arrow_buffer::BooleanBuffer>,
    );

    /// Takes another state of the same reducer over: its group `i` is added to group `groups[i]` of this one.
    fn merge(&mut self, other: Box<dyn State>, groups: &[u32]);

    /// The values of all groups.
    fn finish(self: Box<Self>) -> Column;

    /// For [`State::merge`]: the state itself.
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
}

/// A reducer with everything that the executors know of it.
#[derive(Clone)]
pub struct Reducer {
    /// What scripts see.
    pub def: ReducerDef,
    /// An empty state for arguments of these types.
    pub start: fn(arguments: &[Type]) -> Box<dyn State>,
}

/// All reducers of an engine; a [`ReducerId`] is a position.
#[derive(Clone, Default)]
pub struct Reducers(pub Vec<Reducer>);

impl Reducers {
    /// The reducer that `id` names.
    pub fn get(&self, id: ReducerId) -> &Reducer {
        &self.0[id.0 as usize]
    }
}
