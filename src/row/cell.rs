//! Single values at the border: which Rust types a field, an argument or a result may have.

use super::{FieldKind, FieldType, HostValue, InPlace, Items, ResultColumn};
use pipelang_lang::calendar::{spell_date, spell_datetime, spell_duration};
use pipelang_lang::codes::{Code, E0501, E0603};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use pipelang_runtime::batch::Column;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// A value on its way between Pipe and Rust.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell<'a> {
    /// Null.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `string`
    String(&'a str),
    /// `date`: days since 1970-01-01
    Date(i32),
    /// `datetime`: microseconds since 1970-01-01 in UTC
    DateTime(i64),
    /// `duration`: microseconds
    Duration(i64),
    /// `bytes`
    Bytes(&'a [u8]),
    /// `json`: its text
    Json(&'a str),
    /// A list.
    List(Items<'a>),
    /// A record.
    Record(Items<'a>),
    /// A map.
    Map(Items<'a>),
    /// A value of a type of the host.
    Host(HostValue<'a>),
    /// A value of Rust that is none of Pipe's: an error where it is demanded.
    Unfit(Unfit),
}

/// A value of Rust that is none of Pipe's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// An integer that does not fit into `int`.
    Int(u128),
    /// An instant that is no `datetime`, in nanoseconds since 1970: beyond its range or between two microseconds.
    DateTime(i128),
    /// A length of time that is no `duration`, in nanoseconds.
    Duration(i128),
    /// A value of the [`HostType`](super::HostType) of this name whose `clone` or `size` panicked.
    Panicked(&'static str),
}

impl Unfit {
    /// The type that it should fit into.
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Unfit::Int(_) => "int",
            Unfit::DateTime(_) => "datetime",
            Unfit::Duration(_) => "duration",
            Unfit::Panicked(name) => name,
        }
    }

    /// The code of the error where it is demanded.
    pub(crate) fn code(self) -> Code {
        match self {
            Unfit::Int(_) | Unfit::DateTime(_) | Unfit::Duration(_) => E0501,
            Unfit::Panicked(_) => E0603,
        }
    }

    /// Why it is none, in words.
    pub(crate) fn told(self) -> String {
        match self {
            Unfit::Int(_) => format!("{self} does not fit into int (64 bits)"),
            Unfit::DateTime(_) | Unfit::Duration(_) => format!("{self} does not fit into {}", self.expected()),
            Unfit::Panicked(_) => format!("there is {self}"),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Unfit::Int(x) => x.fmt(f),
            Unfit::DateTime(x) => write!(f, "{x} nanoseconds since 1970"),
            Unfit::Duration(x) => write!(f, "{x} nanoseconds"),
            Unfit::Panicked(name) => write!(f, "a {name} that panicked when it was copied"),
        }
    }
}

impl<'a> Cell<'a> {
    /// The value of a column of that kind in a row.
    #[inline]
    pub(crate) fn at(column: &'a Column, row: usize, kind: &'a Kind) -> Cell<'a> {
        if column.is_null(row) {
            return Cell::Null;
        }
        match column {
            Column::Bool(array) => Cell::Bool(array.value(row)),
            Column::Int(array) => Cell::Int(array.value(row)),
            Column::Float(array) => Cell::Float(array.value(row)),
            Column::String(array) => Cell::String(array.value(row)),
            Column::Date(array) => Cell::Date(array.value(row)),
            Column::DateTime(array) => Cell::DateTime(array.value(row)),
            Column::Duration(array) => Cell::Duration(array.value(row)),
            Column::Values(values) => Cell::of(values.value(row), kind),
            // No script can name or see a sum before it is checked.
            Column::Wide(_) | Column::Null(_) => Cell::Null,
        }
    }

    /// A single value of a kind.
    pub(crate) fn of(scalar: &'a Scalar, kind: &'a Kind) -> Cell<'a> {
        match scalar {
            Scalar::Null | Scalar::Wide(_) => Cell::Null,
            Scalar::Bool(x) => Cell::Bool(*x),
            Scalar::Int(x) => Cell::Int(*x),
            Scalar::Float(x) => Cell::Float(*x),
            Scalar::String(x) => Cell::String(x),
            Scalar::Bytes(x) => Cell::Bytes(x),
            Scalar::Date(x) => Cell::Date(*x),
            Scalar::DateTime(x) => Cell::DateTime(*x),
            Scalar::Duration(x) => Cell::Duration(*x),
            Scalar::List(x) => Cell::List(Items::of_values(x, kind)),
            Scalar::Record(x) => Cell::Record(Items::of_values(x, kind)),
            Scalar::Map(x) => Cell::Map(Items::of_entries(x, kind)),
            Scalar::Json(x) => Cell::Json(x),
            Scalar::Opaque(x) => Cell::Host(HostValue::of_script(x)),
        }
    }

    /// The word of a number or a bool: a float by its bits, a bool as 0 or 1.
    #[inline]
    pub(crate) fn word(self) -> Option<u64> {
        match self {
            Cell::Bool(x) => Some(u64::from(x)),
            Cell::Int(x) => Some(x as u64),
            Cell::Float(x) => Some(pipelang_lang::scalar::canonical(x).to_bits()),
            _ => None,
        }
    }

    /// As a value of the language, if it is one.
    pub(crate) fn scalar(self) -> Result<Scalar, Unfit> {
        Ok(match self {
            Cell::Null => Scalar::Null,
            Cell::Bool(x) => Scalar::Bool(x),
            Cell::Int(x) => Scalar::Int(x),
            Cell::Float(x) => Scalar::Float(pipelang_lang::scalar::canonical(x)),
            Cell::String(x) => Scalar::String(x.into()),
            Cell::Date(x) => Scalar::Date(x),
            Cell::DateTime(x) => Scalar::DateTime(x),
            Cell::Duration(x) => Scalar::Duration(x),
            Cell::Bytes(x) => Scalar::Bytes(x.into()),
            Cell::Json(x) => Scalar::Json(x.into()),
            Cell::List(items) => Scalar::List(items.iter().map(Cell::scalar).collect::<Result<_, _>>()?),
            Cell::Record(items) => Scalar::Record(items.iter().map(Cell::scalar).collect::<Result<_, _>>()?),
            Cell::Map(items) => {
                let entry = |(at, cell): (usize, Cell)| Ok((items.name(at).unwrap_or_default().into(), cell.scalar()?));
                Scalar::Map(items.iter().enumerate().map(entry).collect::<Result<_, Unfit>>()?)
            }
            Cell::Host(x) => Scalar::Opaque(x.shared()?),
            Cell::Unfit(unfit) => return Err(unfit),
        })
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Cell::Null => f.write_str("null"),
            Cell::Bool(x) => x.fmt(f),
            Cell::Int(x) => x.fmt(f),
            Cell::Float(x) => write!(f, "{x:?}"),
            Cell::String(x) => write!(f, "{x:?}"),
            Cell::Date(x) => f.write_str(&spell_date(*x)),
            Cell::DateTime(x) => f.write_str(&spell_datetime(*x)),
            Cell::Duration(x) => f.write_str(&spell_duration(*x)),
            Cell::Bytes(_) => f.write_str("bytes"),
            Cell::Json(_) => f.write_str("a json"),
            Cell::List(items) => write!(f, "a list of {}", items.len()),
            Cell::Record(_) => f.write_str("a record"),
            Cell::Map(_) => f.write_str("a map"),
            Cell::Host(x) => write!(f, "a {}", x.type_name()),
            Cell::Unfit(unfit) => unfit.fmt(f),
        }
    }
}

/// A value of a result that the Rust type cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellMismatch {
    /// The column; empty where there is none.
    pub column: String,
    /// The value.
    pub found: String,
    /// The Rust type.
    pub wanted: Cow<'static, str>,
}

