//! The example that the interface was designed by, letter for letter.

use super::code;
use pipelang::{Report, codes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a script can ask the host for and is not there.
struct NoRate;

impl std::fmt::Display for NoRate {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("no rate")
    }
}

const SRC: &str = "input | filter qty > 0 | derive weight = qty * fx(sym) * (1 + VAT)
    | aggregate notional = sum(haversine(px) * weight + fee(px, qty)), n = count() by sym | sort -notional";

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn mib(mebibytes: u64) -> u64 {
    mebibytes << 20
}

fn haversine(xs: &[f64], out: &mut [f64]) {
    out.iter_mut().zip(xs).for_each(|(out, x)| *out = (x / 2.0).sin().powi(2));
}

static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn log(text: &str) {
    SEEN.lock().unwrap().push(text.to_string());
}

#[test]
#[rustfmt::skip]
fn the_example_runs_as_it_stands() -> Result<(), Report> {
    let rates = HashMap::from([("A".to_string(), 1.0), ("B".to_string(), 2.0)]);
    let trade = |sym: &str, qty| Trade { sym: sym.into(), px: std::f64::consts::PI, qty, ts: 0 };
    let trades = vec![trade("A", 2), trade("B", 5), trade("A", 0)];
    let file = "{\"sym\": \"A\", \"px\": 1.5, \"qty\": 2, \"ts\": 1}\n{\"sym\": \"X\", \"px\": 1.5, \"qty\": 2}\n".as_bytes();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let told = letters.clone();
    let dead_letters = move |report: &Report| told.lock().unwrap().push(report.code());
    let new_src = "input | filter audit(sym) | select sym, notional = px, n = 1";

use pipelang::{CancelToken, Engine, Limits, OnError, Row};

#[derive(Row)]                        // a schema and accessors: a &[Trade] is read in place
struct Trade { sym: String, px: f64, qty: u32, ts: i64 }
#[derive(serde::Deserialize, Debug)]  // results: a Row or any serde type
struct Total { sym: String, notional: f64, n: u64 }

let engine = Engine::builder()
    .func("fee", |px: f64, qty: i64| px * qty as f64 * 0.001)               // pure unless said otherwise: may be folded, moved, run in parallel
    .try_func("fx", move |ccy: &str| rates.get(ccy).copied().ok_or(NoRate)) // Err is a script error with span and row
    .kernel("haversine", |xs: &[f64], out: &mut [f64]| haversine(xs, out))  // elementwise, one call per batch; nulls are taken out before
    .effect_func("audit", |s: &str| log(s))                                 // keeps its order, runs on one thread
    .constant("VAT", 0.21)
    .grant(pipelang::fs::read_only("/data"))                                // without a grant, `read` is an error at compile time
    .limits(Limits::untrusted())
    .build()?;

let program = engine.compile::<Trade, Total>("top.pipe", SRC)               // checked against Trade and Total
    .inspect_err(|report| eprintln!("{report}"))?;
let top: Vec<Total> = program.run(&trades[..]).collect()?;                  // borrowed: no copy of the slice, each batch gathers the demanded fields; parallel by itself

let cancel = CancelToken::new();
for total in program.run(pipelang::jsonl(file))                             // also: iterators, Read, RecordBatch and Arrow C streams
    .wall(secs(2)).memory(mib(256)).threads(8)                              // a run may tighten the engine's limits, never widen them
    .on_error(OnError::divert(dead_letters)).cancel(&cancel)
    .rows() { println!("{:?}", total?); }

engine.eval::<f64>("1 + 2")?;                                               // hello world in one line
let fee = engine.scalar::<fn(f64, i64) -> f64>("(px, qty) => px * float(qty) * 0.001")?;   // a typed native function: fee.call(1.0, 2)?
program.explain(); program.manifest();                                      // plan; columns read, functions, grants, can_fail, bounded_memory
let live = program.live(); live.replace(engine.compile("top.pipe", new_src)?);   // hot reload between runs

    assert_eq!(top.iter().map(|total| (&*total.sym, total.n)).collect::<Vec<_>>(), [("B", 1), ("A", 1)]);
    assert!((top[0].notional - (5.0 * 2.0 * 1.21 + std::f64::consts::PI * 5.0 * 0.001)).abs() < 1e-9, "{top:?}");
    assert_eq!(*letters.lock().unwrap(), [Some(codes::E0603)], "there is no rate of `X`");
    assert_eq!(fee.call(1.0, 2)?, 0.002);
    assert_eq!(code(engine.eval::<i64>("read(\"/elsewhere/x.csv\") | count")), codes::E0405);
    assert!(SEEN.lock().unwrap().is_empty());
    assert_eq!(live.get().run(&trades).collect()?.len(), 3, "what gives nothing lets rows go on");
    assert_eq!(*SEEN.lock().unwrap(), ["A", "B", "A"]);
    Ok(())
}
