//! The command `pipe`.

use pipelang::{Engine, cli::Entry};
use std::process::ExitCode;

fn main() -> ExitCode {
    Entry::new(Engine::default()).as_user().main()
}
