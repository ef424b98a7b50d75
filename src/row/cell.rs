//! Single values at the border: which Rust types a field, an argument or a result may have.

use super::FieldKind;
use pipelang_lang::scalar::Scalar;
use pipelang_runtime::batch::Column;
use std::borrow::Cow;
use std::fmt;

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
    /// An integer of Rust that does not fit into `int`.
    TooLarge(u128),
    /// `float`
    Float(f64),
    /// `string`
    String(&'a str),
    /// A value that has no Rust type here yet, such as a `date`.
    Other(&'static str),
}

impl<'a> Cell<'a> {
    /// The value of a column in a row.
    pub(crate) fn at(column: &'a Column, row: usize) -> Cell<'a> {
        if column.is_null(row) {
            return Cell::Null;
        }
        match column {
            Column::Bool(array) => Cell::Bool(array.value(row)),
            Column::Int(array) => Cell::Int(array.value(row)),
            Column::Float(array) => Cell::Float(array.value(row)),
            Column::String(array) => Cell::String(array.value(row)),
            Column::Date(_) => Cell::Other("date"),
            Column::DateTime(_) => Cell::Other("datetime"),
            Column::Duration(_) => Cell::Other("duration"),
            Column::Wide(_) => Cell::Other("wide"),
            Column::Values(values) => Cell::of(values.value(row)),
            Column::Null(_) => Cell::Null,
        }
    }

    /// A single value.
    pub(crate) fn of(scalar: &'a Scalar) -> Cell<'a> {
        match scalar {
            Scalar::Null => Cell::Null,
            Scalar::Bool(x) => Cell::Bool(*x),
            Scalar::Int(x) => Cell::Int(*x),
            Scalar::Float(x) => Cell::Float(*x),
            Scalar::String(x) => Cell::String(x),
            Scalar::Bytes(_) => Cell::Other("bytes"),
            Scalar::Date(_) => Cell::Other("date"),
            Scalar::DateTime(_) => Cell::Other("datetime"),
            Scalar::Duration(_) => Cell::Other("duration"),
            Scalar::List(_) => Cell::Other("list"),
            Scalar::Record(_) => Cell::Other("record"),
            Scalar::Map(_) => Cell::Other("map"),
            Scalar::Json(_) => Cell::Other("json"),
            Scalar::Wide(_) => Cell::Other("wide"),
        }
    }

    /// As a value of the language; the error says why it is none.
    pub(crate) fn scalar(self) -> Result<Scalar, String> {
        match self {
            Cell::Null => Ok(Scalar::Null),
            Cell::Bool(x) => Ok(Scalar::Bool(x)),
            Cell::Int(x) => Ok(Scalar::Int(x)),
            Cell::TooLarge(x) => Err(format!("{x} does not fit into int (64 bits)")),
            Cell::Float(x) => Ok(Scalar::Float(pipelang_lang::scalar::canonical(x))),
            Cell::String(x) => Ok(Scalar::String(x.into())),
            Cell::Other(kind) => Err(format!("a {kind} cannot be handed over yet")),
        }
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Cell::Null => f.write_str("null"),
            Cell::Bool(x) => x.fmt(f),
            Cell::Int(x) => x.fmt(f),
            Cell::TooLarge(x) => x.fmt(f),
            Cell::Float(x) => write!(f, "{x:?}"),
            Cell::String(x) => write!(f, "{x:?}"),
            Cell::Other(kind) => write!(f, "a {kind}"),
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
    label = "not a number, `bool` or text",
    note = "fields and results are integers, floats, `bool`, `String`, `&str`, or `Option` of one of those"
)]
pub trait ToCell {
    /// What it is in Pipe.
    const KIND: FieldKind;
    /// Whether it may be null.
    const NULLABLE: bool = false;

    /// The value.
    fn to_cell(&self) -> Cell<'_>;
}

/// A Rust type that the value of a result can be read into.
#[diagnostic::on_unimplemented(
    message = "a value of Pipe cannot be read into `{Self}`",
    note = "results are integers, floats, `bool`, `String`, or `Option` of one of those"
)]
pub trait FromCell: ToCell + Sized {
    /// Reads it; numbers are checked, never cut off.
    fn from_cell(cell: Cell<'_>) -> Result<Self, CellMismatch>;
}

#[cold]
fn mismatch<T>(cell: Cell<'_>, wanted: &'static str) -> Result<T, CellMismatch> {
    Err(CellMismatch { column: String::new(), found: cell.to_string(), wanted: wanted.into() })
}

/// The integers: each is an `int`, on the way in if it fits into 64 bits, on the way out if it fits into the type.
macro_rules! integers {
    ($($type:ident)*) => {$(
        impl ToCell for $type {
            const KIND: FieldKind = FieldKind::Int;

            #[inline]
            fn to_cell(&self) -> Cell<'_> {
                // Only a value above `i64::MAX` fails here; it is positive.
                i64::try_from(*self).map_or(Cell::TooLarge(*self as u128), Cell::Int)
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

impl ToCell for &str {
    const KIND: FieldKind = FieldKind::String;

    #[inline]
    fn to_cell(&self) -> Cell<'_> {
        Cell::String(self)
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
        assert_eq!(u64::MAX.to_cell(), Cell::TooLarge(u64::MAX.into()));
        assert_eq!(Option::<i32>::from_cell(Cell::Null), Ok(None));
        assert_eq!(bool::from_cell(Cell::Null).unwrap_err().to_string(), "null does not fit into bool");
        assert_eq!(f64::from_cell(Cell::Int(3)), Ok(3.0));
    }
}
