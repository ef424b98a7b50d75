//! The reducers: many rows to one value a group. A reducer is a row of a table: its definition and its state, which is
//! columnar (one slot a group) and is updated by whole columns.

mod accumulator;
mod arg;
mod collect;
mod count;
mod distinct;
pub mod exact_sum;
mod extreme;
mod frame;
mod moments;
mod pick;
mod quantile;
mod rows;
mod slots;
mod sum;
#[cfg(test)]
mod testing;

pub use frame::{Frame, StartFrame};

use crate::batch::Column;
use pipelang_lang::catalog::{ReducerDef, ReducerId};
use pipelang_lang::scalar::Fault;
use pipelang_lang::ty::{Kind, Type};

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

    /// Takes over what another state of the same reducer has: its group `i` is added to group `groups[i]` of this one. What
    /// takes long asks now and then whether to `stop`, and is then left as it is.
    fn merge(&mut self, other: &mut dyn State, groups: &[u32], stop: Stop);

    /// About how much it holds.
    fn weight(&self) -> Weight;

    /// About how many bytes it holds of what rows leave behind where not every row does.
    fn kept(&self) -> u64 {
        0
    }

    /// The values of all groups, which it has no longer behind it; fails if one would be larger than a value may be. What
    /// takes long asks now and then whether to `stop`, and what comes out is then of no use.
    fn finish(&mut self, stop: Stop) -> Finished;

    /// For [`State::merge`]: the state itself.
    fn as_any(&mut self) -> &mut dyn std::any::Any;
}

/// About how many bytes a state holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// For each group.
    pub group: u64,
    /// For each row, beside its arguments; 0 where a row leaves nothing behind, or only sometimes ([`State::kept`]).
    pub row: u64,
}

/// The values of all groups, or why one of them may not be.
pub type Finished = Result<Column, Fault>;

/// Whether nobody waits for what is computed any longer.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// What starts a reducer for arguments of these types.
pub type Start = fn(arguments: &[Type]) -> Box<dyn State>;

/// A reducer with everything that the executors know of it.
#[derive(Clone, Debug)]
pub struct Reducer {
    /// What scripts see.
    pub def: ReducerDef,
    /// An empty state for arguments of these types.
    pub start: Start,
    /// An empty frame for arguments of these types; none where the value is made anew of the rows.
    pub frame: Option<StartFrame>,
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

/// All reducers of the language, in the order in which they are listed to users.
pub fn reducers() -> Reducers {
    Reducers(vec![
        count::COUNT,
        count::COUNT_IF,
        distinct::COUNT_DISTINCT,
        sum::SUM,
        sum::WRAPPING_SUM,
        sum::MEAN,
        extreme::MIN,
        extreme::MAX,
        pick::FIRST,
        pick::LAST,
        count::ANY,
        count::ALL,
        quantile::MEDIAN,
        quantile::QUANTILE,
        moments::STDDEV,
        moments::VARIANCE,
        moments::CORR,
        moments::COVARIANCE,
        distinct::MODE,
        collect::LIST,
        distinct::SET,
        collect::STRING_JOIN,
        arg::ARG_MIN,
        arg::ARG_MAX,
    ])
}

/// The other state of a merge, which is of the same type.
fn same_state<S: State + 'static>(other: &mut dyn State) -> &mut S {
    other.as_any().downcast_mut().expect("only states of one reducer over one type are merged")
}

/// The groups of a state, up to where it is to `stop`.
fn until<T>(stop: Stop, groups: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
    const GROUPS_BETWEEN_LOOKS: usize = 64;
    let goes_on = move |(at, _): &(usize, T)| !at.is_multiple_of(GROUPS_BETWEEN_LOOKS) || !stop();
    groups.enumerate().take_while(goes_on).map(|(_, group)| group)
}

/// The type of the only argument, which is any but a sum in the making.
fn any_type(arguments: &[Type]) -> Option<Type> {
    match arguments {
        [Type { kind: Kind::Wide, .. }] => None,
        [ty] => Some(ty.clone()),
        _ => None,
    }
}

/// The same of values that are compared with each other.
fn comparable_type(arguments: &[Type]) -> Option<Type> {
    any_type(arguments).filter(|ty| ty.kind.opaque().is_none())
}

