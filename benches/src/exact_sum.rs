//! What exact float sums cost, and the other reducers beside them: nanoseconds a value on one thread. A column that is
//! read from memory once is worked on in pieces; the figure is that of the fastest tenth of the pieces, so that a busy
//! machine does little harm. The figures of `docs/decisions/0008-float-sums.md`.
//!
//! `cargo run --release --manifest-path benches/Cargo.toml --bin exact_sum`

use arrow_array::{Float64Array, Int64Array};
use arrow_buffer::NullBuffer;
use pipelang_lang::ty::Type;
use pipelang_runtime::batch::Column;
use pipelang_runtime::reducers::{Reducer, reducers};
use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

const VALUES: usize = 20_000_000;
const GROUPS: usize = 100_000;
/// Rows that a reducer gets at once; few enough to be done within one time slice.
const PIECE: usize = 1 << 13;
/// Rows of a small batch.
const BATCH: usize = 1024;
/// Lines of text.
const LINES: usize = 2_000_000;

fn main() {
    let mut random = Random(88_172_645_463_325_252);
    let cents: Vec<f64> =
        (0..VALUES).map(|_| random.below(1_000_000) as f64 / 100.0 * random.below(50) as f64).collect();
    let groups: Vec<u32> = (0..VALUES).map(|_| random.below(GROUPS as u64) as u32).collect();
    one_group(&cents);
    many_groups(&cents, &groups);
    println!("\nother values (cents by count above), sum, one group and {GROUPS} groups");
    let mut column = Column::Float(Float64Array::new(cents.clone().into(), Some(nulls())));
    both("every third null", &column, &Type::FLOAT, &groups);
    column = float_column((0..VALUES).map(|_| random.unit()).collect());
    both("uniform in 0 to 1", &column, &Type::FLOAT, &groups);
    column = float_column((0..VALUES).map(|_| random.unit() * 10f64.powi(random.below(31) as i32 - 15)).collect());
    both("1e-15 to 1e15", &column, &Type::FLOAT, &groups);
    column = Column::Int(Int64Array::from((0..VALUES).map(|_| random.next() as i64).collect::<Vec<_>>()));
    both("ints", &column, &Type::INT, &groups);
    parse_bound(&cents, &groups);
}

fn one_group(cents: &[f64]) {
    println!("one group, {VALUES} values in memory");
    let mut sum = 0.0;
    let bare = time("f64 sum in 16 lanes (not exact)", VALUES, PIECE, |rows| sum += sum_in_lanes(&cents[rows]));
    time("f64 sum in a loop (not exact)", VALUES, PIECE, |rows| sum += cents[rows].iter().sum::<f64>());
    black_box(sum);
    let column = float_column(cents.to_vec());
    let exact = reduce("sum", &column, &Type::FLOAT, None, PIECE);
    println!("    {:.2} times the first", exact / bare);
    reduce("sum", &column, &Type::FLOAT, None, BATCH);
    for name in ["mean", "min", "max", "count"] {
        reduce(name, &column, &Type::FLOAT, None, PIECE);
    }
}

fn many_groups(cents: &[f64], groups: &[u32]) {
    println!("\n{GROUPS} groups, {VALUES} values in memory");
    let mut sums = vec![0.0; GROUPS];
    let bare = time("f64 sum (not exact)", VALUES, PIECE, |rows| {
        cents[rows.clone()].iter().zip(&groups[rows]).for_each(|(x, group)| sums[*group as usize] += x);
    });
    black_box(sums);
    let column = float_column(cents.to_vec());
    let exact = reduce("sum", &column, &Type::FLOAT, Some(groups), PIECE);
    println!("    {:.2} times the first", exact / bare);
    for name in ["mean", "min"] {
        reduce(name, &column, &Type::FLOAT, Some(groups), PIECE);
    }
}

fn both(what: &str, column: &Column, ty: &Type, groups: &[u32]) {
    println!("  {what}");
    reduce("sum", column, ty, None, PIECE);
    reduce("sum", column, ty, Some(groups), PIECE);
}

