//! The command `pipe`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
