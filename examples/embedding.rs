//! Pipe in a Rust program: rows of a struct go in, rows of another come out, and the script calls a function of the host.
//!
//! `cargo run --example embedding`

use pipelang::{Engine, Report, Row};
use std::collections::HashMap;

#[derive(Row)]
struct Order {
    customer: &'static str,
    currency: &'static str,
    price: f64,
    quantity: u32,
}

#[derive(Row, Debug)]
struct Total {
    customer: String,
    euros: f64,
    orders: u64,
}

const SCRIPT: &str = "
    input
    | filter quantity > 0
    | aggregate euros = sum(price * quantity * rate(currency)), orders = count() by customer
    | sort -euros
";

fn main() -> Result<(), Report> {
    let rates = HashMap::from([("EUR", 1.0), ("CHF", 1.05)]);
    let engine = Engine::builder()
        .try_func("rate", move |currency: &str| rates.get(currency).copied().ok_or(format!("no rate for {currency}")))
        .build()?;
    let program = engine.compile::<Order, Total>("totals.pipe", SCRIPT)?;

    let mut orders = vec![
        Order { customer: "Ada", currency: "EUR", price: 10.0, quantity: 2 },
        Order { customer: "Ben", currency: "CHF", price: 30.0, quantity: 1 },
        Order { customer: "Ada", currency: "CHF", price: 2.0, quantity: 3 },
    ];
    for total in program.run(&orders).rows() {
        let Total { customer, euros, orders } = total?;
        println!("{customer:8} {euros:8.2} in {orders} orders");
    }

    // An error of the host function is an error of the script, with its place.
    orders.push(Order { customer: "Cem", currency: "XAU", price: 1.0, quantity: 1 });
    if let Err(report) = program.run(&orders).collect() {
        println!("\n{report}");
    }
    Ok(())
}
