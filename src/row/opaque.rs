//! Types of the host whose values scripts hold and hand on, and look into by the host's functions alone.

use super::{Cell, CellMismatch, FieldKind, FromCell, ToCell, Unfit};
use pipelang_lang::opaque::Opaque;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A type whose values scripts can have without knowing what is in them. What can be done with one are the methods that
/// [`EngineBuilder::host_type`](crate::EngineBuilder::host_type) adds, and all functions with an argument of the type; it
/// can be null, stand in columns, lists, records and fields of a [`Row`](crate::Row), and come out as it went in. It cannot
/// be compared, sorted, grouped or written as text: for that there is what its methods give. A value is cloned where it goes
/// into a script and where it comes out, and shared within; so what is large stands in an `Arc`. It is dropped by any thread.
///
/// A panic of `clone` or `size` is an error of the script (E0603; E0310 where a result is read), and one of `drop` goes no
/// further than the hook for panics.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value that Pipe knows",
    label = "not a value of the language",
    note = "fields and results are integers, floats, `bool`, `String`, `&str`, times of jiff and std, structs that derive \
            `pipelang::Row`, `Option` or `Vec` of those, and types that implement `pipelang::HostType`"
)]
pub trait HostType: Any + Clone + Send + Sync {
    /// Its name in scripts.
    const NAME: &'static str;

    /// About how many bytes a value takes with what it points to: so much is counted against the limit of memory, up to
    /// 64 GiB. A list or a record of values that take more than 64 MiB together is E0801.
    fn size(&self) -> usize {
        size_of::<Self>()
    }
}

/// A value of a [`HostType`] on its way between Pipe and Rust.
#[derive(Clone, Copy)]
pub struct HostValue<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    /// Where the host has it.
    Host(&'a dyn Shareable),
    /// In a script.
    Script(&'a Opaque),
}

/// A value that can be made one of a script.
trait Shareable {
    fn shared(&self) -> Result<Opaque, Unfit>;
    fn as_any(&self) -> &dyn Any;
    fn type_name(&self) -> &'static str;
}

impl<T: HostType> Shareable for T {
    fn shared(&self) -> Result<Opaque, Unfit> {
        let copy = || Opaque::new(T::NAME, self.size(), self.clone());
        catch_unwind(AssertUnwindSafe(copy)).map_err(|_| Unfit::Panicked(T::NAME))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn type_name(&self) -> &'static str {
        T::NAME
    }
}

impl<'a> HostValue<'a> {
    pub(super) fn of_script(value: &'a Opaque) -> HostValue<'a> {
        HostValue(Source::Script(value))
    }

    /// The value, if it is of that type.
    pub fn get<T: HostType>(self) -> Option<&'a T> {
        match self.0 {
            Source::Host(value) => value.as_any().downcast_ref(),
            Source::Script(value) => value.get(),
        }
    }

    /// The name of its type in scripts.
    pub fn type_name(self) -> &'static str {
        match self.0 {
            Source::Host(value) => value.type_name(),
            Source::Script(value) => value.type_name(),
        }
    }

    /// As a script has it.
    pub(super) fn shared(self) -> Result<Opaque, Unfit> {
        match self.0 {
            Source::Host(value) => value.shared(),
            Source::Script(value) => Ok(value.clone()),
        }
    }
}

/// Nobody knows whether two of them are equal.
impl PartialEq for HostValue<'_> {
    fn eq(&self, _: &HostValue<'_>) -> bool {
        false
    }
}

impl fmt::Debug for HostValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "<{}>", self.type_name())
    }
}

impl<T: HostType> ToCell for T {
    const KIND: FieldKind = FieldKind::Host(T::NAME);

    fn to_cell(&self) -> Cell<'_> {
        Cell::Host(HostValue(Source::Host(self)))
    }
}

impl<T: HostType> FromCell for T {
    fn from_cell(cell: Cell<'_>) -> Result<T, CellMismatch> {
        let found = if let Cell::Host(value) = cell { value.get::<T>() } else { None };
        let Some(found) = found else { return Err(CellMismatch::new(cell, std::any::type_name::<T>())) };
        let panicked = |_| CellMismatch::new(Cell::Unfit(Unfit::Panicked(T::NAME)), std::any::type_name::<T>());
        catch_unwind(AssertUnwindSafe(|| found.clone())).map_err(panicked)
    }
}
