//! A program with a command line and a prompt of its own: scripts call its functions, read its tables and know its
//! constants; `trader functions` documents them, and Tab completes them.
//!
//! ```text
//! cargo run --example host_cli -- -e 'trades | aggregate fees = sum(fee(price, quantity)) by desk'
//! cargo run --example host_cli -- functions host
//! cargo run --example host_cli
//! ```

use pipelang::{Engine, Report, Row, cli::Entry};
use std::process::ExitCode;

#[derive(Row)]
struct Trade {
    desk: &'static str,
    currency: &'static str,
    price: f64,
    quantity: i64,
}

fn trades() -> Vec<Trade> {
    vec![
        Trade { desk: "bonds", currency: "EUR", price: 98.5, quantity: 200 },
        Trade { desk: "fx", currency: "CHF", price: 1.04, quantity: 50_000 },
        Trade { desk: "bonds", currency: "CHF", price: 101.0, quantity: 10 },
    ]
}

fn rate(currency: &str) -> Result<f64, String> {
    match currency {
        "EUR" => Ok(1.0),
        "CHF" => Ok(1.05),
        other => Err(format!("there is no rate for {other}")),
    }
}

fn engine() -> Result<Engine, Report> {
    Engine::builder()
        .func("fee", |price: f64, quantity: i64| price * quantity as f64 * 0.001)
        .describe("fee(price, quantity)", "What a trade costs.")
        .try_func("rate", rate)
        .describe("rate(currency)", "Euros for one of a currency.")
        .constant("VAT", 0.25)
        .describe("VAT", "The share of a fee that is tax.")
        .table("trades", trades())
        .describe("trades", "All trades of today.")
        .build()
}

fn main() -> ExitCode {
    match engine() {
        Ok(engine) => Entry::new(engine).name("trader").version("1.2.0").about("Rules over trades").as_user().main(),
        Err(report) => {
            eprintln!("{report}");
            ExitCode::from(70)
        }
    }
}
