//! The one test binary; its modules are the kinds of tests.

mod cases;
mod cli;
mod columnar;
mod commands;
mod counting;
mod differential;
mod docs;
mod editor_grammars;
mod embedding;
mod errors;
mod examples;
#[cfg(fault)]
mod faults;
#[cfg(unix)]
mod faulty_targets;
mod fifos;
mod format;
mod functions;
mod fusion;
mod grammar;
mod harness;
mod host_cli;
mod hostile;
mod hostile_files;
mod mutations;
mod nested;
mod plans;
mod random;
mod real;
mod rules;
mod sandbox;
mod shell;
mod showcase;
mod snippets;
mod spill;
mod stdin;
mod targets;
mod tees;
mod terminal;
mod tidy;
mod tools;
