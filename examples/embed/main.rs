//! Pipe in Rust programs, each in a file of its own that says above what it prints.
//!
//! `cargo run --example embed` lists them, `cargo run --example embed -- hello` runs one.

#[cfg(feature = "arrow")]
pub(crate) mod arrow;
pub(crate) mod formula;
pub(crate) mod functions;
pub(crate) mod hello;
pub(crate) mod host_types;
pub(crate) mod plugins;
pub(crate) mod rows;
pub(crate) mod rule_server;
pub(crate) mod untrusted;

use std::error::Error;
use std::io::{self, Write};

/// A program: it writes what it has to say.
pub type Example = fn(&mut dyn Write) -> Result<(), Box<dyn Error>>;

/// All of them by name.
pub const EXAMPLES: &[(&str, Example)] = &[
    ("hello", hello::run),
    ("rows", rows::run),
    ("functions", functions::run),
    ("host_types", host_types::run),
    ("formula", formula::run),
    ("rule_server", rule_server::run),
    ("plugins", plugins::run),
    ("untrusted", untrusted::run),
    #[cfg(feature = "arrow")]
    ("arrow", arrow::run),
];

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    match EXAMPLES.iter().find(|(name, _)| *name == wanted) {
        Some((_, run)) => run(&mut io::stdout()),
        None => {
            EXAMPLES.iter().for_each(|(name, _)| println!("cargo run --example embed -- {name}"));
            Ok(())
        }
    }
}
