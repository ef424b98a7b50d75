//! Rust structs as rows of tables.
//!
//! [`Row`] says which columns a struct has and fills columns from a slice of it; [`FromRow`] builds one from a row of a
//! result. `#[derive(Row)]` writes both. No type of the columnar format underneath is in any signature.

mod cell;
mod column;
mod items;
mod opaque;
mod read;
mod result;
mod time;

pub use cell::{Cell, CellMismatch, FromCell, ToCell, Unfit};
pub use column::ColumnBuilder;
pub use items::Items;
pub use opaque::{HostType, HostValue};
pub(crate) use result::Shown;
pub use result::{ResultBatch, ResultColumn, ResultRow};

use pipelang_lang::ty;
pub use pipelang_runtime::strided::InPlace;
use std::fmt;
use std::sync::Arc;

/// What a field holds, null aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// `bool`
    Bool,
    /// `int`: all integer types; from the wider ones what fits into 64 bits
    Int,
    /// `float`
    Float,
    /// `string`
    String,
    /// `date`
    Date,
    /// `datetime`
    DateTime,
    /// `duration`
    Duration,
    /// A list of values of one type (a `Vec`).
    List(&'static FieldType),
    /// A row in a field: the names and types of its own.
    Record(&'static [(&'static str, FieldType)]),
    /// A value of a [`HostType`] of this name.
    Host(&'static str),
    /// Whatever comes: serde sees then whether it fits. No field of a [`Row`] is that.
    Any,
}

/// What a field holds, and whether it may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldType {
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it may be null (an `Option`).
    pub nullable: bool,
}

impl FieldType {
    /// That of a Rust type.
    pub const fn of<T: ToCell>() -> FieldType {
        FieldType { kind: T::KIND, nullable: T::NULLABLE }
    }

    /// As the compiler knows it.
    pub(crate) fn ty(self) -> ty::Type {
        ty::Type::of(self.kind.kind()).or_null_if(self.nullable)
    }

    /// Whether a value of a type of the language can be read into it.
    pub(crate) fn reads(self, found: &ty::Type) -> bool {
        let is_kind = match (self.kind, &found.kind) {
            (_, ty::Kind::Null) => true,
            // Serde knows nothing of values of the host.
            (FieldKind::Any, found) => found.opaque().is_none(),
            (FieldKind::Float, ty::Kind::Int) => true,
            (FieldKind::List(item), ty::Kind::List(found)) => item.reads(found),
            (FieldKind::Record(fields), ty::Kind::Record(found)) => fields
                .iter()
                .all(|(name, field)| found.position(name).is_some_and(|at| field.reads(&found.fields[at].ty))),
            (kind, found) => kind.kind() == *found,
        };
        is_kind && (self.nullable || !found.nullable)
    }
}

impl FieldKind {
    /// As types of the language.
    pub(crate) fn kind(self) -> ty::Kind {
        match self {
            FieldKind::Bool => ty::Kind::Bool,
            FieldKind::Int => ty::Kind::Int,
            FieldKind::Float => ty::Kind::Float,
            FieldKind::String => ty::Kind::String,
            FieldKind::Date => ty::Kind::Date,
            FieldKind::DateTime => ty::Kind::DateTime,
            FieldKind::Duration => ty::Kind::Duration,
            FieldKind::List(item) => ty::Kind::List(Arc::new(item.ty())),
            FieldKind::Record(fields) => {
                let field = |(name, field): &(&str, FieldType)| ty::Field { name: (*name).into(), ty: field.ty() };
                ty::Kind::Record(Arc::new(ty::Schema { fields: fields.iter().map(field).collect() }))
            }
            FieldKind::Host(name) => ty::Kind::Opaque(name.into()),
            FieldKind::Any => ty::Kind::Unknown,
        }
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.kind().fmt(f)
    }
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name of its column.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it may be null (an `Option`).
    pub nullable: bool,
}

impl Field {
    /// The field of a Rust type.
    pub fn of<T: ToCell>(name: impl Into<String>) -> Field {
        Field { name: name.into(), kind: T::KIND, nullable: T::NULLABLE }
    }
}

/// The fields of a row in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Schema {
    /// The name of the struct, for messages.
    pub name: String,
    /// The fields; their names are distinct.
    pub fields: Vec<Field>,
}

impl Schema {
    /// A schema.
    pub fn new(name: impl Into<String>, fields: Vec<Field>) -> Schema {
        Schema { name: name.into(), fields }
    }

