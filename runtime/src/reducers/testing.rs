//! What the reducers' tests share: columns and values in few words, and [`reduce`], which reduces a column in many
//! ways and holds them all to one result.

use super::{Reducer, State, reducers};
use crate::batch::Column;
use arrow_array::UInt32Array;
use arrow_buffer::BooleanBuffer;
use pipelang_lang::catalog::ReducerDef;
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::{Kind, Type};

/// `null`
pub const NULL: Scalar = Scalar::Null;

/// An int.
pub fn int(x: i64) -> Scalar {
    Scalar::Int(x)
}

/// A float.
pub fn float(x: f64) -> Scalar {
    Scalar::Float(x)
}

/// A bool.
pub fn boolean(x: bool) -> Scalar {
    Scalar::Bool(x)
}

/// A text.
pub fn text(x: &str) -> Scalar {
    Scalar::String(x.into())
}

/// A date.
pub fn date(x: i32) -> Scalar {
    Scalar::Date(x)
}

/// The encoding of a float.
pub fn bits(x: Scalar) -> u64 {
    match x {
        Scalar::Float(x) => x.to_bits(),
        other => panic!("{other:?} is not a float"),
    }
}

/// A column of floats.
pub fn floats(values: &[f64]) -> Column {
    Column::from_scalars(&Kind::Float, &values.iter().copied().map(float).collect::<Vec<_>>())
}

/// A column of ints.
pub fn ints(values: &[Option<i64>]) -> Column {
    Column::from_scalars(&Kind::Int, &values.iter().map(|x| x.map_or(NULL, int)).collect::<Vec<_>>())
}

/// A column of bools.
pub fn bools(values: &[Option<bool>]) -> Column {
    Column::from_scalars(&Kind::Bool, &values.iter().map(|x| x.map_or(NULL, boolean)).collect::<Vec<_>>())
}

/// A column of texts.
pub fn texts(values: &[Option<&str>]) -> Column {
    Column::from_scalars(&Kind::String, &values.iter().map(|x| x.map_or(NULL, text)).collect::<Vec<_>>())
}

/// A column of dates.
pub fn dates(values: &[i32]) -> Column {
    Column::from_scalars(&Kind::Date, &values.iter().copied().map(date).collect::<Vec<_>>())
}

/// The reducer of that name.
pub fn reducer(name: &str) -> Reducer {
    reducers().0.into_iter().find(|reducer| reducer.def.name == name).expect("the name is in the list")
}

/// The nullable type of a column.
pub fn type_of(column: &Column) -> Type {
    let kind = match column {
        Column::Bool(_) => Kind::Bool,
        Column::Int(_) => Kind::Int,
        Column::Float(_) => Kind::Float,
        Column::String(_) => Kind::String,
        Column::Date(_) => Kind::Date,
        Column::DateTime(_) => Kind::DateTime,
        Column::Duration(_) => Kind::Duration,
        Column::Wide(_) => Kind::Wide,
        Column::Values(_) => Kind::Json,
        Column::Null(_) => Kind::Null,
    };
    Type::of(kind).or_null()
}

/// Arguments that a reducer takes, for so many rows, of which the second is larger than the first.
pub fn sample(def: &ReducerDef, rows: usize) -> Vec<Column> {
    let columns = [
        ints(&[Some(1), Some(2)]),
        floats(&[0.25, 0.5]),
        texts(&[Some("a"), Some("b")]),
        bools(&[Some(false), Some(true)]),
    ];
    let takes = |column: &&Column| (def.result)(&vec![type_of(column); def.arity.1]).is_some();
    let column = columns.iter().find(takes).expect("the reducer takes one of them");
    vec![column.slice(0, rows); def.arity.1]
}

/// The values of all groups.
pub fn finished(mut state: Box<dyn State>) -> Column {
    state.finish(&|| false).expect("the values are small")
}

/// What a reducer makes of a column.
pub fn reduce(name: &str, column: Column) -> Scalar {
    let rows = column.len();
    reduce_rows(name, &[column], rows)
}

/// What a reducer makes of some rows: as one batch, cut in two anywhere and merged forwards and backwards, as the only
/// group and as one among others, and with inactive rows in between.
pub fn reduce_rows(name: &str, arguments: &[Column], rows: usize) -> Scalar {
    let reducer = reducer(name);
    let types: Vec<Type> = arguments.iter().map(type_of).collect();
    let result = (reducer.def.result)(&types).expect("the reducer takes the column");
    let part = |from: usize, to: usize, groups: usize| {
        let columns: Vec<Column> = arguments.iter().map(|column| column.slice(from, to - from)).collect();
        let ordinals: Vec<u64> = (from as u64..to as u64).collect();
        let mut state = (reducer.start)(&types);
        state.grow(groups);
        state.update(&columns, &vec![groups as u32 - 1; to - from], &ordinals, None);
        state
    };
    let whole = finished(part(0, rows, 1)).get(0);
    assert!(result.nullable || whole != NULL, "{name} gave a null");
    for cut in 0..=rows {
        for groups in [1, 3] {
            let parts = || (part(0, cut, groups), part(cut, rows, groups));
            let (first, second) = parts();
            assert_same(&merged(first, second, groups), &whole);
            let (first, second) = parts();
            assert_same(&merged(second, first, groups), &whole);
        }
    }
    assert_same(&among_inactive((reducer.start)(&types), arguments, rows), &whole);
    for width in 1..=rows.min(4) {
        let mut frame = reducer.frame(&types);
        assert_same(&frame.value(), &finished(part(0, 0, 1)).get(0));
        let row = |at: usize| arguments.iter().map(|column| column.get(at)).collect::<Vec<Scalar>>();
        for at in 0..rows {
            frame.push(&row(at));
            if let Some(gone) = at.checked_sub(width) {
                frame.pop(&row(gone));
            }
            assert_same(&frame.value(), &finished(part((at + 1).saturating_sub(width), at + 1, 1)).get(0));
        }
    }
    whole
}

/// The value of the last group of two states, whose other groups are empty.
fn merged(mut into: Box<dyn State>, mut from: Box<dyn State>, groups: usize) -> Scalar {
    // The groups have other numbers in the other state: there the last is the last, but the others are turned round.
    let last = groups as u32 - 1;
    let numbers: Vec<u32> = (0..last).rev().chain([last]).collect();
    into.merge(from.as_mut(), &numbers, &|| false);
    finished(into).get(groups - 1)
}

/// The value if every row stands twice, once inactive.
fn among_inactive(mut state: Box<dyn State>, arguments: &[Column], rows: usize) -> Scalar {
    state.grow(1);
    let twice = UInt32Array::from_iter_values((0..rows as u32).flat_map(|row| [row, row]));
    let columns: Vec<Column> = arguments.iter().map(|column| column.take(&twice)).collect();
    let active: BooleanBuffer = (0..rows * 2).map(|row| row % 2 == 1).collect();
    let ordinals: Vec<u64> = (0..rows as u64 * 2).collect();
    state.update(&columns, &vec![0; rows * 2], &ordinals, Some(&active));
    finished(state).get(0)
}

/// Equal to the bit.
pub fn assert_same(a: &Scalar, b: &Scalar) {
    match (a, b) {
        (Scalar::Float(a), Scalar::Float(b)) => assert_eq!(a.to_bits(), b.to_bits(), "{a} {b}"),
        (Scalar::List(a), Scalar::List(b)) if a.len() == b.len() => {
            a.iter().zip(&**b).for_each(|(a, b)| assert_same(a, b));
        }
        (a, b) => assert_eq!(a, b),
    }
}
