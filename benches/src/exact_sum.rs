//! What exact float sums cost, and the other reducers beside them: nanoseconds a value on one thread, the best of five
//! runs. The figures of `docs/decisions/0008-float-sums.md`.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin exact_sum`

use arrow_array::{Float64Array, Int64Array};
use arrow_buffer::NullBuffer;
use pipelang_lang::ty::Type;
use pipelang_runtime::batch::Column;
use pipelang_runtime::reducers::exact_sum::ExactSums;
use pipelang_runtime::reducers::reducers;
use std::hint::black_box;
use std::time::Instant;

const VALUES: usize = 20_000_000;
const GROUPS: usize = 100_000;
/// Rows that a reducer gets at once: a morsel in memory, and a small batch.
const MORSEL: usize = 1 << 16;
const BATCH: usize = 1024;

fn main() {
    let mut random = Random(88_172_645_463_325_252);
    let cents: Vec<f64> =
        (0..VALUES).map(|_| random.below(1_000_000) as f64 / 100.0 * random.below(50) as f64).collect();

    println!("one group, {VALUES} values in memory: ns a value");
    let bare = time("  f64 sum in 16 lanes (not exact)", VALUES, || sum_in_lanes(&cents));
    time("  f64 sum in a loop (not exact)", VALUES, || cents.iter().sum::<f64>());
    let column = float_column(&cents);
    let exact = time("  sum, cents by count", VALUES, || reduce("sum", &column, Type::FLOAT, 1, None, MORSEL));
    println!("    {:.2} times the bare one", exact / bare);
    time("  sum, batches of 1,024", VALUES, || reduce("sum", &column, Type::FLOAT, 1, None, BATCH));
    let thirds = Column::Float(Float64Array::new(cents.clone().into(), Some(nulls())));
    time("  sum, every third null", VALUES, || reduce("sum", &thirds, Type::FLOAT, 1, None, MORSEL));
    for name in ["mean", "min", "max", "count"] {
        time(&format!("  {name}"), VALUES, || reduce(name, &column, Type::FLOAT, 1, None, MORSEL));
    }
    let uniform = float_column(&(0..VALUES).map(|_| random.unit()).collect::<Vec<_>>());
    time("  sum, uniform in 0 to 1", VALUES, || reduce("sum", &uniform, Type::FLOAT, 1, None, MORSEL));
    let wide_values: Vec<f64> = (0..VALUES).map(|_| random.unit() * 10f64.powi(random.below(31) as i32 - 15)).collect();
    let wide = float_column(&wide_values);
    time("  sum, 1e-15 to 1e15 (no window fits)", VALUES, || reduce("sum", &wide, Type::FLOAT, 1, None, MORSEL));
    let ints = Column::Int(Int64Array::from((0..VALUES).map(|_| random.next() as i64).collect::<Vec<_>>()));
    time("  sum of ints", VALUES, || reduce("sum", &ints, Type::INT, 1, None, MORSEL));
    time("  max of ints", VALUES, || reduce("max", &ints, Type::INT, 1, None, MORSEL));

    println!("{GROUPS} groups, {VALUES} values in memory: ns a value");
    let groups: Vec<u32> = (0..VALUES).map(|_| random.below(GROUPS as u64) as u32).collect();
    let bare = time("  f64 sum (not exact)", VALUES, || {
        let mut sums = vec![0.0; GROUPS];
        cents.iter().zip(&groups).for_each(|(x, group)| sums[*group as usize] += x);
        sums
    });
    let exact =
        time("  sum, cents by count", VALUES, || reduce("sum", &column, Type::FLOAT, GROUPS, Some(&groups), MORSEL));
    println!("    {:.2} times the bare one", exact / bare);
    time("  sum, 1e-15 to 1e15", VALUES, || reduce("sum", &wide, Type::FLOAT, GROUPS, Some(&groups), MORSEL));
    time("  sum, every third null", VALUES, || reduce("sum", &thirds, Type::FLOAT, GROUPS, Some(&groups), MORSEL));
    for (name, column, ty) in
        [("mean", &column, Type::FLOAT), ("min", &column, Type::FLOAT), ("sum of ints", &ints, Type::INT)]
    {
        let reducer = name.split(' ').next().expect("a name is not empty");
        time(&format!("  {name}"), VALUES, || reduce(reducer, column, ty.clone(), GROUPS, Some(&groups), MORSEL));
    }
    parse_bound(&cents, &groups);
}

/// From text: `key,value` lines, found by memchr, values read by fast-float2, groups found by index. Real work hashes
/// keys and has more columns, so that the ratio is too large if anything.
fn parse_bound(values: &[f64], groups: &[u32]) {
    let rows = 2_000_000;
    let mut text = String::new();
    for (x, group) in values.iter().zip(groups).take(rows) {
        text.push_str(&format!("{group},{x:.2}\n"));
    }
    println!("{GROUPS} groups, {rows} lines of text: ns a line");
    let bare = time("  f64 sum (not exact)", rows, || {
        let mut sums = vec![0.0; GROUPS];
        each_line(text.as_bytes(), |group, x| sums[group] += x);
        sums
    });
    let exact = time("  sum", rows, || {
        let mut sums = ExactSums::default();
        sums.grow(GROUPS);
        each_line(text.as_bytes(), |group, x| sums.add(group, x));
        sums.totals()
    });
    println!("    {:.2} times the bare one", exact / bare);
}

fn each_line(text: &[u8], mut take: impl FnMut(usize, f64)) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        let line = &text[start..end];
        let comma = memchr::memchr(b',', line).expect("every line has a comma");
        let group = line[..comma].iter().fold(0, |n, digit| n * 10 + usize::from(digit - b'0'));
        take(group, fast_float2::parse(&line[comma + 1..]).expect("the values are numbers"));
        start = end + 1;
    }
}

/// Runs a reducer over a column, so many rows at a time.
fn reduce(name: &str, column: &Column, ty: Type, count: usize, groups: Option<&[u32]>, rows: usize) -> Column {
    let reducers = reducers();
    let reducer = reducers.0.iter().find(|reducer| reducer.def.name == name).expect("the reducer is in the list");
    let mut state = (reducer.start)(&[ty]);
    state.grow(count);
    let (zeros, ordinals) = (vec![0; rows], vec![0; rows]);
    for start in (0..column.len()).step_by(rows) {
        let length = rows.min(column.len() - start);
        let groups = groups.map_or(&zeros[..length], |groups| &groups[start..start + length]);
        state.update(&[column.slice(start, length)], groups, &ordinals[..length], None);
    }
    state.finish()
}

/// As fast as the machine adds: what an exact sum is held against.
fn sum_in_lanes(values: &[f64]) -> f64 {
    let mut lanes = [0.0; 16];
    let (whole, rest) = values.as_chunks::<16>();
    for chunk in whole {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += x);
    }
    lanes.iter().chain(rest).sum()
}

fn float_column(values: &[f64]) -> Column {
    Column::Float(Float64Array::from(values.to_vec()))
}

fn nulls() -> NullBuffer {
    (0..VALUES).map(|row| row % 3 != 1).collect::<Vec<bool>>().into()
}

/// Prints and gives the nanoseconds a value takes.
fn time<T>(what: &str, values: usize, work: impl Fn() -> T) -> f64 {
    let best = (0..5).fold(f64::MAX, |best, _| {
        let start = Instant::now();
        black_box(work());
        best.min(start.elapsed().as_secs_f64())
    });
    let nanoseconds = best * 1e9 / values as f64;
    println!("{what:40} {nanoseconds:6.2}");
    nanoseconds
}

/// Xorshift: the same values in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