    /// As the compiler knows it.
    pub(crate) fn columns(&self) -> ty::Schema {
        let field = |field: &Field| ty::Field {
            name: field.name.as_str().into(),
            ty: ty::Type::of(field.kind.kind()).or_null_if(field.nullable),
        };
        ty::Schema { fields: self.fields.iter().map(field).collect() }
    }
}

/// A struct whose values can be the rows of an input. Derive it.
///
/// ```
/// use pipelang::{FieldKind, Row};
///
/// #[derive(Row)]
/// struct Trade<'a> {
///     sym: &'a str,
///     px: f64,
///     qty: Option<u32>,
///     #[row(name = "Order Date")]
///     ordered: i64,
/// }
///
/// let schema = Trade::schema();
/// assert_eq!(schema.fields[3].name, "Order Date");
/// assert_eq!((schema.fields[2].kind, schema.fields[2].nullable), (FieldKind::Int, true));
/// ```
///
/// Times, lists, and rows in rows are fields too:
///
/// ```
/// use pipelang::{Engine, Row};
/// use std::time::{Duration, SystemTime};
///
/// #[derive(Row, Debug, PartialEq, Clone)]
/// struct Leg { venue: String, px: f64 }
/// #[derive(Row, Debug, PartialEq, Clone)]
/// struct Order { at: SystemTime, good_for: Duration, legs: Vec<Leg>, first: Option<Leg> }
///
/// let leg = Leg { venue: "X".into(), px: 2.5 };
/// let order = Order {
///     at: SystemTime::UNIX_EPOCH,
///     good_for: Duration::from_secs(90),
///     legs: vec![leg.clone(), Leg { px: 3.5, ..leg.clone() }],
///     first: None,
/// };
/// let source = "input | filter sum(legs.map(leg => leg.px)) > 5.0 and good_for < 2min | derive first = legs[0]";
/// let program = Engine::default().compile::<Order, Order>("orders.pipe", source)?;
/// assert_eq!(program.run(&[order.clone()]).collect()?, [Order { first: Some(leg), ..order }]);
/// # Ok::<(), pipelang::Report>(())
/// ```
///
/// What the struct has for itself is no column; where a row is built it has its `Default`:
///
/// ```
/// use pipelang::{Engine, Row};
/// use std::sync::Arc;
///
/// #[derive(Row, Clone, Debug, Default, PartialEq)]
/// struct Order {
///     sym: Arc<str>,
///     px: f64,
///     #[row(skip)]
///     seen: Option<std::time::Instant>,
/// }
///
/// let order = Order { sym: "X".into(), px: 2.5, seen: Some(std::time::Instant::now()) };
/// let program = Engine::default().compile::<Order, Order>("orders.pipe", "input | derive px = px * 2")?;
/// assert_eq!(program.run(&[order]).collect()?, [Order { sym: "X".into(), px: 5.0, seen: None }]);
/// # Ok::<(), pipelang::Report>(())
/// ```
///
/// A field of any other type does not compile:
///
/// ```compile_fail,E0277
/// #[derive(pipelang::Row)]
/// struct Trade {
///     legs: std::collections::BTreeSet<i64>,
/// }
/// ```
///
/// Neither do an enum, a tuple, a struct of any type, and two fields of one column:
///
/// ```compile_fail
/// #[derive(pipelang::Row)]
/// enum Trade {
///     Buy { px: f64 },
/// }
/// ```
///
/// ```compile_fail
/// #[derive(pipelang::Row)]
/// struct Trade(String, f64);
/// ```
///
/// ```compile_fail
/// #[derive(pipelang::Row)]
/// struct Trade<T> {
///     px: T,
/// }
/// ```
///
/// ```compile_fail
/// #[derive(pipelang::Row)]
/// struct Trade {
///     px: f64,
///     #[row(name = "px")]
///     price: f64,
/// }
/// ```
///
/// What borrows can go in and cannot come out:
///
/// ```compile_fail,E0277
/// #[derive(pipelang::Row)]
/// struct Trade<'a> {
///     sym: &'a str,
/// }
///
/// let program = pipelang::Engine::default().compile::<Trade, Trade>("trades.pipe", "input");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    note = "put `#[derive(pipelang::Row)]` before a struct with named fields"
)]
pub trait Row: Sized {
    /// Its fields.
    fn schema() -> Schema;

