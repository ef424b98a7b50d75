//! The one test binary; its modules are the kinds of tests.

mod cases;
mod cli;
mod embedding;
mod fusion;
mod harness;
mod plans;
mod random;
mod rules;
mod tidy;
