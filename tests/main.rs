//! The one test binary; its modules are the kinds of tests.

mod cases;
mod harness;
mod plans;
mod tidy;