    /// Appends one field of each row to a column. Only fields that the program needs are asked for, and those that no
    /// filter looks at only of rows that pass it.
    fn append<'r>(rows: impl ExactSizeIterator<Item = &'r Self>, field: usize, column: &mut ColumnBuilder)
    where
        Self: 'r;

    /// The value of one field.
    fn cell(&self, field: usize) -> Cell<'_>;

    /// The number that a field is as it lies in the row, if it is one: machine code may read it there.
    fn in_place(&self, _field: usize) -> Option<InPlace<'_>> {
        None
    }
}

/// A type that can be built from the rows of a result: what serde can deserialize, and what derives [`Row`] and borrows
/// nothing. A struct that derives both says `#[row(input)]`; then it is serde that builds it.
#[diagnostic::on_unimplemented(
    message = "a result cannot be read into `{Self}`",
    note = "derive `serde::Deserialize`, or `pipelang::Row` where all fields own their values (`String`, not `&str`)"
)]
pub trait FromRow: Sized {
    /// The fields that it wants; none if it takes all columns.
    fn wanted() -> Option<Schema>;

    /// Builds a value; fails where a number does not fit into the field's type.
    fn from_row(row: &ResultRow<'_>) -> Result<Self, CellMismatch>;

    /// Builds the values of many rows at once; none if any of them fails, and then the rows are asked one by one.
    fn from_rows(rows: &ResultBatch<'_>) -> Option<Vec<Self>> {
        rows.rows().map(|row| Self::from_row(&row).ok()).collect()
    }
}

/// No input at all: `engine.compile::<(), Out>(…)`, run with `&[]`.
impl Row for () {
    fn schema() -> Schema {
        Schema::new("()", Vec::new())
    }

    fn append<'r>(_rows: impl ExactSizeIterator<Item = &'r ()>, _field: usize, _column: &mut ColumnBuilder) {}

    fn cell(&self, _field: usize) -> Cell<'_> {
        Cell::Null
    }
}

/// Rows whose fields are known when the program is compiled, but not to Rust: `engine.compile_dyn(…)`.
#[derive(Clone, Copy, Debug)]
pub enum Dynamic {}

#[cfg(test)]
mod tests {
    use super::*;
    use pipelang_derive::Row;
    use pipelang_runtime::batch::Batch;

    #[derive(Clone, Debug, PartialEq, Row)]
    struct Flight {
        r#type: String,
        #[row(name = "Delay Minutes")]
        delay: Option<i16>,
        distance: f32,
    }

    fn round_trip(flights: &[Flight], as_read: impl FnOnce(&mut Batch)) -> Result<Vec<Flight>, CellMismatch> {
        let schema = Flight::schema();
        let columns = schema.fields.iter().enumerate().map(|(at, field)| {
            let mut builder = ColumnBuilder::new(&field.name);
            Flight::append(flights.iter(), at, &mut builder);
            builder.finish().0
        });
        let mut batch = Batch::new(flights.len(), columns.collect());
        as_read(&mut batch);
        let names = Flight::schema().columns();
        let rows = ResultBatch::new(&batch, &[0, 1, 2], &names);
        let one_by_one: Result<Vec<Flight>, _> = rows.rows().map(|row| Flight::from_row(&row)).collect();
        assert_eq!(Flight::from_rows(&rows), one_by_one.clone().ok());
        one_by_one
    }

    fn flights() -> Vec<Flight> {
        vec![
            Flight { r#type: "A320".into(), delay: Some(-3), distance: 1.5 },
            Flight { r#type: "".into(), delay: None, distance: f32::INFINITY },
        ]
    }

    #[test]
    fn rows_go_in_and_come_out() {
        let names: Vec<String> = Flight::schema().fields.into_iter().map(|field| field.name).collect();
        assert_eq!(names, ["type", "Delay Minutes", "distance"]);
        assert_eq!(round_trip(&flights(), |_| {}), Ok(flights()));
    }

    #[test]
    fn a_number_that_does_not_fit_is_named() {
        let wide = |batch: &mut Batch| {
            let mut builder = ColumnBuilder::new("Delay Minutes");
            builder.extend([1i64, 40_000].iter());
            batch.columns[1] = builder.finish().0;
        };
        let error = round_trip(&flights(), wide).unwrap_err();
        assert_eq!(error.to_string(), "`Delay Minutes` is 40000, which does not fit into i16");
    }
}