impl CellMismatch {
    /// A value that is none of a type.
    pub fn new(found: Cell<'_>, wanted: &'static str) -> CellMismatch {
        CellMismatch { column: String::new(), found: found.to_string(), wanted: wanted.into() }
    }
}

impl fmt::Display for CellMismatch {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let CellMismatch { column, found, wanted } = self;
        if column.is_empty() {
            write!(f, "{found} does not fit into {wanted}")
        } else {
            write!(f, "`{column}` is {found}, which does not fit into {wanted}")
        }
    }
}

impl std::error::Error for CellMismatch {}

/// A Rust type that a field of a row or the result of a host function may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that Pipe knows",
    label = "not a value of the language",
    note = "fields and results are integers, floats, `bool`, `String`, `&str`, times of jiff and std, structs that derive \
            `pipelang::Row`, types that implement `pipelang::HostType`, and `Option` or `Vec` of those"
)]
pub trait ToCell {
    /// What it is in Pipe.
    const KIND: FieldKind;
    /// Whether it may be null.
    const NULLABLE: bool = false;

    /// The value.
    fn to_cell(&self) -> Cell<'_>;

    /// The number that it is, as it lies in memory, if machine code can read it there.
    fn in_place(&self) -> Option<InPlace<'_>> {
        None
    }
}

