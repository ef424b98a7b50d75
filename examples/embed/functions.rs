//! Functions of the host: pure ones, such that may fail, such that compute many rows at once, such that do something. What
//! goes wrong in them is an error of the script, with its place and row; the host lives on.
//!
//! ```text
//! EUR 12.50
//! CHF 4.37
//! audited: ["EUR", "CHF"]
//!
//! error[E0603]: a host function failed
//!    ╭─[ rates.pipe:1:34 ]
//!  1 │ input | select currency, euros = rate(currency)
//!    │                                  ───────┬────── `rate`: no rate for XAU
//! ───╯ in input, row 3     more: pipe explain E0603
//!
//! without those that fail: 2
//!
//! error[E0603]: a host function failed
//!    ╭─[ <expression>:1:1 ]
//!  1 │ halved(3)
//!    │ ────┬──── `halved` panicked: 3 is odd
//! ───╯ more: pipe explain E0603
//!
//! and the engine lives on: 2
//! ```

use pipelang::{Engine, OnError, Row};
use std::collections::HashMap;
use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Row)]
struct Payment {
    currency: &'static str,
    amount: f64,
}

#[derive(Row)]
struct Booked {
    currency: String,
    euros: f64,
}

const BOOK: &str = "
    input
    | select currency, euros = rounded(amount * rate(currency) * (1 + VAT))
    | filter euros > 0 and audit(currency)
";

fn engine(audited: Arc<Mutex<Vec<String>>>) -> Result<Engine, pipelang::Report> {
    let rates = HashMap::from([("EUR", 1.0), ("CHF", 1.05)]);
    Engine::builder()
        // An `Err` is an error of the script at the call.
        .try_func("rate", move |currency: &str| rates.get(currency).copied().ok_or(format!("no rate for {currency}")))
        // Called once for a batch.
        .kernel("rounded", |xs: &[f64], out: &mut [f64]| {
            out.iter_mut().zip(xs).for_each(|(out, x)| *out = (x * 100.0).round() / 100.0);
        })
        // Called once for each row that gets there, in their order.
        .effect_func("audit", move |currency: &str| {
            audited.lock().map(|mut audited| audited.push(currency.to_string())).is_ok()
        })
        .func("halved", |x: i64| if x % 2 == 0 { x / 2 } else { panic!("{x} is odd") })
        .constant("VAT", 0.25)
        .build()
}

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let audited = Arc::new(Mutex::new(Vec::new()));
    let engine = engine(audited.clone())?;
    let mut payments = vec![Payment { currency: "EUR", amount: 10.0 }, Payment { currency: "CHF", amount: 3.333 }];
    let program = engine.compile::<Payment, Booked>("book.pipe", BOOK)?;
    for Booked { currency, euros } in program.run(&payments).collect()? {
        writeln!(out, "{currency} {euros:.2}")?;
    }
    writeln!(out, "audited: {:?}\n", audited.lock().map(|audited| audited.clone()).unwrap_or_default())?;

    payments.push(Payment { currency: "XAU", amount: 1.0 });
    let failing = engine.compile::<Payment, Booked>("rates.pipe", "input | select currency, euros = rate(currency)")?;
    if let Err(report) = failing.run(&payments).collect() {
        writeln!(out, "{report}\n")?;
    }
    writeln!(out, "without those that fail: {}", failing.run(&payments).on_error(OnError::Skip).collect()?.len())?;

    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panicked = engine.eval::<i64>("halved(3)");
    std::panic::set_hook(quiet);
    if let Err(report) = panicked {
        writeln!(out, "\n{report}")?;
    }
    writeln!(out, "\nand the engine lives on: {}", engine.eval::<i64>("halved(4)")?)?;
    Ok(())
}
