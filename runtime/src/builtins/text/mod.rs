//! Text. Lengths and positions count Unicode scalar values.
//!
//! A pattern is plain text. Where it is written as a raw string it is a regular expression: then the checker calls the
//! function of `regex.rs` that the parameter's [`RawForm`](pipelang_lang::catalog::RawForm) names.

mod captures;
mod pieces;
mod regex;
mod search;
mod whole;

use super::Function;

pub(super) use regex::limit as limit_patterns;

/// The functions of this group.
pub(super) fn rows() -> Vec<Function> {
    let mut rows = whole::rows();
    rows.extend(search::rows());
    rows.extend(pieces::rows());
    rows.extend(regex::rows());
    rows.extend(captures::rows());
    rows
}