/// A Rust type that the value of a result can be read into.
#[diagnostic::on_unimplemented(
    message = "a value of Pipe cannot be read into `{Self}`",
    note = "results are integers, floats, `bool`, `String`, times of jiff and std, structs that derive `pipelang::Row` and \
            borrow nothing, types that implement `pipelang::HostType`, and `Option` or `Vec` of those"
)]
pub trait FromCell: ToCell + Sized {
    /// Reads it; numbers are checked, never cut off.
    fn from_cell(cell: Cell<'_>) -> Result<Self, CellMismatch>;

    /// Reads the values of many rows at once; none if any of them does not fit.
    fn from_column(column: &ResultColumn<'_>) -> Option<Vec<Self>> {
        let mut values = Vec::with_capacity(column.cells().len());
        for cell in column.cells() {
            values.push(Self::from_cell(cell).ok()?);
        }
        Some(values)
    }
}

#[cold]
pub(super) fn mismatch<T>(cell: Cell<'_>, wanted: &'static str) -> Result<T, CellMismatch> {
    Err(CellMismatch::new(cell, wanted))
}

/// The integers: each is an `int`, on the way in if it fits into 64 bits, on the way out if it fits into the type.
macro_rules! integers {
    ($($type:ident)*) => {$(
        impl ToCell for $type {
            const KIND: FieldKind = FieldKind::Int;

            #[inline]
            fn to_cell(&self) -> Cell<'_> {
                // Only a value above `i64::MAX` fails here; it is positive.
                i64::try_from(*self).map_or(Cell::Unfit(Unfit::Int(*self as u128)), Cell::Int)
            }

            fn in_place(&self) -> Option<InPlace<'_>> {
                InPlace::of(self)
            }
        }

        impl FromCell for $type {
            #[inline]
            fn from_cell(cell: Cell<'_>) -> Result<$type, CellMismatch> {
                match cell {
                    Cell::Int(x) => $type::try_from(x).or_else(|_| mismatch(cell, stringify!($type))),
                    _ => mismatch(cell, stringify!($type)),
                }
            }

            fn from_column(column: &ResultColumn<'_>) -> Option<Vec<$type>> {
                // Two loops without a way out, of which the compiler makes vector code.
                let values = column.ints()?;
                let fit = values.iter().fold(true, |fit, x| fit & $type::try_from(*x).is_ok());
                fit.then(|| values.iter().map(|x| *x as $type).collect())
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

/// The floats: an int is converted; an `f32` is the nearest one.
macro_rules! floats {
    ($($type:ident)*) => {$(
        impl ToCell for $type {
            const KIND: FieldKind = FieldKind::Float;

            #[inline]
            fn to_cell(&self) -> Cell<'_> {
                Cell::Float(f64::from(*self))
            }

            fn in_place(&self) -> Option<InPlace<'_>> {
                InPlace::of(self)
            }
        }

        impl FromCell for $type {
            #[inline]
            fn from_cell(cell: Cell<'_>) -> Result<$type, CellMismatch> {
                match cell {
                    Cell::Float(x) => Ok(x as $type),
                    Cell::Int(x) => Ok(x as $type),
                    _ => mismatch(cell, stringify!($type)),
                }
            }

            fn from_column(column: &ResultColumn<'_>) -> Option<Vec<$type>> {
                match (column.floats(), column.ints()) {
                    (Some(values), _) => Some(values.iter().map(|x| *x as $type).collect()),
                    (None, Some(values)) => Some(values.iter().map(|x| *x as $type).collect()),
                    (None, None) => None,
                }
            }
        }
    )*};
}

floats! { f32 f64 }

impl ToCell for bool {
    const KIND: FieldKind = FieldKind::Bool;

    #[inline]
    fn to_cell(&self) -> Cell<'_> {
        Cell::Bool(*self)
    }
}

impl FromCell for bool {
    #[inline]
    fn from_cell(cell: Cell<'_>) -> Result<bool, CellMismatch> {
        match cell {
            Cell::Bool(x) => Ok(x),
            _ => mismatch(cell, "bool"),
        }
    }
}

impl ToCell for String {
    const KIND: FieldKind = FieldKind::String;

