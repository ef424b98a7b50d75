//! How things are measured: contenders take turns in one run, so that what else the machine does hits all of them, and the
//! best of the rounds counts. Figures are to be read as ratios.

use std::time::Instant;

/// Somebody who does the same work as the others.
pub struct Contender<'a> {
    name: &'static str,
    work: Box<dyn FnMut() + 'a>,
}

pub fn contender<'a>(name: &'static str, work: impl FnMut() + 'a) -> Contender<'a> {
    Contender { name, work: Box::new(work) }
}

/// Lets all do their work so many times in turn. A work has `parts` parts, and the first contender is who the others are
/// compared to.
pub fn race(title: &str, rounds: usize, parts: usize, mut contenders: Vec<Contender>) {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..=rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (contender.work)();
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_nanos() as f64 / parts as f64);
            }
        }
    }
    println!("\n{title}\n{:28} {:>12} {:>12} {:>8}", "", "best", "median", "ratio");
    let mut first = None;
    for (contender, times) in contenders.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let (best, median) = (times[0], times[times.len() / 2]);
        let ratio = best / *first.get_or_insert(best);
        println!("{:28} {:>12} {:>12} {ratio:>8.2}", contender.name, shown(best), shown(median));
    }
}

/// A time in the unit that suits it.
pub fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        x if x < 1e3 => format!("{x:.1} ns"),
        x if x < 1e6 => format!("{:.1} us", x / 1e3),
        x => format!("{:.2} ms", x / 1e6),
    }
}
