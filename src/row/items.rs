//! What is in a list, a record or a map on its way between Pipe and Rust.

use super::{Cell, CellMismatch, FromCell, Row, ToCell};
use pipelang_lang::scalar::Scalar;
use pipelang_lang::ty::Kind;
use std::fmt;
use std::sync::Arc;

/// The items of a list, the fields of a record, or the values of a map.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    count: usize,
    source: Source<'a>,
}

/// Where they are: in a value of Rust, or in one of Pipe with the kind of the whole.
#[derive(Clone, Copy)]
enum Source<'a> {
    Host(&'a dyn HostItems),
    Values(&'a [Scalar], &'a Kind),
    Entries(&'a [(Arc<str>, Scalar)], &'a Kind),
}

/// A value of Rust that has items.
pub trait HostItems {
    /// The item there.
    fn item(&self, at: usize) -> Cell<'_>;
}

impl<T: ToCell> HostItems for Vec<T> {
    fn item(&self, at: usize) -> Cell<'_> {
        self[at].to_cell()
    }
}

impl<T: Row> HostItems for T {
    fn item(&self, at: usize) -> Cell<'_> {
        self.cell(at)
    }
}

impl<'a> Items<'a> {
    /// The items of a list of Rust.
    pub(crate) fn of_host(host: &'a dyn HostItems, count: usize) -> Items<'a> {
        Items { count, source: Source::Host(host) }
    }

    /// The fields of a row, of which there are so many.
    pub fn of_row<T: Row>(row: &'a T, count: usize) -> Items<'a> {
        Items { count, source: Source::Host(row) }
    }

    pub(crate) fn of_values(values: &'a [Scalar], kind: &'a Kind) -> Items<'a> {
        Items { count: values.len(), source: Source::Values(values, kind) }
    }

    pub(crate) fn of_entries(entries: &'a [(Arc<str>, Scalar)], kind: &'a Kind) -> Items<'a> {
        Items { count: entries.len(), source: Source::Entries(entries, kind) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The one at a place below [`Items::len`].
    pub fn at(&self, at: usize) -> Cell<'a> {
        // What is in a host's list or row says itself what it is; the kinds of values are those of the script's type.
        let kind = |kind: &'a Kind| match kind {
            Kind::List(item) | Kind::Map(item) => &item.kind,
            Kind::Record(schema) => &schema.fields[at].ty.kind,
            _ => &Kind::Unknown,
        };
        match self.source {
            Source::Host(host) => host.item(at),
            Source::Values(values, whole) => Cell::of(&values[at], kind(whole)),
            Source::Entries(entries, whole) => Cell::of(&entries[at].1, kind(whole)),
        }
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let items = *self;
        (0..self.count).map(move |at| items.at(at))
    }

    /// The name of a field of a record, the key of a value of a map, if they come from Pipe.
    pub fn name(&self, at: usize) -> Option<&'a str> {
        match self.source {
            Source::Values(_, Kind::Record(schema)) => schema.fields.get(at).map(|field| &*field.name),
            Source::Entries(entries, _) => entries.get(at).map(|(key, _)| &**key),
            Source::Values(..) | Source::Host(_) => None,
        }
    }

    /// Reads the field of that name of a record that comes from Pipe.
    pub fn field<T: FromCell>(&self, name: &str) -> Result<T, CellMismatch> {
        let at = (0..self.count).find(|at| self.name(*at) == Some(name));
        T::from_cell(at.map_or(Cell::Null, |at| self.at(at))).map_err(|mismatch| {
            let column =
                if mismatch.column.is_empty() { name.to_string() } else { format!("{name}.{}", mismatch.column) };
            CellMismatch { column, ..mismatch }
        })
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Items<'_> {
    fn eq(&self, other: &Items<'_>) -> bool {
        self.count == other.count && self.iter().eq(other.iter())
    }
}