    #[inline]
    fn to_cell(&self) -> Cell<'_> {
        Cell::String(self)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Result<String, CellMismatch> {
        match cell {
            Cell::String(x) => Ok(x.to_string()),
            _ => mismatch(cell, "String"),
        }
    }
}

/// The other texts: what owns its own can be read back.
macro_rules! texts {
    ($($type:ty),* ; $($owned:ty),*) => {
        $(
            impl ToCell for $type {
                const KIND: FieldKind = FieldKind::String;

                #[inline]
                fn to_cell(&self) -> Cell<'_> {
                    Cell::String(self)
                }
            }
        )*
        $(
            impl FromCell for $owned {
                fn from_cell(cell: Cell<'_>) -> Result<$owned, CellMismatch> {
                    match cell {
                        Cell::String(x) => Ok(x.into()),
                        _ => mismatch(cell, stringify!($owned)),
                    }
                }
            }
        )*
    };
}

texts! { &str, Cow<'_, str>, Arc<str>, Box<str>; Arc<str>, Box<str> }

impl<T: ToCell> ToCell for Vec<T> {
    const KIND: FieldKind = FieldKind::List(&FieldType::of::<T>());

    #[inline]
    fn to_cell(&self) -> Cell<'_> {
        Cell::List(Items::of_host(self, self.len()))
    }
}

impl<T: FromCell> FromCell for Vec<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Vec<T>, CellMismatch> {
        match cell {
            Cell::List(items) => items.iter().map(T::from_cell).collect(),
            _ => mismatch(cell, "Vec"),
        }
    }
}

impl<T: ToCell> ToCell for Option<T> {
    const KIND: FieldKind = T::KIND;
    const NULLABLE: bool = true;

    #[inline]
    fn to_cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, T::to_cell)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Option<T>, CellMismatch> {
        match cell {
            Cell::Null => Ok(None),
            _ => T::from_cell(cell).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrowing_is_checked() {
        assert_eq!(u8::from_cell(Cell::Int(255)), Ok(255));
        assert_eq!(u8::from_cell(Cell::Int(256)).unwrap_err().to_string(), "256 does not fit into u8");
        assert_eq!(u64::from_cell(Cell::Int(-1)).unwrap_err().to_string(), "-1 does not fit into u64");
        assert_eq!(u64::MAX.to_cell(), Cell::Unfit(Unfit::Int(u64::MAX.into())));
        assert_eq!(Option::<i32>::from_cell(Cell::Null), Ok(None));
        assert_eq!(bool::from_cell(Cell::Null).unwrap_err().to_string(), "null does not fit into bool");
        assert_eq!(f64::from_cell(Cell::Int(3)), Ok(3.0));
    }
}
