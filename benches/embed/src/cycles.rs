//! Compiles, calls and drops very many functions, each with another constant, and looks at what stays: resident memory after
//! the first 10,000 and at the end, and machine code at the end. `cycles 1000000` is the default.

use pipelang::{Engine, live_code_bytes};
use std::process::ExitCode;

const WARM_UP: usize = 10_000;

/// Resident memory in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn main() -> ExitCode {
    let cycles = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let engine = Engine::default();
    let (mut warm, mut most, mut most_code) = (0, 0, 0);
    for at in 1..=cycles {
        let rule = engine.scalar::<fn(f64) -> f64>(&format!("x => x * {at}.5 + 1.0")).expect("it compiles");
        assert_eq!(rule.call(2.0).expect("it does not fail"), at as f64 * 2.0 + 2.0);
        most_code = most_code.max(live_code_bytes());
        drop(rule);
        if at == WARM_UP {
            warm = resident();
        }
        if at % 10_000 == 0 {
            most = most.max(resident());
        }
        if at % 100_000 == 0 {
            println!("{at:9} cycles: {:6.1} MiB", resident() as f64 / (1 << 20) as f64);
        }
    }
    let (end, growth) = (resident(), resident() as f64 / warm.max(1) as f64 - 1.0);
    println!("resident after {WARM_UP}: {warm} bytes, at most {most}, at the end {end} ({:+.1} %)", growth * 100.0);
    println!("machine code: at most {most_code} bytes, at the end {}", live_code_bytes());
    match growth < 0.05 && most_code > 0 && live_code_bytes() == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
