//! The one test binary; its modules are the kinds of tests.

mod cases;
mod cli;
mod docs;
mod editor_grammars;
mod embedding;
#[cfg(fault)]
mod faults;
mod fusion;
mod grammar;
mod harness;
mod plans;
mod random;
mod rules;
mod snippets;
mod tidy;
mod tools;
