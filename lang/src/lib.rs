//! Pipe's language: text to a verified plan. Pure: no IO, no threads, no `unsafe`; the same input gives the same plan.

#![forbid(unsafe_code)]

pub mod catalog;
pub mod check;
pub mod codes;
pub mod diagnostic;
pub mod ir;
pub mod opt;
pub mod report;
pub mod scalar;
pub mod source;
pub mod syntax;
pub mod ty;
