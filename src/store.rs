//! Programs as bytes: what was compiled, and the plan that came of it.
//!
//! No machine code is ever loaded, and no plan is taken on trust: the text is compiled again, by the engine that loads it,
//! with its functions, grants and limits, and the plan must be the one that was stored. So a program that is loaded means
//! what it meant, or is refused.

use crate::report::Report;
use pipelang_lang::codes::E0704;
use pipelang_lang::diagnostic::Diagnostic;
use serde_json::{Value, json};

/// The first line: what this is, and how it is written.
const HEAD: &str = "pipe program 1\n";

/// A stored program.
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) plan: String,
}

pub(crate) fn to_bytes(name: &str, text: &str, plan: &str) -> Vec<u8> {
    format!("{HEAD}{}\n", json!({ "name": name, "text": text, "plan": plan })).into_bytes()
}

/// What was stored; E0704 for anything else.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Stored, Report> {
    let body = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix(HEAD));
    let body = body.ok_or_else(|| refused("these bytes are no program, or one of another version of Pipe"))?;
    let value: Value =
        serde_json::from_str(body).map_err(|error| refused(&format!("this program is damaged: {error}")))?;
    let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_string);
    match (part("name"), part("text"), part("plan")) {
        (Some(name), Some(text), Some(plan)) => Ok(Stored { name, text, plan }),
        _ => Err(refused("this program is damaged: a part of it is missing")),
    }
}

/// E0704
pub(crate) fn refused(why: &str) -> Report {
    Report::outside(Diagnostic::outside(E0704, why))
}
