//! Pipe: a typed pipeline language, embedded in a Rust program.
//!
//! ```
//! use pipelang::{Engine, Row};
//!
//! #[derive(Row)]
//! struct Order { customer: &'static str, price: f64, quantity: u32 }
//!
//! #[derive(Row, Debug, PartialEq)]
//! struct Total { customer: String, total: f64, orders: u64 }
//!
//! let engine = Engine::builder()
//!     .func("with_tax", |price: f64| price * 1.25)
//!     .build()?;
//! let program = engine.compile::<Order, Total>(
//!     "totals.pipe",
//!     "input
//!      | filter quantity > 0
//!      | aggregate total = sum(with_tax(price) * quantity), orders = count() by customer
//!      | sort -total",
//! )?;
//!
//! let orders = [
//!     Order { customer: "Ada", price: 10.0, quantity: 2 },
//!     Order { customer: "Ben", price: 4.0, quantity: 0 },
//!     Order { customer: "Ada", price: 2.0, quantity: 1 },
//! ];
//! let totals = program.run(&orders).collect()?;
//! assert_eq!(totals, [Total { customer: "Ada".into(), total: 27.5, orders: 2 }]);
//! # Ok::<(), pipelang::Report>(())
//! ```
//!
//! An [`Engine`] compiles, a [`Program`] runs, a [`Report`] says what went wrong. Scripts touch nothing but what the host
//! hands them: files only with a grant of [`fs`], the time with one of [`clock`], variables with one of [`environment`];
//! functions only those of [`EngineBuilder::func`].
#![forbid(unsafe_code)]

/// The blocks of the chapter on embedding, to be compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
mod chapter {}

// The code that `#[derive(Row)]` writes says `::pipelang`, in this crate too.
extern crate self as pipelang;

#[cfg(feature = "arrow")]
pub mod arrow;
mod assertions;
mod builder;
#[cfg(feature = "cli")]
pub mod cli;
mod engine;
mod excerpt;
pub mod fs;
mod given;
mod grant;
mod host;
mod host_type;
mod input;
mod kernel;
mod limits;
mod live;
mod manifest;
mod on_error;
mod program;
mod report;
mod results;
mod row;
mod rows;
mod run;
mod scalar;
mod script;
mod store;
pub mod tools;

pub use assertions::Tests;
pub use builder::EngineBuilder;
pub use engine::{Engine, FunctionInfo};
pub use grant::{Grant, clock, environment, stdin};
pub use host::{Argument, Fallible, HostFunction, HostResult};
pub use host_type::Methods;
pub use input::{Bindings, Csv, Input, Inputs, Jsonl, Rows, csv, jsonl, rows};
pub use kernel::{KernelFunction, Number, Numbers};
pub use limits::Limits;
pub use live::Live;
pub use manifest::Manifest;
pub use on_error::OnError;
pub use pipelang_derive::Row;
pub use pipelang_lang::check::{ParameterValue, ParameterWay, Parameters};
pub use pipelang_lang::codes;
pub use pipelang_lang::diagnostic::{DataPlace, Diagnostic, Edit, Label, Severity};
pub use pipelang_lang::report::RenderOptions;
pub use pipelang_lang::source::{SourceFile, SourceId, SourceMap, Span};
pub use pipelang_runtime::exec::output::Style;
pub use pipelang_runtime::exec::{Executor, HostPool, Stats, live_code_bytes, native_code};
#[cfg(feature = "columnar")]
pub use pipelang_runtime::formats::columnar::write::ColumnFormat;
pub use pipelang_runtime::formats::table::TableStyle;
pub use pipelang_runtime::formats::write::{OutputFormat, RowFormat};
pub use pipelang_runtime::limits::{CancelToken, Looks};
pub use pipelang_runtime::memory::Spilled;
pub use pipelang_runtime::progress::Progress;
pub use pipelang_runtime::tally::{ParseCount, ReadCount, Stray, StrayCount, Tally};
pub use program::Program;
pub use report::Report;
pub use row::{
    Cell, CellMismatch, ColumnBuilder, Dynamic, Field, FieldKind, FieldType, FromCell, FromRow, HostType, HostValue,
    InPlace, Items, ResultBatch, ResultColumn, ResultRow, Row, Schema, ToCell, Unfit,
};
pub use rows::ResultRows;
pub use run::Run;
pub use scalar::{Function, Signature};
pub use script::{Phase, RunSettings, Script};
