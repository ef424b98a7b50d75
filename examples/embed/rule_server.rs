//! The loop of a server that decides about events by rules which its users write: one program, called with one event at a
//! time, from many threads, without a lock.
//!
//! ```text
//! 1000000 events on 4 threads: 102000 alerts
//! ```

use pipelang::{Engine, Program, Report, Row};
use std::error::Error;
use std::io::Write;

#[derive(Row)]
struct Event<'a> {
    path: &'a str,
    status: u16,
    millis: f64,
}

#[derive(Row, Debug)]
struct Alert {
    path: String,
    seconds: f64,
}

const RULE: &str = r#"
    input
    | filter (status >= 500 or millis > 900) and not starts_with(path, "/health")
    | select path, seconds = millis / 1000
"#;

/// What comes in: made up, and the same every time.
fn event(number: usize) -> Event<'static> {
    let path = ["/", "/orders", "/health", "/orders/7", "/login"][number % 5];
    let status = if number.is_multiple_of(40) { 503 } else { 200 };
    Event { path, status, millis: (number % 1000) as f64 }
}

/// The alerts of a thread's share of the events.
fn work(rule: &Program<Event<'static>, Alert>, share: impl Iterator<Item = usize>) -> Result<usize, Report> {
    let mut alerts = 0;
    for number in share {
        // A server would send it somewhere.
        alerts += usize::from(rule.call(&event(number))?.is_some());
    }
    Ok(alerts)
}

/// How many alerts so many events give.
pub fn serve(events: usize, threads: usize) -> Result<usize, Report> {
    let rule = Engine::default().compile::<Event, Alert>("rule.pipe", RULE)?;
    std::thread::scope(|scope| {
        let share = |thread| (thread..events).step_by(threads);
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn({
                    let rule = &rule;
                    move || work(rule, share(thread))
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).sum()
    })
}

pub fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let (events, threads) = (1_000_000, 4);
    writeln!(out, "{events} events on {threads} threads: {} alerts", serve(events, threads)?)?;
    Ok(())
}