/// The type of a reducer that gives one of its values, or null if there are none.
fn same_or_null(arguments: &[Type]) -> Option<Type> {
    let [ty] = arguments else { return None };
    match &ty.kind {
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::String
        | Kind::Date
        | Kind::DateTime
        | Kind::Duration
        | Kind::Null => Some(ty.clone().or_null()),
        Kind::Unknown => Some(Type::UNKNOWN),
        Kind::Bytes | Kind::Wide | Kind::List(_) | Kind::Record(_) | Kind::Map(_) | Kind::Json => None,
        Kind::Opaque(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use pipelang_lang::codes::E0801;
    use pipelang_lang::scalar::LARGEST;

    #[test]
    fn of_no_rows_only_counts_and_sums_have_a_value() {
        let expected = |name| match name {
            "count" | "count_if" | "count_distinct" | "wrapping_sum" => int(0),
            "sum" => pipelang_lang::scalar::Scalar::Wide(0),
            _ => NULL,
        };
        for Reducer { def, .. } in reducers().0 {
            assert_eq!(reduce_rows(def.name, &sample(&def, 0), 0), expected(def.name), "{}", def.name);
        }
    }

    #[test]
    fn groups_that_appear_later_begin_empty() {
        for Reducer { def, start, .. } in reducers().0 {
            let columns = sample(&def, 2);
            let types: Vec<Type> = columns.iter().map(type_of).collect();
            let mut alone = start(&types);
            alone.grow(1);
            alone.update(&columns, &[0, 0], &[8, 9], None);
            let mut late = start(&types);
            late.grow(1);
            late.update(&columns, &[0, 0], &[0, 1], None);
            late.grow(3);
            late.update(&columns, &[2, 2], &[8, 9], None);
            let (alone, late) = (finished(alone), finished(late));
            assert_eq!(late.len(), 3);
            assert_eq!(late.get(2), alone.get(0), "{}", def.name);
            assert_eq!(late.get(0), alone.get(0), "{}", def.name);
        }
    }

    #[test]
    fn values_that_would_be_too_large_are_faults() {
        let half = LARGEST / 2;
        let (one, other) = ("a".repeat(half), "b".repeat(half));
        let between = texts(&[Some(""); 2]);
        let both = texts(&[Some(&one), Some(&other)]);
        for (name, arguments) in
            [("list", vec![both.clone()]), ("set", vec![both.clone()]), ("string_join", vec![both, between])]
        {
            let types: Vec<Type> = arguments.iter().map(type_of).collect();
            let start = || {
                let mut state = (reducer(name).start)(&types);
                state.grow(2);
                state
            };
            let mut whole = start();
            whole.update(&arguments, &[1, 1], &[0, 1], None);
            assert_eq!(whole.finish(&|| false).expect_err(name).code, E0801);
            let part = |row: usize| {
                let columns: Vec<Column> = arguments.iter().map(|column| column.slice(row, 1)).collect();
                let mut state = start();
                state.update(&columns, &[1], &[row as u64], None);
                state
            };
            assert_eq!(finished(part(1)).get(0), NULL, "one of them is not too large");
            let (mut first, mut second) = (part(0), part(1));
            first.merge(second.as_mut(), &[0, 1], &|| false);
            assert_eq!(first.finish(&|| false).expect_err(name).code, E0801);
        }
    }

    #[test]
    fn wrong_arguments_are_refused() {
        let result = |name: &str, types: &[Type]| (reducer(name).def.result)(types);
        assert_eq!(result("sum", &[Type::STRING]), None);
        assert_eq!(result("mean", &[Type::BOOL]), None);
        assert_eq!(result("any", &[Type::INT]), None);
        assert_eq!(result("min", &[Type::of(Kind::Json)]), None);
        assert_eq!(result("sum", &[Type::INT.or_null()]), Some(Type::of(Kind::Wide)));
        assert_eq!(result("max", &[Type::DATE]), Some(Type::DATE.or_null()));
        assert_eq!(result("median", &[Type::STRING]), None);
        assert_eq!(result("corr", &[Type::FLOAT]), None);
        assert_eq!(result("string_join", &[Type::INT, Type::STRING]), None);
        assert_eq!(result("arg_max", &[Type::INT, Type::list(Type::INT)]), None);
        assert_eq!(result("list", &[Type::INT]), Some(Type::list(Type::INT).or_null()));
    }
}
