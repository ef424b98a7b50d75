//! Scripts of people whom nobody knows: each ends in an error with a code, and the engine lives on.
//!
//! ```text
//! to run without an end: E0801 the run used up its fuel of 500000 units
//! to call itself without an end: E0801 `f` calls itself more than 10000 deep
//! to sort more than there is: E0801 the run used up its fuel of 500000 units
//! to overflow the parser: E0801 this is nested more than 256 levels deep
//! to be very long: E0801 the script has 400001 bytes, and its limit is 262144
//! to divide by zero: E0602 cannot divide by zero: 1 // 0
//! to overflow: E0601 integer overflow
//! to read a file: E0405 this program may not read this file
//! to ask for the time: E0405 this program may not look at the clock
//! and then: 2
//! ```

use pipelang::{Engine, Limits};
use std::error::Error;
use std::io::Write;
use std::time::Duration;

/// What it tries, and the script.
fn scripts() -> Vec<(&'static str, String)> {
    vec![
        ("to run without an end", "1.. | filter it < 0 | take 1 | sum it".to_string()),
        ("to call itself without an end", "fn f(n: int) -> int { f(n + 1) + 1 }\nf(0)".to_string()),
        ("to sort more than there is", "1..1000000000 | derive k = it * 7919 % 10007 | sort k | count".to_string()),
        ("to overflow the parser", "(".repeat(100_000)),
        ("to be very long", format!("1{}", " + 1".repeat(100_000))),
        ("to divide by zero", "1 // 0".to_string()),
        ("to overflow", "(-9223372036854775807 - 1) // -1".to_string()),
        ("to read a file", r#"read("secrets.csv") | count"#.to_string()),
        ("to ask for the time", "now()".to_string()),
    ]
}

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let limits = Limits {
        fuel: Some(500_000),
        wall: Some(Duration::from_secs(5)),
        memory: Some(16 << 20),
        rows_out: Some(1_000),
        ..Limits::untrusted()
    };
    let engine = Engine::builder().limits(limits).build()?;
    for (what, script) in scripts() {
        match engine.eval::<Option<i64>>(&script) {
            Ok(value) => writeln!(out, "{what}: {value:?}")?,
            Err(report) => {
                let first = &report.diagnostics()[0];
                writeln!(out, "{what}: {} {}", first.code, first.message)?;
            }
        }
    }
    writeln!(out, "and then: {}", engine.eval::<i64>("1 + 1")?)?;
    Ok(())
}