/// From text, as the engine works: `key,value` lines, found by memchr and read by fast-float2 into columns, which are
/// then added. Real work hashes keys and has more columns, so that the ratio is too large if anything.
fn parse_bound(values: &[f64], groups: &[u32]) {
    println!("\n{GROUPS} groups, {LINES} lines of text; a line");
    let lines: Vec<String> =
        values.iter().zip(groups).take(LINES).map(|(x, group)| format!("{group},{x:.2}\n")).collect();
    let pieces: Vec<String> = lines.chunks(PIECE).map(|lines| lines.concat()).collect();
    let mut sums = vec![0.0; GROUPS];
    let mut state = (reducer("sum").start)(&[Type::FLOAT]);
    state.grow(GROUPS);
    // In turns, so that both meet the same machine.
    let mut took = [Vec::new(), Vec::new()];
    for (at, text) in pieces.iter().enumerate() {
        for turn in [at % 2, 1 - at % 2] {
            let start = Instant::now();
            let (groups, values) = parse(text.as_bytes());
            if turn == 0 {
                groups.iter().zip(&values).for_each(|(group, x)| sums[*group as usize] += x);
            } else {
                state.update(&[float_column(values)], &groups, &[], None);
            }
            took[turn].push(start.elapsed().as_secs_f64() * 1e9 / groups.len() as f64);
        }
    }
    black_box((sums, state.finish()));
    let [bare, exact] = took;
    let bare = print_decile("f64 sum (not exact)", bare);
    println!("    {:.2} times the first", print_decile("sum", exact) / bare);
}

fn parse(text: &[u8]) -> (Vec<u32>, Vec<f64>) {
    let (mut groups, mut values, mut start) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE), 0);
    for end in memchr::memchr_iter(b'\n', text) {
        let line = &text[start..end];
        let comma = memchr::memchr(b',', line).expect("every line has a comma");
        groups.push(line[..comma].iter().fold(0, |n, digit| n * 10 + u32::from(digit - b'0')));
        values.push(fast_float2::parse(&line[comma + 1..]).expect("the values are numbers"));
        start = end + 1;
    }
    (groups, values)
}

fn reducer(name: &str) -> Reducer {
    reducers().0.into_iter().find(|reducer| reducer.def.name == name).expect("the reducer is in the list")
}

/// Times a reducer over a column, so many rows at a time.
fn reduce(name: &str, column: &Column, ty: &Type, groups: Option<&[u32]>, rows: usize) -> f64 {
    let mut state = (reducer(name).start)(std::slice::from_ref(ty));
    state.grow(if groups.is_some() { GROUPS } else { 1 });
    let (zeros, ordinals) = (vec![0; rows], vec![0; rows]);
    let what = format!("{name}, {rows} rows at a time, {}", if groups.is_some() { "grouped" } else { "one group" });
    let took = time(&what, column.len(), rows, |range| {
        let groups = groups.map_or(&zeros[..range.len()], |groups| &groups[range.clone()]);
        state.update(&[column.slice(range.start, range.len())], groups, &ordinals[..range.len()], None);
    });
    black_box(state.finish());
    took
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

fn float_column(values: Vec<f64>) -> Column {
    Column::Float(Float64Array::from(values))
}

fn nulls() -> NullBuffer {
    (0..VALUES).map(|row| row % 3 != 1).collect::<Vec<bool>>().into()
}

/// Calls `work` for so many rows at a time; prints and gives the nanoseconds a row takes in the fastest tenth of
/// the calls.
fn time(what: &str, rows: usize, step: usize, mut work: impl FnMut(Range<usize>)) -> f64 {
    let took = (0..rows / step).map(|at| {
        let start = Instant::now();
        work(at * step..(at + 1) * step);
        start.elapsed().as_secs_f64() * 1e9 / step as f64
    });
    print_decile(what, took.collect())
}

fn print_decile(what: &str, mut took: Vec<f64>) -> f64 {
    took.sort_by(f64::total_cmp);
    let decile = took[took.len() / 10];
    println!("  {what:42} {decile:6.2} ns");
    decile
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
