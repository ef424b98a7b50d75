//! Lists, records, maps, bodies and routines in plans, in every executor: the same rows before the same error as in the
//! oracle. Plans are written as text; what scripts say about nested values is in the cases.

use crate::harness::{pool, registry};
use pipelang_lang::ir::Plan;
use pipelang_lang::ir::read::read;
use pipelang_lang::ir::verify::verify;
use pipelang_runtime::builtins::Outside;
use pipelang_runtime::exec::{Encoded, Environment, Executor, Options, Sink, Stats, Tables, run};

/// Five rows, nulls and extremes among them.
const TABLE: &str = r#"table
  values {n: int, m: int?, x: float?, s: string, t: bool?, l: [int]?, r: {a: int, b: string?}?, k: map<int>, ll: [[int]]} (1, 2, 1.5, "a", true, #const [int]? [3, 1, 2], #const {a: int, b: string?}? {7, "q"}, #const map<int> {"a": 1, "b": 2}, #const [[int]] [[1], [], [2, 3]]), (0, null, null, "", null, #const [int]? [], #const {a: int, b: string?}? {0, null}, #const map<int> {}, #const [[int]] []), (-3, 0, nan, "é", false, null:[int]?, null:{a: int, b: string?}?, #const map<int> {"é": -1}, #const [[int]] [[]]), (9223372036854775807, -9223372036854775808, -0.0, "b", true, #const [int]? [9223372036854775807, -1], #const {a: int, b: string?}? {9223372036854775807, "z"}, #const map<int> {"b": 0}, #const [[int]] [[9, 9, 9]]), (5, 5, inf, "a", true, #const [int]? [5, 5, 5], #const {a: int, b: string?}? {5, "a"}, #const map<int> {"a": 5}, #const [[int]] [[5]])
"#;

/// Routines that a plan may call.
const ROUTINES: &str = "routine $gcd(a: int, b: int) -> int = if b == 0 { a } else { $gcd!(b, a %! b) }
routine $sum(i: int, total: int?) -> int? = if i <= 0 { total } else { $sum!(i -! 1, total +! i) }
routine $factorial(i1: int) -> int = if i1 <= 1 { 1 } else { i1 *! $factorial!(i1 -! 1) }
routine $fib(i2: int) -> int = if i2 < 2 { i2 } else { $fib!(i2 -! 1) +! $fib!(i2 -! 2) }
routine $even(e: int) -> bool = if e == 0 { true } else { $odd!(e -! 1) }
routine $odd(o: int) -> bool = if o == 0 { false } else { $even!(o -! 1) }
routine $deep(d: int) -> int = if d <= 0 { 0 } else { 1 +! $deep!(d -! 1) }
routine $swap(p: string, q: string, c: int) -> string = if c <= 0 { p } else { $swap!(q, p, c -! 1) }
routine $tree(h: int) -> [[int]] = if h <= 0 { [[h]] } else { #flat_map([h -! 1, h -! 2], z => $tree!(z)) }
      with z: int
routine $pick(v: int?) -> int = v ?? $pick!(v ?? 4)
";

/// What `out` is made of, and the columns that bodies bind: each plan has rows that do not fail only.
const TOTAL: &[(&str, &str)] = &[
    ("[n, m]", ""),
    ("[n, 1, n]", ""),
    ("{a: n, b: m, c: s, d: [x]}", ""),
    ("#map{\"a\": n, \"b\": m}", ""),
    ("r.a ?? n", ""),
    ("r.b", ""),
    ("l[0]?", ""),
    ("l[-1]?", ""),
    ("l[m]?", ""),
    ("k[\"a\"]?", ""),
    ("k[s]? ?? 7", ""),
    ("#map(l, i => i)", "i: int"),
    ("#map(l, i => {i: i, s: s, n: n})", "i: int"),
    ("#map(l, i => float(i) * x)", "i: int"),
    ("#filter(l, i => i > 1)", "i: int"),
    ("#filter(l, i => i > m)", "i: int"),
    ("#filter(l, i => t)", "i: int"),
    ("#take_while(l, i => i != 1)", "i: int"),
    ("#skip_while(l, i => i != 1)", "i: int"),
    ("#reduce any(#map(l, i => i == 5 and t))", "i: int"),
    ("#reduce all(#map(l, i => i == 5 or t))", "i: int"),
    ("#flat_map(ll, i => i)", "i: [int]"),
    ("#flat_map(ll, i => if t { l } else { null:[int]? })", "i: [int]"),
    ("#map(ll, i => #filter(i, j => j != n and j > 1))", "i: [int], j: int"),
    ("#map(ll, i => #reduce any(#map(i, j => #reduce any(#map(l, h => h == j)))))", "i: [int], j: int, h: int"),
    ("#fold(l, 0, (st, i) => st *! 0)", "st: int, i: int"),
    ("#fold(l, m, (st, i) => st ?? i)", "st: int?, i: int"),
    ("#scan(l, 1.5, (st, i) => st * float(i))", "st: float, i: int"),
    (
        "#fold(l, {lo: n, hi: m}, (st, i) => #widen({lo: if i < st.lo { i } else { st.lo }, hi: st.hi ?? i}):{lo: int, hi: int?})",
        "st: {lo: int, hi: int?}, i: int",
    ),
    ("#scan(#map(ll, q => [s]), s, (st, i) => i[0]!)", "q: [int], st: string, i: [string]"),
    ("#scan(ll, [n], (st, i) => i)", "st: [int], i: [int]"),
    ("#widen(l):[int?]?", ""),
    ("if t { l } else { [n] }", ""),
    ("if t { r } else { null }", ""),
    ("l ?? [n]", ""),
    ("r ?? #widen({a: 1, b: s}):{a: int, b: string?}", ""),
    ("l == [5, 5, 5]", ""),
    ("l != null and r == #widen({a: 7, b: \"q\"}):{a: int, b: string?}", ""),
    ("[l] == #widen([[3, 1, 2]]):[[int]?]", ""),
    ("k == #map{\"b\": 2, \"a\": 1}", ""),
    ("[x == x, x < 2.0, x == null, x != 1.5]", ""),
    ("#map(l, i => if i > 2 and t or i == 1 { [i] } else { [0] })", "i: int"),
    ("#map(l, i => (i == 3 or i == m) and not (i == 1))", "i: int"),
    ("#map([1.0, 0.0, nan], i => [i + 1.5, i - 1.0, i * 3.0, i / 0.0, i // 0.3, i % 0.3, i ** 2.0, -i])", "i: float"),
    ("#map([7, -7, 0], i => [i //! 4, i %! 4, i //! 3, i %! -3, i **! 2, -!i])", "i: int"),
    ("#map([m, n], i => (i ?? 3) //! 2 *! 0 +! (i ?? 1) %! 7)", "i: int?"),
    ("#map([s, \"b\"], i => upper(i))", "i: string"),
    ("#map([null:string?, s], i => upper(i))", "i: string?"),
    ("#map([@2024-01-01, @1969-12-31], i => i < @2000-01-01)", "i: date"),
    ("#map([@2024-01-01, null:date?], i => year(i))", "i: date?"),
    ("#map([true, t], i => i == t)", "i: bool?"),
    ("#map(l, i => #datetime 5 +! #duration 7 *! (i %! 10))", "i: int"),
    ("#map([@2024-01-01], i => [i +! #duration 86400000000, i -! #duration 86400000000])", "i: date"),
    ("#map([@2024-01-01], i => i -! @2023-01-01)", "i: date"),
    ("#map([#duration 5], i => i / #duration 2)", "i: duration"),
    ("#json \"[1]\" == #json \"[1]\"", ""),
    ("$gcd!(12, 18)", ""),
    ("$gcd!(n, m)", ""),
    ("$sum!(n %! 100, m %! 100)", ""),
    ("$sum!(20000, 0)", ""),
    ("$factorial!(n %! 20)", ""),
    ("$fib!(n %! 12)", ""),
    ("$even!(n %! 1001)", ""),
    ("$deep!(9999)", ""),
    ("$swap!(s, \"w\", n %! 5)", ""),
    ("$tree!(n %! 5)", ""),
    ("#map(l, i => $gcd!(i, n))", "i: int"),
    ("#fold(l, 1, (st, i) => $gcd!(st, i))", "st: int, i: int"),
    ("$pick!(m)", ""),
    ("{a: n, a2: {b: [{c: m}]}}.a2.b[0]!.c", ""),
];

/// Likewise, but a row fails.
const FAILING: &[(&str, &str)] = &[
    ("l[2]!", ""),
    ("l[-3]!", ""),
    ("k[\"a\"]!", ""),
    ("k[s]!", ""),
    ("#map(l, i => i +! 1)", "i: int"),
    ("#map(l, i => n //! (i -! 2))", "i: int"),
    ("#filter(l, i => 1 //! (i -! 5) == 1)", "i: int"),
    ("#reduce any(#map(ll, i => i[1]! == 9))", "i: [int]"),
    ("#fold(l, 1, (st, i) => st *! i *! 2)", "st: int, i: int"),
    ("[60 //! n]", ""),
    ("$factorial!(n)", ""),
    ("$deep!(10000)", ""),
    ("$deep!(if n == 5 { 10001 } else { 1 })", ""),
    ("-!(#fold(l, -9223372036854775807, (st, i) => st -! i))", "st: int, i: int"),
    ("#map(l, i => @days 2147483647 +! #duration 86400000000)", "i: int"),
];

struct Ran {
    rows: Vec<String>,
    error: Option<String>,
    stats: Option<Stats>,
}

fn execute(plan: &Plan, executor: Executor, morsel_rows: Option<usize>) -> Ran {
    let (registry, tables) = (registry(), Tables::default());
    let outside = Outside::default();
    let env = Environment { plan, registry, tables: &tables, pool: pool(1), outside: &outside, native: None };
    let options = Options { executor, threads: 1, morsel_rows, ..Options::default() };
    let mut rows = Vec::new();
    let mut accept = |encoded| {
        let Encoded::Rows(batch) = encoded else { panic!("rows were asked for") };
        let row = |row| batch.columns.iter().map(|column| column.get(row)).collect::<Vec<_>>();
        rows.extend((0..batch.rows).map(|at| format!("{:?}", row(at))));
        Ok(())
    };
    let result = run(env, 0, &options, Sink { encode: &Encoded::Rows, accept: &mut accept });
    let error = result.as_ref().err().map(|error| format!("{error:?}"));
    Ran { rows, error, stats: result.ok() }
}

fn plan_of(stages: &str) -> Plan {
    let catalog = &registry().catalog;
    let text = format!("{ROUTINES}\n{TABLE}{stages}");
    let plan = read(&text, catalog).unwrap_or_else(|error| panic!("{error}\n{text}"));
    verify(&plan, catalog).unwrap_or_else(|errors| panic!("{}\n{text}", errors.join("\n")));
    plan
}

fn map(out: &str, with: &str) -> String {
    let bound: String = with.split_inclusive(&[' ']).collect::<String>();
    let lines: String = split_columns(&bound).iter().map(|column| format!("      with {column}\n")).collect();
    format!("  | map out = {out}\n{lines}")
}

/// `a: int, b: {c: int, d: int}` at the commas that stand in no bracket.
fn split_columns(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut columns) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                columns.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    columns.push(text[start..].trim());
    columns.retain(|column| !column.is_empty());
    columns
}

/// Runs a plan in all executors, with morsels of all sizes.
fn agrees(stages: &str, fails: bool) {
    assert_eq!(fails_everywhere(stages), fails, "{stages}");
}

/// The same; whether it fails.
fn fails_everywhere(stages: &str) -> bool {
    let plan = plan_of(stages);
    let oracle = execute(&plan, Executor::Reference, None);
    for executor in [Executor::Vector, Executor::Jit] {
        for morsel_rows in [None, Some(1), Some(3)] {
            let ran = execute(&plan, executor, morsel_rows);
            assert_eq!(ran.rows, oracle.rows, "{executor:?} {morsel_rows:?}\n{stages}");
            assert_eq!(ran.error, oracle.error, "{executor:?} {morsel_rows:?}\n{stages}");
            assert!(ran.stats.is_none_or(|stats| stats.replays == 0), "{executor:?}: replayed for nothing\n{stages}");
        }
    }
    oracle.error.is_some()
}

#[test]
fn nested_values_agree_with_the_oracle() {
    for (out, with) in TOTAL {
        agrees(&map(out, with), false);
        // Under a mask, over columns that a stage has made, and where the rows are not kept.
        agrees(&format!("{}  | filter n > 0 or out == null\n  | take 3\n", map(out, with)), false);
    }
}

#[test]
fn failing_rows_are_those_of_the_oracle() {
    for (out, with) in FAILING {
        agrees(&map(out, with), true);
        agrees(&format!("{}  | filter n == 0\n  | map n2 = n -> n2\n", map(out, with)), false);
    }
}

#[test]
fn nested_columns_pass_breakers() {
    agrees("  | sort n desc\n", false);
    agrees("  | top_k 3 by n\n", false);
    agrees("  | skip 1 take 3\n", false);
    agrees("  | aggregate a = first(l), b = last(r), c = count(l), d = first(k) where n > 0 by t\n", false);
}

/// Writes random expressions over the table; each has the type that its method is named after.
struct Writer {
    state: u64,
    /// The columns that bodies bind, with their types.
    bound: Vec<String>,
    /// Those of them that are ints and in scope.
    ints: Vec<String>,
}

impl Writer {
    /// Less than `bound`, by a counter that is hashed (splitmix64).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn bind(&mut self) -> String {
        let name = format!("v{}", self.bound.len());
        self.bound.push(format!("{name}: int"));
        name
    }

    /// A body with an int more in scope.
    fn body(&mut self, bound: &[&String], write: impl FnOnce(&mut Writer) -> String) -> String {
        let outer = self.ints.len();
        self.ints.extend(bound.iter().map(|name| (*name).clone()));
        let text = write(self);
        self.ints.truncate(outer);
        text
    }

    fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.below(3) {
                0 => ["0", "1", "2", "-1", "7"][self.below(5)].into(),
                1 if !self.ints.is_empty() => {
                    let at = self.below(self.ints.len());
                    self.ints[at].clone()
                }
                _ => "n".into(),
            };
        }
        let d = depth - 1;
        match self.below(10) {
            0 => format!("({} +! {})", self.int(d), self.int(d)),
            1 => format!("({} {} {})", self.int(d), ["*!", "-!"][self.below(2)], self.int(d)),
            2 => format!("({} {} {})", self.int(d), ["//!", "%!"][self.below(2)], ["2", "3", "-4", "n"][self.below(4)]),
            3 => format!("({} ?? {})", self.int_or_null(d), self.int(d)),
            4 => format!("(if {} {{ {} }} else {{ {} }})", self.condition(d), self.int(d), self.int(d)),
            5 => {
                let (list, init, state, item) = (self.list(d), self.int(d), self.bind(), self.bind());
                let next = self.body(&[&state, &item], |w| w.int(d));
                format!("#fold({list}, {init}, ({state}, {item}) => {next})")
            }
            6 => format!("$gcd!({}, {})", self.int(d), self.int(d)),
            7 => format!("{}[{}]!", self.list(d), self.int(d)),
            8 => format!("{{a: {}, b: {}}}.a", self.int(d), self.list(d)),
            _ => self.int(d),
        }
    }

    fn int_or_null(&mut self, depth: usize) -> String {
        match self.below(5) {
            0 if depth > 0 => format!("{}[{}]?", self.list(depth - 1), self.int(depth - 1)),
            1 if depth > 0 => format!("(m +! {})", self.int(depth - 1)),
            2 if depth > 0 => {
                let (list, state, item) = (self.list_or_null(depth - 1), self.bind(), self.bind());
                format!("#fold({list}, 1, ({state}, {item}) => {item})")
            }
            3 => "r.a".into(),
            _ => "m".into(),
        }
    }

    fn each(&mut self, name: &str, list: String, depth: usize) -> String {
        let item = self.bind();
        let body = self.body(&[&item], |w| if name == "map" { w.int(depth) } else { w.condition(depth) });
        format!("#{name}({list}, {item} => {body})")
    }

    fn list(&mut self, depth: usize) -> String {
        if depth == 0 {
            return format!("[{}, {}]", self.int(0), self.int(0));
        }
        let d = depth - 1;
        match self.below(8) {
            0..=2 => {
                let (name, list) = (["map", "filter", "take_while", "skip_while"][self.below(4)], self.list(d));
                self.each(name, list, d)
            }
            3 => {
                let (list, init, state, item) = (self.list(d), self.int(d), self.bind(), self.bind());
                let next = self.body(&[&state, &item], |w| w.int(d));
                format!("#scan({list}, {init}, ({state}, {item}) => {next})")
            }
            4 => format!("({} ?? {})", self.list_or_null(d), self.list(d)),
            5 => format!("(if {} {{ {} }} else {{ {} }})", self.condition(d), self.list(d), self.list(d)),
            6 => format!("{{a: {}, b: {}}}.b", self.int(d), self.list(d)),
            _ => format!("[{}, {}, {}]", self.int(d), self.int(d), self.int(d)),
        }
    }

    fn list_or_null(&mut self, depth: usize) -> String {
        match self.below(3) {
            0 if depth > 0 => {
                let list = self.list_or_null(depth - 1);
                self.each("filter", list, depth - 1)
            }
            _ => "l".into(),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return ["(t or false)", "(n > 0)", "(m == null)", "(s == \"a\")"][self.below(4)].into();
        }
        let d = depth - 1;
        let compare = ["==", "!=", "<", "<=", ">", ">="][self.below(6)];
        match self.below(7) {
            0 => format!("({} and {})", self.condition(d), self.condition(d)),
            1 => format!("({} or {})", self.condition(d), self.condition(d)),
            2 => format!("not ({})", self.condition(d)),
            3 => format!("({} == {})", self.list(d), self.list(d)),
            4 => format!("({} {compare} {})", self.int_or_null(d), self.int_or_null(d)),
            5 => {
                let (name, list, item) = (["any", "all"][self.below(2)], self.list(d), self.bind());
                let body = self.body(&[&item], |w| w.condition(d));
                format!("(#reduce {name}(#map({list}, {item} => {body})) ?? false)")
            }
            _ => format!("({} {compare} {})", self.int(d), self.int(d)),
        }
    }
}

