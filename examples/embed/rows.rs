//! Rows of a struct go in, rows of another come out, and both are checked when the program is compiled.
//!
//! ```text
//! Ben         30.00 in 1 orders
//! Ada         26.00 in 2 orders
//!
//! error[E0201]: there is no column `cost` here
//!    ╭─[ typo.pipe:1:31 ]
//!  1 │ input | aggregate total = sum(cost) by customer
//!    │ ──┬──                         ──┬─
//!    │   ╰───────────────────────────────── its columns: customer, price, quantity
//!    │                                 ╰─── here
//! ───╯ more: pipe explain E0201
//! ```

use pipelang::{Engine, Row};
use std::error::Error;
use std::io::Write;

#[derive(Row)]
struct Order<'a> {
    customer: &'a str,
    price: f64,
    quantity: u32,
}

#[derive(Row)]
struct Total {
    customer: String,
    total: f64,
    orders: u64,
}

const TOTALS: &str = "
    input
    | filter quantity > 0
    | aggregate total = sum(price * quantity), orders = count() by customer
    | sort -total
";

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let program = engine.compile::<Order, Total>("totals.pipe", TOTALS)?;
    let orders = [
        Order { customer: "Ada", price: 10.0, quantity: 2 },
        Order { customer: "Ben", price: 30.0, quantity: 1 },
        Order { customer: "Cem", price: 5.0, quantity: 0 },
        Order { customer: "Ada", price: 2.0, quantity: 3 },
    ];
    // The slice is read in place, on as many threads as it is worth.
    for Total { customer, total, orders } in program.run(&orders).collect()? {
        writeln!(out, "{customer:8} {total:8.2} in {orders} orders")?;
    }

    // No row of any order could make this one right.
    let typo = "input | aggregate total = sum(cost) by customer";
    if let Err(report) = engine.compile::<Order, Total>("typo.pipe", typo) {
        writeln!(out, "\n{report}")?;
    }
    Ok(())
}
