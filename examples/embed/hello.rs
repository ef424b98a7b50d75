//! The least there is: the value of an expression, as a value of Rust.
//!
//! ```text
//! 3
//! ```

use pipelang::Engine;
use std::error::Error;
use std::io::Write;

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "{}", Engine::default().eval::<f64>("1 + 2")?)?;
    Ok(())
}