/// How many random plans are tried; `PLANS=100000` tries more.
const PLANS: u64 = 250;

#[test]
fn random_nested_expressions_agree_with_the_oracle() {
    let plans = std::env::var("PLANS").ok().and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    let mut failing = 0;
    for seed in 0..plans {
        let mut writer = Writer { state: seed << 20, bound: Vec::new(), ints: Vec::new() };
        let depth = 1 + writer.below(3);
        let out = match writer.below(4) {
            0 => writer.int(depth),
            1 => writer.list(depth),
            2 => writer.condition(depth),
            _ => format!("{{a: {}, b: {}, c: {}}}", writer.int(depth), writer.list(depth), writer.int_or_null(depth)),
        };
        let filter = if writer.below(2) == 0 { "  | filter n < 100 and n != 0\n" } else { "" };
        failing += u64::from(fails_everywhere(&format!("{filter}{}", map(&out, &writer.bound.join(", ")))));
    }
    assert!(failing * 8 > plans && failing * 8 < plans * 7, "{failing} of {plans} plans fail: that tests little");
}

/// What a step of a routine costs: `cargo test --release nested::what -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn what_routines_cost() {
    let collatz = "routine $collatz(c: int, steps: int) -> int = if c == 1 { steps } else { $collatz!(if c %! 2 == 0 { c //! 2 } else { 3 *! c +! 1 }, steps +! 1) }\n";
    let plans = [
        ("collatz, of 10,853,712 steps", 10_853_712.0, "1..100000", "$collatz!(it, 0)"),
        ("gcd, of 1,000,000 calls", 1e6, "1..1000000", "$gcd!(it, 720720)"),
        ("fib, of 2,692,537 calls", 2_692_537.0, "30..30", "$fib!(it)"),
        ("field of a record", 1e6, "1..1000000", "{a: it, b: it}.a"),
    ];
    for (what, count, range, call) in plans {
        let text = format!(
            "{ROUTINES}{collatz}\nscalar\n  range it = {range}\n  | map x = {call}\n  | aggregate m = max(x) -> m\n"
        );
        let plan = read(&text, &registry().catalog).unwrap_or_else(|error| panic!("{error}"));
        let start = std::time::Instant::now();
        let ran = execute(&plan, Executor::Vector, None);
        println!("{what}: {:.1} ns each, {:?}", start.elapsed().as_nanos() as f64 / count, ran.rows);
    }
}
