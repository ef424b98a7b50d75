//! Formulas that users write, as functions of Rust: typed, in native code, a few nanoseconds a call.
//!
//! ```text
//! fee(1000.0, 3) = 3
//! A1 B0
//! 7 // 2 = 3
//! 1 // 0: cannot divide by zero: 1 // 0
//! -9223372036854775808 // -1: integer overflow
//! the function gives float, and int is wanted
//! ```

use pipelang::Engine;
use std::error::Error;
use std::io::Write;

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let fee = engine.scalar::<fn(f64, i64) -> f64>("(price, quantity) => price * quantity * 0.001")?;
    writeln!(out, "fee(1000.0, 3) = {}", fee.call(1000.0, 3)?)?;

    // Texts and options too.
    let label = engine.scalar::<fn(String, Option<i64>) -> String>(r#"(name, n) => f"{upper(name)}{n ?? 0}""#)?;
    writeln!(out, "{} {}", label.call("a".into(), Some(1))?, label.call("b".into(), None)?)?;

    // Nothing wraps around, and nothing traps.
    let ratio = engine.scalar::<fn(i64, i64) -> i64>("(a, b) => a // b")?;
    for (a, b) in [(7, 2), (1, 0), (i64::MIN, -1)] {
        match ratio.call(a, b) {
            Ok(value) => writeln!(out, "{a} // {b} = {value}")?,
            Err(report) => writeln!(out, "{a} // {b}: {}", report.diagnostics()[0].message)?,
        }
    }

    // The types of both sides are held against each other.
    if let Err(report) = engine.scalar::<fn(f64) -> i64>("x => x * 2.0") {
        writeln!(out, "{}", report.diagnostics()[0].message)?;
    }
    Ok(())
}
