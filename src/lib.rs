//! Pipe: a typed pipeline language in a Rust program.
#![forbid(unsafe_code)]

// The code that `#[derive(Row)]` writes says `::pipelang`, in this crate too.
extern crate self as pipelang;

mod row;

pub use pipelang_derive::Row;
pub use row::{Cell, CellMismatch, ColumnBuilder, Field, FieldKind, FromCell, FromRow, ResultRow, Row, Schema, ToCell};
